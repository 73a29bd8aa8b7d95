//! What can be set about deliveries, and the defaults.

use std::sync::Arc;
use std::time::Duration;

use super::http::{Redirects, Target};
use super::log::Log;
use super::net::IdleLimits;
use super::policy::Policy;
use super::proxy::Proxies;
use super::route::Route;
use super::shared::Shared;
use super::tls::TlsConfig;

/// How deliveries are made.
#[derive(Clone)]
pub struct Settings {
    /// Which idle connections are kept and used.
    pub idle_limits: IdleLimits,
    /// How long an address that was looked up is used.
    pub lookup_lifetime: Duration,
    /// The largest body of an answer.
    pub max_body: usize,
    /// Which redirects are followed.
    pub redirects: Redirects,
    /// Which proxies are used.
    pub proxies: Proxies,
    /// Whom to trust, and what to show. A connection that was made under another configuration is
    /// not used again.
    pub tls: Arc<TlsConfig>,
    /// Where messages may be sent.
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
    /// What TLS is made with: that of all handles, unless something else was set.
    pub(super) fn tls_config<'a>(&'a self, shared: &'a Shared) -> &'a TlsConfig {
        match self.tls.is_default() {
            true => &shared.default_tls,
            false => &self.tls,
        }
    }

    /// The route to this target.
    pub(super) fn route(&self, target: Arc<Target>) -> Route {
        let proxy = self.proxies.towards(&target).cloned();
        Route { target, tls: self.tls.clone(), proxy }
    }
}
