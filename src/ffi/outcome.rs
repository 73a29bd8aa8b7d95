//! Outcome: what the last send signed, and what answered it.

use std::ffi::c_char;
use std::ptr;

use super::boundary::c_string;
use super::handle::{barker_webhook, lend, lend_text, read};
use super::header::barker_header;
use super::state::Sent;

/// Gives the HTTP status that answered the last send. One that came is kept even if the send fails
/// later, because the rest of the answer was cut off, too large or not HTTP; and so are the
/// headers, if all of them came. A receiver that said 200 has the message.
///
/// @param hook  the handle
/// @return such as 204; 0 if no status came
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_response_status(hook: *const barker_webhook) -> u16 {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { read(hook, 0, |hook| hook.sent.as_ref().map_or(0, |sent| sent.status)) }
}

/// Gives the body that answered the last send; it is empty if the send failed.
///
/// @param hook  the handle
/// @param len   receives the number of bytes
/// @return the bytes and a NUL that len does not count, the handle's own until the next send; NULL
///         if there was no send, or hook or len is NULL
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_response_body(
    hook: *const barker_webhook,
    len: *mut usize,
) -> *const u8 {
    // SAFETY: the caller passes NULL or what these types promise.
    unsafe { lend(hook, len, |hook| hook.sent.as_ref().map(Sent::body)) }
}

/// Gives the first header of this name of the answer to the last send.
///
/// @param hook  the handle
/// @param name  the name, in any case
/// @return NUL-terminated value, the handle's own until the next send; NULL if there is none
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_response_header(
    hook: *const barker_webhook,
    name: *const c_char,
) -> *const c_char {
    // SAFETY: the caller passes NULL or what these types promise.
    unsafe {
        let Some(name) = c_string(name) else { return ptr::null() };
        lend_text(hook, |hook| hook.sent.as_ref()?.header(name))
    }
}

/// Returns all headers of the answer to the last send, in the order in which they came.
///
/// @param hook   the handle
/// @param count  receives their number; 0 if there was no answer
/// @return the array and its texts, which the handle lends until the next send; NULL if count is 0,
///         or if hook or count is NULL
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_response_headers(
    hook: *const barker_webhook,
    count: *mut usize,
) -> *const barker_header {
    // SAFETY: the caller passes NULL or what these types promise.
    unsafe { lend(hook, count, |hook| hook.sent.as_ref()?.headers()) }
}

/// Gives the message id of the last send, also of one that failed: set it with
/// barker_webhook_set_id() to send the same message again.
///
/// @param hook  the handle
/// @return NUL-terminated text, empty if nothing signs an id, the handle's own until the next send;
///         NULL before the first send, and if the last one failed before it signed
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_id(hook: *const barker_webhook) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { lend_text(hook, |hook| hook.sent.as_ref().map(|sent| sent.id.as_c_str())) }
}

/// Gives the timestamp of the last send, also of one that failed, as it stands in the header of
/// the first scheme, such as BARKER_TIMESTAMP.
///
/// @param hook  the handle
/// @return NUL-terminated text, empty if the scheme has none, the handle's own until the next send;
///         NULL before the first send, and if the last one failed before it signed
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_timestamp(hook: *const barker_webhook) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { lend_text(hook, |hook| hook.sent.as_ref().map(|sent| sent.timestamp.as_c_str())) }
}

/// Gives the signature of the last send, also of one that failed: the value of the first scheme's
/// header, such as BARKER_SIGNATURE.
///
/// @param hook  the handle
/// @return NUL-terminated text, the handle's own until the next send; NULL before the first send,
///         and if the last one failed before it signed
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_signature(hook: *const barker_webhook) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { lend_text(hook, |hook| hook.sent.as_ref().map(|sent| sent.signature.as_c_str())) }
}
