//! Begins deliveries, keeping connections that may be used again.

use std::sync::Arc;
use std::time::Duration;

use url::Host;

use super::connection::Connection;
use super::exchange::Exchange;
use super::pool::{IdleLimits, Pool, Route};
use super::request::Request;
use super::resolver::Found;
use super::socket::Socket;
use super::target::Target;
use super::tls::Tls;
use super::trust::Trust;
use crate::error::Result;

/// Clones share the idle connections.
#[derive(Clone)]
pub struct Agent {
    pool: Arc<Pool>,
    /// Which idle connections are kept and used.
    pub idle_limits: IdleLimits,
    /// For how long a looked up address is used.
    pub lookup_lifetime: Duration,
    trust: Arc<Trust>,
}

impl Default for Agent {
    fn default() -> Self {
        Self {
            pool: Arc::default(),
            idle_limits: IdleLimits::default(),
            lookup_lifetime: Duration::from_secs(60),
            trust: Arc::default(),
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
        let route = Route { origin: target.origin().clone(), trust: self.trust.clone() };
        Exchange::new(self.clone(), route, request, timeout)
    }

    /// Closes the idle connections.
    pub fn close_idle(&mut self) {
        self.leave_parent();
        self.pool.clear();
    }

    /// Whom to trust. Connections that were made with another trust are not used again.
    pub fn set_trust(&mut self, trust: Trust) {
        self.trust = Arc::new(trust);
    }

    /// Whom it trusts.
    pub fn trust(&self) -> &Trust {
        &self.trust
    }

    /// In the child of a fork, leaves the parent's connections alone.
    fn leave_parent(&mut self) {
        if !self.pool.process.is_running() {
            self.pool = Arc::default();
        }
    }

    pub(super) fn take_idle(&self, route: &Route) -> Option<Connection> {
        self.pool.take(route, self.idle_limits)
    }

    pub(super) fn keep_idle(&self, route: Route, connection: Connection) {
        self.pool.keep(route, connection, self.idle_limits);
    }

    pub(super) fn find_addresses(&self, name: &str) -> Found {
        self.pool.process.resolver.find(name, self.lookup_lifetime)
    }

    pub(super) fn secure(&self, socket: Socket, host: &Host<String>) -> Result<Tls> {
        let config = match self.trust.is_default() {
            true => self.pool.process.default_tls()?,
            false => self.trust.config()?,
        };
        Tls::new(socket, host, self.trust.server_name(), config)
    }
}
