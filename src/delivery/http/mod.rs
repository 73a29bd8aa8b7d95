//! HTTP/1.1 over a connection. Knows no TLS.
//!
//! A [`Target`] says where to send, a [`Request`] what. An [`Exchange`] sends the request over a
//! connection and reads the [`Response`]. [`Redirects`] say whether that leads elsewhere.

mod exchange;
mod place;
mod redirect;
mod request;
mod response;
mod target;

pub use redirect::Redirects;
pub use request::{Body, Field, Request};
pub use response::Response;
pub use target::Target;

pub(super) use exchange::{Exchange, Incoming};
pub(super) use place::{Place, parse_host, parse_port};
pub(super) use response::parse_head;
pub(super) use target::Origin;
pub(super) use target::{Endpoint, Parts, Userinfo};
