//! What is behind a handle: a webhook, and what its last call and its last send left for C to read.

use std::ffi::{CStr, CString};

use zeroize::Zeroizing;

use super::header::barker_header;
use super::status::{BARKER_OK, barker_status, status_of};
use crate::delivery::Outcome;
use crate::error::{Result, Status};
use crate::webhook::{SentMessage, Webhook};

/// What belongs to one thread at a time.
pub(super) struct State {
    pub webhook: Webhook,
    /// Wiped when dropped: it may hold a password.
    pub url: Option<Zeroizing<CString>>,
    pub sent: Option<Sent>,
    /// Why the last send failed, if it did.
    pub failure: Option<Status>,
    /// The generation of the process in which it is lent.
    pub lent_in: Option<usize>,
    /// Whether the program has freed it while it was lent.
    pub is_freed: bool,
    pub status: barker_status,
    pub error: CString,
}

/// The last send, as C reads it.
pub(super) struct Sent {
    pub id: CString,
    pub timestamp: CString,
    pub signature: CString,
    pub status: u16,
    headers: Vec<(CString, CString)>,
    /// Borrowed from `headers`.
    lent: Vec<barker_header>,
    /// With a NUL after its last byte.
    body: Vec<u8>,
}

impl State {
    pub fn new(webhook: Webhook, url: Option<Zeroizing<CString>>) -> Self {
        Self {
            webhook,
            url,
            sent: None,
            failure: None,
            lent_in: None,
            is_freed: false,
            status: BARKER_OK,
            error: CString::default(),
        }
    }

    /// Keeps the status of a call and the sentence of a failure; returns the status.
    pub fn remember(&mut self, result: &Result<()>) -> barker_status {
        self.status = status_of(result);
        self.error = match result {
            Ok(()) => CString::default(),
            Err(error) => c_text(error.sentence.as_bytes()),
        };
        self.status
    }

    /// Keeps what the getters return of a delivery, in place of the last one's; returns whether it
    /// was answered.
    pub fn keep(&mut self, outcome: Result<SentMessage>) -> Result<()> {
        let (sent, result) = match outcome {
            Ok(delivery) => {
                let (sent, result) = Sent::of(delivery);
                (Some(sent), result)
            }
            Err(error) => (None, Err(error)),
        };
        self.sent = sent;
        self.failure = result.as_ref().err().map(|error| error.status);
        result
    }

    /// Keeps a delivery and its status; returns the status.
    pub fn conclude(&mut self, outcome: Result<SentMessage>) -> barker_status {
        let result = self.keep(outcome);
        self.remember(&result)
    }
}

impl Sent {
    /// What the getters return of a delivery, and whether it was answered.
    pub fn of(delivery: SentMessage) -> (Self, Result<()>) {
        let Outcome { response, result } = delivery.outcome;
        let c_pair = |(name, value): &(String, Vec<u8>)| (c_text(name.as_bytes()), c_text(value));
        let headers: Vec<_> = response.headers.iter().map(c_pair).collect();
        let mut sent = Self {
            id: c_text(delivery.signed.id.as_bytes()),
            timestamp: c_text(delivery.signed.timestamp.as_bytes()),
            signature: c_text(delivery.signed.signature.as_bytes()),
            status: response.status,
            lent: headers.iter().map(barker_header::lend).collect(),
            headers,
            body: response.body,
        };
        sent.body.push(0);
        (sent, result)
    }

    /// The headers of this name, in any case.
    pub fn headers_of(&self, name: &[u8]) -> impl Iterator<Item = &CStr> {
        let is_wanted = move |own: &CStr| own.to_bytes().eq_ignore_ascii_case(name);
        let headers = self.headers.iter().filter(move |(own, _)| is_wanted(own));
        headers.map(|(_, value)| &**value)
    }

    /// All headers, if there is any.
    pub fn headers(&self) -> Option<&[barker_header]> {
        (!self.lent.is_empty()).then_some(&self.lent)
    }

    pub fn body(&self) -> &[u8] {
        &self.body[..self.body.len() - 1]
    }
}

/// The text up to its first NUL, if it holds any.
pub(super) fn c_text(text: &[u8]) -> CString {
    let end = text.iter().position(|&byte| byte == 0).unwrap_or(text.len());
    CString::new(&text[..end]).expect("no NUL is left")
}
