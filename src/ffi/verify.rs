//! Verifying: whether to trust what was received.

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

/// Tells whether a received message is correct and current: whether its headers hold a signature
/// of this body by one of the handle's secrets, and a timestamp within the handle's tolerance. Give
/// all the headers as they came, and the body before anything has parsed it:
///
///     if (barker_webhook_verify(hook, headers, header_count, body, body_len) != BARKER_OK)
///         answer(401);
///
/// Signatures are compared in constant time, and nothing is allocated except for a message to
/// remember. Any number of threads may verify with one handle at once. Within the tolerance, a
/// message that was verified once verifies again, unless barker_webhook_set_replay_limit() was
/// called. If several secrets fail, the status is that of the one that came furthest.
///
/// A header may come twice, be joined with a comma, or be split at its commas, in any order, as
/// gateways do it: the outcome is the same. Where a header has room for one value, it must say the
/// same each time.
///
/// A message is hashed once for each secret, except for an Ed25519 key: once for each of at most
/// four signatures, and not at all if its timestamp does not pass, so that BARKER_ERR_TOO_OLD and
/// BARKER_ERR_TOO_NEW then do not tell whether the signature is right.
///
/// @param hook     the handle, for its secrets and tolerance
/// @param headers  the received headers, in any order; other headers are ignored
/// @param count    number of headers
/// @param body     the received body; NULL with length 0 is empty
/// @param len      number of bytes of the body
/// @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_RANGE, BARKER_ERR_SECRET if the handle has none
///         because one was refused, BARKER_ERR_HEADER_MISSING, BARKER_ERR_HEADER_MALFORMED,
///         BARKER_ERR_HEADER_AMBIGUOUS, BARKER_ERR_SIGNATURE, BARKER_ERR_TOO_OLD or
///         BARKER_ERR_TOO_NEW; with a replay limit also BARKER_ERR_REPLAYED
///         (answer 2xx: it was accepted already) or BARKER_ERR_REPLAY_FULL (answer 503)
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

/// Sets how far a received timestamp may lie from now, in the past or in the future.
///
/// @param hook     the handle
/// @param seconds  300 if never set; 0 turns the check off, and old messages can be replayed
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

/// Gives the tolerance.
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

/// Has barker_webhook_verify() refuse a message that it accepted before.
///
/// A message is known by its id, or by what is signed where the scheme has no id, and is remembered
/// as long as its timestamp passes, and while there is room for the tolerance longer. Under a
/// scheme without timestamp it is remembered for twice the tolerance, and can be replayed after
/// that. If timestamps are not checked, it is remembered for 20 minutes. That time is measured by a
/// clock that nobody sets: it does not matter if the system's clock jumps and comes back. Clones
/// made afterwards share what is remembered; processes do not. Setting a limit again forgets
/// everything.
///
/// @param hook      the handle
/// @param messages  how many to remember, of at most 40 bytes each; 0, the default, is none
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

/// Lets a message be accepted once more by a handle with a replay limit: for a receiver that could
/// not process what it had verified, and whose sender will send it again.
///
/// @param hook     the handle
/// @param headers  as they were given to barker_webhook_verify()
/// @param count    number of headers
/// @param body     as it was given to barker_webhook_verify()
/// @param len      number of bytes of the body
/// @return BARKER_OK, also if the message was not remembered; BARKER_ERR_NULL or BARKER_ERR_RANGE
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

/// As barker_webhook_verify(), for a program that holds no handle. A handle that is kept verifies
/// faster, because its secrets are prepared once.
///
/// @param scheme      a barker_scheme
/// @param secret      as for barker_webhook_set_secret()
/// @param secret_len  number of bytes of the secret
/// @param tolerance   seconds that the timestamp may lie from now, either way; 0 for no check
/// @param headers     as for barker_webhook_verify()
/// @param count       number of headers
/// @param body        as for barker_webhook_verify()
/// @param len         number of bytes of the body
/// @return as barker_webhook_verify(), or BARKER_ERR_SECRET if the secret is refused
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

/// The headers as pairs of bytes, once none is found to be NULL.
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
