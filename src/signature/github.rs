//! GitHub: <https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries>.

use super::key::Digest;
use super::scheme::{Clock, Description, Encoding, Layout, Names, Part, SecretFormat};

pub(super) const GITHUB: Description = Description {
    names: Names { id: None, timestamp: None, signature: "X-Hub-Signature-256" },
    also: None,
    secret: SecretFormat::Text(Digest::Sha256),
    content: &[Part::Body],
    layout: Layout::One("sha256="),
    encoding: Encoding::Hex,
    clock: Clock::None,
};
