//! The one error type: a status for the program and a sentence for its user.

use std::borrow::Cow;
use std::ffi::CStr;
use std::fmt;

/// Why a call failed, as a program needs it: an [`Error`] has a sentence as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// A pointer that must not be NULL is NULL.
    Null,
    /// A text is not UTF-8.
    Utf8,
    /// The URL cannot be used, or none was set before sending.
    Url,
    /// The name or value of a request header cannot be sent.
    Header,
    /// A number is out of range.
    Range,
    /// The secret is not of the form that its scheme wants; or the handle has none that can sign,
    /// or none at all because the one that was set was refused.
    Secret,
    /// The message id cannot be used, or none was set where one is required.
    Id,
    /// A certificate, its key or a revocation list cannot be used.
    Certificate,
    /// The handle is lent to an engine or a batch, or the engine is in use.
    Busy,
    /// The receiver's host name does not exist, or has no address.
    Resolve,
    /// No address of the receiver accepted a connection.
    Connect,
    /// The TLS handshake failed, for a reason that has no status of its own.
    Tls,
    /// The connection broke while the request was being sent.
    Send,
    /// The connection broke before the complete answer came. The receiver may have the webhook.
    Receive,
    /// The timeout expired. The receiver may have the webhook.
    Timeout,
    /// The answer is not an HTTP/1.x response. The receiver may have the webhook.
    Protocol,
    /// The body of the answer is larger than barker_webhook_set_max_body() allows, the rest of the
    /// answer is larger than 64 KiB, or it has more than 128 headers or 16 interim (1xx) responses.
    /// The receiver may have the webhook.
    TooLarge,
    /// The send or its batch was stopped. If sending had begun, the receiver may have the webhook.
    Stopped,
    /// The address policy does not allow the receiver's address, port or scheme. Nothing was sent.
    Refused,
    /// The proxy could not connect to the receiver, or the environment names a proxy that cannot be
    /// used.
    Proxy,
    /// No name server answered for the receiver's host name. The host may exist: try again later.
    ResolveAgain,
    /// The receiver's certificate has expired, or is not valid yet.
    CertificateExpired,
    /// The receiver's certificate is not for the host of the URL.
    CertificateName,
    /// The receiver's certificate was issued by an authority that is not trusted.
    CertificateIssuer,
    /// The receiver's certificate is self-signed, and is not trusted itself.
    CertificateSelfSigned,
    /// The receiver's certificate was revoked.
    CertificateRevoked,
    /// A header that the signature needs is missing.
    HeaderMissing,
    /// A timestamp, message id or signature does not have the form that its scheme requires.
    HeaderMalformed,
    /// A header that the signature needs has two different values.
    HeaderAmbiguous,
    /// The signature does not match this body, this timestamp and this key.
    Signature,
    /// The timestamp is further in the past than the tolerance allows. The signature is right,
    /// except that Ed25519 signatures are not checked in this case.
    TooOld,
    /// The timestamp is further in the future than the tolerance allows. As above for the
    /// signature.
    TooNew,
    /// The message is genuine and current, but was accepted before.
    Replayed,
    /// The message is genuine and current, but there is no room to remember it: answer 503.
    ReplayFull,
    /// A bug in barker. The handle stays usable. Please report it.
    Internal,
    /// The system lacks something that the call needs: file descriptors, memory, a thread or random
    /// bytes.
    System,
}

impl Status {
    /// The general sentence of this status, for C.
    pub(crate) const fn sentence(self) -> &'static CStr {
        match self {
            Self::Null => c"a required pointer is NULL",
            Self::Utf8 => c"the text is not UTF-8",
            Self::Url => c"the URL is missing or cannot be used",
            Self::Header => c"the request header cannot be sent",
            Self::Range => c"the number is out of range",
            Self::Secret => c"the secret cannot be used",
            Self::Id => c"the message id is missing or cannot be used",
            Self::Certificate => c"the certificate, key or revocation list cannot be used",
            Self::Busy => c"the handle or the engine is in use",
            Self::Resolve => c"the host name has no address",
            Self::Connect => c"no connection to the receiver",
            Self::Tls => c"no trusted TLS connection to the receiver",
            Self::Send => c"the connection broke while sending",
            Self::Receive => c"the connection broke before the complete answer came",
            Self::Timeout => c"the timeout passed",
            Self::Protocol => c"the answer is not HTTP/1.x",
            Self::TooLarge => c"the answer is larger than allowed",
            Self::Stopped => c"the send was stopped",
            Self::Refused => c"the address policy does not allow the receiver's address",
            Self::Proxy => c"the proxy could not connect to the receiver",
            Self::ResolveAgain => c"the host name cannot be looked up now",
            Self::CertificateExpired => {
                c"the receiver's certificate has expired or is not valid yet"
            }
            Self::CertificateName => c"the receiver's certificate is for another host",
            Self::CertificateIssuer => c"the receiver's certificate has an unknown issuer",
            Self::CertificateSelfSigned => c"the receiver's certificate is self-signed",
            Self::CertificateRevoked => c"the receiver's certificate was revoked",
            Self::HeaderMissing => c"a signature header is missing",
            Self::HeaderMalformed => c"a signature header is malformed",
            Self::HeaderAmbiguous => c"a signature header has two different values",
            Self::Signature => c"the signature does not match",
            Self::TooOld => c"the timestamp is too old",
            Self::TooNew => c"the timestamp is too new",
            Self::Replayed => c"the message was accepted before",
            Self::ReplayFull => c"there is no room to remember the message",
            Self::Internal => c"internal error in barker",
            Self::System => c"the system failed",
        }
    }
}

/// Why a call failed. The sentence never holds a key, a password or a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// For the program.
    pub status: Status,
    /// For its user: what happened and, if the caller can fix it, what to change.
    pub sentence: Cow<'static, str>,
}

/// The text, with escapes for whatever does not print, breaks a line or reverses the direction of
/// the text: a path or an answer must not add lines to a log.
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

/// What every call that can fail returns.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error of this status with its own sentence.
    pub fn new(status: Status, sentence: impl Into<Cow<'static, str>>) -> Self {
        Self { status, sentence: printable(sentence.into()) }
    }
}

impl From<Status> for Error {
    fn from(status: Status) -> Self {
        Self::new(status, status.sentence().to_str().expect("every sentence is UTF-8"))
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
            assert_eq!(Error::new(Status::Url, text).sentence, sentence);
        }
        let mut all = (0..=0x9f).chain(0x2000..0x206f).filter_map(char::from_u32);
        assert!(all.all(|c| !printable(c.to_string().into()).contains(char::is_control)));
    }
}
