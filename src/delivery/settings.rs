//! What can be set about deliveries, and the defaults.

use std::sync::Arc;
use std::time::Duration;

use super::http::{Redirects, Target};
use super::log::Log;
use super::net::IdleLimits;
use super::policy::Policy;
use super::proxy::Proxies;
use super::route::Route;
use super::tls::TlsConfig;

/// How deliveries are made.
#[derive(Clone)]
pub struct Settings {
    /// Which idle connections are kept and used.
    pub idle_limits: IdleLimits,
    /// For how long a looked up address is used.
    pub lookup_lifetime: Duration,
    /// The largest body of an answer.
    pub max_body: usize,
    /// Which redirects are followed.
    pub redirects: Redirects,
    /// What leads to the receiver.
    pub proxies: Proxies,
    /// Whom to trust, and what to show. A connection that was made under another configuration is
    /// not used again.
    pub tls: Arc<TlsConfig>,
    /// Where it may lead.
    pub policy: Policy,
    /// Who takes reports of what happens.
    pub log: Option<Log>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            idle_limits: IdleLimits::default(),
            lookup_lifetime: Duration::from_secs(60),
            max_body: 1024 * 1024,
            redirects: Redirects::default(),
            proxies: Proxies::default(),
            tls: Arc::default(),
            policy: Policy::default(),
            log: None,
        }
    }
}

impl Settings {
    /// The way to this target.
    pub(super) fn route(&self, target: Arc<Target>) -> Route {
        let proxy = self.proxies.towards(&target).cloned();
        Route { target, tls: self.tls.clone(), proxy }
    }
}
