//! Finds the headers of a signature among all received headers, and the parts in them.

use crate::error::{Result, Status};

/// The value of a header, without surrounding spaces. It may come several times if all its values
/// are equal.
#[derive(Clone, Copy, Default)]
pub(super) struct Value<'a> {
    first: Option<&'a [u8]>,
    is_repeated: bool,
    is_ambiguous: bool,
}

impl<'a> Value<'a> {
    pub fn add(&mut self, value: &'a [u8]) {
        let value = value.trim_ascii();
        match self.first {
            None => self.first = Some(value),
            Some(first) => {
                self.is_repeated = true;
                self.is_ambiguous |= first != value;
            }
        }
    }

    /// Adds a value in which a gateway may have joined several headers with commas (RFC 9110
    /// section 5.2).
    pub fn add_joined(&mut self, value: &'a [u8]) {
        if value.contains(&b',') {
            value.split(is_comma).for_each(|piece| self.add(piece));
        } else {
            self.add(value);
        }
    }

    /// The same if a value may itself contain commas: unless all pieces are equal, it is one value.
    pub fn add_perhaps_joined(&mut self, value: &'a [u8]) {
        let mut pieces = value.split(is_comma).map(<[u8]>::trim_ascii);
        let first = pieces.next().unwrap_or_default();
        self.add(if !first.is_empty() && pieces.all(|piece| piece == first) {
            first
        } else {
            value
        });
    }

    pub fn is_missing(&self) -> bool {
        self.first.is_none()
    }

    pub fn is_repeated(&self) -> bool {
        self.is_repeated
    }

    pub fn first(&self) -> Result<&'a [u8]> {
        self.first.ok_or_else(|| Status::HeaderMissing.into())
    }

    pub fn get(&self) -> Result<&'a [u8]> {
        if self.is_ambiguous {
            return Err(Status::HeaderAmbiguous.into());
        }
        self.first()
    }
}

/// The value of the field called `name` in headers of the form `name=value,name=value`.
pub(super) fn field<'a>(headers: impl Iterator<Item = &'a [u8]>, name: &str) -> Result<&'a [u8]> {
    let mut value = Value::default();
    let named = headers.flat_map(fields).filter(|(key, _)| *key == name.as_bytes());
    named.for_each(|(_, text)| value.add(text));
    if value.is_missing() {
        return Err(Status::HeaderMalformed.into());
    }
    value.get()
}

/// The name and value of each field of a header; fields without both are skipped.
pub(super) fn fields(header: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    header.split(is_comma).filter_map(|piece| {
        let middle = piece.iter().position(|&byte| byte == b'=')?;
        Some((piece[..middle].trim_ascii(), piece[middle + 1..].trim_ascii()))
    })
}

/// The words between spaces and commas.
pub(super) fn words(header: &[u8]) -> impl Iterator<Item = &[u8]> {
    let words = header.split(|byte| is_comma(byte) || byte.is_ascii_whitespace());
    words.filter(|word| !word.is_empty())
}

fn is_comma(byte: &u8) -> bool {
    *byte == b','
}

/// Names match without regard to case, with dash and underscore equal, and in CGI form (RFC 3875
/// section 4.1.18), with `HTTP_` before them.
#[inline]
pub(super) fn is_same_name(received: &[u8], name: &str) -> bool {
    let Some(prefix_len) = received.len().checked_sub(name.len()) else { return false };
    let (prefix, bare) = received.split_at(prefix_len);
    let dashed = |byte: u8| if byte == b'_' { b'-' } else { byte.to_ascii_lowercase() };
    let is_alike = || bare.iter().zip(name.bytes()).all(|(&a, b)| dashed(a) == dashed(b));
    (prefix.is_empty() || prefix.eq_ignore_ascii_case(b"HTTP_"))
        && (bare == name.as_bytes() || is_alike())
}
