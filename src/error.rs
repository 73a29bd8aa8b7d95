//! The one error type: a status for the program and a sentence for its user.

use std::borrow::Cow;
use std::fmt;

/// Outcome of a call. Numbers are part of the ABI: they are never changed nor used again.
///
/// 1xx: the call was wrong, nothing was changed and nothing was sent. 2xx: no whole answer
/// came from the receiver. 3xx: the received message must not be trusted. 9xx: the system or the
/// library itself failed.
#[allow(non_camel_case_types, clippy::upper_case_acronyms)]
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum barker_status {
    /// The call did what it was asked.
    BARKER_OK = 0,

    /// A pointer that must not be NULL was NULL.
    BARKER_ERR_NULL = 100,
    /// A text is not UTF-8.
    BARKER_ERR_UTF8 = 101,
    /// The URL cannot be used, or none was set before a send.
    BARKER_ERR_URL = 102,
    /// A request header's name or value cannot be sent.
    BARKER_ERR_HEADER = 103,
    /// A number is outside its limits.
    BARKER_ERR_RANGE = 104,
    /// The secret is not of the form that its scheme wants; or the handle has none that can sign, or
    /// none at all because the one that was given was refused.
    BARKER_ERR_SECRET = 105,
    /// The message id cannot be used, or none was set where one is needed.
    BARKER_ERR_ID = 106,
    /// A certificate, its key or a revocation list cannot be used.
    BARKER_ERR_CERTIFICATE = 107,

    /// The receiver's host name does not exist, or has no address.
    BARKER_ERR_RESOLVE = 200,
    /// No address of the receiver accepted a connection.
    BARKER_ERR_CONNECT = 201,
    /// The TLS handshake failed, for a reason that has no status of its own.
    BARKER_ERR_TLS = 202,
    /// The connection broke while the request was being sent.
    BARKER_ERR_SEND = 203,
    /// The connection broke before the whole answer had come. The receiver may have the webhook.
    BARKER_ERR_RECEIVE = 204,
    /// The timeout passed first. The receiver may have the webhook.
    BARKER_ERR_TIMEOUT = 205,
    /// What came back is not an HTTP/1.x response. The receiver may have the webhook.
    BARKER_ERR_PROTOCOL = 206,
    /// The answer's body is larger than barker_webhook_set_max_body() allows, the rest of it is larger
    /// than 64 KiB, or there are more than 128 headers or 16 interim (1xx) responses. The receiver may
    /// have the webhook.
    BARKER_ERR_TOO_LARGE = 207,
    /// The send, or the batch that it belonged to, was stopped first. If sending had begun, the receiver
    /// may have the webhook.
    BARKER_ERR_STOPPED = 208,
    /// The address policy does not allow the receiver's address, port or scheme. Nothing was sent.
    BARKER_ERR_REFUSED = 209,
    /// The proxy does not lead to the receiver, or the environment names one that cannot be used.
    BARKER_ERR_PROXY = 210,
    /// No name server answered for the receiver's host name. It may exist: try again later.
    BARKER_ERR_RESOLVE_AGAIN = 211,

    /// The receiver's certificate has expired, or is not valid yet.
    BARKER_ERR_CERTIFICATE_EXPIRED = 220,
    /// The receiver's certificate is for other names than the URL's host.
    BARKER_ERR_CERTIFICATE_NAME = 221,
    /// The receiver's certificate comes from an authority that is not trusted.
    BARKER_ERR_CERTIFICATE_ISSUER = 222,
    /// The receiver's certificate is self-signed, and is not trusted itself.
    BARKER_ERR_CERTIFICATE_SELF_SIGNED = 223,
    /// The receiver's certificate was revoked.
    BARKER_ERR_CERTIFICATE_REVOKED = 224,

    /// A header that the signature needs is not among those given.
    BARKER_ERR_HEADER_MISSING = 300,
    /// A timestamp, message id or signature is not written as its scheme says.
    BARKER_ERR_HEADER_MALFORMED = 301,
    /// A header that the signature needs has two different values.
    BARKER_ERR_HEADER_AMBIGUOUS = 302,
    /// The signature is not that of this body, this timestamp and this key.
    BARKER_ERR_SIGNATURE = 303,
    /// The timestamp is further in the past than the tolerance. The signature is right, unless it is
    /// one of Ed25519, which is not looked at then.
    BARKER_ERR_TOO_OLD = 304,
    /// The timestamp is further in the future than the tolerance. The signature as above.
    BARKER_ERR_TOO_NEW = 305,
    /// The message is right and current, but it was accepted before.
    BARKER_ERR_REPLAYED = 306,
    /// The message is right and current, but there is no room to remember it: answer 503.
    BARKER_ERR_REPLAY_FULL = 307,

    /// A defect in barker itself. The handle stays usable. Please report it.
    BARKER_ERR_INTERNAL = 900,
    /// The system lacks what the call takes: descriptors, memory, a thread or random bytes.
    BARKER_ERR_SYSTEM = 901,
}

impl barker_status {
    /// Every status with its sentence, NUL-terminated for C.
    const SENTENCES: &[(Self, &'static str)] = &[
        (Self::BARKER_OK, "success\0"),
        (Self::BARKER_ERR_NULL, "a required pointer is NULL\0"),
        (Self::BARKER_ERR_UTF8, "the text is not UTF-8\0"),
        (Self::BARKER_ERR_URL, "the URL is missing or cannot be used\0"),
        (Self::BARKER_ERR_HEADER, "the request header cannot be sent\0"),
        (Self::BARKER_ERR_RANGE, "the number is outside its limits\0"),
        (Self::BARKER_ERR_SECRET, "the secret cannot be used\0"),
        (Self::BARKER_ERR_ID, "the message id is missing or cannot be used\0"),
        (Self::BARKER_ERR_CERTIFICATE, "the certificate, key or revocation list cannot be used\0"),
        (Self::BARKER_ERR_RESOLVE, "the host name has no address\0"),
        (Self::BARKER_ERR_CONNECT, "no connection to the receiver\0"),
        (Self::BARKER_ERR_TLS, "no trusted TLS connection to the receiver\0"),
        (Self::BARKER_ERR_SEND, "the connection broke while sending\0"),
        (Self::BARKER_ERR_RECEIVE, "the connection broke before the whole answer came\0"),
        (Self::BARKER_ERR_TIMEOUT, "the timeout passed\0"),
        (Self::BARKER_ERR_PROTOCOL, "the answer is not HTTP/1.x\0"),
        (Self::BARKER_ERR_TOO_LARGE, "the answer is larger than allowed\0"),
        (Self::BARKER_ERR_STOPPED, "the send was stopped first\0"),
        (Self::BARKER_ERR_REFUSED, "the address policy does not allow the receiver's address\0"),
        (Self::BARKER_ERR_PROXY, "the proxy does not lead to the receiver\0"),
        (Self::BARKER_ERR_RESOLVE_AGAIN, "the host name cannot be looked up at present\0"),
        (
            Self::BARKER_ERR_CERTIFICATE_EXPIRED,
            "the receiver's certificate is not valid at present\0",
        ),
        (Self::BARKER_ERR_CERTIFICATE_NAME, "the receiver's certificate is for another host\0"),
        (Self::BARKER_ERR_CERTIFICATE_ISSUER, "the receiver's certificate has an unknown issuer\0"),
        (Self::BARKER_ERR_CERTIFICATE_SELF_SIGNED, "the receiver's certificate is self-signed\0"),
        (Self::BARKER_ERR_CERTIFICATE_REVOKED, "the receiver's certificate was revoked\0"),
        (Self::BARKER_ERR_HEADER_MISSING, "a signature header is missing\0"),
        (Self::BARKER_ERR_HEADER_MALFORMED, "a signature header is malformed\0"),
        (Self::BARKER_ERR_HEADER_AMBIGUOUS, "a signature header has two different values\0"),
        (Self::BARKER_ERR_SIGNATURE, "the signature does not match\0"),
        (Self::BARKER_ERR_TOO_OLD, "the timestamp is too old\0"),
        (Self::BARKER_ERR_TOO_NEW, "the timestamp is too new\0"),
        (Self::BARKER_ERR_REPLAYED, "the message was accepted before\0"),
        (Self::BARKER_ERR_REPLAY_FULL, "there is no room to remember the message\0"),
        (Self::BARKER_ERR_SYSTEM, "the system failed\0"),
        (Self::BARKER_ERR_INTERNAL, "internal error in barker\0"),
    ];

    /// The NUL-terminated sentence of a status number; of any number, a sentence.
    pub(crate) fn sentence(number: i32) -> &'static str {
        Self::SENTENCES
            .iter()
            .find(|(status, _)| *status as i32 == number)
            .map_or("unknown status\0", |(_, sentence)| sentence)
    }
}

/// Why a call failed. The sentence never holds a key, a password or a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// For the program.
    pub status: barker_status,
    /// For its user: what happened and, where the caller can mend it, what to change.
    pub sentence: Cow<'static, str>,
}

/// The text, in which escapes stand for what does not print, breaks a line or turns the direction
/// of writing around: a path or an answer must not write lines of its own into a log.
pub(crate) fn printable(text: Cow<'_, str>) -> Cow<'_, str> {
    let is_plain = |c: char| c == ' ' || c.is_ascii_graphic();
    if text.chars().all(is_plain) {
        return text;
    }
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match is_plain(c) {
            true => escaped.push(c),
            false => escaped.extend(c.escape_debug()),
        }
    }
    escaped.into()
}

/// What every fallible call gives.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error of this status with its own sentence.
    pub fn new(status: barker_status, sentence: impl Into<Cow<'static, str>>) -> Self {
        Self { status, sentence: printable(sentence.into()) }
    }
}

impl From<barker_status> for Error {
    fn from(status: barker_status) -> Self {
        Self::new(status, barker_status::sentence(status as i32).trim_end_matches('\0'))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_printable() {
        for (text, sentence) in [
            ("plain \\ \"text\" '~'", "plain \\ \"text\" '~'"),
            ("b\u{fc}cher \u{4f60}", "b\u{fc}cher \u{4f60}"),
            ("a\r\nb\tc\0", "a\\r\\nb\\tc\\0"),
            ("\u{1b}[31m \u{7f}", "\\u{1b}[31m \\u{7f}"),
            ("\u{85}\u{9b}", "\\u{85}\\u{9b}"),
            ("\u{2028}\u{2029}", "\\u{2028}\\u{2029}"),
            ("\u{200f}\u{202e}\u{2066}\u{feff}", "\\u{200f}\\u{202e}\\u{2066}\\u{feff}"),
        ] {
            assert_eq!(Error::new(barker_status::BARKER_ERR_URL, text).sentence, sentence);
        }
        let mut all = (0..=0x9f).chain(0x2000..0x206f).filter_map(char::from_u32);
        assert!(all.all(|c| !printable(c.to_string().into()).contains(char::is_control)));
    }
}
