//! Begins deliveries as it is told to make them, keeping connections that may be used again.

use std::sync::Arc;

use super::delivery::Exchange;
use super::http::{Request, Target};
use super::net::{Cancellation, Deadline, Pool};
use super::route::Route;
use super::settings::Settings;
use super::shared::Process;

/// Clones share the idle connections; each has its own settings, and is cancelled by itself.
pub struct Agent {
    process: Arc<Process>,
    pool: Arc<Pool<Route>>,
    settings: Arc<Settings>,
    cancellation: Arc<Cancellation>,
}

impl Default for Agent {
    fn default() -> Self {
        Self {
            process: Process::current(),
            pool: Arc::default(),
            settings: Arc::default(),
            cancellation: Arc::default(),
        }
    }
}

impl Clone for Agent {
    fn clone(&self) -> Self {
        Self {
            process: self.process.clone(),
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

    /// What ends its deliveries.
    pub fn cancellation(&self) -> &Arc<Cancellation> {
        &self.cancellation
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
