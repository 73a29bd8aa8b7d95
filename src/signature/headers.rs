//! Finding a signature's headers among all that were received.

use crate::error::{Result, barker_status::*};

/// Carries the time at which the webhook was signed. Spelled so on the wire: old receivers compare
/// names byte for byte.
pub const TIMESTAMP_HEADER: &str = "BARKER_TIMESTAMP";
/// Carries the signature.
pub const SIGNATURE_HEADER: &str = "BARKER_SIGNATURE";

/// The value of the header called `name`, without the blanks around it. A repeated header is
/// tolerated as long as it says the same each time.
pub(super) fn find<'a>(
    headers: impl Iterator<Item = (&'a [u8], &'a [u8])>,
    name: &str,
) -> Result<&'a [u8]> {
    let mut found = None;
    for (_, value) in headers.filter(|(received, _)| is_same_name(received, name)) {
        let value = value.trim_ascii();
        if found.is_some_and(|earlier| earlier != value) {
            return Err(BARKER_ERR_HEADER_AMBIGUOUS.into());
        }
        found = Some(value);
    }
    found.ok_or_else(|| BARKER_ERR_HEADER_MISSING.into())
}

/// Names match without regard to case, with dash and underscore equal, and in CGI form
/// (RFC 3875 section 4.1.18), in which `HTTP_` stands before them.
pub(crate) fn is_same_name(received: &[u8], name: &str) -> bool {
    let bare = match received.split_at_checked(5) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case(b"HTTP_") => rest,
        _ => received,
    };
    let same = |a: u8, b: u8| a.eq_ignore_ascii_case(&b) || (a == b'-' && b == b'_');
    bare.len() == name.len() && bare.iter().zip(name.bytes()).all(|(&a, b)| same(a, b))
}
