//! The value of a signature's header, as a scheme describes it, and what signing returns.

use std::borrow::Cow;

use super::description::{Description, Envelope, Layout, SIGNATURE_FIELD, TIMESTAMP_FIELD};
use super::key::Key;
use super::timestamp::Timestamp;

/// Room for a signature's header, unless many keys sign.
const USUAL_LEN: usize = 128;

/// How to spell header names that contain underscores when sending.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Spelling {
    /// BARKER_SIGNATURE, which the Python original reads and nginx drops by default.
    #[default]
    Underscore,
    /// BARKER-SIGNATURE, which passes everywhere.
    Dash,
    /// Send both.
    Both,
}

/// A signature's header, to be sent.
pub struct Header {
    /// Spelled as it is sent.
    pub name: Cow<'static, str>,
    /// The value.
    pub value: String,
}

/// What signing returns.
#[derive(Default)]
pub struct Signed {
    /// The message id; empty if no scheme has one and none was set.
    pub id: String,
    /// The headers of all schemes.
    pub headers: Vec<Header>,
    /// The first scheme's timestamp, as written in its header; empty if it has none.
    pub timestamp: String,
    /// The value of the first scheme's signature header.
    pub signature: String,
}

impl Signed {
    /// Adds a header in each spelling that is wanted.
    pub(super) fn push(&mut self, spelling: Spelling, name: &'static str, value: &str) {
        let mut push = |name| self.headers.push(Header { name, value: value.to_owned() });
        let has_dashed_form = name.contains('_');
        if !has_dashed_form || spelling != Spelling::Dash {
            push(Cow::Borrowed(name));
        }
        if has_dashed_form && spelling != Spelling::Underscore {
            push(Cow::Owned(name.replace('_', "-")));
        }
    }
}

impl Description {
    /// The value of the signature's header, from the signatures of these keys; none if no key can
    /// sign. If there is room for only one signature, it is that of the first key.
    pub fn sign<'k>(
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
}
