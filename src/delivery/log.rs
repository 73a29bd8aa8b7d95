//! Telling the host program what happens.

use std::borrow::Cow;
use std::sync::Arc;

use crate::error::printable;

/// How much a message of the log matters. Numbers are part of the ABI.
#[allow(non_camel_case_types)]
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum barker_log_level {
    /// Nothing is told.
    BARKER_LOG_OFF = 0,
    /// A delivery failed.
    BARKER_LOG_ERROR = 1,
    /// A delivery was answered.
    BARKER_LOG_INFO = 2,
    /// Each step on the way.
    BARKER_LOG_DEBUG = 3,
}

use barker_log_level::*;

/// Takes a line of the log.
pub type Write = dyn Fn(barker_log_level, &str) + Send + Sync;

/// Who is told, and of what.
#[derive(Clone)]
pub struct Log {
    /// Of what matters no less than this.
    pub(super) level: barker_log_level,
    /// Called without any lock held, with a single printable line.
    pub(super) write: Arc<Write>,
}

impl Log {
    /// Tells this function of what matters no less than the level.
    pub fn new(
        level: barker_log_level,
        write: impl Fn(barker_log_level, &str) + Send + Sync + 'static,
    ) -> Self {
        let write = move |level, line: &str| write(level, &printable(Cow::from(line)));
        Self { level, write: Arc::new(write) }
    }
}

impl TryFrom<i32> for barker_log_level {
    type Error = crate::error::Error;

    fn try_from(number: i32) -> crate::error::Result<Self> {
        let all = [BARKER_LOG_OFF, BARKER_LOG_ERROR, BARKER_LOG_INFO, BARKER_LOG_DEBUG];
        all.into_iter().find(|level| *level as i32 == number).ok_or_else(|| {
            let why = format!("there is no log level {number}");
            Self::Error::new(crate::error::barker_status::BARKER_ERR_RANGE, why)
        })
    }
}
