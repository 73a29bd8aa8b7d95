//! TLS over a socket. Knows no HTTP.
//!
//! A [`TlsConfig`] says whom to trust and what to show. A [`Session`] is a connection under one.

mod config;
mod explain;
mod platform;
mod session;
mod session_store;
mod verifier;

pub use config::{TlsConfig, TlsVersion};

pub(super) use session::Session;
