//! Barker sends signed webhooks and verifies the ones it receives.
//!
//! The rooms, each of which knows only those below it:
//! - `ffi`: the C interface, the only place with raw pointers; `include/barker.h` is made from it;
//! - [`queue`]: messages that are sent until they arrive;
//! - [`webhook`]: a webhook's configuration, and what it does: send, sign, verify;
//! - [`signature`]: what is signed, how it is written in headers, how it is verified; no network;
//! - [`delivery`]: how bytes reach the receiver and the answer comes back; no signatures;
//! - `fork`: what threads share, and what a child of fork() does with it;
//! - [`error`]: the one error type.

pub mod delivery;
pub mod error;
#[doc(hidden)] // C calls it.
pub mod ffi;
mod fork;
pub mod queue;
pub mod signature;
pub mod webhook;

pub use error::{Error, Result, Status};
pub use webhook::Webhook;
