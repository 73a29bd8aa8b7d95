//! Barker, as in the Python package, and with longer digests.

use super::description::{Clock, Description, Layout, Names, Part, SecretFormat};
use super::encoding::Encoding;
use super::key::Digest;

/// Old receivers compare the names byte for byte.
pub(super) const BARKER: Description = Description {
    names: Names { id: None, timestamp: Some("BARKER_TIMESTAMP"), signature: "BARKER_SIGNATURE" },
    also: None,
    secret: SecretFormat::Bytes(Digest::Md5),
    content: &[Part::Timestamp, Part::Text(";"), Part::Body],
    layout: Layout::One(""),
    encoding: Encoding::Hex,
    clock: Clock::Fraction,
};

pub(super) const BARKER_SHA256: Description =
    Description { secret: SecretFormat::Bytes(Digest::Sha256), ..BARKER };

pub(super) const BARKER_SHA512: Description =
    Description { secret: SecretFormat::Bytes(Digest::Sha512), ..BARKER };
