//! How requests reach their receivers, and how the answers come back, each under one deadline.
//!
//! An [`Agent`] has the settings, and keeps the connections that may be used again. A [`Target`]
//! says where to send, a [`Request`] what. An [`Exchange`] is one delivery on its way: [`resolver`],
//! [`connect`], [`proxy`], [`tls`] over [`socket`], [`talk`], none of which waits. A single one waits
//! for itself; [`deliver_all`] waits for many at once. A [`Policy`] says where none may go.

mod agent;
mod backlog;
mod batch;
mod cancellation;
mod connect;
mod connection;
mod deadline;
mod exchange;
mod explain;
mod log;
mod names;
mod place;
mod platform;
mod policy;
mod pool;
mod process;
mod proxy;
mod redirect;
mod request;
mod resolver;
mod response;
mod route;
mod sessions;
mod settings;
mod socket;
mod talk;
mod target;
mod thread;
mod tls;
mod trust;
mod verifier;

pub use agent::Agent;
pub use batch::deliver_all;
pub use cancellation::Cancellation;
pub use deadline::Deadline;
pub use exchange::{Exchange, Outcome};
pub use log::{Log, LogLevel};
pub use policy::{AddressPolicy, Network, Policy};
pub use proxy::Proxies;
pub use redirect::Redirects;
pub use request::{Field, Request};
pub use response::Response;
pub use settings::Settings;
pub use target::Target;
pub use trust::{TlsVersion, Trust};
