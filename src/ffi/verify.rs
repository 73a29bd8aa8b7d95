//! Verifying: whether to trust a received message.

use std::ffi::{CStr, c_void};
use std::time::{Duration, SystemTime};

use super::boundary::{array, bytes, null, without_handle};
use super::constants::Constants;
use super::handle::{barker_webhook, handle, read, set};
use super::header::barker_header;
use super::secrets::barker_scheme;
use super::status::barker_status;
use crate::error::Result;
use crate::signature::{Freshness, Keyring, Scheme};

/// Checks whether a received message is genuine and current. It is if its headers hold a signature
/// of this body that was made with one of the handle's secrets, and a timestamp within the handle's
/// tolerance. Pass all headers as they came, and the body before anything has parsed it:
///
///     if (barker_webhook_verify(hook, headers, header_count, body, body_len) != BARKER_OK)
///         return 401;
///
/// Signatures are compared in constant time. Nothing is allocated, except to remember a message for
/// barker_webhook_set_replay_limit(). Any number of threads may verify with one handle at once.
/// Within the tolerance, a message that was verified once verifies again, unless a replay limit was
/// set. If the handle has several secrets and none matches, the status is that of the secret that
/// got furthest in the checks.
///
/// A header may come twice, be joined with a comma, or be split at its commas, in any order, as
/// gateways do: the result is the same. If a header can hold only one value, all its values must be
/// equal.
///
/// The body is hashed once for each secret. An Ed25519 key hashes it once for each of at most four
/// signatures, and not at all if the timestamp is outside the tolerance. For such a key,
/// BARKER_ERR_TOO_OLD and BARKER_ERR_TOO_NEW do not say whether the signature is right.
///
/// @param hook     the handle, for its secrets and its tolerance
/// @param headers  the received headers, in any order; headers that the schemes do not use are
///                 ignored
/// @param count    number of headers
/// @param body     the received body; NULL with length 0 is an empty body
/// @param len      number of bytes of the body
/// @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_RANGE, BARKER_ERR_SECRET if the handle has no
///         secret because one was refused, BARKER_ERR_HEADER_MISSING, BARKER_ERR_HEADER_MALFORMED,
///         BARKER_ERR_HEADER_AMBIGUOUS, BARKER_ERR_SIGNATURE, BARKER_ERR_TOO_OLD or
///         BARKER_ERR_TOO_NEW; with a replay limit also BARKER_ERR_REPLAYED (answer 2xx: the
///         message was accepted before) or BARKER_ERR_REPLAY_FULL (answer 503)
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_verify(
    hook: *const barker_webhook,
    headers: *const barker_header,
    count: usize,
    body: *const c_void,
    len: usize,
) -> barker_status {
    // SAFETY: the caller passes NULL or what these types promise.
    without_handle(|| unsafe {
        let webhook = &handle(hook)?.webhook;
        webhook.verify(pairs(headers, count)?, bytes("body", body, len)?)
    })
}

/// Sets how far a received timestamp may be from the current time, in the past or in the future.
///
/// @param hook     the handle
/// @param seconds  the default is 300; 0 turns the check off, so that old messages can be replayed
/// @return BARKER_OK or BARKER_ERR_NULL
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_set_tolerance(
    hook: *mut barker_webhook,
    seconds: u32,
) -> barker_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { set(hook, |hook| hook.webhook.set_tolerance(Duration::from_secs(seconds.into()))) }
}

/// Returns the tolerance.
///
/// @param hook  the handle
/// @return seconds; 0 if the check is turned off or hook is NULL
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_tolerance(hook: *const barker_webhook) -> u32 {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe {
        read(hook, 0, |hook| u32::try_from(hook.webhook.tolerance().as_secs()).unwrap_or(u32::MAX))
    }
}

/// Makes barker_webhook_verify() refuse a message that it accepted before.
///
/// A message is recognized by its id or, if the scheme has no id, by everything that is signed. It
/// is remembered as long as its timestamp is within the tolerance and, if there is room, for the
/// tolerance again after that. Under a scheme without timestamps, a message is remembered for twice
/// the tolerance, and can be replayed afterwards. If the check of timestamps is turned off, it is
/// remembered for 20 minutes. These times are measured with a clock that nobody can set, so a
/// system clock that jumps does no harm. Clones that are made afterwards share this memory;
/// processes do not. Setting a limit again forgets all messages.
///
/// @param hook      the handle
/// @param messages  how many messages to remember, in at most 40 bytes each; the default, 0,
///                  remembers none
/// @return BARKER_OK or BARKER_ERR_NULL
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_set_replay_limit(
    hook: *mut barker_webhook,
    messages: u32,
) -> barker_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { set(hook, |hook| hook.webhook.set_replay_limit(messages as usize)) }
}

/// Makes a handle that has a replay limit accept a message once more. Use it when the receiver
/// could not process a message that it had verified, and the sender will send it again.
///
/// @param hook     the handle
/// @param headers  as they were passed to barker_webhook_verify()
/// @param count    number of headers
/// @param body     as it was passed to barker_webhook_verify()
/// @param len      number of bytes of the body
/// @return BARKER_OK, even if the message was not remembered; BARKER_ERR_NULL or BARKER_ERR_RANGE
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_forget(
    hook: *const barker_webhook,
    headers: *const barker_header,
    count: usize,
    body: *const c_void,
    len: usize,
) -> barker_status {
    // SAFETY: the caller passes NULL or what these types promise.
    without_handle(|| unsafe {
        let webhook = &handle(hook)?.webhook;
        webhook.forget(pairs(headers, count)?, bytes("body", body, len)?);
        Ok(())
    })
}

/// Like barker_webhook_verify(), but without a handle. A handle that is kept verifies faster,
/// because it prepares its secrets only once.
///
/// @param scheme      a barker_scheme
/// @param secret      as for barker_webhook_set_secret()
/// @param secret_len  number of bytes of the secret
/// @param tolerance   how many seconds the timestamp may be from the current time, in the past or
///                    in the future; 0 turns the check off
/// @param headers     as for barker_webhook_verify()
/// @param count       number of headers
/// @param body        as for barker_webhook_verify()
/// @param len         number of bytes of the body
/// @return as for barker_webhook_verify(), or BARKER_ERR_SECRET if the secret is refused
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_verify(
    scheme: barker_scheme,
    secret: *const c_void,
    secret_len: usize,
    tolerance: u32,
    headers: *const barker_header,
    count: usize,
    body: *const c_void,
    len: usize,
) -> barker_status {
    // SAFETY: the caller passes NULL or what these types promise.
    without_handle(|| unsafe {
        let mut keyring = Keyring::default();
        keyring.set(Scheme::of(scheme)?, bytes("secret", secret, secret_len)?)?;
        let (headers, body) = (pairs(headers, count)?, bytes("body", body, len)?);
        let tolerance = Duration::from_secs(tolerance.into());
        keyring.verify(headers, body, Freshness { now: SystemTime::now(), tolerance, guard: None })
    })
}

/// The headers as pairs of bytes; fails if one of them is NULL.
///
/// # Safety
/// `headers` is NULL or points to `count` headers, each of NULLs or NUL-terminated texts.
unsafe fn pairs<'a>(
    headers: *const barker_header,
    count: usize,
) -> Result<impl Iterator<Item = (&'a [u8], &'a [u8])> + Clone> {
    // SAFETY: as the caller promises.
    let headers: &[barker_header] = unsafe { array("headers", headers, count) }?;
    if headers.iter().any(|header| header.name.is_null() || header.value.is_null()) {
        return Err(null("a header's name or value"));
    }
    // SAFETY: none is NULL, and all are NUL-terminated as the caller promises.
    let bytes = |text| unsafe { CStr::from_ptr(text) }.to_bytes();
    Ok(headers.iter().map(move |header| (bytes(header.name), bytes(header.value))))
}
