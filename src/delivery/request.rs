//! A request as it goes over the wire: the head, written once, and the borrowed body.

use crate::delivery::Target;
use crate::error::{Error, Result, barker_status::*};

/// A header that may be sent.
#[derive(Clone)]
pub struct Field {
    name: String,
    value: String,
}

/// The library writes these itself, or they would change where a message ends.
const RESERVED: [&str; 8] = [
    "Host",
    "Content-Length",
    "Content-Type",
    "Transfer-Encoding",
    "Connection",
    "Expect",
    "TE",
    "Upgrade",
];

/// The longest value: with more, receivers refuse the whole head.
const MAX_VALUE_LEN: usize = 8000;

impl Field {
    /// Checks name and value against RFC 9110 section 5.
    pub fn new(name: &str, value: &str) -> Result<Self> {
        let refuse = |why: &'static str| Err(Error::new(BARKER_ERR_HEADER, why));
        let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
        if name.is_empty() || name.len() > 256 || !name.bytes().all(is_token) {
            return refuse(
                "the header's name must be 1 to 256 letters, digits, dashes and underscores",
            );
        }
        if value.len() > MAX_VALUE_LEN {
            return refuse("the header's value is longer than 8000 bytes: shorten it");
        }
        if !value.bytes().all(|b| b == b'\t' || (b' '..=b'~').contains(&b)) {
            return refuse("the header's value holds a line break or is not printable ASCII");
        }
        Ok(Self { name: name.to_owned(), value: value.trim_ascii().to_owned() })
    }

    /// Whether the library itself gives this header its value.
    pub fn is_reserved(&self) -> bool {
        RESERVED.iter().any(|reserved| reserved.eq_ignore_ascii_case(&self.name))
    }

    /// Name and value.
    pub fn as_pair(&self) -> (&str, &str) {
        (&self.name, &self.value)
    }
}

/// A POST that is ready to be written.
pub struct Request<'a> {
    pub(super) head: Vec<u8>,
    pub(super) body: &'a [u8],
}

impl<'a> Request<'a> {
    /// Writes the head with these headers, spelled as they are given.
    pub fn post<'h>(
        target: &Target,
        headers: impl Iterator<Item = (&'h str, &'h str)>,
        body: &'a [u8],
    ) -> Self {
        let mut head = Vec::with_capacity(512);
        let mut write = |parts: &[&str]| {
            parts.iter().for_each(|part| head.extend_from_slice(part.as_bytes()));
        };
        write(&["POST ", target.path(), " HTTP/1.1\r\nHost: ", target.authority(), "\r\n"]);
        write(&["User-Agent: barker/", env!("CARGO_PKG_VERSION"), "\r\nAccept: */*\r\n"]);
        for (name, value) in headers {
            write(&[name, ": ", value, "\r\n"]);
        }
        write(&["Content-Length: ", &body.len().to_string(), "\r\n\r\n"]);
        Self { head, body }
    }
}
