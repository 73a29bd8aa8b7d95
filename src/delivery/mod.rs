//! How a message gets to its receiver and the answer comes back, all of it under one deadline.
//!
//! A [`Delivery`] is one message on its way to one receiver: it looks the host up, connects, opens
//! a tunnel through a proxy, makes a TLS session, and makes an exchange: one request and its answer
//! on one connection. After a redirect that it follows there is another exchange. It never waits:
//! [`deliver`] drives one and waits for it, an [`Engine`] drives many at once. What came of it is an
//! [`Outcome`].
//!
//! An [`Agent`] begins deliveries as its [`Settings`] say, and keeps the connections that may be
//! used again. A [`Policy`] says where messages may be sent.
//!
//! The rooms, each of which knows only those below it; `http` and `tls` do not know each other:
//! - this folder: deliveries and what can be set about them;
//! - `http`: requests, responses, and where a URL leads;
//! - `tls`: whom to trust, and sessions;
//! - `net`: what is asked of the system: sockets, names, threads.

mod agent;
#[allow(clippy::module_inception)] // It is what this room is about.
mod delivery;
mod engine;
mod http;
mod log;
#[allow(unsafe_code)]
mod net;
mod policy;
mod proxy;
mod route;
mod settings;
mod shared;
mod single;
mod tls;

pub use agent::Agent;
pub use delivery::{Delivery, Outcome};
pub use engine::Engine;
pub use http::{Body, Field, Redirects, Request, Response, Target};
pub use log::{Log, LogLevel};
pub use net::{Cancellation, Deadline, IdleLimits, Interrupt, Watch};
pub(crate) use net::{ForkLock, generation};
pub use policy::{AddressPolicy, Network, Policy};
pub use proxy::Proxies;
pub use settings::Settings;
pub use single::deliver;
pub use tls::{TlsConfig, TlsVersion};
