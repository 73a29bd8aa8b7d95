//! The one moment at which everything that belongs to a send must be over.

use std::time::{Duration, Instant};

use crate::error::{Error, Result, barker_status::*};

/// A moment, and what is waited for until then.
#[derive(Clone, Copy)]
pub struct Deadline {
    at: Option<Instant>,
    timeout: Duration,
}

impl Deadline {
    /// So much time from now. A timeout beyond what the clock can hold never passes.
    pub fn after(timeout: Duration) -> Self {
        Self { at: Instant::now().checked_add(timeout), timeout }
    }

    /// The moment; none never comes.
    pub(super) fn at(&self) -> Option<Instant> {
        self.at
    }

    /// The time left.
    pub(super) fn left(&self) -> Duration {
        self.at.map_or(Duration::MAX, |at| at.saturating_duration_since(Instant::now()))
    }

    /// The time left, or the error that none is, with the phase in which it ran out.
    pub(super) fn remaining(&self, phase: &str) -> Result<Duration> {
        let left = self.left();
        if left.is_zero() { Err(self.passed(phase)) } else { Ok(left) }
    }

    fn passed(&self, phase: &str) -> Error {
        let milliseconds = self.timeout.as_millis();
        Error::new(
            BARKER_ERR_TIMEOUT,
            format!("the timeout of {milliseconds} ms passed while {phase}"),
        )
    }
}
