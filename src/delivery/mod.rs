//! How requests reach their receivers, and how the answers come back, each under one deadline.
//!
//! An [`Agent`] has the [`Settings`], and keeps the connections that may be used again. A [`Target`]
//! says where to send, a [`Request`] what. An [`Exchange`] is one delivery on its way: it looks the
//! host up, connects, opens a tunnel through a proxy, shakes hands, sends and receives, and never
//! waits. A single one waits for itself; [`deliver_all`] waits for many at once. A [`Policy`] says
//! where none may go.
//!
//! The rooms below: `http` and `tls`, which do not know each other, stand on `net`.

mod agent;
#[allow(clippy::module_inception)] // It is what this room is about.
mod delivery;
mod engine;
mod http;
mod log;
mod net;
mod policy;
mod proxy;
mod route;
mod settings;
mod shared;
mod tls;

pub use agent::Agent;
pub use delivery::{Exchange, Outcome};
pub use engine::deliver_all;
pub use http::{Field, Redirects, Request, Response, Target};
pub use log::{Log, LogLevel};
pub(crate) use net::ForkLock;
pub use net::{Cancellation, Deadline, IdleLimits};
pub use policy::{AddressPolicy, Network, Policy};
pub use proxy::Proxies;
pub use settings::Settings;
pub use tls::{TlsVersion, Trust};
