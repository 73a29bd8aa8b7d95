//! The C interface. Each function checks its pointers, calls one safe method and turns the result
//! into a status; `include/barker.h` is generated from what stands in this folder, and from that the
//! man pages and the documentation site.
//!
//! Functions stand in families. `# Name: what it is about`, first in the comment of a family's first
//! function, begins one: it becomes the heading in the header and names the family everywhere else.

// The comment of each function is its contract in the header, for C; nothing calls it from Rust.
#![allow(clippy::missing_safety_doc)]

mod boundary;

// In the order in which the header shows them.
mod library;
mod buffer;
mod handle;
mod configure;
mod delivery;
mod policy;
mod trust;
mod send;
mod sign;
mod verify;
