//! Message: what to send, and to which URL.

use std::ffi::{c_char, c_void};

use super::boundary::{bytes, optional_text, text};
use super::handle::{barker_webhook, lend, lend_text, on_handle, set};
use super::state::c_text;
use super::status::barker_status;

/// Sets the receiver's URL. It is parsed strictly: a URL in which other programs might see a
/// different host is refused.
///
/// @param hook  the handle
/// @param url   an absolute http or https URL of at most 8000 bytes, with spaces percent-encoded;
///              copied. A user name and password in it are sent as Basic authentication (RFC 7617),
///              unless an Authorization header was added. The fragment is not sent. For a Unix
///              socket, write "unix:", the absolute path of the socket, a colon and the path to
///              request: "unix:/run/app.sock:/hook". For a link-local address, include the
///              interface: "http://[fe80::1%25eth0]/hook" (RFC 6874). Characters that are not
///              allowed in a path or query are sent percent-encoded.
/// @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_UTF8 or BARKER_ERR_URL
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_set_url(
    hook: *mut barker_webhook,
    url: *const c_char,
) -> barker_status {
    // SAFETY: the caller passes NULL or what these types promise.
    unsafe {
        on_handle(hook, |hook| {
            let url = text("url", url)?;
            hook.webhook.set_url(url)?;
            hook.url = Some(c_text(url.as_bytes()).into());
            Ok(())
        })
    }
}

/// Returns the URL as it was set.
///
/// @param hook  the handle
/// @return NUL-terminated text, which belongs to the handle and is valid until the URL is set
///         again; NULL if no URL was set
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_url(hook: *const barker_webhook) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { lend_text(hook, |hook| hook.url.as_ref().map(|url| url.as_c_str())) }
}

/// Sets the data that barker_webhook_send() sends. To send data without copying it, use
/// barker_webhook_send_data().
///
/// @param hook  the handle
/// @param data  any bytes; copied. NULL with length 0 means no data.
/// @param len   number of bytes
/// @return BARKER_OK, BARKER_ERR_NULL or BARKER_ERR_RANGE
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_set_data(
    hook: *mut barker_webhook,
    data: *const c_void,
    len: usize,
) -> barker_status {
    // SAFETY: the caller passes NULL or what these types promise.
    unsafe {
        on_handle(hook, |hook| {
            hook.webhook.set_data(bytes("data", data, len)?);
            Ok(())
        })
    }
}

/// Returns the data as it was set.
///
/// @param hook  the handle
/// @param len   receives the number of bytes
/// @return the bytes, which belong to the handle and are valid until data is set again; NULL if
///         hook or len is NULL
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_data(
    hook: *const barker_webhook,
    len: *mut usize,
) -> *const u8 {
    // SAFETY: the caller passes NULL or what these types promise.
    unsafe { lend(hook, len, |hook| Some(hook.webhook.data())) }
}

/// Sets the Content-Type header. By default none is sent, as in the Python package barker.
///
/// @param hook          the handle
/// @param content_type  such as "application/json"; copied. NULL sends none.
/// @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_UTF8 or BARKER_ERR_HEADER
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_set_content_type(
    hook: *mut barker_webhook,
    content_type: *const c_char,
) -> barker_status {
    // SAFETY: the caller passes NULL or what these types promise.
    unsafe {
        on_handle(hook, |hook| {
            hook.webhook.set_content_type(optional_text("content_type", content_type)?)
        })
    }
}

/// Adds a request header, which is sent exactly as spelled here. The same name may be added more
/// than once. User-Agent and Accept replace the ones that barker sends.
///
/// @param hook   the handle
/// @param name   1 to 256 characters of an HTTP token (RFC 9110 section 5.6.2); copied. These are
///               refused: Host, Content-Length, Content-Type, Transfer-Encoding, Connection,
///               Expect, TE, Upgrade and the headers of every signature scheme.
/// @param value  at most 8000 bytes of printable ASCII; copied
/// @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_UTF8 or BARKER_ERR_HEADER
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_add_header(
    hook: *mut barker_webhook,
    name: *const c_char,
    value: *const c_char,
) -> barker_status {
    // SAFETY: the caller passes NULL or what these types promise.
    unsafe {
        on_handle(hook, |hook| hook.webhook.add_header(text("name", name)?, text("value", value)?))
    }
}

/// Removes all headers that were added with barker_webhook_add_header().
///
/// @param hook  the handle
/// @return BARKER_OK or BARKER_ERR_NULL
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_clear_headers(hook: *mut barker_webhook) -> barker_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { set(hook, |hook| hook.webhook.clear_headers()) }
}

/// Sets the message id that Standard Webhooks signs. If you send a message again, keep its id, so
/// that the receiver recognizes the message. If no id is set, each send makes a new one: see
/// barker_webhook_id().
///
/// @param hook  the handle
/// @param id    1 to 256 printable ASCII characters, without spaces and dots; copied. NULL goes
///              back to a new id for each send.
/// @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_UTF8 or BARKER_ERR_ID
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_set_id(
    hook: *mut barker_webhook,
    id: *const c_char,
) -> barker_status {
    // SAFETY: the caller passes NULL or what these types promise.
    unsafe { on_handle(hook, |hook| hook.webhook.set_id(optional_text("id", id)?)) }
}
