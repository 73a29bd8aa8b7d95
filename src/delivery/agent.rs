//! Begins deliveries, keeping connections that may be used again.

use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;

use super::connection::Connection;
use super::exchange::Exchange;
use super::policy::Policy;
use super::pool::{IdleLimits, Pool};
use super::request::Request;
use super::resolver::Found;
use super::target::{Origin, Target};
use crate::error::Result;

/// Clones share the idle connections.
#[derive(Clone)]
pub struct Agent {
    pool: Arc<Pool>,
    /// Which idle connections are kept and used.
    pub idle_limits: IdleLimits,
    /// For how long a looked up address is used.
    pub lookup_lifetime: Duration,
    /// Where it may send to.
    pub policy: Arc<Policy>,
}

impl Default for Agent {
    fn default() -> Self {
        Self {
            pool: Arc::default(),
            idle_limits: IdleLimits::default(),
            lookup_lifetime: Duration::from_secs(60),
            policy: Arc::default(),
        }
    }
}

impl Agent {
    /// A delivery that is about to start.
    pub fn begin<'a>(
        &mut self,
        target: &Target,
        request: Request<'a>,
        timeout: Duration,
    ) -> Exchange<'a> {
        self.leave_parent();
        Exchange::new(self.clone(), target.origin().clone(), request, timeout)
    }

    /// Closes the idle connections.
    pub fn close_idle(&mut self) {
        self.leave_parent();
        self.pool.clear();
    }

    /// In the child of a fork, leaves the parent's connections alone.
    fn leave_parent(&mut self) {
        if !self.pool.process.is_running() {
            self.pool = Arc::default();
        }
    }

    pub(super) fn take_idle(&self, origin: &Origin) -> Option<Connection> {
        let mut connection = self.pool.take(origin, self.idle_limits)?;
        // A clone with another policy may have opened it.
        let address = connection.socket().address;
        address.is_none_or(|address| self.policy.check(address).is_ok()).then_some(connection)
    }

    pub(super) fn keep_idle(&self, origin: Origin, connection: Connection) {
        self.pool.keep(origin, connection, self.idle_limits);
    }

    pub(super) fn find_addresses(&self, name: &str) -> Found {
        self.pool.process.resolver.find(name, self.lookup_lifetime)
    }

    pub(super) fn tls(&self) -> Result<Arc<ClientConfig>> {
        self.pool.process.tls()
    }
}
