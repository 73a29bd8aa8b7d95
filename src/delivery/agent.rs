//! Begins deliveries as its settings say, and keeps the connections that may be used again.

use std::sync::Arc;

use super::delivery::Delivery;
use super::http::{Request, Target};
use super::net::{Cancellation, Deadline, Pool};
use super::route::Route;
use super::settings::Settings;
use super::shared::Shared;
use crate::error::Result;

/// Clones share the idle connections; each has its own settings, and is cancelled by itself.
pub struct Agent {
    shared: Arc<Shared>,
    pool: Arc<Pool<Route>>,
    settings: Arc<Settings>,
    cancellation: Arc<Cancellation>,
}

impl Default for Agent {
    fn default() -> Self {
        Self {
            shared: Shared::current(),
            pool: Arc::default(),
            settings: Arc::default(),
            cancellation: Arc::default(),
        }
    }
}

impl Clone for Agent {
    fn clone(&self) -> Self {
        Self {
            shared: self.shared.clone(),
            pool: self.pool.clone(),
            settings: self.settings.clone(),
            cancellation: Arc::default(),
        }
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

    /// Stops its deliveries.
    pub fn cancellation(&self) -> &Arc<Cancellation> {
        &self.cancellation
    }

    /// A delivery that is about to start.
    pub fn begin<'a>(
        &mut self,
        target: &Arc<Target>,
        request: Request<'a>,
        deadline: Deadline,
    ) -> Delivery<'a> {
        // Another one in a child of a fork.
        self.shared = Shared::current();
        let (shared, pool) = (self.shared.clone(), self.pool.clone());
        Delivery::new(shared, pool, self.settings.clone(), target.clone(), request, deadline)
    }

    /// Reads what the first connection over TLS needs.
    pub fn preload_tls(&mut self) -> Result<()> {
        self.shared = Shared::current();
        self.settings.tls_config(&self.shared).preload()
    }

    /// Closes the idle connections.
    pub fn close_idle(&mut self) {
        self.pool.clear();
    }
}
