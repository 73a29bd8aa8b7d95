//! TLS: which certificates to trust, and which to show.

use std::ffi::{c_char, c_void};

use super::boundary::{bytes, optional_text, text};
use super::constants::{Constants, constants};
use super::handle::{barker_webhook, on_handle};
use super::status::barker_status;
use crate::delivery::{TlsConfig, TlsVersion};
use crate::error::Result;

/// Trusts the certificate authorities in PEM, in addition to those of the platform: see
/// barker_webhook_set_platform_ca(). A self-signed certificate counts as an authority.
///
/// TLS settings apply to connections that are opened afterwards; this handle does not use older
/// ones again. Clones copy the settings.
///
/// @param hook  the handle
/// @param pem   one or more certificates in PEM (RFC 7468); copied
/// @param len   number of bytes
/// @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_RANGE or BARKER_ERR_CERTIFICATE
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_add_ca(
    hook: *mut barker_webhook,
    pem: *const c_void,
    len: usize,
) -> barker_status {
    // SAFETY: the caller passes NULL or what these types promise.
    unsafe { change(hook, |tls| tls.with_authorities(bytes("pem", pem, len)?)) }
}

/// Like barker_webhook_add_ca(), but reads the certificates from a file, once, during the call.
///
/// @param hook  the handle
/// @param path  the path of the file
/// @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_UTF8, BARKER_ERR_CERTIFICATE, or
///         BARKER_ERR_SYSTEM if there is no descriptor or memory to read the file with
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_add_ca_file(
    hook: *mut barker_webhook,
    path: *const c_char,
) -> barker_status {
    // SAFETY: the caller passes NULL or what these types promise.
    unsafe { change(hook, |tls| tls.with_authority_file(text("path", path)?)) }
}

/// Sets whether the certificate authorities of the platform are trusted. On Linux these are the
/// ones that OpenSSL would find, or those in the file and directories that SSL_CERT_FILE and
/// SSL_CERT_DIR name. A program that has more rights than its user (setuid, setgid or file
/// capabilities) ignores these variables.
///
/// The files are read when a connection first needs them. At most once a minute, a new connection
/// checks whether the files have changed and, if so, reads them again. If none can be read then,
/// the authorities that were read before stay trusted.
///
/// @param hook     the handle
/// @param trusted  1, the default, trusts them; 0 trusts only what was added with
///                 barker_webhook_add_ca()
/// @return BARKER_OK or BARKER_ERR_NULL
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_set_platform_ca(
    hook: *mut barker_webhook,
    trusted: i32,
) -> barker_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { change(hook, |tls| Ok(tls.with_platform(trusted != 0))) }
}

/// Reads now what the first connection over TLS would otherwise read: the certificate authorities of
/// the platform. That takes some milliseconds, which a program with an event loop may not want to
/// spend in barker_engine_step(). Call it after the other functions of this family.
///
/// @param hook  the handle; its clones share what was read, and so do all handles that have no TLS
///              settings
/// @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_CERTIFICATE, BARKER_ERR_TLS if no authority can
///         be read, or BARKER_ERR_SYSTEM
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_preload_ca(hook: *mut barker_webhook) -> barker_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { on_handle(hook, |hook| hook.webhook.preload_tls()) }
}

/// Refuses the certificates that these lists revoke, anywhere in a receiver's chain. A certificate
/// whose issuer has no list here is not affected. Barker does not download lists.
///
/// @param hook  the handle
/// @param pem   one or more certificate revocation lists in PEM (RFC 5280 section 5); copied
/// @param len   number of bytes
/// @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_RANGE or BARKER_ERR_CERTIFICATE
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_add_crl(
    hook: *mut barker_webhook,
    pem: *const c_void,
    len: usize,
) -> barker_status {
    // SAFETY: the caller passes NULL or what these types promise.
    unsafe { change(hook, |tls| tls.with_revocations(bytes("pem", pem, len)?)) }
}

/// Sets the certificate that is shown to receivers that ask for one (mutual TLS).
///
/// The TLS library keeps the private key in memory and does not wipe it.
///
/// @param hook     the handle
/// @param pem      the certificate in PEM, followed by the certificates that lead to an authority;
///                 copied. NULL with length 0 shows none.
/// @param len      number of bytes
/// @param key      the certificate's private key in PEM, not encrypted: RSA, ECDSA or Ed25519;
///                 copied
/// @param key_len  number of bytes of the key
/// @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_RANGE or BARKER_ERR_CERTIFICATE
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_set_client_certificate(
    hook: *mut barker_webhook,
    pem: *const c_void,
    len: usize,
    key: *const c_void,
    key_len: usize,
) -> barker_status {
    // SAFETY: the caller passes NULL or what these types promise.
    unsafe {
        change(hook, |tls| {
            let (pem, key) = (bytes("pem", pem, len)?, bytes("key", key, key_len)?);
            tls.with_identity((!pem.is_empty() || !key.is_empty()).then_some((pem, key)))
        })
    }
}

/// Sets the name that the receiver's certificate must have and that is sent to the receiver (SNI),
/// if that is not the host of the URL.
///
/// @param hook  the handle
/// @param name  a DNS name or an IP address; copied. NULL uses the host of the URL.
/// @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_UTF8 or BARKER_ERR_CERTIFICATE
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_set_server_name(
    hook: *mut barker_webhook,
    name: *const c_char,
) -> barker_status {
    // SAFETY: the caller passes NULL or what these types promise.
    unsafe { change(hook, |tls| tls.with_server_name(optional_text("name", name)?)) }
}

/// The oldest version of TLS that is accepted. The numbers are part of the ABI.
pub type barker_tls = i32;

/// TLS 1.2 (RFC 5246).
pub const BARKER_TLS_1_2: barker_tls = 12;
/// TLS 1.3 (RFC 8446).
pub const BARKER_TLS_1_3: barker_tls = 13;

constants! { TlsVersion, "version of TLS":
    Tls12 = BARKER_TLS_1_2,
    Tls13 = BARKER_TLS_1_3,
}

/// Sets the oldest version of TLS that is accepted.
///
/// @param hook     the handle
/// @param version  a barker_tls; the default is BARKER_TLS_1_2
/// @return BARKER_OK, BARKER_ERR_NULL, or BARKER_ERR_RANGE if there is no such version
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_set_min_tls(
    hook: *mut barker_webhook,
    version: barker_tls,
) -> barker_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { change(hook, |tls| Ok(tls.with_minimum(TlsVersion::of(version)?))) }
}

/// INSECURE: accepts any certificate, so that anyone on the way to the receiver can read and change
/// what is sent. Use it only in tests. To trust one particular certificate, use
/// barker_webhook_add_ca().
///
/// @param hook  the handle
/// @param skip  1 accepts any certificate; the default is 0
/// @return BARKER_OK or BARKER_ERR_NULL
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_set_insecure_skip_verify(
    hook: *mut barker_webhook,
    skip: i32,
) -> barker_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { change(hook, |tls| Ok(tls.with_skipped_verification(skip != 0))) }
}

/// Changes what a handle trusts.
///
/// # Safety
/// As for [`on_handle`].
unsafe fn change(
    hook: *mut barker_webhook,
    change: impl FnOnce(&TlsConfig) -> Result<TlsConfig>,
) -> barker_status {
    // SAFETY: the caller's promise is the one asked for here.
    unsafe { on_handle(hook, |hook| hook.webhook.change_tls(change)) }
}
