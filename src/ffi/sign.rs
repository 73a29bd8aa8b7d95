//! Signing: for programs that send with another HTTP client.

use std::ffi::{c_char, c_void};
use std::time::SystemTime;

use super::boundary::{bytes, c_string};
use super::buffer::{barker_buffer, fill};
use super::handle::{barker_webhook, handle};
use super::status::barker_status;
use crate::error::{Result, Status};
use crate::signature::{self, Timestamp};

/// Signs data without sending it, for programs that have their own HTTP client. It returns the
/// headers to send with the data, each as "Name: value" and a line break (CR LF). Send the names
/// spelled as they are.
///
/// Any number of threads may sign with one handle at once.
///
/// @param hook       the handle, for its secrets, spelling and id
/// @param timestamp  the time to sign, in decimal Unix seconds with at most 9 digits of fraction,
///                   which only the Barker schemes use; NULL is the current time
/// @param data       any bytes; NULL with length 0 means no data. This is not the data that was
///                   set.
/// @param len        number of bytes
/// @param headers    receives the headers; release it with barker_buffer_free()
/// @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_RANGE, BARKER_ERR_SECRET if no secret can sign,
///         BARKER_ERR_SYSTEM, or BARKER_ERR_HEADER_MALFORMED if the timestamp does not have this
///         form
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

/// Like barker_webhook_sign_headers(), but returns only the values, under the scheme whose secret
/// was set first. With BARKER_SCHEME_BARKER, send the first value as BARKER_TIMESTAMP and the
/// second as BARKER_SIGNATURE.
///
/// @param hook           the handle, for its secrets and id
/// @param timestamp      as for barker_webhook_sign_headers()
/// @param data           as for barker_webhook_sign_headers()
/// @param len            number of bytes
/// @param timestamp_out  receives the timestamp as text, empty if the scheme has none
/// @param signature_out  receives the signature as text. Release both with barker_buffer_free().
/// @return as for barker_webhook_sign_headers(), or BARKER_ERR_ID if the scheme signs an id and
///         none was set
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
