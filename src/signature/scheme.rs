//! The words in which a signature scheme is described, and what such a description can do: sign
//! and verify.

use std::iter;
use std::time::{Duration, SystemTime};

use super::headers::{self, Value};
use super::key::{Digest, Expected, Key, Mac};
pub use super::text::Encoding;
use super::timestamp::{self, Timestamp};
use crate::error::{Result, barker_status, barker_status::*};

/// How a message is signed, and where the signature stands.
pub struct Scheme {
    /// The headers that are sent; when verifying, they come before `also`.
    pub names: Names,
    /// Other names under which the same is accepted.
    pub also: Option<Names>,
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
/// Room for a signature's header, unless many keys sign.
const USUAL_LEN: usize = 128;
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

/// The headers that were found under one set of names.
#[derive(Clone, Copy, Default)]
struct Found<'a> {
    id: Value<'a>,
    timestamp: Value<'a>,
    signature: Value<'a>,
}

impl<'a> Found<'a> {
    fn take(&mut self, names: &Names, name: &[u8], value: &'a [u8]) {
        for (own, found) in [
            (names.id, &mut self.id),
            (names.timestamp, &mut self.timestamp),
            (Some(names.signature), &mut self.signature),
        ] {
            if own.is_some_and(|own| headers::is_same_name(name, own)) {
                found.add(value);
            }
        }
    }
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
        let mut value = String::with_capacity(USUAL_LEN);
        match self.layout {
            Layout::One(prefix) => value.push_str(prefix),
            Layout::List => {}
            Layout::Fields => value.extend([TIMESTAMP_FIELD, "=", timestamp]),
        }
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

    /// In the order in which they are looked for.
    fn all_names(&self) -> impl Iterator<Item = &Names> {
        iter::once(&self.names).chain(&self.also)
    }

    /// Finds id, timestamp and the signature's header, all under one set of names.
    fn read_headers<'a>(
        &self,
        headers: impl Iterator<Item = (&'a [u8], &'a [u8])> + Clone,
    ) -> Result<(Envelope<'a>, &'a [u8])> {
        let mut found = [Found::default(); 2];
        for (name, value) in headers {
            let of_each = self.all_names().zip(&mut found);
            of_each.for_each(|(names, found)| found.take(names, name, value));
        }
        let (names, found) = self
            .all_names()
            .zip(found)
            .find(|(_, found)| !found.signature.is_missing())
            .unwrap_or((&self.names, Found::default()));

        let field = found.signature.get()?;
        let id = names.id.map(|_| found.id.get()).transpose()?.unwrap_or_default();
        if names.id.is_some() && (id.is_empty() || id.contains(&b'.')) {
            return Err(BARKER_ERR_HEADER_MALFORMED.into());
        }
        let timestamp = match (&self.layout, names.timestamp) {
            (Layout::Fields, _) => headers::field(field, TIMESTAMP_FIELD)?,
            (_, Some(_)) => found.timestamp.get()?,
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
            // Byte by byte: some memcmp are slow at comparing nothing, as an empty prefix is.
            Layout::One(prefix) => field
                .split_at_checked(prefix.len())
                .filter(|(start, _)| start.iter().eq(prefix.as_bytes()))
                .is_some_and(|(_, text)| search.is_match(true, text)),
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
        let Some(signature) = self.encoding.read(text) else { return false };
        if !self.expected.has_len(&signature) {
            return false;
        }
        self.refusal = BARKER_ERR_SIGNATURE;
        self.expected.is(&signature)
    }
}
