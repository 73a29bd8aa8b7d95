//! Messages that wait for their turn: a [`Sender`] has many under way at once, and never waits for
//! one of them.

mod line;
mod sender;

pub use line::Places;
pub use sender::{Message, Sender};
