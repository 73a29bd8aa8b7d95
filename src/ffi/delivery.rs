//! Delivery: timeouts, connections, redirects, proxies and the log.

use std::ffi::{c_char, c_void};
use std::time::Duration;

use super::boundary::optional_text;
use super::constants::{Constants, constants};
use super::handle::{barker_webhook, on_handle, read, set};
use super::state::c_text;
use super::status::barker_status;
use crate::delivery::{Log, LogLevel, Proxies, Redirects};

/// Sets how long a whole send may take: signing, lookup, connection, TLS, request and answer.
///
/// @param hook          the handle
/// @param milliseconds  at least 1; the default is 5000
/// @return BARKER_OK, BARKER_ERR_NULL or BARKER_ERR_RANGE
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_set_timeout(
    hook: *mut barker_webhook,
    milliseconds: u32,
) -> barker_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe {
        on_handle(hook, |hook| hook.webhook.set_timeout(Duration::from_millis(milliseconds.into())))
    }
}

/// Returns the timeout.
///
/// @param hook  the handle
/// @return milliseconds; 0 if hook is NULL
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_timeout(hook: *const barker_webhook) -> u32 {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe {
        read(hook, 0, |hook| u32::try_from(hook.webhook.timeout().as_millis()).unwrap_or(u32::MAX))
    }
}

/// Sets which idle connections are kept for reuse. A handle and its clones share them; when a
/// handle sends, it applies its own limits.
///
/// @param hook         the handle
/// @param connections  how many connections are kept; the default is 32, and 0 keeps none
/// @param seconds      how long a kept connection may be idle; the default is 60. Choose less than
///                     the receiver's own limit, so that the receiver does not close a connection
///                     just as it is used again. If a receiver announces its limit (Keep-Alive:
///                     timeout=...), barker keeps to that as well.
/// @return BARKER_OK or BARKER_ERR_NULL
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_set_idle_limits(
    hook: *mut barker_webhook,
    connections: u32,
    seconds: u32,
) -> barker_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe {
        set(hook, |hook| {
            let limits = &mut hook.webhook.settings_mut().idle_limits;
            limits.connections = connections as usize;
            limits.time = Duration::from_secs(seconds.into());
        })
    }
}

/// Sets how old a connection may be when it is used again. An older one is closed and the host is
/// looked up again, so that even a busy handle notices when the host's addresses change.
///
/// @param hook     the handle
/// @param seconds  the default is 600; 0 allows any age
/// @return BARKER_OK or BARKER_ERR_NULL
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_set_max_connection_age(
    hook: *mut barker_webhook,
    seconds: u32,
) -> barker_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe {
        set(hook, |hook| {
            hook.webhook.settings_mut().idle_limits.age = Duration::from_secs(seconds.into());
        })
    }
}

/// Closes the idle connections that the handle shares with its clones.
///
/// @param hook  the handle
/// @return BARKER_OK or BARKER_ERR_NULL
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_close_idle(hook: *mut barker_webhook) -> barker_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { set(hook, |hook| hook.webhook.close_idle()) }
}

/// Sets how long the addresses of a host are used before the system is asked again. All handles of
/// a process share these addresses. A failed lookup is not remembered. If the system does not
/// answer within 250 milliseconds, or reports a temporary failure, the old addresses are used once
/// more, for at most an hour. If no address of a host accepts a connection, its addresses are
/// forgotten.
///
/// @param hook     the handle
/// @param seconds  the default is 60; 0 asks each time a connection is opened, and never uses old
///                 addresses
/// @return BARKER_OK or BARKER_ERR_NULL
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_set_lookup_lifetime(
    hook: *mut barker_webhook,
    seconds: u32,
) -> barker_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe {
        set(hook, |hook| {
            hook.webhook.settings_mut().lookup_lifetime = Duration::from_secs(seconds.into());
        })
    }
}

/// Sets how large the body of an answer may be. If it is larger, the send fails with
/// BARKER_ERR_TOO_LARGE and the connection is closed. Barker does not decompress bodies.
///
/// @param hook   the handle
/// @param bytes  the default is 1048576
/// @return BARKER_OK or BARKER_ERR_NULL
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_set_max_body(
    hook: *mut barker_webhook,
    bytes: u32,
) -> barker_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { set(hook, |hook| hook.webhook.settings_mut().max_body = bytes as usize) }
}

/// Sets which redirects are followed, within the timeout. A redirect that is not followed is an
/// answer like any other, with its 3xx status.
///
/// 301, 302, 307 and 308 send the same message to the new URL. 303 says that the receiver accepted
/// the message and that the answer is at the new URL, so barker fetches that with a GET without
/// data and signature (RFC 9110 section 15.4). A redirect is never followed from https to http, to
/// the URL that was just requested, or to a URL that barker_webhook_set_url() would refuse.
///
/// @param hook              the handle
/// @param max               how many redirects in a row are followed; the default, 0, follows none
/// @param to_other_origins  0 follows only redirects to the same scheme, host and port as the URL.
///                          1 follows all: any other server that a receiver names then gets the
///                          message, its signature and the added headers except Authorization and
///                          Cookie.
/// @return BARKER_OK or BARKER_ERR_NULL
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_set_redirects(
    hook: *mut barker_webhook,
    max: u32,
    to_other_origins: i32,
) -> barker_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe {
        set(hook, |hook| {
            let to_other_origins = to_other_origins != 0;
            hook.webhook.settings_mut().redirects = Redirects { max, to_other_origins };
        })
    }
}

/// Sets the proxy for all receivers except Unix sockets. Requests over http go through a tunnel
/// too, so the proxy is asked only for a host and a port. The proxy looks up the receiver's host
/// name.
///
/// @param hook  the handle
/// @param url   "http://user:password@host:port" for HTTP CONNECT (RFC 9110 section 9.3.6) or
///              "socks5://..." for SOCKS5 (RFC 1928, RFC 1929); user and password are optional.
///              Copied, and wiped when it is replaced or the handle is freed. NULL, the default,
///              uses no proxy.
/// @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_UTF8 or BARKER_ERR_URL
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_set_proxy(
    hook: *mut barker_webhook,
    url: *const c_char,
) -> barker_status {
    // SAFETY: the caller passes NULL or what these types promise.
    unsafe {
        on_handle(hook, |hook| {
            let proxies = optional_text("url", url)?.map(Proxies::all).transpose()?;
            hook.webhook.settings_mut().proxies = proxies.unwrap_or_default();
            Ok(())
        })
    }
}

/// Uses the proxies that the environment names now: http_proxy for http; https_proxy or HTTPS_PROXY
/// for https; otherwise all_proxy or ALL_PROXY. Without this call, barker does not read the
/// environment for proxies. If a variable does not name a proxy that barker_webhook_set_proxy()
/// would accept, sends that would use it fail with BARKER_ERR_PROXY.
///
/// no_proxy or NO_PROXY lists what is reached without a proxy, separated by commas or spaces: host
/// names, each of which includes all names below it; addresses; networks such as 10.0.0.0/8; or *
/// for everything. With a port after a colon, as in example.com:8080, an entry applies to that port
/// only.
///
/// @param hook  the handle
/// @return BARKER_OK or BARKER_ERR_NULL
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_set_proxy_from_environment(
    hook: *mut barker_webhook,
) -> barker_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { set(hook, |hook| hook.webhook.settings_mut().proxies = Proxies::from_environment()) }
}

/// How important a line of the log is. The numbers are part of the ABI.
pub type barker_log_level = i32;

/// Nothing is logged.
pub const BARKER_LOG_OFF: barker_log_level = 0;
/// A delivery failed.
pub const BARKER_LOG_ERROR: barker_log_level = 1;
/// A delivery was answered.
pub const BARKER_LOG_INFO: barker_log_level = 2;
/// A step of a delivery.
pub const BARKER_LOG_DEBUG: barker_log_level = 3;

constants! { LogLevel, "log level":
    Off = BARKER_LOG_OFF,
    Error = BARKER_LOG_ERROR,
    Info = BARKER_LOG_INFO,
    Debug = BARKER_LOG_DEBUG,
}

/// Called with each line of the log.
///
/// It is called on the thread that sends, during the send, with no lock held. It must not use the
/// handles that are being sent with, but may use others. It must return: it must not leave by
/// longjmp(), a C++ exception or pthread_exit(), and must not return in a child of fork().
///
/// @param user   the pointer that was passed to barker_webhook_set_log()
/// @param level  how important the line is
/// @param line   one NUL-terminated line, valid during the call. It contains no secret, data,
///               header or password, and no path of a URL. Characters that do not print are
///               escaped.
pub type barker_log =
    Option<unsafe extern "C" fn(user: *mut c_void, level: barker_log_level, line: *const c_char)>;

/// Sets a function that is called with a line for each event of a delivery. Clones that are made
/// afterwards call it too.
///
/// @param hook   the handle
/// @param level  a barker_log_level; less important lines are left out
/// @param log    the function; NULL, the default, logs nothing
/// @param user   passed to log; if clones send from several threads, each of these threads uses it
/// @return BARKER_OK, BARKER_ERR_NULL, or BARKER_ERR_RANGE if there is no such level
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_set_log(
    hook: *mut barker_webhook,
    level: barker_log_level,
    log: barker_log,
    user: *mut c_void,
) -> barker_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe {
        on_handle(hook, |hook| {
            let level = LogLevel::of(level)?;
            hook.webhook.settings_mut().log = log.map(|log| {
                let user = User(user);
                Log::new(level, move |level, line| user.hears(log, level, line))
            });
            Ok(())
        })
    }
}

/// The pointer that the host program wants passed to its log.
struct User(*mut c_void);

// SAFETY: the library only passes the pointer back; the header says on which threads.
unsafe impl Send for User {}
// SAFETY: likewise.
unsafe impl Sync for User {}

impl User {
    fn hears(
        &self,
        log: unsafe extern "C" fn(*mut c_void, barker_log_level, *const c_char),
        level: LogLevel,
        line: &str,
    ) {
        let line = c_text(line.as_bytes());
        // SAFETY: the host program passed this function and pointer for this; the line is text.
        unsafe { log(self.0, level.constant(), line.as_ptr()) };
    }
}
