//! Reports to the host program what happens.

use std::borrow::Cow;
use std::sync::Arc;

use crate::error::printable;

/// How important a line of the log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Nothing is reported.
    Off,
    /// A delivery failed.
    Error,
    /// A delivery was answered.
    Info,
    /// Each step on the way.
    Debug,
}

/// Takes a line of the log.
pub type Write = dyn Fn(LogLevel, &str) + Send + Sync;

/// Who takes the lines, and which.
#[derive(Clone)]
pub struct Log {
    /// Those that matter no less than this.
    level: LogLevel,
    /// Called without any lock held, with a single printable line.
    write: Arc<Write>,
}

impl Log {
    /// Hands the lines that matter no less than the level to this function.
    pub fn new(level: LogLevel, write: impl Fn(LogLevel, &str) + Send + Sync + 'static) -> Self {
        let write = move |level, line: &str| write(level, &printable(Cow::from(line)));
        Self { level, write: Arc::new(write) }
    }

    /// Writes a line, if it matters enough.
    pub(super) fn write(&self, level: LogLevel, text: impl FnOnce() -> String) {
        if level <= self.level {
            (self.write)(level, &text());
        }
    }
}
