//! GitHub: <https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries>.

use super::description::{Clock, Description, Layout, Names, Part, SecretFormat};
use super::encoding::Encoding;
use super::key::Digest;

pub(super) const GITHUB: Description = Description {
    names: Names { id: None, timestamp: None, signature: "X-Hub-Signature-256" },
    also: None,
    secret: SecretFormat::Text(Digest::Sha256),
    content: &[Part::Body],
    layout: Layout::One("sha256="),
    encoding: Encoding::Hex,
    clock: Clock::None,
};
