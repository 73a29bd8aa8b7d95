//! The one moment at which everything that belongs to a send must be over.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::stop::{Awaited, Stop, Watch};

use crate::error::{Error, Result, Status};

/// A moment, which a stop brings forward.
#[derive(Clone)]
pub struct Deadline {
    at: Option<Instant>,
    timeout: Duration,
    stop: Arc<Stop>,
}

impl Deadline {
    /// So much time from now. A timeout beyond what the clock can hold never passes.
    pub fn after(timeout: Duration, stop: Arc<Stop>) -> Self {
        Self { at: Instant::now().checked_add(timeout), timeout, stop }
    }

    /// The moment; none never comes.
    pub(super) fn at(&self) -> Option<Instant> {
        self.at
    }

    /// The time left.
    pub(super) fn left(&self) -> Duration {
        self.at.map_or(Duration::MAX, |at| at.saturating_duration_since(Instant::now()))
    }

    /// Whether no time is left.
    pub(super) fn has_passed(&self) -> bool {
        self.left().is_zero()
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stop.is_stopped()
    }

    /// Fails if it is stopped, with the phase in which that was.
    pub(super) fn check_stop(&self, phase: &str) -> Result<()> {
        match self.is_stopped() {
            true => Err(Error::new(Status::Stopped, format!("stopped while {phase}"))),
            false => Ok(()),
        }
    }

    /// As [`Stop::watch`].
    pub(super) fn watch(&self, awaited: Awaited) -> Option<Watch> {
        self.stop.watch(awaited)
    }

    /// The error that no time is left, with the phase in which it ran out.
    pub(super) fn passed(&self, phase: &str) -> Error {
        let milliseconds = self.timeout.as_millis();
        Error::new(
            Status::Timeout,
            format!("the timeout of {milliseconds} ms passed while {phase}"),
        )
    }
}
