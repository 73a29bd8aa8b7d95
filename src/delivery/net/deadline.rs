//! The moment at which a whole send must have ended.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::cancellation::{Cancellation, Interrupt, Watch};
use crate::error::{Error, Result, Status};

/// A moment, which a cancellation brings forward.
#[derive(Clone)]
pub struct Deadline {
    at: Option<Instant>,
    timeout: Duration,
    cancellation: Arc<Cancellation>,
}

impl Deadline {
    /// This much time from now. A timeout that the clock cannot hold never passes.
    pub fn after(timeout: Duration, cancellation: Arc<Cancellation>) -> Self {
        Self { at: Instant::now().checked_add(timeout), timeout, cancellation }
    }

    /// The moment; `None` never comes.
    pub(crate) fn at(&self) -> Option<Instant> {
        self.at
    }

    /// The time left.
    pub(crate) fn left(&self) -> Duration {
        self.at.map_or(Duration::MAX, |at| at.saturating_duration_since(Instant::now()))
    }

    /// Whether no time is left.
    pub(crate) fn has_passed(&self) -> bool {
        self.left().is_zero()
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancellation.is_cancelled()
    }

    /// Fails if it is cancelled, with the phase in which that was.
    pub(crate) fn check_cancelled(&self, phase: &str) -> Result<()> {
        match self.is_cancelled() {
            true => Err(Error::new(Status::Stopped, format!("stopped while {phase}"))),
            false => Ok(()),
        }
    }

    /// As [`Cancellation::watch`].
    pub(crate) fn watch(&self, awaited: Arc<dyn Interrupt>) -> Option<Watch> {
        self.cancellation.watch(awaited)
    }

    /// The error that no time is left, with the phase in which it ran out.
    pub(crate) fn passed(&self, phase: &str) -> Error {
        let milliseconds = self.timeout.as_millis();
        Error::new(
            Status::Timeout,
            format!("the timeout of {milliseconds} ms passed while {phase}"),
        )
    }
}
