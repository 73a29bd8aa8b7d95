//! Sends requests, keeping connections that may be used again.

use std::process;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use rustls::ClientConfig;

use super::connection::Connection;
use super::deadline::Deadline;
use super::request::Request;
use super::response::Response;
use super::target::{Origin, Target};
use super::tls::shared_config;
use crate::error::Result;

/// More idle connections than this are not kept.
const MAX_IDLE: usize = 32;
/// A connection that was idle for longer is not used again.
const MAX_IDLE_TIME: Duration = Duration::from_secs(60);

/// Clones share the idle connections.
#[derive(Clone, Default)]
pub struct Agent {
    pool: Arc<Pool>,
}

/// The idle connections of one process. After a fork its child has the same descriptors and must
/// leave them alone, and the lock too, which another thread may have held.
struct Pool {
    process: u32,
    tls: OnceLock<Arc<ClientConfig>>,
    idle: Mutex<Vec<Idle>>,
}

struct Idle {
    origin: Origin,
    connection: Connection,
    since: Instant,
}

impl Agent {
    /// Sends the request and waits for the answer, within the timeout in all. Nothing is ever sent
    /// twice: a failure after the first byte is the caller's to judge.
    pub fn send(
        &mut self,
        target: &Target,
        request: &Request<'_>,
        timeout: Duration,
    ) -> Result<Response> {
        if self.pool.process != process::id() {
            self.pool = Arc::default();
        }
        let deadline = Deadline::after(timeout);
        let origin = target.origin();
        let mut connection = match self.pool.take(&origin) {
            Some(connection) => connection,
            None => Connection::open(&origin, || self.pool.tls(), &deadline)?,
        };
        let (response, reusable) = connection.exchange(request, &deadline)?;
        if reusable {
            self.pool.keep(Idle { origin, connection, since: Instant::now() });
        }
        Ok(response)
    }
}

impl Default for Pool {
    fn default() -> Self {
        Self { process: process::id(), tls: OnceLock::new(), idle: Mutex::default() }
    }
}

impl Pool {
    /// The configuration of TLS, once it is needed.
    fn tls(&self) -> Result<Arc<ClientConfig>> {
        match self.tls.get() {
            Some(config) => Ok(config.clone()),
            None => shared_config().map(|config| self.tls.get_or_init(|| config).clone()),
        }
    }

    /// The connection to this origin that was last used, if one is still open.
    fn take(&self, origin: &Origin) -> Option<Connection> {
        loop {
            let mut idle = self.lock();
            let last = idle.iter().rposition(|idle| idle.origin == *origin)?;
            let found = idle.remove(last);
            drop(idle);
            if found.since.elapsed() < MAX_IDLE_TIME && found.connection.is_quiet() {
                return Some(found.connection);
            }
        }
    }

    fn keep(&self, newest: Idle) {
        let mut idle = self.lock();
        let oldest = (idle.len() >= MAX_IDLE).then(|| idle.remove(0));
        idle.push(newest);
        drop(idle);
        // Closing takes a while: not while others wait for the list.
        drop(oldest);
    }

    /// A panic elsewhere cannot leave the list half-made, so a poisoned lock is as good as any.
    fn lock(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
