//! What all handles of a process share: known addresses, and the platform's trust.

use std::process;
use std::sync::{Arc, Mutex, TryLockError, Weak};
use std::thread;
use std::time::Duration;

use rustls::ClientConfig;

use super::resolver::Resolver;
use super::trust::Trust;
use crate::error::Result;

/// Lives as long as a handle of its process.
pub(super) struct Process {
    id: u32,
    pub resolver: Resolver,
    trust: Trust,
}

/// So many milliseconds the lock is waited for.
const PATIENCE: usize = 100;

static CURRENT: Mutex<Weak<Process>> = Mutex::new(Weak::new());

impl Process {
    /// That of the running process.
    ///
    /// In a child, a thread that was left behind by the fork may hold the lock for ever; then the
    /// caller gets one for itself. Nobody else holds it for longer than a moment.
    pub fn current() -> Arc<Self> {
        for _ in 0..PATIENCE {
            let mut current = match CURRENT.try_lock() {
                Ok(current) => current,
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => {
                    thread::sleep(Duration::from_millis(1));
                    continue;
                }
            };
            if let Some(process) = current.upgrade().filter(|process| process.is_running()) {
                return process;
            }
            let process = Arc::new(Self::new());
            *current = Arc::downgrade(&process);
            return process;
        }
        Arc::new(Self::new())
    }

    fn new() -> Self {
        Self { id: process::id(), resolver: Resolver::default(), trust: Trust::default() }
    }

    /// Whether this is the process that it was made in, and not a child of that.
    pub fn is_running(&self) -> bool {
        self.id == process::id()
    }

    /// What handles trust that were told nothing else.
    pub fn default_tls(&self) -> Result<Arc<ClientConfig>> {
        self.trust.config()
    }
}
