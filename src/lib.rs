//! Barker sends signed webhooks and verifies the ones it receives.
//!
//! The layers, each of which knows only those below it; `tests/test_layers.py` checks that:
//! - [`ffi`]: the C interface, from which `include/barker.h` is made; no logic;
//! - [`queue`]: messages that wait for their turn, and when to send one again;
//! - [`webhook`]: a webhook: what is set, and sending, signing and verifying it;
//! - [`signature`]: what is signed, how it is written in headers, how it is verified; no network;
//! - [`delivery`]: how a message gets to its receiver and the answer comes back; no signatures;
//! - [`error`]: the one error type.

#![deny(unsafe_code)] // Only in `ffi` and in `delivery::net`.

pub mod delivery;
pub mod error;
#[doc(hidden)] // C calls it.
#[allow(unsafe_code)]
pub mod ffi;
pub mod queue;
pub mod signature;
pub mod webhook;

pub use error::{Error, Result, Status};
pub use webhook::Webhook;
