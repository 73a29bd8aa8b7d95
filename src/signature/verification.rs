//! Whether a received message is right, as a scheme describes it: finding its headers, and comparing
//! its signatures.

use std::iter;
use std::time::{Duration, SystemTime};

use super::description::{
    Clock, Description, Envelope, ID_DELIMITER, Layout, Names, Part, SIGNATURE_FIELD,
    TIMESTAMP_FIELD,
};
use super::encoding::Encoding;
use super::headers::{self, Value};
use super::key::{Expected, Key, Mac};
use super::timestamp;
use crate::error::{Result, Status};

/// The most Ed25519 signatures that are checked in one message: each costs a hash of it.
const MAX_COSTLY: usize = 4;

/// What sets one accepted message apart from all others.
#[derive(Hash)]
pub(super) enum Identity<'a> {
    Id(&'a [u8]),
    Content(Mac),
}

/// A message that is right and fresh.
pub(super) struct Accepted<'a> {
    pub identity: Identity<'a>,
    /// How long its timestamp will stay within the tolerance, if that is checked.
    pub passes_for: Option<Duration>,
}

/// The headers that were found under one set of names.
#[derive(Clone, Copy, Default)]
struct Found<'a> {
    id: Value<'a>,
    timestamp: Value<'a>,
    signature: Value<'a>,
}

impl<'a> Found<'a> {
    fn take(&mut self, scheme: &Description, names: &Names, name: &[u8], value: &'a [u8]) {
        let is = |own: Option<&str>| own.is_some_and(|own| headers::is_same_name(name, own));
        if is(names.id) {
            self.id.add_perhaps_joined(value);
        } else if is(names.timestamp) {
            self.timestamp.add_joined(value);
        } else if is(Some(names.signature)) {
            match scheme.layout {
                Layout::One(_) => self.signature.add_joined(value),
                Layout::List | Layout::Fields => self.signature.add(value),
            }
        }
    }
}

impl Description {
    /// Whether these headers sign this body with this key, not longer than `tolerance` before or
    /// after `now`; a tolerance of zero turns the check of the time off.
    pub fn verify<'a>(
        &self,
        key: &Key,
        headers: impl Iterator<Item = (&'a [u8], &'a [u8])> + Clone,
        body: &[u8],
        now: SystemTime,
        tolerance: Duration,
    ) -> Result<Accepted<'a>> {
        let (envelope, signatures) = self.read_headers(headers.clone())?;
        let signed_at = self.read_timestamp(envelope)?.filter(|_| !tolerance.is_zero());
        let passes_for = || signed_at.map(|at| timestamp::check(at, now, tolerance)).transpose();
        let content = self.content(envelope, body);
        let expected = key.expect(&content);
        let mut search = Search::new(&self.encoding, &expected);
        self.look_through(signatures, headers, key, &mut search);
        if expected.is_costly() && search.is_worthwhile() {
            passes_for()?;
        }
        search.end()?;
        Ok(Accepted { passes_for: passes_for()?, identity: self.identity(envelope, &expected) })
    }

    /// The identity that a message claims, unverified.
    pub fn claimed_identity<'a>(
        &self,
        key: &Key,
        headers: impl Iterator<Item = (&'a [u8], &'a [u8])> + Clone,
        body: &[u8],
    ) -> Result<Identity<'a>> {
        let (envelope, _) = self.read_headers(headers)?;
        let content = self.content(envelope, body);
        Ok(self.identity(envelope, &key.expect(&content)))
    }

    /// The id, if the signed content shows where it ends. Otherwise one message could have several
    /// ids, by moving bytes between the id and its neighbours.
    fn identity<'a>(&self, envelope: Envelope<'a>, expected: &Expected<'_>) -> Identity<'a> {
        match self.content {
            [Part::Id, Part::Text(ID_DELIMITER), ..] => Identity::Id(envelope.id),
            _ => Identity::Content(expected.fingerprint()),
        }
    }

    /// Finds id, timestamp and the values of the signature's header, all under one set of names.
    fn read_headers<'a>(
        &self,
        headers: impl Iterator<Item = (&'a [u8], &'a [u8])> + Clone,
    ) -> Result<(Envelope<'a>, Signatures<'a, '_>)> {
        let mut found = [Found::default(); 2];
        for (name, value) in headers.clone() {
            let of_each = self.all_names().zip(&mut found);
            of_each.for_each(|(names, found)| found.take(self, names, name, value));
        }
        let (names, found) = self
            .all_names()
            .zip(&found)
            .find(|(_, found)| !found.signature.is_missing())
            .unwrap_or((&self.names, &found[0]));

        let first = match self.layout {
            Layout::One(_) => found.signature.get()?,
            Layout::List | Layout::Fields => found.signature.first()?,
        };
        let has_more = found.signature.is_repeated();
        let signatures = Signatures { name: names.signature, first, has_more };

        let id = names.id.map(|_| found.id.get()).transpose()?.unwrap_or_default();
        if names.id.is_some() && (id.is_empty() || id.contains(&ID_DELIMITER.as_bytes()[0])) {
            return Err(Status::HeaderMalformed.into());
        }
        let timestamp = match (&self.layout, names.timestamp) {
            (Layout::Fields, _) => headers::field(signatures.all(headers), TIMESTAMP_FIELD)?,
            (_, Some(_)) => found.timestamp.get()?,
            (_, None) => &[],
        };
        Ok((Envelope { id, timestamp }, signatures))
    }

    fn read_timestamp(&self, envelope: Envelope<'_>) -> Result<Option<Duration>> {
        match self.clock {
            Clock::None => Ok(None),
            Clock::Seconds => timestamp::parse_seconds(envelope.timestamp).map(Some),
            Clock::Fraction => timestamp::parse(envelope.timestamp).map(Some),
        }
    }

    /// Passes all signatures to the search. Those of other versions are skipped: a sender may add
    /// new ones. In a list, versions and signatures are treated independently, because gateways
    /// that split and join headers at commas lose their order.
    fn look_through<'a>(
        &self,
        signatures: Signatures<'a, '_>,
        headers: impl Iterator<Item = (&'a [u8], &'a [u8])>,
        key: &Key,
        search: &mut Search<'_, 'a>,
    ) {
        match self.layout {
            // Byte by byte: some memcmp are slow with an empty prefix.
            Layout::One(prefix) => {
                if let Some((start, text)) = signatures.first.split_at_checked(prefix.len())
                    && start.iter().eq(prefix.as_bytes())
                {
                    search.see(true, text);
                }
            }
            Layout::List => signatures
                .all(headers)
                .flat_map(headers::words)
                .for_each(|word| search.see_word(key.version().as_bytes(), word)),
            Layout::Fields => signatures
                .all(headers)
                .flat_map(headers::fields)
                .for_each(|(name, text)| search.see(name == SIGNATURE_FIELD.as_bytes(), text)),
        }
    }
}

/// The values of the signature's header.
#[derive(Clone, Copy)]
struct Signatures<'a, 's> {
    name: &'s str,
    first: &'a [u8],
    has_more: bool,
}

impl<'a> Signatures<'a, '_> {
    /// All of them, given all headers.
    fn all(
        self,
        headers: impl Iterator<Item = (&'a [u8], &'a [u8])>,
    ) -> impl Iterator<Item = &'a [u8]> {
        let named = headers.filter(move |(name, _)| headers::is_same_name(name, self.name));
        let others = self.has_more.then(|| named.skip(1).map(|(_, value)| value));
        iter::once(self.first).chain(others.into_iter().flatten())
    }
}

/// The search through a message's signatures, with the best reason so far to refuse it.
struct Search<'s, 'a> {
    encoding: &'s Encoding,
    expected: &'s Expected<'s>,
    refusal: Status,
    is_found: bool,
    is_of_version: bool,
    /// Those that cost a hash of the message, which are checked last.
    costly: [&'a [u8]; MAX_COSTLY],
    costly_count: usize,
    has_too_many: bool,
}

impl<'s, 'a> Search<'s, 'a> {
    fn new(encoding: &'s Encoding, expected: &'s Expected<'s>) -> Self {
        Self {
            encoding,
            expected,
            refusal: Status::HeaderMalformed,
            is_found: false,
            is_of_version: false,
            costly: [&[]; MAX_COSTLY],
            costly_count: 0,
            has_too_many: false,
        }
    }

    fn see(&mut self, is_own: bool, text: &'a [u8]) {
        self.is_of_version |= is_own;
        if !is_own {
            self.refusal = Status::Signature;
        } else if let Some(signature) = self.read(text) {
            self.see_signature(text, &signature);
        }
    }

    fn see_word(&mut self, version: &[u8], word: &'a [u8]) {
        if word == version {
            self.is_of_version = true;
        } else if let Some(signature) = self.read(word) {
            self.see_signature(word, &signature);
        } else if is_version(word) {
            self.refusal = Status::Signature;
        }
    }

    fn read(&self, text: &[u8]) -> Option<Mac> {
        self.encoding.read(text).filter(|signature| self.expected.has_len(signature))
    }

    fn see_signature(&mut self, text: &'a [u8], signature: &Mac) {
        self.refusal = Status::Signature;
        if !self.expected.is_costly() {
            self.is_found |= self.expected.is(signature);
        } else if !self.costly[..self.costly_count].contains(&text) {
            match self.costly.get_mut(self.costly_count) {
                Some(place) => *place = text,
                None => self.has_too_many = true,
            }
            self.costly_count = MAX_COSTLY.min(self.costly_count + 1);
        }
    }

    /// Whether there is something left to check.
    fn is_worthwhile(&self) -> bool {
        self.costly_count > 0 && self.is_of_version && !self.has_too_many
    }

    fn end(&mut self) -> Result<()> {
        if self.has_too_many {
            return Err(Status::HeaderMalformed.into());
        }
        if self.is_worthwhile() {
            let mut costly = self.costly[..self.costly_count].iter();
            self.is_found = costly
                .any(|text| self.read(text).is_some_and(|signature| self.expected.is(&signature)));
        }
        if self.is_found && self.is_of_version { Ok(()) } else { Err(self.refusal.into()) }
    }
}

/// Whether a word is the name of a version, such as `v1` or `v1a`.
fn is_version(word: &[u8]) -> bool {
    let is_part = |byte: &u8| byte.is_ascii_digit() || byte.is_ascii_lowercase();
    word.strip_prefix(b"v").is_some_and(|rest| !rest.is_empty() && rest.iter().all(is_part))
}
