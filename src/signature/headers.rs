//! Finding a signature's headers among all that were received, and the pieces in one of them.

use crate::error::{Result, barker_status::*};

/// The value of a header, without the blanks around it. A repeated one is tolerated as long as it
/// says the same each time.
#[derive(Clone, Copy, Default)]
pub(super) struct Value<'a> {
    first: Option<&'a [u8]>,
    is_ambiguous: bool,
}

impl<'a> Value<'a> {
    pub fn add(&mut self, value: &'a [u8]) {
        let value = value.trim_ascii();
        match self.first {
            None => self.first = Some(value),
            Some(first) => self.is_ambiguous |= first != value,
        }
    }

    pub fn is_missing(&self) -> bool {
        self.first.is_none()
    }

    pub fn get(&self) -> Result<&'a [u8]> {
        if self.is_ambiguous {
            return Err(BARKER_ERR_HEADER_AMBIGUOUS.into());
        }
        self.first.ok_or_else(|| BARKER_ERR_HEADER_MISSING.into())
    }
}

/// The value of the field called `name` in a header of the form `name=value,name=value`.
pub(super) fn field<'a>(header: &'a [u8], name: &str) -> Result<&'a [u8]> {
    let mut value = Value::default();
    let named = pairs(header, b',', b'=').filter(|(key, _)| *key == name.as_bytes());
    named.for_each(|(_, text)| value.add(text));
    if value.is_missing() {
        return Err(BARKER_ERR_HEADER_MALFORMED.into());
    }
    value.get()
}

/// The name and text of each piece of a header that has both; others are skipped.
pub(super) fn pairs(
    header: &[u8],
    separator: u8,
    delimiter: u8,
) -> impl Iterator<Item = (&[u8], &[u8])> {
    header.split(move |&byte| byte == separator).filter_map(move |piece| {
        let middle = piece.iter().position(|&byte| byte == delimiter)?;
        Some((piece[..middle].trim_ascii(), piece[middle + 1..].trim_ascii()))
    })
}

/// Names match without regard to case, with dash and underscore equal, and in CGI form
/// (RFC 3875 section 4.1.18), in which `HTTP_` stands before them.
#[inline]
pub(super) fn is_same_name(received: &[u8], name: &str) -> bool {
    let Some(prefix_len) = received.len().checked_sub(name.len()) else { return false };
    let (prefix, bare) = received.split_at(prefix_len);
    let dashed = |byte: u8| if byte == b'_' { b'-' } else { byte.to_ascii_lowercase() };
    let is_alike = || bare.iter().zip(name.bytes()).all(|(&a, b)| dashed(a) == dashed(b));
    (prefix.is_empty() || prefix.eq_ignore_ascii_case(b"HTTP_"))
        && (bare == name.as_bytes() || is_alike())
}
