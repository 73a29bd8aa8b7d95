//! The words in which a signature scheme is described, and what such a description can do: sign
//! and verify.

use std::time::{Duration, SystemTime};

use base64ct::{Base64, Encoding as _};

use super::headers;
use super::key::{Digest, Expected, Key, Mac};
use super::timestamp::{self, Timestamp};
use crate::error::{Result, barker_status, barker_status::*};

/// How a message is signed, and where the signature stands.
pub struct Scheme {
    /// The headers that are sent; when verifying, they come before `also`.
    pub names: Names,
    /// Other names under which the same is accepted.
    pub also: &'static [Names],
    /// What a secret is, and so the algorithm.
    pub secret: SecretFormat,
    /// What is signed, piece by piece.
    pub content: &'static [Part],
    /// How the signature's header is laid out.
    pub layout: Layout,
    /// How the signature is written as text.
    pub encoding: Encoding,
    /// Which timestamps there may be.
    pub clock: Clock,
}

/// The names of a scheme's headers.
#[derive(PartialEq, Eq)]
pub struct Names {
    /// The message id's, if there is one.
    pub id: Option<&'static str>,
    /// The timestamp's, if it has its own.
    pub timestamp: Option<&'static str>,
    /// The signature's.
    pub signature: &'static str,
}

/// What a secret is.
pub enum SecretFormat {
    /// At least one byte, the key of an HMAC with this digest.
    Bytes(Digest),
    /// The same, or none, as the Python original allows.
    BytesOrNone(Digest),
    /// As Standard Webhooks writes it: the text says of which kind it is.
    Standard,
}

/// A piece of the signed content.
pub enum Part {
    /// The message id.
    Id,
    /// The timestamp, as it is sent.
    Timestamp,
    /// Always the same.
    Text(&'static str),
    /// The body.
    Body,
}

/// How the signature's header is laid out.
pub enum Layout {
    /// One signature after this text.
    One(&'static str),
    /// Signatures of the form `version,signature`, separated by blanks.
    List,
    /// `t=timestamp,v1=signature` and perhaps further signatures.
    Fields,
}

/// How a signature is written as text.
pub enum Encoding {
    /// Lower-case hexadecimal; read in any case.
    Hex,
    /// RFC 4648 section 4, padded.
    Base64,
}

/// Which timestamps there may be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// None: the scheme cannot tell an old message from a new one.
    None,
    /// Unix seconds.
    Seconds,
    /// Unix seconds and, if wanted, a fraction.
    Fraction,
}

/// The name of the timestamp in [`Layout::Fields`], and that of the signatures.
const TIMESTAMP_FIELD: &str = "t";
const SIGNATURE_FIELD: &str = "v1";
/// The most pieces that a scheme signs.
const MAX_PARTS: usize = 5;
/// More signatures than this in one header are not looked at: each may cost a computation.
const MAX_SIGNATURES: usize = 32;

/// A message's id and the text of its timestamp, as far as its scheme has them.
#[derive(Clone, Copy)]
pub(super) struct Envelope<'a> {
    pub id: &'a [u8],
    pub timestamp: &'a [u8],
}

/// What tells one accepted message from all others.
#[derive(Hash)]
pub(super) enum Identity<'a> {
    Id(&'a [u8]),
    Signature(Mac),
}

impl Scheme {
    /// The text of a timestamp as this scheme writes it.
    pub(super) fn timestamp<'t>(&self, timestamp: &'t Timestamp) -> Option<&'t str> {
        match self.clock {
            Clock::None => None,
            Clock::Seconds => Some(timestamp.seconds()),
            Clock::Fraction => Some(timestamp.as_str()),
        }
    }

    /// The value of the signature's header, from the signatures of these keys; none if no key can
    /// sign. Where one signature has room, it is that of the first key.
    pub(super) fn sign<'k>(
        &self,
        keys: impl Iterator<Item = &'k Key>,
        id: &str,
        timestamp: &Timestamp,
        body: &[u8],
    ) -> Option<String> {
        let timestamp = self.timestamp(timestamp).unwrap_or_default();
        let envelope = Envelope { id: id.as_bytes(), timestamp: timestamp.as_bytes() };
        let content = self.content(envelope, body);
        let mut value = match self.layout {
            Layout::One(prefix) => prefix.to_owned(),
            Layout::List => String::new(),
            Layout::Fields => format!("{TIMESTAMP_FIELD}={timestamp}"),
        };
        let mut signed = false;
        for key in keys {
            let Some(signature) = key.sign(&content) else { continue };
            match self.layout {
                Layout::One(_) if signed => break,
                Layout::One(_) => {}
                Layout::List if signed => value.extend([" ", key.version(), ","]),
                Layout::List => value.extend([key.version(), ","]),
                Layout::Fields => value.extend([",", SIGNATURE_FIELD, "="]),
            }
            self.encoding.write(signature.as_bytes(), &mut value);
            signed = true;
        }
        signed.then_some(value)
    }

    /// Whether these headers sign this body with this key, not longer than `tolerance` before or
    /// after `now`; a tolerance of zero leaves the time unchecked.
    pub(super) fn verify<'a>(
        &self,
        key: &Key,
        headers: impl Iterator<Item = (&'a [u8], &'a [u8])> + Clone,
        body: &[u8],
        now: SystemTime,
        tolerance: Duration,
    ) -> Result<Identity<'a>> {
        let (envelope, field) = self.read_headers(headers)?;
        let signed_at = self.read_timestamp(envelope)?;
        let content = self.content(envelope, body);
        let expected = key.expect(&content);
        self.find_match(field, key, &expected)?;
        if let Some(signed_at) = signed_at
            && !tolerance.is_zero()
        {
            timestamp::check(signed_at, now, tolerance)?;
        }
        Ok(self.identity(envelope, &expected))
    }

    /// The identity that a message claims, unverified.
    pub(super) fn claimed_identity<'a>(
        &self,
        key: &Key,
        headers: impl Iterator<Item = (&'a [u8], &'a [u8])> + Clone,
        body: &[u8],
    ) -> Result<Identity<'a>> {
        let (envelope, _) = self.read_headers(headers)?;
        let content = self.content(envelope, body);
        Ok(self.identity(envelope, &key.expect(&content)))
    }

    fn identity<'a>(&self, envelope: Envelope<'a>, expected: &Expected<'_>) -> Identity<'a> {
        match expected {
            Expected::Mac(mac) if self.names.id.is_none() => Identity::Signature(mac.clone()),
            _ => Identity::Id(envelope.id),
        }
    }

    /// What is signed, in order; empty where there are fewer pieces.
    fn content<'a>(&'a self, envelope: Envelope<'a>, body: &'a [u8]) -> [&'a [u8]; MAX_PARTS] {
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

    /// Finds id, timestamp and the signature's header, all under one set of names.
    fn read_headers<'a>(
        &self,
        headers: impl Iterator<Item = (&'a [u8], &'a [u8])> + Clone,
    ) -> Result<(Envelope<'a>, &'a [u8])> {
        let has_signature = |names: &&Names| {
            headers.clone().any(|(received, _)| headers::is_same_name(received, names.signature))
        };
        let names = self.also.iter().find(|names| has_signature(names));
        let names = names.filter(|_| !has_signature(&&self.names)).unwrap_or(&self.names);

        let value_of = |name| headers::find(headers.clone(), name);
        let field = value_of(names.signature)?;
        let id = names.id.map(value_of).transpose()?.unwrap_or_default();
        if names.id.is_some() && (id.is_empty() || id.contains(&b'.')) {
            return Err(BARKER_ERR_HEADER_MALFORMED.into());
        }
        let timestamp = match (&self.layout, names.timestamp) {
            (Layout::Fields, _) => headers::field(field, TIMESTAMP_FIELD)?,
            (_, Some(name)) => value_of(name)?,
            (_, None) => &[],
        };
        Ok((Envelope { id, timestamp }, field))
    }

    fn read_timestamp(&self, envelope: Envelope<'_>) -> Result<Option<Duration>> {
        match self.clock {
            Clock::None => Ok(None),
            Clock::Seconds => timestamp::parse_seconds(envelope.timestamp).map(Some),
            Clock::Fraction => timestamp::parse(envelope.timestamp).map(Some),
        }
    }

    /// Looks for the expected signature among those in the header. Signatures of other versions
    /// are skipped: a sender may add new ones.
    fn find_match(&self, field: &[u8], key: &Key, expected: &Expected<'_>) -> Result<()> {
        let mut search =
            Search { encoding: &self.encoding, expected, refusal: BARKER_ERR_HEADER_MALFORMED };
        let mut is_match =
            |own: &str, (name, text): (&[u8], &[u8])| search.is_match(own.as_bytes() == name, text);
        let found = match self.layout {
            Layout::One(prefix) => {
                field.strip_prefix(prefix.as_bytes()).is_some_and(|text| is_match("", (b"", text)))
            }
            Layout::List => headers::pairs(field, b' ', b',')
                .take(MAX_SIGNATURES)
                .any(|pair| is_match(key.version(), pair)),
            Layout::Fields => headers::pairs(field, b',', b'=')
                .take(MAX_SIGNATURES)
                .any(|pair| is_match(SIGNATURE_FIELD, pair)),
        };
        if found { Ok(()) } else { Err(search.refusal.into()) }
    }
}

/// The way through a header's signatures, with the most telling reason to refuse it so far.
struct Search<'a> {
    encoding: &'a Encoding,
    expected: &'a Expected<'a>,
    refusal: barker_status,
}

impl Search<'_> {
    fn is_match(&mut self, is_own: bool, text: &[u8]) -> bool {
        if !is_own {
            self.refusal = BARKER_ERR_SIGNATURE;
            return false;
        }
        let mut buffer = [0; Mac::MAX_LEN];
        let Some(signature) = self.encoding.read(text, &mut buffer) else { return false };
        if !self.expected.has_len(signature.len()) {
            return false;
        }
        self.refusal = BARKER_ERR_SIGNATURE;
        self.expected.is(signature)
    }
}

impl Encoding {
    fn write(&self, signature: &[u8], text: &mut String) {
        let mut buffer = [0; 2 * Mac::MAX_LEN];
        let written = match self {
            Self::Hex => encode_hex(signature, &mut buffer),
            Self::Base64 => Base64::encode(signature, &mut buffer).ok(),
        };
        text.push_str(written.expect("the buffer has room for the longest signature"));
    }

    fn read<'b>(&self, text: &[u8], buffer: &'b mut [u8; Mac::MAX_LEN]) -> Option<&'b [u8]> {
        match self {
            Self::Hex => decode_hex(text, buffer),
            Self::Base64 => Base64::decode(text, buffer).ok(),
        }
    }
}

fn encode_hex<'b>(bytes: &[u8], buffer: &'b mut [u8]) -> Option<&'b str> {
    let text = &mut buffer[..2 * bytes.len()];
    hex::encode_to_slice(bytes, text).ok()?;
    std::str::from_utf8(text).ok()
}

fn decode_hex<'b>(text: &[u8], buffer: &'b mut [u8]) -> Option<&'b [u8]> {
    let bytes = buffer.get_mut(..text.len() / 2)?;
    hex::decode_to_slice(text, bytes).ok()?;
    Some(bytes)
}
