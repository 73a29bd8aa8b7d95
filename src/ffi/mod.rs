//! The C interface. Each function checks its pointers, calls one safe method and turns the result
//! into a status; `include/barker.h` is generated from what stands in this folder, and from that the
//! man pages and the documentation site.
//!
//! Functions stand in families, a file each. Its first line is the family's heading in the header;
//! the part before the colon names the family everywhere else. What stands first in a file is first
//! in the header, too.

// The comment of each function is its contract in the header, for C; nothing calls it from Rust.
#![allow(clippy::missing_safety_doc, non_camel_case_types)]

mod boundary;
mod constants;

// The families, in the order in which the header shows them.
mod handle;
mod message;
mod secrets;
mod buffer;
mod sending;
mod header;
mod outcome;
mod retry;
mod verify;
mod delivery;
mod policy;
mod tls;
mod sign;
mod generate;
mod library;
mod status;

pub use constants::Constants;
pub use status::*;
