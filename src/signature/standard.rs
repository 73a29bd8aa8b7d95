//! Standard Webhooks, and the same under Svix's names:
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>.

use super::description::{Clock, Description, Layout, Names, Part, SecretFormat};
use super::encoding::Encoding;

pub(super) const STANDARD: Description = Description {
    names: STANDARD_NAMES,
    also: Some(SVIX_NAMES),
    secret: SecretFormat::Standard,
    content: &[Part::Id, Part::Text("."), Part::Timestamp, Part::Text("."), Part::Body],
    layout: Layout::List,
    encoding: Encoding::Base64,
    clock: Clock::Seconds,
};

pub(super) const SVIX: Description =
    Description { names: SVIX_NAMES, also: Some(STANDARD_NAMES), ..STANDARD };

const STANDARD_NAMES: Names = Names {
    id: Some("webhook-id"),
    timestamp: Some("webhook-timestamp"),
    signature: "webhook-signature",
};

const SVIX_NAMES: Names =
    Names { id: Some("svix-id"), timestamp: Some("svix-timestamp"), signature: "svix-signature" };
