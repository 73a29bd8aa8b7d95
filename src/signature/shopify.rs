//! Shopify: <https://shopify.dev/docs/apps/build/webhooks/subscribe/https>.

use super::description::{Clock, Description, Layout, Names, Part, SecretFormat};
use super::encoding::Encoding;
use super::key::Digest;

pub(super) const SHOPIFY: Description = Description {
    names: Names { id: None, timestamp: None, signature: "X-Shopify-Hmac-SHA256" },
    also: Some(Names { id: None, timestamp: None, signature: "Shopify-Hmac-SHA256" }),
    secret: SecretFormat::Text(Digest::Sha256),
    content: &[Part::Body],
    layout: Layout::One(""),
    encoding: Encoding::Base64,
    clock: Clock::None,
};
