//! TLS over a socket. Knows no HTTP.
//!
//! A [`Trust`] says whom to trust and what to show. A [`Tls`] is a connection under one.

mod config;
mod explain;
mod platform;
mod session;
mod session_store;
mod verifier;

pub use config::{TlsVersion, Trust};

pub(super) use session::Tls;
