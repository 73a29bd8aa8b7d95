//! Signing without sending, and what that takes: secrets and ids.

use std::ffi::c_char;
use std::time::SystemTime;

use super::boundary::{bytes, c_string, handle, out, without_handle};
use super::buffer::barker_buffer;
use super::handle::barker_webhook;
use crate::error::{Result, barker_status, barker_status::*};
use crate::signature::{self, Timestamp};

/// # Signing: for those who send by other means
///
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
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_sign_headers(
    hook: *const barker_webhook,
    timestamp: *const c_char,
    data: *const u8,
    len: usize,
    headers: *mut barker_buffer,
) -> barker_status {
    // SAFETY: the caller passes NULL or what these types promise.
    without_handle(|| unsafe {
        let headers = emptied("headers", headers)?;
        let webhook = &handle(hook)?.webhook;
        let signed = webhook.sign(&time(timestamp)?, bytes("data", data, len)?)?;
        let line = |header: &signature::Header| format!("{}: {}\r\n", header.name, header.value);
        let lines: String = signed.headers.iter().map(line).collect();
        *headers = barker_buffer::from_bytes(lines.as_bytes());
        Ok(())
    })
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
        let timestamp_out = emptied("timestamp_out", timestamp_out);
        let signature_out = emptied("signature_out", signature_out)?;
        let timestamp_out = timestamp_out?;
        let webhook = &handle(hook)?.webhook;
        if webhook.makes_ids() {
            return Err(BARKER_ERR_ID.into());
        }
        let signed = webhook.sign(&time(timestamp)?, bytes("data", data, len)?)?;
        *timestamp_out = barker_buffer::from_bytes(signed.timestamp.as_bytes());
        *signature_out = barker_buffer::from_bytes(signed.signature.as_bytes());
        Ok(())
    })
}

/// # Generating: new secrets, key pairs and ids
///
/// Makes a secret of 32 random bytes, as text: "whsec_" and base64. As it stands it is a secret for
/// every scheme.
///
/// @param secret  receives the text; wipe it if you can, and release it with barker_buffer_free()
/// @return BARKER_OK, BARKER_ERR_NULL or BARKER_ERR_SYSTEM
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_generate_secret(secret: *mut barker_buffer) -> barker_status {
    // SAFETY: the caller passes NULL or what these types promise.
    without_handle(|| unsafe {
        let secret = emptied("secret", secret)?;
        *secret = barker_buffer::from_bytes(signature::generate()?.as_bytes());
        Ok(())
    })
}

/// Makes an Ed25519 key pair for Standard Webhooks, as text: "whsk_" and base64 for the sender,
/// "whpk_" and base64 for receivers, who can then verify but not sign.
///
/// @param private_key  receives the sender's text
/// @param public_key   receives the receivers' text. Release both with barker_buffer_free().
/// @return BARKER_OK, BARKER_ERR_NULL or BARKER_ERR_SYSTEM
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_generate_key_pair(
    private_key: *mut barker_buffer,
    public_key: *mut barker_buffer,
) -> barker_status {
    // SAFETY: the caller passes NULL or what these types promise.
    without_handle(|| unsafe {
        let private_key = emptied("private_key", private_key);
        let public_key = emptied("public_key", public_key)?;
        let private_key = private_key?;
        let (private, public) = signature::generate_pair()?;
        *private_key = barker_buffer::from_bytes(private.as_bytes());
        *public_key = barker_buffer::from_bytes(public.as_bytes());
        Ok(())
    })
}

/// Makes a message id: "msg_" and 32 random hex digits.
///
/// @param id  receives the text; release it with barker_buffer_free()
/// @return BARKER_OK, BARKER_ERR_NULL or BARKER_ERR_SYSTEM
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_generate_id(id: *mut barker_buffer) -> barker_status {
    // SAFETY: the caller passes NULL or what these types promise.
    without_handle(|| unsafe {
        let id = emptied("id", id)?;
        *id = barker_buffer::from_bytes(signature::generate_id()?.as_bytes());
        Ok(())
    })
}

/// Borrows an out parameter and empties it.
///
/// # Safety
/// As for [`out`].
unsafe fn emptied<'a>(what: &str, buffer: *mut barker_buffer) -> Result<&'a mut barker_buffer> {
    // SAFETY: the caller's promise is the one asked for here.
    let buffer = unsafe { out(what, buffer) }?;
    *buffer = barker_buffer::EMPTY;
    Ok(buffer)
}

/// Reads a time; NULL is now.
///
/// # Safety
/// As for [`c_string`].
unsafe fn time(timestamp: *const c_char) -> Result<Timestamp> {
    if timestamp.is_null() {
        return Ok(Timestamp::at(SystemTime::now()));
    }
    // SAFETY: the caller's promise is the one asked for here.
    Timestamp::parse(unsafe { c_string("timestamp", timestamp) }?)
}
