//! What all handles of a process share: known addresses, the platform's trust, and which Unix
//! sockets have no room for another connection.

use std::sync::{Arc, Weak};

use rustls::ClientConfig;

use super::net::{ForkLock, FullBacklogs, Resolver};
use super::tls::Trust;
use crate::error::Result;

/// Lives as long as a handle of its process.
pub(super) struct Process {
    pub resolver: Arc<Resolver>,
    pub full_backlogs: Arc<FullBacklogs>,
    trust: Trust,
}

impl Default for Process {
    fn default() -> Self {
        Self {
            resolver: Resolver::current(),
            full_backlogs: Arc::default(),
            trust: Trust::default(),
        }
    }
}

impl Process {
    /// That of the running process.
    pub fn current() -> Arc<Self> {
        static CURRENT: ForkLock<Weak<Process>> = ForkLock::new(Weak::new());
        CURRENT.get_or_make()
    }

    /// What handles trust that were told nothing else.
    pub fn default_tls(&self) -> Result<Arc<ClientConfig>> {
        self.trust.config()
    }
}
