//! TLS: whom to trust.

use std::ffi::{c_char, c_void};

use super::boundary::{bytes, on_handle, optional_text, text};
use super::constants::{Constants, constants};
use super::handle::barker_webhook;
use super::status::barker_status;
use crate::delivery::TlsVersion;

/// Trusts the certificate authorities in PEM too, beside those of the platform: see
/// barker_webhook_set_platform_ca(). A certificate that is its own issuer is such an authority.
///
/// The settings of TLS hold for connections made afterwards; older ones are not used again by this
/// handle. Clones take them over.
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
    unsafe {
        on_handle(hook, |hook| {
            let pem = bytes("pem", pem, len)?;
            hook.webhook.change_tls(|tls| tls.with_authorities(pem))
        })
    }
}

/// As barker_webhook_add_ca(), from a file, which is read once, now.
///
/// @param hook  the handle
/// @param path  the file's path
/// @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_UTF8, BARKER_ERR_CERTIFICATE, or
///         BARKER_ERR_SYSTEM if there is no descriptor or memory to read it with
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_add_ca_file(
    hook: *mut barker_webhook,
    path: *const c_char,
) -> barker_status {
    // SAFETY: the caller passes NULL or what these types promise.
    unsafe {
        on_handle(hook, |hook| {
            let path = text("path", path)?;
            hook.webhook.change_tls(|tls| tls.with_authority_file(path))
        })
    }
}

/// Sets whether the platform's certificate authorities are trusted: on Linux those that OpenSSL
/// would find, or those in the file and directories that SSL_CERT_FILE and SSL_CERT_DIR name. A
/// program with more rights than its user has (setuid, setgid, file capabilities) ignores these
/// variables.
///
/// They are read when a connection needs them first. Once a minute at most a new connection looks
/// whether the files are others now, and if so, reads them again. As long as none can be read then,
/// those read before stay trusted.
///
/// @param hook     the handle
/// @param trusted  0 trusts only what barker_webhook_add_ca() added; 1 if never set
/// @return BARKER_OK or BARKER_ERR_NULL
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_set_platform_ca(
    hook: *mut barker_webhook,
    trusted: i32,
) -> barker_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe {
        on_handle(hook, |hook| hook.webhook.change_tls(|tls| Ok(tls.with_platform(trusted != 0))))
    }
}

/// Refuses the certificates that these lists revoke, in a receiver's whole chain. A certificate
/// whose issuer has no list here is not affected; nothing is fetched from anywhere.
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
    unsafe {
        on_handle(hook, |hook| {
            let pem = bytes("pem", pem, len)?;
            hook.webhook.change_tls(|tls| tls.with_revocations(pem))
        })
    }
}

/// Sets the certificate that is shown to a receiver who asks for one (mutual TLS).
///
/// The private key is kept in memory as the TLS library holds it, which does not wipe it.
///
/// @param hook     the handle
/// @param pem      the certificate in PEM, and after it those that lead to an authority; copied.
///                 NULL with length 0 shows none.
/// @param len      number of bytes
/// @param key      its private key in PEM, not encrypted: RSA, ECDSA or Ed25519; copied
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
        on_handle(hook, |hook| {
            let (pem, key) = (bytes("pem", pem, len)?, bytes("key", key, key_len)?);
            let identity = (!pem.is_empty() || !key.is_empty()).then_some((pem, key));
            hook.webhook.change_tls(|tls| tls.with_identity(identity))
        })
    }
}

/// Sets the name that the receiver's certificate must have, and that is asked for (SNI), where that
/// is not the URL's host.
///
/// @param hook  the handle
/// @param name  a DNS name or an IP address; copied. NULL is the URL's host.
/// @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_UTF8 or BARKER_ERR_CERTIFICATE
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_set_server_name(
    hook: *mut barker_webhook,
    name: *const c_char,
) -> barker_status {
    // SAFETY: the caller passes NULL or what these types promise.
    unsafe {
        on_handle(hook, |hook| {
            let name = optional_text("name", name)?;
            hook.webhook.change_tls(|tls| tls.with_server_name(name))
        })
    }
}

/// The oldest TLS that is spoken. Numbers are part of the ABI.
pub type barker_tls = i32;

/// TLS 1.2 (RFC 5246).
pub const BARKER_TLS_1_2: barker_tls = 12;
/// TLS 1.3 (RFC 8446).
pub const BARKER_TLS_1_3: barker_tls = 13;

constants! { TlsVersion, "version of TLS":
    Tls12 = BARKER_TLS_1_2,
    Tls13 = BARKER_TLS_1_3,
}

/// Sets the oldest version of TLS that is spoken.
///
/// @param hook     the handle
/// @param version  a barker_tls; BARKER_TLS_1_2 if never set
/// @return BARKER_OK, BARKER_ERR_NULL, or BARKER_ERR_RANGE if there is no such version
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_set_min_tls(
    hook: *mut barker_webhook,
    version: barker_tls,
) -> barker_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe {
        on_handle(hook, |hook| {
            let version = TlsVersion::of(version)?;
            hook.webhook.change_tls(|tls| Ok(tls.with_minimum(version)))
        })
    }
}

/// INSECURE: takes any certificate of a receiver, so that anyone on the way can read and change
/// what is sent. For tests alone; to trust one certificate, use barker_webhook_add_ca().
///
/// @param hook  the handle
/// @param skip  1 takes any certificate; 0 if never set
/// @return BARKER_OK or BARKER_ERR_NULL
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_set_insecure_skip_verify(
    hook: *mut barker_webhook,
    skip: i32,
) -> barker_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe {
        on_handle(hook, |hook| {
            hook.webhook.change_tls(|tls| Ok(tls.with_skipped_verification(skip != 0)))
        })
    }
}
