//! Messages that wait for their turn: a [`Sender`] has many under way at once, and never waits for
//! one of them. A [`Retry`] says when to send one again.

mod line;
mod retry;
mod sender;

pub use line::Places;
pub use retry::{Retry, Try, Verdict};
pub use sender::{Message, Sender};
