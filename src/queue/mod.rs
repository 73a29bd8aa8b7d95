//! Messages that are sent until they arrive: [`Retry`] says when to send one again.

mod retry;

pub use retry::{Retry, Try, Verdict};
