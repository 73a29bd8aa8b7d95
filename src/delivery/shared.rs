//! What all handles of a process share: the addresses of hosts, the TLS configuration with the
//! platform's authorities, and which Unix sockets have a full backlog.

use std::sync::{Arc, Weak};

use super::net::{ForkLock, FullBacklogs, Resolver};
use super::tls::TlsConfig;

/// Lives as long as a handle of its process.
pub(super) struct Shared {
    pub resolver: Arc<Resolver>,
    pub full_backlogs: Arc<FullBacklogs>,
    /// That of handles to which nothing else was set.
    pub default_tls: TlsConfig,
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            resolver: Resolver::current(),
            full_backlogs: Arc::default(),
            default_tls: TlsConfig::default(),
        }
    }
}

impl Shared {
    /// That of the running process.
    pub fn current() -> Arc<Self> {
        static CURRENT: ForkLock<Weak<Shared>> = ForkLock::new(Weak::new());
        CURRENT.get_or_make()
    }
}
