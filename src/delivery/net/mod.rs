//! What is asked of the system: sockets and the names of hosts, threads, and what becomes of all
//! that in a child of fork(). Knows neither HTTP nor TLS. The only `unsafe` outside of the C
//! interface.
//!
//! A [`Socket`] is connected by [`Connecting`], to addresses that the [`Resolver`] finds. A
//! [`Connection`] is a socket as an exchange wants it, with TLS or without; the [`Pool`] keeps
//! those that are idle. Everything that waits has a [`Deadline`], which a [`Cancellation`] brings
//! forward. What threads share is in a [`ForkLock`].

mod backlog;
mod cancellation;
mod connect;
mod connection;
mod deadline;
mod fork;
mod names;
mod pool;
mod privilege;
mod resolver;
mod socket;
mod thread;

pub use deadline::Deadline;
pub use pool::IdleLimits;

pub(super) use backlog::FullBacklogs;
pub use cancellation::{Cancellation, Interrupt, Watch};
pub(super) use connect::Connecting;
pub(super) use connection::{Connection, Plain, received, sent};
pub(crate) use fork::{ForkLock, generation};
pub(super) use names::interface_number;
pub(super) use pool::Pool;
pub(super) use privilege::is_privileged;
pub(super) use resolver::{Addresses, Found, Lookup, Resolver};
pub(super) use socket::{EngineId, Socket, is_lack_of_resources, poll};
