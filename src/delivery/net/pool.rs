//! Idle connections, kept for reuse.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::connection::Connection;
use super::fork::ForkLock;

/// Which connections are kept for reuse.
#[derive(Clone, Copy)]
pub struct IdleLimits {
    /// How many; zero keeps none.
    pub connections: usize,
    /// How long one may be idle.
    pub time: Duration,
    /// How old one may be; zero is any age.
    pub age: Duration,
}

impl Default for IdleLimits {
    fn default() -> Self {
        Self { connections: 32, time: Duration::from_secs(60), age: Duration::from_secs(600) }
    }
}

impl IdleLimits {
    fn allow_age_since(&self, opened: Instant) -> bool {
        self.age.is_zero() || opened.elapsed() < self.age
    }
}

/// The idle connections of a handle and its clones. A child of a fork closes its copies of the
/// descriptors and begins with none.
pub(crate) struct Pool<R> {
    /// The longest idle come first.
    idle: ForkLock<VecDeque<Idle<R>>>,
}

struct Idle<R> {
    route: R,
    connection: Box<dyn Connection>,
    since: Instant,
    /// How long the receiver keeps it, if it said so.
    kept_for: Option<Duration>,
}

impl<R> Idle<R> {
    fn is_usable(&mut self, limits: IdleLimits) -> bool {
        let time = self.kept_for.map_or(limits.time, |kept_for| kept_for.min(limits.time));
        self.since.elapsed() < time
            && limits.allow_age_since(self.connection.socket().opened)
            && self.connection.is_quiet()
    }
}

impl<R> Default for Pool<R> {
    fn default() -> Self {
        Self { idle: ForkLock::default() }
    }
}

impl<R: PartialEq> Pool<R> {
    /// The most recently used connection on this route, if one is still open.
    pub fn take(&self, route: &R, limits: IdleLimits) -> Option<Box<dyn Connection>> {
        loop {
            let mut idle = self.idle.lock();
            let last = idle.iter().rposition(|idle| idle.route == *route)?;
            let mut found = idle.remove(last)?;
            drop(idle);
            if found.is_usable(limits) {
                return Some(found.connection);
            }
        }
    }

    /// Keeps a connection unless it is too old, for no longer than the receiver said, if it did.
    /// Closes connections that are too many or were idle for too long.
    pub fn keep(
        &self,
        route: R,
        mut connection: Box<dyn Connection>,
        kept_for: Option<Duration>,
        limits: IdleLimits,
    ) {
        if !limits.allow_age_since(connection.socket().opened) {
            return;
        }
        let now = Instant::now();
        let mut idle = self.idle.lock();
        idle.push_back(Idle { route, connection, since: now, kept_for });
        let surplus = idle.len().saturating_sub(limits.connections);
        let is_old = |idle: &Idle<R>| now.duration_since(idle.since) >= limits.time;
        let old = idle.iter().take_while(|idle| is_old(idle)).count();
        let closed: Vec<Idle<R>> = idle.drain(..surplus.max(old)).collect();
        drop(idle);
        // Closing takes time: release the lock first.
        drop(closed);
    }

    /// Closes all; returns whether there were any.
    pub fn clear(&self) -> bool {
        let closed = std::mem::take(&mut *self.idle.lock());
        !closed.is_empty()
    }
}
