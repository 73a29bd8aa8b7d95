//! Idle connections that may be used again.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::connection::Connection;
use super::process::Process;
use super::proxy::Choice;
use super::target::Target;
use super::thread::lock;
use super::trust::Trust;

/// How many idle connections are kept, and for how long.
#[derive(Clone, Copy)]
pub struct IdleLimits {
    /// How many; zero keeps none.
    pub connections: usize,
    /// For how long.
    pub time: Duration,
}

impl Default for IdleLimits {
    fn default() -> Self {
        Self { connections: 32, time: Duration::from_secs(60) }
    }
}

/// Requests with equal routes may share a connection.
#[derive(Clone)]
pub(super) struct Route {
    pub target: Arc<Target>,
    pub trust: Arc<Trust>,
    pub proxy: Option<Choice>,
}

impl PartialEq for Route {
    fn eq(&self, other: &Self) -> bool {
        let is_same_proxy = match (&self.proxy, &other.proxy) {
            (Some(Ok(proxy)), Some(Ok(other))) => Arc::ptr_eq(proxy, other),
            (proxy, other) => proxy.is_none() && other.is_none(),
        };
        let trust_matters = self.target.origin().secure;
        is_same_proxy
            && self.target.origin() == other.target.origin()
            && (!trust_matters || Arc::ptr_eq(&self.trust, &other.trust))
    }
}

/// The idle connections of a handle and its clones, in one process. After a fork its child has the
/// same descriptors and must leave them alone, and the lock too, which another thread may have held.
pub(super) struct Pool {
    pub process: Arc<Process>,
    /// The longest idle come first.
    idle: Mutex<VecDeque<Idle>>,
}

struct Idle {
    route: Route,
    connection: Connection,
    since: Instant,
}

impl Default for Pool {
    fn default() -> Self {
        Self { process: Process::current(), idle: Mutex::default() }
    }
}

impl Pool {
    /// The connection on this route that was last used, if one is still open.
    pub fn take(&self, route: &Route, limits: IdleLimits) -> Option<Connection> {
        loop {
            let mut idle = lock(&self.idle);
            let last = idle.iter().rposition(|idle| idle.route == *route)?;
            let mut found = idle.remove(last)?;
            drop(idle);
            if found.since.elapsed() < limits.time && found.connection.is_quiet() {
                return Some(found.connection);
            }
        }
    }

    /// Keeps a connection, and closes those that are too many or too old.
    pub fn keep(&self, route: Route, connection: Connection, limits: IdleLimits) {
        let now = Instant::now();
        let mut idle = lock(&self.idle);
        idle.push_back(Idle { route, connection, since: now });
        let surplus = idle.len().saturating_sub(limits.connections);
        let is_old = |idle: &Idle| now.duration_since(idle.since) >= limits.time;
        let old = idle.iter().take_while(|idle| is_old(idle)).count();
        let closed: Vec<Idle> = idle.drain(..surplus.max(old)).collect();
        drop(idle);
        // Closing takes a while: not while others wait for the list.
        drop(closed);
    }

    /// Closes all.
    pub fn clear(&self) {
        let closed = std::mem::take(&mut *lock(&self.idle));
        drop(closed);
    }
}
