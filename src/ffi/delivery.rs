//! Delivery: how it reaches the receiver.

use std::ffi::{c_char, c_void};
use std::time::Duration;

use super::boundary::{on_handle, optional_text, read, set};
use super::constants::{Constants, constants};
use super::handle::{barker_webhook, c_text};
use super::status::barker_status;
use crate::delivery::{Log, LogLevel, Proxies, Redirects};

/// Sets how long a send may take in all: signing, lookup, connection, TLS, request and answer.
///
/// @param hook          the handle
/// @param milliseconds  at least 1; 5000 if never set
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

/// Gives the timeout.
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

/// Sets which idle connections are kept to be used again. A handle shares them with its clones,
/// and each keeps to its own limits when it sends.
///
/// @param hook         the handle
/// @param connections  how many are kept; 32 if never set; 0 keeps none
/// @param seconds      for how long one may have been idle; 60 if never set. Choose less than the
///                     receiver's own limit, so that it does not close one that is about to be
///                     used. A receiver that tells its limit (Keep-Alive: timeout=...) is heeded
///                     anyway.
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

/// Sets how old a connection may be that is used again. An older one is closed, and the host is
/// looked up anew, so that a change of its addresses is followed however busy the handle is.
///
/// @param hook     the handle
/// @param seconds  600 if never set; 0 is any age
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
    unsafe {
        set(hook, |hook| {
            hook.webhook.close_idle();
        })
    }
}

/// Sets for how long the addresses of a host are used before the system is asked again. All handles
/// of a process share what is known; a lookup that failed is not remembered. If the system does not
/// answer within 250 milliseconds, or has no answer for now, the old addresses serve once more, for
/// at most an hour. If none of a host's addresses takes a connection, they are forgotten.
///
/// @param hook     the handle
/// @param seconds  60 if never set; 0 asks each time that a connection is opened, and uses no old
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

/// Sets how large the body of an answer may be. More is BARKER_ERR_TOO_LARGE, and the connection
/// is closed. Bodies are given as they come: a compressed one is not unpacked.
///
/// @param hook   the handle
/// @param bytes  1048576 if never set
/// @return BARKER_OK or BARKER_ERR_NULL
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_set_max_body(
    hook: *mut barker_webhook,
    bytes: u32,
) -> barker_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe {
        set(hook, |hook| {
            hook.webhook.settings_mut().max_body = bytes as usize;
        })
    }
}

/// Sets which redirects are followed, within the timeout. One that is not followed is an answer
/// like any other, with its 3xx status.
///
/// 301, 302, 307 and 308 send the same message to where they lead; for 303, which says that the
/// message was taken and the answer lies elsewhere, that is fetched with a GET without data and
/// signature (RFC 9110 section 15.4). None is followed from https to http, to what was just asked
/// for, or to what barker_webhook_set_url() would refuse.
///
/// @param hook              the handle
/// @param max               how many, one after the other; 0, the default, follows none
/// @param to_other_origins  0 stays with the URL's scheme, host and port. 1 sends the message, with
///                          its signature and the added headers, to whatever other receiver the
///                          first one names, but for Authorization and Cookie.
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

/// Sets the proxy that leads to every receiver but Unix sockets. Also http goes through a tunnel,
/// so that the proxy sees no more than host and port; names of receivers are looked up by the
/// proxy.
///
/// @param hook  the handle
/// @param url   "http://user:password@host:port" for HTTP CONNECT (RFC 9110 section 9.3.6), or
///              "socks5://..." for SOCKS5 (RFC 1928, RFC 1929), user and password as needed;
///              copied, and wiped when it is replaced or freed. NULL, the default, is no proxy.
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

/// Takes the proxies that the environment names at this moment: http_proxy, https_proxy and
/// HTTPS_PROXY, else all_proxy or ALL_PROXY. Without this call the environment is not read. If a
/// variable does not name a proxy as barker_webhook_set_proxy() takes it, the sends that would use
/// it fail with BARKER_ERR_PROXY.
///
/// no_proxy or NO_PROXY lists, with commas or blanks between them, what is reached directly: names,
/// each with all names below it; addresses; networks such as 10.0.0.0/8; or * for everything. A
/// port may follow after a colon, as in example.com:8080: then it holds for that port alone.
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
    unsafe {
        set(hook, |hook| {
            hook.webhook.settings_mut().proxies = Proxies::from_environment();
        })
    }
}

/// How much a message of the log matters. Numbers are part of the ABI.
pub type barker_log_level = i32;

/// Nothing is told.
pub const BARKER_LOG_OFF: barker_log_level = 0;
/// A delivery failed.
pub const BARKER_LOG_ERROR: barker_log_level = 1;
/// A delivery was answered.
pub const BARKER_LOG_INFO: barker_log_level = 2;
/// Each step on the way.
pub const BARKER_LOG_DEBUG: barker_log_level = 3;

constants! { LogLevel, "log level":
    Off = BARKER_LOG_OFF,
    Error = BARKER_LOG_ERROR,
    Info = BARKER_LOG_INFO,
    Debug = BARKER_LOG_DEBUG,
}

/// Told what happens in a delivery.
///
/// Called on the thread that sends, in the middle of that, without any lock held. Must not use the
/// handles that are being sent with; others may be used as usual. It must return: not leave by
/// longjmp(), a C++ exception or pthread_exit(), nor return in a child of fork().
///
/// @param user   as it was given to barker_webhook_set_log()
/// @param level  how much it matters
/// @param line   one line, NUL-terminated, which lives as long as the call. Holds no secret, data,
///               header or password, nor a URL's path. What does not print is escaped.
pub type barker_log =
    Option<unsafe extern "C" fn(user: *mut c_void, level: barker_log_level, line: *const c_char)>;

/// Sets who is told what happens in deliveries. Clones made afterwards tell the same.
///
/// @param hook   the handle
/// @param level  a barker_log_level: what matters less is not told
/// @param log    the function; NULL, the default, is told nothing
/// @param user   passed on to it; if clones send from several threads, it is used from all of them
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

/// What the host program wants back.
struct User(*mut c_void);

// SAFETY: the library only hands the pointer back; the header tells from which threads.
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
        // SAFETY: the host program gave this function and pointer for this; the line is text.
        unsafe { log(self.0, level.constant(), line.as_ptr()) };
    }
}
