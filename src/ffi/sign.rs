//! Signing without sending.

use std::ffi::c_char;
use std::time::SystemTime;

use super::boundary::{bytes, c_string, handle, out, without_handle};
use super::buffer::barker_buffer;
use super::handle::barker_webhook;
use crate::error::barker_status;
use crate::signature::Timestamp;

/// Signs data without sending it, for programs with an HTTP client of their own: send the first
/// buffer's text as BARKER_TIMESTAMP, the second's as BARKER_SIGNATURE, and the data byte for byte.
///
/// The signature is the lower-case hex of HMAC-MD5 (RFC 2104) over timestamp, ";" and data.
/// Any number of threads may sign with one handle at once.
///
/// @param hook           the handle, for its key
/// @param timestamp      the time to sign, decimal Unix seconds with at most 9 digits of fraction;
///                       NULL is now
/// @param data           any bytes; NULL with length 0 is no data. Not the data that was set.
/// @param len            number of bytes
/// @param timestamp_out  receives the timestamp's text
/// @param signature_out  receives the signature's text
///                       Release both with barker_buffer_free().
/// @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_RANGE, or BARKER_ERR_HEADER_MALFORMED for a
///         timestamp that is not of that form
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_sign(
    hook: *const barker_webhook,
    timestamp: *const c_char,
    data: *const u8,
    len: usize,
    timestamp_out: *mut barker_buffer,
    signature_out: *mut barker_buffer,
) -> barker_status {
    // SAFETY: the caller passes NULL or what these types promise.
    without_handle(|| unsafe {
        let timestamp_out = out("timestamp_out", timestamp_out).map(|out| {
            *out = barker_buffer::EMPTY;
            out
        });
        let signature_out = out("signature_out", signature_out)?;
        *signature_out = barker_buffer::EMPTY;
        let timestamp_out = timestamp_out?;
        let webhook = &handle(hook)?.webhook;
        let timestamp = match timestamp.is_null() {
            true => Timestamp::at(SystemTime::now()),
            false => Timestamp::parse(c_string("timestamp", timestamp)?)?,
        };
        let signature = webhook.sign(&timestamp, bytes("data", data, len)?);
        *timestamp_out = barker_buffer::from_bytes(timestamp.as_str().as_bytes());
        *signature_out = barker_buffer::from_bytes(signature.as_bytes());
        Ok(())
    })
}
