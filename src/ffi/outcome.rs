//! Outcome: what the last send signed, and how the receiver answered.

use std::ffi::c_char;
use std::ptr;

use super::boundary::c_string;
use super::handle::{barker_webhook, lend, lend_text, read};
use super::header::barker_header;
use super::state::Sent;

/// Returns the HTTP status of the answer to the last send. If a status came, it is kept even if the
/// send then fails because the rest of the answer was cut off, was too large or was not HTTP. So
/// are the headers, if all of them came. A receiver that answered 200 has the message.
///
/// @param hook  the handle
/// @return the status, such as 204; 0 if none came
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_response_status(hook: *const barker_webhook) -> u16 {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { read(hook, 0, |hook| hook.sent.as_ref().map_or(0, |sent| sent.status)) }
}

/// Returns the body of the answer to the last send. It is empty if the send failed.
///
/// @param hook  the handle
/// @param len   receives the number of bytes
/// @return the bytes, followed by a NUL that len does not count; they belong to the handle and are
///         valid until the next send. NULL before the first send, if the last one failed before it
///         signed, or if hook or len is NULL
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_response_body(
    hook: *const barker_webhook,
    len: *mut usize,
) -> *const u8 {
    // SAFETY: the caller passes NULL or what these types promise.
    unsafe { lend(hook, len, |hook| hook.sent.as_ref().map(Sent::body)) }
}

/// Returns the first header with this name in the answer to the last send.
///
/// @param hook  the handle
/// @param name  the name, in upper or lower case
/// @return the NUL-terminated value, which belongs to the handle and is valid until the next send;
///         NULL if there is no such header
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_response_header(
    hook: *const barker_webhook,
    name: *const c_char,
) -> *const c_char {
    // SAFETY: the caller passes NULL or what these types promise.
    unsafe {
        let Some(name) = c_string(name) else { return ptr::null() };
        lend_text(hook, |hook| hook.sent.as_ref()?.headers_of(name).next())
    }
}

/// Returns all headers of the answer to the last send, in the order in which they came.
///
/// @param hook   the handle
/// @param count  receives the number of headers; 0 if there was no answer
/// @return the array, which belongs to the handle, as do its texts, and is valid until the next
///         send; NULL if count is 0, or if hook or count is NULL
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_response_headers(
    hook: *const barker_webhook,
    count: *mut usize,
) -> *const barker_header {
    // SAFETY: the caller passes NULL or what these types promise.
    unsafe { lend(hook, count, |hook| hook.sent.as_ref()?.headers()) }
}

/// Returns the message id of the last send, even if that failed. To send the same message again,
/// pass this id to barker_webhook_set_id().
///
/// @param hook  the handle
/// @return NUL-terminated text, empty if no scheme signs an id, which belongs to the handle and is
///         valid until the next send; NULL before the first send, or if the last one failed before
///         it signed
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_id(hook: *const barker_webhook) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { lend_text(hook, |hook| hook.sent.as_ref().map(|sent| sent.id.as_c_str())) }
}

/// Returns the timestamp of the last send, even if that failed, as it is written in the header of
/// the first scheme, such as BARKER_TIMESTAMP.
///
/// @param hook  the handle
/// @return NUL-terminated text, empty if the scheme has no timestamp, which belongs to the handle
///         and is valid until the next send; NULL before the first send, or if the last one failed
///         before it signed
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_timestamp(hook: *const barker_webhook) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { lend_text(hook, |hook| hook.sent.as_ref().map(|sent| sent.timestamp.as_c_str())) }
}

/// Returns the signature of the last send, even if that failed: the value of the first scheme's
/// header, such as BARKER_SIGNATURE.
///
/// @param hook  the handle
/// @return NUL-terminated text, which belongs to the handle and is valid until the next send; NULL
///         before the first send, or if the last one failed before it signed
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_signature(hook: *const barker_webhook) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { lend_text(hook, |hook| hook.sent.as_ref().map(|sent| sent.signature.as_c_str())) }
}
