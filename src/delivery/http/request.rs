//! A request as it is sent: the head, written once, and the body, borrowed or shared.

use std::ops::{Deref, Range};
use std::sync::Arc;

use zeroize::Zeroizing;

use super::target::Target;
use crate::error::{Error, Result, Status};

/// A header that may be sent.
#[derive(Clone)]
pub struct Field {
    name: String,
    /// Wiped when dropped: it may be a password.
    value: Zeroizing<String>,
}

/// The library writes these itself, or they would change where the message ends.
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
        let refuse = |why: &'static str| Err(Error::new(Status::Header, why));
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
            return refuse("the header's value contains a line break or is not printable ASCII");
        }
        Ok(Self { name: name.to_owned(), value: value.trim_ascii().to_owned().into() })
    }

    /// Whether the library itself writes this header.
    pub fn is_reserved(&self) -> bool {
        is_one_of(&self.name, &RESERVED)
    }

    /// Name and value.
    pub fn as_pair(&self) -> (&str, &str) {
        (&self.name, &self.value)
    }
}

/// A request that is ready to be written.
pub struct Request<'a> {
    /// Wiped when dropped: it may hold credentials.
    pub(super) head: Zeroizing<Vec<u8>>,
    pub(super) body: Body<'a>,
    is_get: bool,
    /// The positions in the head of the signature's headers and of the caller's.
    signature: Range<usize>,
    own: Range<usize>,
}

/// The data of a message.
#[derive(Clone)]
pub enum Body<'a> {
    /// For as long as the caller waits.
    Borrowed(&'a [u8]),
    /// For as long as anybody needs it.
    Shared(Arc<[u8]>),
}

impl Deref for Body<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Borrowed(bytes) => bytes,
            Self::Shared(bytes) => bytes,
        }
    }
}

/// Sent unless the caller set them.
const DEFAULTS: [(&str, &str); 2] =
    [("User-Agent", concat!("barker/", env!("CARGO_PKG_VERSION"))), ("Accept", "*/*")];
const AUTHORIZATION: &str = "Authorization";
const CONTENT_TYPE: &str = "Content-Type";
/// These go to no other origin than the one that they were set for.
const CREDENTIALS: [&str; 2] = [AUTHORIZATION, "Cookie"];

impl<'a> Request<'a> {
    /// A POST with the headers of its signature and the caller's own, spelled as the caller spells
    /// them.
    pub fn post<'h>(
        target: &'h Target,
        signature: impl Iterator<Item = (&'h str, &'h str)> + Clone,
        own: impl Iterator<Item = (&'h str, &'h str)> + Clone,
        body: Body<'a>,
    ) -> Self {
        let is_authorized = own.clone().any(|(name, _)| is_one_of(name, &[AUTHORIZATION]));
        let credentials = target.credentials().filter(|_| !is_authorized);
        let credentials = credentials.map(|credentials| (AUTHORIZATION, credentials));
        let own = own.chain(credentials.as_slice().iter().copied());
        Self::write(target, signature, own, Some(body))
    }

    pub(super) fn is_get(&self) -> bool {
        self.is_get
    }

    /// The same request, to where a redirect leads.
    pub(super) fn redirected(&self, target: &Target, is_same_origin: bool) -> Self {
        if self.is_get {
            return self.redirected_get(target, is_same_origin);
        }
        let own = self.own_fields(is_same_origin);
        Self::write(target, self.fields(&self.signature), own, Some(self.body.clone()))
    }

    /// A GET, without data and so without a signature, of what a redirect points to.
    pub(super) fn redirected_get(&self, target: &Target, is_same_origin: bool) -> Self {
        let own = self.own_fields(is_same_origin);
        let own = own.filter(|(name, _)| !is_one_of(name, &[CONTENT_TYPE]));
        Self::write(target, std::iter::empty(), own, None)
    }

    /// Those of the caller's fields that a redirect may take along.
    fn own_fields(&self, is_same_origin: bool) -> impl Iterator<Item = (&str, &str)> + Clone {
        let is_kept = move |name: &str| is_same_origin || !is_one_of(name, &CREDENTIALS);
        self.fields(&self.own).filter(move |(name, _)| is_kept(name))
    }

    /// A POST of this body; without one, a GET.
    fn write<'h>(
        target: &Target,
        signature: impl Iterator<Item = (&'h str, &'h str)> + Clone,
        own: impl Iterator<Item = (&'h str, &'h str)> + Clone,
        body: Option<Body<'a>>,
    ) -> Self {
        let method = if body.is_some() { "POST" } else { "GET" };
        let fields = signature.clone().chain(own.clone());
        let len: usize = fields.map(|(name, value)| name.len() + value.len() + 4).sum();
        let room = 256 + target.path().len() + target.authority().len() + len;
        let mut head = Zeroizing::new(Vec::with_capacity(room));
        let mut write = |parts: &[&str]| -> usize {
            parts.iter().for_each(|part| head.extend_from_slice(part.as_bytes()));
            head.len()
        };
        write(&[method, " ", target.path(), " HTTP/1.1\r\nHost: ", target.authority(), "\r\n"]);
        for (name, value) in DEFAULTS {
            if !own.clone().any(|(own, _)| is_one_of(own, &[name])) {
                write(&[name, ": ", value, "\r\n"]);
            }
        }
        let start = write(&[]);
        let mut write_fields = |start, fields: &mut dyn Iterator<Item = (&str, &str)>| {
            fields.fold(start, |_, (name, value)| write(&[name, ": ", value, "\r\n"]))
        };
        let middle = write_fields(start, &mut { signature });
        let end = write_fields(middle, &mut { own });
        if let Some(body) = &body {
            write(&["Content-Length: ", &body.len().to_string(), "\r\n"]);
        }
        write(&["\r\n"]);
        Self {
            head,
            is_get: body.is_none(),
            body: body.unwrap_or(Body::Borrowed(&[])),
            signature: start..middle,
            own: middle..end,
        }
    }

    /// The fields that stand there.
    fn fields(&self, lines: &Range<usize>) -> impl Iterator<Item = (&str, &str)> + Clone {
        let text = std::str::from_utf8(&self.head[lines.clone()]).unwrap_or_default();
        text.split_terminator("\r\n").filter_map(|line| line.split_once(": "))
    }
}

fn is_one_of(name: &str, names: &[&str]) -> bool {
    names.iter().any(|other| other.eq_ignore_ascii_case(name))
}
