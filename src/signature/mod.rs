//! What is signed, how it is written in headers, and how it is verified.
//!
//! A [`Scheme`] is described by data, in a small file of its own. A [`Keyring`] holds the
//! secrets of a sender or receiver, each for one scheme, and is the one way to sign and verify.

mod barker;
mod description;
mod encoding;
mod github;
mod headers;
mod key;
mod keyring;
mod replay;
mod scheme;
mod secret;
mod shopify;
mod signing;
mod slack;
mod stack;
mod standard;
mod stripe;
mod timestamp;
mod verification;

pub use keyring::{Freshness, Keyring};
pub use replay::ReplayGuard;
pub use scheme::{Scheme, is_signature_header};
pub use secret::{generate, generate_id, generate_pair};
pub use signing::{Header, Signed, Spelling};
pub use timestamp::Timestamp;
