//! How requests reach their receivers, and how the answers come back, each under one deadline.
//!
//! An [`Agent`] keeps the connections that may be used again. A [`Target`] says where to send, a
//! [`Request`] what. An [`Exchange`] is one delivery on its way: [`resolver`], [`race`], [`tls`]
//! over [`socket`], and [`response`], none of which waits. A single one waits for itself;
//! [`deliver_all`] waits for many at once.

mod agent;
mod batch;
mod connection;
mod deadline;
mod exchange;
mod pool;
mod process;
mod race;
mod request;
mod resolver;
mod response;
mod socket;
mod target;
mod thread;
mod tls;
mod trust;

pub use agent::Agent;
pub use batch::deliver_all;
pub use exchange::Exchange;
pub use pool::IdleLimits;
pub use request::{Field, Request};
pub use response::Response;
pub use target::Target;
pub use trust::{Trust, barker_tls};
