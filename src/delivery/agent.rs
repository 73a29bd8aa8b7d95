//! Begins deliveries as it is told to make them, keeping connections that may be used again.

use std::sync::Arc;
use std::time::Duration;

use super::deadline::Deadline;
use super::exchange::Exchange;
use super::log::Log;
use super::policy::Policy;
use super::pool::{IdleLimits, Pool, Route};
use super::process::Process;
use super::proxy::Proxies;
use super::redirect::Redirects;
use super::request::Request;
use super::stop::Stop;
use super::target::Target;
use super::trust::Trust;

/// Clones share the idle connections; each has its own settings, and is stopped by itself.
pub struct Agent {
    process: Arc<Process>,
    pool: Arc<Pool>,
    settings: Arc<Settings>,
    stop: Arc<Stop>,
}

impl Default for Agent {
    fn default() -> Self {
        Self {
            process: Process::current(),
            pool: Arc::default(),
            settings: Arc::default(),
            stop: Arc::default(),
        }
    }
}

impl Clone for Agent {
    fn clone(&self) -> Self {
        Self {
            process: self.process.clone(),
            pool: self.pool.clone(),
            settings: self.settings.clone(),
            stop: Arc::default(),
        }
    }
}

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
    /// Whom to trust. Connections that were made with another trust are not used again.
    pub trust: Arc<Trust>,
    /// Where it may lead.
    pub policy: Policy,
    /// Who is told what happens.
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
            trust: Arc::default(),
            policy: Policy::default(),
            log: None,
        }
    }
}

impl Settings {
    /// The way to this target.
    pub(super) fn route(&self, target: Arc<Target>) -> Route {
        let proxy = self.proxies.towards(&target).cloned();
        Route { target, trust: self.trust.clone(), proxy }
    }
}

impl Agent {
    /// How deliveries are made.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// How deliveries will be made.
    pub fn settings_mut(&mut self) -> &mut Settings {
        Arc::make_mut(&mut self.settings)
    }

    /// What ends its deliveries.
    pub fn stop(&self) -> &Arc<Stop> {
        &self.stop
    }

    /// A delivery that is about to start.
    pub fn begin<'a>(
        &mut self,
        target: &Arc<Target>,
        request: Request<'a>,
        deadline: Deadline,
    ) -> Exchange<'a> {
        // Another one in a child of a fork.
        self.process = Process::current();
        let (process, pool) = (self.process.clone(), self.pool.clone());
        Exchange::new(process, pool, self.settings.clone(), target.clone(), request, deadline)
    }

    /// Closes the idle connections.
    pub fn close_idle(&mut self) {
        self.pool.clear();
    }
}
