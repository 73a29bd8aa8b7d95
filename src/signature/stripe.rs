//! Stripe: <https://docs.stripe.com/webhooks#verify-manually>.

use super::description::{Clock, Description, Layout, Names, Part, SecretFormat};
use super::encoding::Encoding;
use super::key::Digest;

pub(super) const STRIPE: Description = Description {
    names: Names { id: None, timestamp: None, signature: "Stripe-Signature" },
    also: None,
    secret: SecretFormat::Text(Digest::Sha256),
    content: &[Part::Timestamp, Part::Text("."), Part::Body],
    layout: Layout::Fields,
    encoding: Encoding::Hex,
    clock: Clock::Seconds,
};
