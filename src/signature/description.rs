//! The words in which a signature scheme is described. A scheme is data: how it signs and verifies is
//! in `signing.rs` and `verification.rs`, the same for all.

use std::iter;

use super::encoding::Encoding;
use super::key::Digest;
use super::timestamp::Timestamp;

/// How a message is signed, and where the signature is.
pub(super) struct Description {
    /// The headers that are sent; when verifying, they come before `also`.
    pub names: Names,
    /// Other names under which the same is accepted.
    pub also: Option<Names>,
    /// What a secret is, and so the algorithm.
    pub secret: SecretFormat,
    /// The pieces that are signed.
    pub content: &'static [Part],
    /// The layout of the signature's header.
    pub layout: Layout,
    /// How the signature is written as text.
    pub encoding: Encoding,
    /// Which timestamps there may be.
    pub clock: Clock,
}

/// The names of a scheme's headers.
#[derive(PartialEq, Eq)]
pub(super) struct Names {
    /// The message id's, if there is one.
    pub id: Option<&'static str>,
    /// The timestamp's, if it has its own.
    pub timestamp: Option<&'static str>,
    /// The signature's.
    pub signature: &'static str,
}

/// What a secret is.
pub(super) enum SecretFormat {
    /// Text, the key of an HMAC with this digest. Not empty, and no blanks around it.
    Text(Digest),
    /// Any bytes or none, as the Python original allows, the key of such an HMAC.
    Bytes(Digest),
    /// As Standard Webhooks writes it: the text says of which kind it is.
    Standard,
}

/// A piece of the signed content.
pub(super) enum Part {
    /// The message id.
    Id,
    /// The timestamp, as it is sent.
    Timestamp,
    /// Always the same.
    Text(&'static str),
    /// The body.
    Body,
}

/// The layout of the signature's header.
pub(super) enum Layout {
    /// One signature after this text.
    One(&'static str),
    /// Signatures of the form `version,signature`, separated by blanks.
    List,
    /// Fields of the form `name=value`, separated by commas: [`TIMESTAMP_FIELD`] and
    /// [`SIGNATURE_FIELD`], perhaps several of the latter.
    Fields,
}

/// Which timestamps there may be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Clock {
    /// None: the scheme cannot distinguish an old message from a new one.
    None,
    /// Unix seconds.
    Seconds,
    /// Unix seconds and, if wanted, a fraction.
    Fraction,
}

/// The name of the timestamp in [`Layout::Fields`].
pub(super) const TIMESTAMP_FIELD: &str = "t";
/// The name of a signature in [`Layout::Fields`].
pub(super) const SIGNATURE_FIELD: &str = "v1";
/// Ends a message id in the signed content; no id contains it.
pub(super) const ID_DELIMITER: &str = ".";
/// The most pieces that a scheme signs.
const MAX_PARTS: usize = 5;

/// A message's id and the text of its timestamp, as far as its scheme has them.
#[derive(Clone, Copy)]
pub(super) struct Envelope<'a> {
    pub id: &'a [u8],
    pub timestamp: &'a [u8],
}

impl Description {
    /// All sets of names, in the order in which they are looked for.
    pub fn all_names(&self) -> impl Iterator<Item = &Names> {
        iter::once(&self.names).chain(&self.also)
    }

    /// The text of a timestamp as this scheme writes it.
    pub fn timestamp<'t>(&self, timestamp: &'t Timestamp) -> Option<&'t str> {
        match self.clock {
            Clock::None => None,
            Clock::Seconds => Some(timestamp.seconds()),
            Clock::Fraction => Some(timestamp.as_str()),
        }
    }

    /// What is signed, in order; empty where there are fewer pieces.
    pub fn content<'a>(&'a self, envelope: Envelope<'a>, body: &'a [u8]) -> [&'a [u8]; MAX_PARTS] {
        let mut content = [&[][..]; MAX_PARTS];
        for (i, part) in self.content.iter().enumerate() {
            content[i] = match part {
                Part::Id => envelope.id,
                Part::Timestamp => envelope.timestamp,
                Part::Text(text) => text.as_bytes(),
                Part::Body => body,
            };
        }
        content
    }
}
