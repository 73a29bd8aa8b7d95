//! The C interface. Each function checks its pointers, calls one safe method and turns the result
//! into a status. `include/barker.h` is generated from the files of this folder, and the man pages
//! and the documentation site are generated from the header.
//!
//! Each file is a family of functions. Its first line is the heading of the family in the header;
//! the part before the colon is the name of the family everywhere else. The header keeps the order
//! of each file.

// The comment of each function is its contract in the header, for C; nothing calls it from Rust.
#![allow(clippy::missing_safety_doc, non_camel_case_types)]

mod boundary;
mod constants;
mod lent;
mod panic;
mod state;

// The families, in the order in which the header shows them.
mod handle;
mod message;
mod secrets;
mod buffer;
mod sending;
mod engine;
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
