//! Secrets: how messages are signed.
//!
//! A setter that fails changes nothing, except that the default secret is dropped as soon as another
//! one is set, even if that one is refused.

use std::ffi::c_void;

use super::boundary::bytes;
use super::constants::{Constants, constants};
use super::handle::{barker_webhook, on_handle};
use super::status::barker_status;
use crate::error::Result;
use crate::signature::{Scheme, Spelling};
use crate::webhook::Webhook;

/// How a message is signed. The numbers are part of the ABI.
pub type barker_scheme = i32;

/// The scheme of the Python package barker: HMAC-MD5 over `timestamp;body`, in BARKER_TIMESTAMP
/// and BARKER_SIGNATURE. The secret is any bytes.
pub const BARKER_SCHEME_BARKER: barker_scheme = 0;
/// The same with HMAC-SHA256.
pub const BARKER_SCHEME_BARKER_SHA256: barker_scheme = 1;
/// The same with HMAC-SHA512.
pub const BARKER_SCHEME_BARKER_SHA512: barker_scheme = 2;
/// Standard Webhooks, in webhook-id, webhook-timestamp and webhook-signature. Verifying also
/// accepts Svix's names of these headers. The secret is text: base64 of at least 16 bytes, alone
/// or after `whsec_`, signs with HMAC-SHA256 (v1); `whsk_` and base64 of an Ed25519 private key
/// signs with that key (v1a); `whpk_` and base64 of the public key can only verify.
/// <https://github.com/standard-webhooks/standard-webhooks>
pub const BARKER_SCHEME_STANDARD: barker_scheme = 10;
/// The same with the names svix-id, svix-timestamp and svix-signature.
pub const BARKER_SCHEME_SVIX: barker_scheme = 11;
/// HMAC-SHA256 over the body, in X-Hub-Signature-256. No timestamp. The secret is text.
pub const BARKER_SCHEME_GITHUB: barker_scheme = 20;
/// HMAC-SHA256 over `timestamp.body`, in Stripe-Signature. The secret is the whole text that
/// Stripe shows, including `whsec_`.
pub const BARKER_SCHEME_STRIPE: barker_scheme = 21;
/// HMAC-SHA256 over `v0:timestamp:body`, in X-Slack-Request-Timestamp and X-Slack-Signature. The
/// secret is text.
pub const BARKER_SCHEME_SLACK: barker_scheme = 22;
/// HMAC-SHA256 over the body, in X-Shopify-Hmac-SHA256; verifying also accepts
/// Shopify-Hmac-SHA256. No timestamp. The secret is text.
pub const BARKER_SCHEME_SHOPIFY: barker_scheme = 23;

constants! { Scheme, "signature scheme":
    Barker = BARKER_SCHEME_BARKER,
    BarkerSha256 = BARKER_SCHEME_BARKER_SHA256,
    BarkerSha512 = BARKER_SCHEME_BARKER_SHA512,
    Standard = BARKER_SCHEME_STANDARD,
    Svix = BARKER_SCHEME_SVIX,
    Github = BARKER_SCHEME_GITHUB,
    Stripe = BARKER_SCHEME_STRIPE,
    Slack = BARKER_SCHEME_SLACK,
    Shopify = BARKER_SCHEME_SHOPIFY,
}

/// Sets the only secret that signs and verifies; it replaces all secrets that were set before.
/// Until you set one, the secret is "BARKER" under BARKER_SCHEME_BARKER, which everyone knows. Use
/// at least 24 random bytes: see barker_generate_secret().
///
/// A secret that is refused changes nothing, with one exception: the default secret is dropped. A
/// handle that has no other secret then refuses to sign, send and verify (BARKER_ERR_SECRET) until
/// one is set. So a program that ignores the failure trusts nobody.
///
/// @param hook    the handle
/// @param scheme  a barker_scheme, which determines what the secret looks like
/// @param secret  the bytes of the secret, or its text without the NUL. The library keeps only what
///                the algorithm derives from it, and wipes that when the secret is replaced or the
///                handle is freed.
/// @param len     number of bytes; only the Barker schemes accept 0
/// @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_RANGE if there is no such scheme, or
///         BARKER_ERR_SECRET if the secret is refused: for Standard Webhooks and Svix because it is
///         not base64 of at least 16 bytes, for the other schemes with text because it begins or
///         ends with white space
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_set_secret(
    hook: *mut barker_webhook,
    scheme: barker_scheme,
    secret: *const c_void,
    len: usize,
) -> barker_status {
    // SAFETY: the caller passes NULL or what these types promise.
    unsafe {
        give(hook, "secret", secret, len, |hook, secret| {
            hook.set_secret(Scheme::of(scheme)?, secret)
        })
    }
}

/// Adds a secret to the ones that were set. The default secret is dropped, even if the new one is
/// refused: see barker_webhook_set_secret().
///
/// Sending signs under every scheme that has a secret, so that receivers can move from one scheme
/// to another. If the header can hold several signatures (Standard Webhooks, Svix, Stripe), every
/// secret of the scheme signs; otherwise only the first one does. Verifying accepts a message that
/// was signed with any of the secrets, so that secrets can be rotated: put the new one first.
///
/// @param hook    the handle, which holds at most 16 secrets
/// @param scheme  as for barker_webhook_set_secret()
/// @param secret  as for barker_webhook_set_secret()
/// @param len     number of bytes
/// @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_RANGE if there is no such scheme or no room for
///         another secret, or BARKER_ERR_SECRET
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_add_secret(
    hook: *mut barker_webhook,
    scheme: barker_scheme,
    secret: *const c_void,
    len: usize,
) -> barker_status {
    // SAFETY: the caller passes NULL or what these types promise.
    unsafe {
        give(hook, "secret", secret, len, |hook, secret| {
            hook.add_secret(Scheme::of(scheme)?, secret)
        })
    }
}

/// Sets the key of the Python package's scheme. This is barker_webhook_set_secret() with
/// BARKER_SCHEME_BARKER. As there, the default secret is dropped even if the key is refused.
///
/// @param hook  the handle
/// @param key   any bytes; NULL with length 0 is the empty key
/// @param len   number of bytes
/// @return BARKER_OK, BARKER_ERR_NULL or BARKER_ERR_RANGE
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_set_key(
    hook: *mut barker_webhook,
    key: *const c_void,
    len: usize,
) -> barker_status {
    // SAFETY: the caller passes NULL or what these types promise.
    unsafe { give(hook, "key", key, len, |hook, key| hook.set_secret(Scheme::Barker, key)) }
}

/// How to spell header names that contain underscores when sending.
pub type barker_spelling = i32;

/// BARKER_SIGNATURE, which the Python package reads and nginx drops by default.
pub const BARKER_SPELLING_UNDERSCORE: barker_spelling = 0;
/// BARKER-SIGNATURE, which passes everywhere.
pub const BARKER_SPELLING_DASH: barker_spelling = 1;
/// Send both.
pub const BARKER_SPELLING_BOTH: barker_spelling = 2;

constants! { Spelling, "spelling":
    Underscore = BARKER_SPELLING_UNDERSCORE,
    Dash = BARKER_SPELLING_DASH,
    Both = BARKER_SPELLING_BOTH,
}

/// Sets how the names BARKER_TIMESTAMP and BARKER_SIGNATURE are spelled when sending. By default
/// nginx drops names with underscores, but the Python package reads only those. Verifying accepts
/// both.
///
/// @param hook      the handle
/// @param spelling  a barker_spelling; the default is BARKER_SPELLING_UNDERSCORE
/// @return BARKER_OK, BARKER_ERR_NULL, or BARKER_ERR_RANGE if there is no such spelling
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_set_spelling(
    hook: *mut barker_webhook,
    spelling: barker_spelling,
) -> barker_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe {
        on_handle(hook, |hook| {
            hook.webhook.set_spelling(Spelling::of(spelling)?);
            Ok(())
        })
    }
}

/// Gives a handle a secret. The default secret goes, even if this one is refused.
///
/// # Safety
/// As for [`on_handle`] and [`bytes`].
unsafe fn give(
    hook: *mut barker_webhook,
    what: &str,
    secret: *const c_void,
    len: usize,
    set_or_add: impl FnOnce(&mut Webhook, &[u8]) -> Result<()>,
) -> barker_status {
    // SAFETY: the caller's promises are those asked for here.
    unsafe {
        on_handle(hook, |hook| {
            hook.webhook.drop_default_secret();
            set_or_add(&mut hook.webhook, bytes(what, secret, len)?)
        })
    }
}
