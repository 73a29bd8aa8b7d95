//! Signing: for those who send by other means.

use std::ffi::{c_char, c_void};
use std::time::SystemTime;

use super::boundary::{bytes, c_string};
use super::buffer::{barker_buffer, fill};
use super::handle::{barker_webhook, handle};
use super::status::barker_status;
use crate::error::{Result, Status};
use crate::signature::{self, Timestamp};

/// Signs data without sending it, for programs with an HTTP client of their own: gives the headers
/// to send with it, each as "Name: value" and a line break (CR LF), names spelled as they must be.
///
/// Any number of threads may sign with one handle at once.
///
/// @param hook       the handle, for its secrets, spelling and id
/// @param timestamp  the time to sign, decimal Unix seconds with at most 9 digits of fraction,
///                   which only the Barker schemes use; NULL is now
/// @param data       any bytes; NULL with length 0 is no data. Not the data that was set.
/// @param len        number of bytes
/// @param headers    receives the headers; release it with barker_buffer_free()
/// @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_RANGE, BARKER_ERR_SECRET if no secret can sign,
///         BARKER_ERR_SYSTEM, or BARKER_ERR_HEADER_MALFORMED for a timestamp not of that form
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_sign_headers(
    hook: *const barker_webhook,
    timestamp: *const c_char,
    data: *const c_void,
    len: usize,
    headers: *mut barker_buffer,
) -> barker_status {
    // SAFETY: the caller passes NULL or what these types promise.
    unsafe {
        fill([headers], || {
            let webhook = &handle(hook)?.webhook;
            let signed = webhook.sign(&time(timestamp)?, bytes("data", data, len)?)?;
            let line =
                |header: &signature::Header| format!("{}: {}\r\n", header.name, header.value);
            Ok([signed.headers.iter().map(line).collect::<String>()])
        })
    }
}

/// As barker_webhook_sign_headers(), but gives the values alone, under the scheme whose secret was
/// set first: with BARKER_SCHEME_BARKER, send the first text as BARKER_TIMESTAMP and the second as
/// BARKER_SIGNATURE.
///
/// @param hook           the handle, for its secrets and id
/// @param timestamp      as for barker_webhook_sign_headers()
/// @param data           as for barker_webhook_sign_headers()
/// @param len            number of bytes
/// @param timestamp_out  receives the timestamp's text, empty if the scheme has none
/// @param signature_out  receives the signature's text. Release both with barker_buffer_free().
/// @return as barker_webhook_sign_headers(), or BARKER_ERR_ID if the scheme signs an id and none
///         was set
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_sign(
    hook: *const barker_webhook,
    timestamp: *const c_char,
    data: *const c_void,
    len: usize,
    timestamp_out: *mut barker_buffer,
    signature_out: *mut barker_buffer,
) -> barker_status {
    // SAFETY: the caller passes NULL or what these types promise.
    unsafe {
        fill([timestamp_out, signature_out], || {
            let webhook = &handle(hook)?.webhook;
            if webhook.makes_ids() {
                return Err(Status::Id.into());
            }
            let signed = webhook.sign(&time(timestamp)?, bytes("data", data, len)?)?;
            Ok([signed.timestamp, signed.signature])
        })
    }
}

/// Reads a time; NULL is now.
///
/// # Safety
/// As for [`c_string`].
unsafe fn time(timestamp: *const c_char) -> Result<Timestamp> {
    // SAFETY: the caller's promise is the one asked for here.
    match unsafe { c_string(timestamp) } {
        Some(timestamp) => Timestamp::parse(timestamp),
        None => Ok(Timestamp::at(SystemTime::now())),
    }
}
