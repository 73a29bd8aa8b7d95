//! How a request reaches its receiver, and how the answer comes back, all under one deadline.
//!
//! An [`Agent`] keeps the connections that may be used again. A [`Target`] says where to connect;
//! [`resolver`] and [`connection`] get there, with [`tls`] over [`socket`]; a [`Request`] is
//! written in one piece and [`response`] reads what comes back.

mod agent;
mod connection;
mod deadline;
mod request;
mod resolver;
mod response;
mod socket;
mod target;
mod tls;

pub use agent::Agent;
pub use request::{Field, Request};
pub use response::Response;
pub use target::Target;
