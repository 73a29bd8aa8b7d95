//! Finding a signature's headers among all that were received, and the pieces in one of them.

use crate::error::{Error, Result, barker_status::*};

/// The value of the header called `name`, without the blanks around it. A repeated header is
/// tolerated as long as it says the same each time.
pub(super) fn find<'a>(
    headers: impl Iterator<Item = (&'a [u8], &'a [u8])>,
    name: &str,
) -> Result<&'a [u8]> {
    only(headers.filter(|(received, _)| is_same_name(received, name)))
}

/// The value of the field called `name` in a header of the form `name=value,name=value`.
pub(super) fn field<'a>(header: &'a [u8], name: &str) -> Result<&'a [u8]> {
    let found = only(pairs(header, b',', b'=').filter(|(key, _)| *key == name.as_bytes()));
    found.map_err(|error| match error.status {
        BARKER_ERR_HEADER_MISSING => BARKER_ERR_HEADER_MALFORMED.into(),
        _ => error,
    })
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

fn only<'a>(found: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> Result<&'a [u8]> {
    let mut values = found.map(|(_, value)| value.trim_ascii());
    let first = values.next().ok_or(Error::from(BARKER_ERR_HEADER_MISSING))?;
    if values.any(|other| other != first) {
        return Err(BARKER_ERR_HEADER_AMBIGUOUS.into());
    }
    Ok(first)
}

/// Names match without regard to case, with dash and underscore equal, and in CGI form
/// (RFC 3875 section 4.1.18), in which `HTTP_` stands before them.
pub(super) fn is_same_name(received: &[u8], name: &str) -> bool {
    let bare = match received.split_at_checked(5) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case(b"HTTP_") => rest,
        _ => received,
    };
    let dashed = |byte: u8| if byte == b'_' { b'-' } else { byte.to_ascii_lowercase() };
    bare.len() == name.len() && bare.iter().zip(name.bytes()).all(|(&a, b)| dashed(a) == dashed(b))
}
