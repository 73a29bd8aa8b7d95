//! Statuses: what a call returns.

use std::ffi::c_char;

use super::constants::{Constants, constants};
use super::panic::catch;
use crate::error::{Result, Status};

/// The outcome of a call, as introduction.h describes it in the header.
pub type barker_status = i32;

/// Success.
pub const BARKER_OK: barker_status = 0;
/// A pointer that must not be NULL is NULL.
pub const BARKER_ERR_NULL: barker_status = 100;
/// A text is not UTF-8.
pub const BARKER_ERR_UTF8: barker_status = 101;
/// The URL cannot be used, or none was set before sending.
pub const BARKER_ERR_URL: barker_status = 102;
/// The name or value of a request header cannot be sent.
pub const BARKER_ERR_HEADER: barker_status = 103;
/// A number is out of range.
pub const BARKER_ERR_RANGE: barker_status = 104;
/// The secret does not have the form that its scheme requires; or the handle has no secret that
/// can sign, or no secret at all because one was refused.
pub const BARKER_ERR_SECRET: barker_status = 105;
/// The message id cannot be used, or none was set where one is required.
pub const BARKER_ERR_ID: barker_status = 106;
/// A certificate, its key or a revocation list cannot be used.
pub const BARKER_ERR_CERTIFICATE: barker_status = 107;
/// The handle is lent to an engine or a batch; or the engine is in use, by another thread or by
/// the call that runs this callback.
pub const BARKER_ERR_BUSY: barker_status = 108;
/// The receiver's host name does not exist, or has no address.
pub const BARKER_ERR_RESOLVE: barker_status = 200;
/// No address of the receiver accepted a connection.
pub const BARKER_ERR_CONNECT: barker_status = 201;
/// The TLS handshake failed for a reason that has no status of its own.
pub const BARKER_ERR_TLS: barker_status = 202;
/// The connection broke while the request was being sent. The receiver may have the webhook.
pub const BARKER_ERR_SEND: barker_status = 203;
/// The connection broke before the complete answer came. The receiver may have the webhook.
pub const BARKER_ERR_RECEIVE: barker_status = 204;
/// The timeout expired. The receiver may have the webhook.
pub const BARKER_ERR_TIMEOUT: barker_status = 205;
/// The answer is not an HTTP/1.x response. The receiver may have the webhook.
pub const BARKER_ERR_PROTOCOL: barker_status = 206;
/// The body of the answer is larger than barker_webhook_set_max_body() allows, the rest of the
/// answer is larger than 64 KiB, or it has more than 128 headers or 16 interim (1xx) responses.
/// The receiver may have the webhook.
pub const BARKER_ERR_TOO_LARGE: barker_status = 207;
/// The send or its batch was stopped. If sending had begun, the receiver may have the webhook.
pub const BARKER_ERR_STOPPED: barker_status = 208;
/// The address policy does not allow the receiver's address, port or scheme. Nothing was sent.
pub const BARKER_ERR_REFUSED: barker_status = 209;
/// The proxy could not connect to the receiver, or the environment names a proxy that cannot be
/// used.
pub const BARKER_ERR_PROXY: barker_status = 210;
/// No name server answered for the receiver's host name. The host may exist: try again later.
pub const BARKER_ERR_RESOLVE_AGAIN: barker_status = 211;
/// The receiver's certificate has expired, or is not valid yet.
pub const BARKER_ERR_CERTIFICATE_EXPIRED: barker_status = 220;
/// The receiver's certificate is not for the host of the URL.
pub const BARKER_ERR_CERTIFICATE_NAME: barker_status = 221;
/// The receiver's certificate was issued by an authority that is not trusted.
pub const BARKER_ERR_CERTIFICATE_ISSUER: barker_status = 222;
/// The receiver's certificate is self-signed, and is not trusted itself.
pub const BARKER_ERR_CERTIFICATE_SELF_SIGNED: barker_status = 223;
/// The receiver's certificate was revoked.
pub const BARKER_ERR_CERTIFICATE_REVOKED: barker_status = 224;
/// A header that the signature needs is missing.
pub const BARKER_ERR_HEADER_MISSING: barker_status = 300;
/// A timestamp, message id or signature does not have the form that its scheme requires.
pub const BARKER_ERR_HEADER_MALFORMED: barker_status = 301;
/// A header that the signature needs has two different values.
pub const BARKER_ERR_HEADER_AMBIGUOUS: barker_status = 302;
/// The signature does not match this body, this timestamp and this key.
pub const BARKER_ERR_SIGNATURE: barker_status = 303;
/// The timestamp is further in the past than the tolerance allows. The signature is right,
/// except that Ed25519 signatures are not checked in this case.
pub const BARKER_ERR_TOO_OLD: barker_status = 304;
/// The timestamp is further in the future than the tolerance allows. As above for the signature.
pub const BARKER_ERR_TOO_NEW: barker_status = 305;
/// The message is genuine and current, but was accepted before.
pub const BARKER_ERR_REPLAYED: barker_status = 306;
/// The message is genuine and current, but there is no room to remember it: answer 503.
pub const BARKER_ERR_REPLAY_FULL: barker_status = 307;
/// A bug in barker. The handle stays usable. Please report it.
pub const BARKER_ERR_INTERNAL: barker_status = 900;
/// The system lacks something that the call needs: file descriptors, memory, a thread or random
/// bytes.
pub const BARKER_ERR_SYSTEM: barker_status = 901;

constants! { Status, "status":
    Null = BARKER_ERR_NULL,
    Utf8 = BARKER_ERR_UTF8,
    Url = BARKER_ERR_URL,
    Header = BARKER_ERR_HEADER,
    Range = BARKER_ERR_RANGE,
    Secret = BARKER_ERR_SECRET,
    Id = BARKER_ERR_ID,
    Certificate = BARKER_ERR_CERTIFICATE,
    Busy = BARKER_ERR_BUSY,
    Resolve = BARKER_ERR_RESOLVE,
    Connect = BARKER_ERR_CONNECT,
    Tls = BARKER_ERR_TLS,
    Send = BARKER_ERR_SEND,
    Receive = BARKER_ERR_RECEIVE,
    Timeout = BARKER_ERR_TIMEOUT,
    Protocol = BARKER_ERR_PROTOCOL,
    TooLarge = BARKER_ERR_TOO_LARGE,
    Stopped = BARKER_ERR_STOPPED,
    Refused = BARKER_ERR_REFUSED,
    Proxy = BARKER_ERR_PROXY,
    ResolveAgain = BARKER_ERR_RESOLVE_AGAIN,
    CertificateExpired = BARKER_ERR_CERTIFICATE_EXPIRED,
    CertificateName = BARKER_ERR_CERTIFICATE_NAME,
    CertificateIssuer = BARKER_ERR_CERTIFICATE_ISSUER,
    CertificateSelfSigned = BARKER_ERR_CERTIFICATE_SELF_SIGNED,
    CertificateRevoked = BARKER_ERR_CERTIFICATE_REVOKED,
    HeaderMissing = BARKER_ERR_HEADER_MISSING,
    HeaderMalformed = BARKER_ERR_HEADER_MALFORMED,
    HeaderAmbiguous = BARKER_ERR_HEADER_AMBIGUOUS,
    Signature = BARKER_ERR_SIGNATURE,
    TooOld = BARKER_ERR_TOO_OLD,
    TooNew = BARKER_ERR_TOO_NEW,
    Replayed = BARKER_ERR_REPLAYED,
    ReplayFull = BARKER_ERR_REPLAY_FULL,
    Internal = BARKER_ERR_INTERNAL,
    System = BARKER_ERR_SYSTEM,
}

/// Returns a sentence that describes a status.
///
/// @param status  a barker_status; for any other number the sentence is "unknown status"
/// @return NUL-terminated static text, never NULL
/// @since 0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn barker_status_string(status: barker_status) -> *const c_char {
    let known = || Status::of(status).map_or(c"unknown status", Status::sentence);
    match status {
        BARKER_OK => c"success".as_ptr(),
        _ => catch(known).unwrap_or(c"unknown status").as_ptr(),
    }
}

/// The status of a call with this result.
pub(super) fn status_of(result: &Result<()>) -> barker_status {
    result.as_ref().map_or_else(|error| error.status.constant(), |()| BARKER_OK)
}
