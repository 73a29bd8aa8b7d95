//! Stripe: <https://docs.stripe.com/webhooks#verify-manually>.

use super::key::Digest;
use super::scheme::{Clock, Encoding, Layout, Names, Part, Scheme, SecretFormat};

pub(super) const STRIPE: Scheme = Scheme {
    names: Names { id: None, timestamp: None, signature: "Stripe-Signature" },
    also: None,
    secret: SecretFormat::Text(Digest::Sha256),
    content: &[Part::Timestamp, Part::Text("."), Part::Body],
    layout: Layout::Fields,
    encoding: Encoding::Hex,
    clock: Clock::Seconds,
};
