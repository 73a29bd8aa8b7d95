//! Slack: <https://api.slack.com/authentication/verifying-requests-from-slack>.

use super::description::{Clock, Description, Layout, Names, Part, SecretFormat};
use super::encoding::Encoding;
use super::key::Digest;

pub(super) const SLACK: Description = Description {
    names: Names {
        id: None,
        timestamp: Some("X-Slack-Request-Timestamp"),
        signature: "X-Slack-Signature",
    },
    also: None,
    secret: SecretFormat::Text(Digest::Sha256),
    content: &[Part::Text("v0:"), Part::Timestamp, Part::Text(":"), Part::Body],
    layout: Layout::One("v0="),
    encoding: Encoding::Hex,
    clock: Clock::Seconds,
};
