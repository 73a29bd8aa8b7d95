//! What is sent and how it is signed. A setter that fails changes nothing, except that the default
//! secret does not stay once another was given, even if that is refused.

use std::ffi::c_char;
use std::ptr;

use super::boundary::{bytes, on_handle, out, read, text};
use super::handle::{barker_webhook, c_text};
use crate::error::barker_status;
use crate::signature::barker_scheme;

/// # Message: what is sent
///
/// Sets the receiver's URL. It is read strictly: one in which other programs might find another
/// host is refused.
///
/// @param hook  the handle
/// @param url   an absolute http or https URL, at most 8000 bytes, spaces percent-encoded; copied.
///              A user name and password are sent as Basic authentication (RFC 7617), unless an
///              Authorization header was added. A fragment is not sent. For a Unix socket, "unix:",
///              its absolute path, a colon, and the path to ask for: "unix:/run/app.sock:/hook".
///              A link-local address has its interface with it: "http://[fe80::1%25eth0]/hook"
///              (RFC 6874). What may not stand in a path or query is percent-encoded when it is
///              sent.
/// @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_UTF8 or BARKER_ERR_URL
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

/// Gives the URL as it was set.
///
/// @param hook  the handle
/// @return NUL-terminated text, the handle's own until the URL is set again; NULL if none was set
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_url(hook: *const barker_webhook) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe {
        read(hook, ptr::null(), |hook| hook.url.as_ref().map_or(ptr::null(), |url| url.as_ptr()))
    }
}

/// Sets the data that barker_webhook_send() sends. To send without a copy, see
/// barker_webhook_send_data().
///
/// @param hook  the handle
/// @param data  any bytes; copied. NULL with length 0 is no data.
/// @param len   number of bytes
/// @return BARKER_OK, BARKER_ERR_NULL or BARKER_ERR_RANGE
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_set_data(
    hook: *mut barker_webhook,
    data: *const u8,
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

/// Gives the data as it was set.
///
/// @param hook  the handle
/// @param len   receives the number of bytes
/// @return the bytes, the handle's own until data is set again; NULL if hook or len is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_data(
    hook: *const barker_webhook,
    len: *mut usize,
) -> *const u8 {
    // SAFETY: the caller passes NULL or what these types promise.
    unsafe {
        let Ok(len) = out("len", len) else { return ptr::null() };
        *len = 0;
        read(hook, ptr::null(), |hook| {
            *len = hook.webhook.data().len();
            hook.webhook.data().as_ptr()
        })
    }
}

/// Sets the Content-Type that is sent; as in the Python original, none is unless it is set.
///
/// @param hook          the handle
/// @param content_type  such as "application/json"; copied. NULL sends none.
/// @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_UTF8 or BARKER_ERR_HEADER
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_set_content_type(
    hook: *mut barker_webhook,
    content_type: *const c_char,
) -> barker_status {
    // SAFETY: the caller passes NULL or what these types promise.
    unsafe {
        on_handle(hook, |hook| {
            let given = !content_type.is_null();
            let content_type = given.then(|| text("content_type", content_type)).transpose()?;
            hook.webhook.set_content_type(content_type)
        })
    }
}

/// Adds a request header, spelled on the wire as given here. The same name may be added again;
/// User-Agent and Accept take the place of barker's.
///
/// @param hook   the handle
/// @param name   1 to 256 characters of an HTTP token (RFC 9110 section 5.6.2); copied. Refused
///               are Host, Content-Length, Content-Type, Transfer-Encoding, Connection, Expect,
///               TE, Upgrade and those of every signature scheme.
/// @param value  at most 8000 bytes of printable ASCII; copied
/// @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_UTF8 or BARKER_ERR_HEADER
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

/// Removes all headers that barker_webhook_add_header() added.
///
/// @param hook  the handle
/// @return BARKER_OK or BARKER_ERR_NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_clear_headers(hook: *mut barker_webhook) -> barker_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe {
        on_handle(hook, |hook| {
            hook.webhook.clear_headers();
            Ok(())
        })
    }
}

/// # Secrets: how it is signed
///
/// Sets the one secret that signs and verifies, in place of all that were set before. Until one is
/// set, it is "BARKER" under BARKER_SCHEME_BARKER, which everyone knows. Use at least 24 random
/// bytes; see barker_generate_secret().
///
/// A secret that is refused changes nothing, with one exception: the default secret does not stay.
/// A handle that has no other then signs, sends and accepts nothing (BARKER_ERR_SECRET) until a
/// secret is set, so that a program that overlooks the failure trusts nobody.
///
/// @param hook    the handle
/// @param scheme  a barker_scheme, which says what its secret is
/// @param secret  the secret's bytes, or its text without the NUL. The library keeps only what the
///                algorithm derives from it, and wipes that when it is replaced or freed.
/// @param len     number of bytes; 0 is refused except by the Barker schemes
/// @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_RANGE if there is no such scheme, or
///         BARKER_ERR_SECRET: Standard Webhooks and Svix refuse what is not base64 of at least 16
///         bytes, and the other schemes of text what begins or ends with white space
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_set_secret(
    hook: *mut barker_webhook,
    scheme: i32,
    secret: *const u8,
    len: usize,
) -> barker_status {
    // SAFETY: the caller passes NULL or what these types promise.
    unsafe {
        on_handle(hook, |hook| {
            hook.webhook.drop_default_secret();
            let secret = bytes("secret", secret, len)?;
            hook.webhook.set_secret(scheme.try_into()?, secret)
        })
    }
}

/// Adds a secret beside those that were set. The default secret does not stay beside another; one
/// that is refused takes it away as well: see barker_webhook_set_secret().
///
/// A send signs under every scheme that has a secret, so that receivers may move from one to
/// another. Where a header holds several signatures (Standard Webhooks, Svix, Stripe), every secret
/// of the scheme signs; in the others, the first. Verifying accepts a message that any of the
/// secrets signed, so that secrets may be rotated: put the new one first.
///
/// @param hook    the handle, which holds at most 16 secrets
/// @param scheme  as for barker_webhook_set_secret()
/// @param secret  as for barker_webhook_set_secret()
/// @param len     number of bytes
/// @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_RANGE if there is no such scheme or no room, or
///         BARKER_ERR_SECRET
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_add_secret(
    hook: *mut barker_webhook,
    scheme: i32,
    secret: *const u8,
    len: usize,
) -> barker_status {
    // SAFETY: the caller passes NULL or what these types promise.
    unsafe {
        on_handle(hook, |hook| {
            hook.webhook.drop_default_secret();
            let secret = bytes("secret", secret, len)?;
            hook.webhook.add_secret(scheme.try_into()?, secret)
        })
    }
}

/// Sets the key of the original's scheme: barker_webhook_set_secret() with BARKER_SCHEME_BARKER.
/// As there, a key that is refused takes the default secret away.
///
/// @param hook  the handle
/// @param key   any bytes; NULL with length 0 is the empty key
/// @param len   number of bytes
/// @return BARKER_OK, BARKER_ERR_NULL or BARKER_ERR_RANGE
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_set_key(
    hook: *mut barker_webhook,
    key: *const u8,
    len: usize,
) -> barker_status {
    // SAFETY: the caller passes NULL or what these types promise.
    unsafe {
        on_handle(hook, |hook| {
            hook.webhook.drop_default_secret();
            hook.webhook.set_secret(barker_scheme::BARKER_SCHEME_BARKER, bytes("key", key, len)?)
        })
    }
}

/// Sets how the names BARKER_TIMESTAMP and BARKER_SIGNATURE are spelled when sent. nginx drops
/// names with underscores unless it is told otherwise; the Python original reads no others.
/// Verifying takes either.
///
/// @param hook      the handle
/// @param spelling  a barker_spelling; BARKER_SPELLING_UNDERSCORE if never set
/// @return BARKER_OK, BARKER_ERR_NULL, or BARKER_ERR_RANGE if there is no such spelling
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_set_spelling(
    hook: *mut barker_webhook,
    spelling: i32,
) -> barker_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe {
        on_handle(hook, |hook| {
            hook.webhook.set_spelling(spelling.try_into()?);
            Ok(())
        })
    }
}

/// Sets the message id that Standard Webhooks signs. Keep the id when a message is sent again, so
/// that the receiver knows it; unless one is set, each send makes its own: see barker_webhook_id().
///
/// @param hook  the handle
/// @param id    1 to 256 printable ASCII characters without blank and dot; copied. NULL makes ids
///              anew for each send.
/// @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_UTF8 or BARKER_ERR_ID
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_set_id(
    hook: *mut barker_webhook,
    id: *const c_char,
) -> barker_status {
    // SAFETY: the caller passes NULL or what these types promise.
    unsafe {
        on_handle(hook, |hook| {
            let id = (!id.is_null()).then(|| text("id", id)).transpose()?;
            hook.webhook.set_id(id)
        })
    }
}
