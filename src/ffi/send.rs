//! Sending, and reading what was signed and what was answered.

use std::ffi::{CStr, c_char, c_void};
use std::ops::ControlFlow;
use std::ptr;

use super::boundary::{array, bytes, c_string, handle, null, on_handle, out, read, without_handle};
use super::buffer::barker_buffer;
use super::handle::{Sent, State, barker_webhook};
use crate::error::{Error, Result, barker_status, barker_status::*};
use crate::webhook::{self, Delivery};

/// # Sending: one message, or many at once
///
/// Signs the data that was set with the present time, POSTs it and waits for the answer.
///
/// An answer of any HTTP status is BARKER_OK: look at http_status. Barker never sends a message again
/// by itself when the receiver may have it: after BARKER_ERR_SEND, BARKER_ERR_RECEIVE,
/// BARKER_ERR_TIMEOUT, BARKER_ERR_PROTOCOL, BARKER_ERR_TOO_LARGE or BARKER_ERR_STOPPED that is for
/// the caller to decide.
/// A redirect is followed only if barker_webhook_set_redirects() was called.
///
/// @param hook         the handle
/// @param http_status  receives the answer's status, such as 204; 0 if there is no answer
/// @param body         receives the answer's body, at most 1 MiB, to be released with
///                     barker_buffer_free(); NULL if it is not wanted
/// @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_URL if none was set, BARKER_ERR_SECRET if none
///         can sign, BARKER_ERR_SYSTEM, BARKER_ERR_REFUSED, BARKER_ERR_RESOLVE,
///         BARKER_ERR_RESOLVE_AGAIN, BARKER_ERR_CONNECT, BARKER_ERR_PROXY, BARKER_ERR_TLS,
///         BARKER_ERR_CERTIFICATE_EXPIRED, BARKER_ERR_CERTIFICATE_NAME,
///         BARKER_ERR_CERTIFICATE_ISSUER, BARKER_ERR_CERTIFICATE_SELF_SIGNED,
///         BARKER_ERR_CERTIFICATE_REVOKED, BARKER_ERR_SEND, BARKER_ERR_RECEIVE, BARKER_ERR_TIMEOUT,
///         BARKER_ERR_PROTOCOL, BARKER_ERR_TOO_LARGE or BARKER_ERR_STOPPED
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_send(
    hook: *mut barker_webhook,
    http_status: *mut u16,
    body: *mut barker_buffer,
) -> barker_status {
    // SAFETY: the caller passes NULL or what these types promise.
    unsafe { deliver(hook, http_status, body, |hook| hook.webhook.send()) }
}

/// As barker_webhook_send(), but sends this data, which it borrows for the call and does not copy.
/// The data that was set stays as it is.
///
/// @param hook         the handle
/// @param data         any bytes; NULL with length 0 is no data
/// @param len          number of bytes
/// @param http_status  as for barker_webhook_send()
/// @param body         as for barker_webhook_send()
/// @return as barker_webhook_send(), or BARKER_ERR_RANGE
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_send_data(
    hook: *mut barker_webhook,
    data: *const u8,
    len: usize,
    http_status: *mut u16,
    body: *mut barker_buffer,
) -> barker_status {
    // SAFETY: the caller passes NULL or what these types promise.
    unsafe {
        deliver(hook, http_status, body, |hook| hook.webhook.send_data(bytes("data", data, len)?))
    }
}

/// Sends, remembers the outcome in the handle and fills the out parameters.
///
/// # Safety
/// Each pointer is NULL or of use for its type, to this thread alone.
unsafe fn deliver(
    hook: *mut barker_webhook,
    http_status: *mut u16,
    body: *mut barker_buffer,
    send: impl FnOnce(&mut State) -> Result<Delivery>,
) -> barker_status {
    // SAFETY: as the caller promises.
    let (http_status, mut body) = unsafe { (out("http_status", http_status), body.as_mut()) };
    if let Some(body) = &mut body {
        **body = barker_buffer::EMPTY;
    }
    let mut answered = 0;
    // SAFETY: as the caller promises.
    let status = unsafe {
        on_handle(hook, |hook| {
            http_status.as_ref().map_err(Error::clone)?;
            let outcome = send(hook);
            hook.keep(outcome)?;
            if let Some(sent) = &hook.sent {
                answered = sent.status;
                if let Some(body) = &mut body {
                    **body = barker_buffer::from_bytes(sent.body());
                }
            }
            Ok(())
        })
    };
    if let Ok(http_status) = http_status {
        *http_status = answered;
    }
    status
}

/// Told how a delivery of barker_send_many() ended.
///
/// The handle has the outcome already: barker_webhook_response_status() and the like may be asked.
/// The handles of the batch must not be changed or freed, nor barker_send_many() be called with
/// them, until it has returned. The function must return: it must not leave by longjmp(), a C++
/// exception or pthread_exit(), nor return in a child of fork().
///
/// @param user    as it was given to barker_send_many()
/// @param index   which of the handles, from 0
/// @param status  as barker_webhook_status() gives it
/// @return 0 to go on; anything else stops the batch
#[allow(non_camel_case_types)]
pub type barker_progress =
    Option<unsafe extern "C" fn(user: *mut c_void, index: usize, status: barker_status) -> i32>;

/// Signs and sends the data of many handles at once, and returns when all were answered or have
/// failed. All of it is done on the calling thread; only the names of hosts are looked up on others.
///
/// The outcome is left in each handle, as barker_webhook_send() leaves it. Each delivery has its
/// handle's timeout, from when it begins. For one body to many receivers, clone a handle and set
/// only the URLs: clones with the data and secrets of their original have one message, with one
/// id, that is signed once a second at most.
///
///     for (size_t i = 0; i < count; i++) {
///         hooks[i] = barker_webhook_clone(original);
///         barker_webhook_set_url(hooks[i], urls[i]);
///     }
///     barker_send_many(hooks, count, 100, NULL, NULL);
///     for (size_t i = 0; i < count; i++)
///         printf("%s: %s\n", urls[i], barker_status_string(barker_webhook_status(hooks[i])));
///
/// @param hooks          the handles, no two the same, used by nobody else meanwhile; the array is
///                       copied
/// @param count          number of handles
/// @param max_in_flight  how many may be under way at once, each with a descriptor; 0 is 64. While
///                       the process is out of descriptors, deliveries wait until others end.
/// @param progress       called on this thread whenever a delivery has ended; may be NULL
/// @param user           passed on to it
/// @return BARKER_OK if all were tried, whatever came of them; BARKER_ERR_NULL or BARKER_ERR_RANGE
///         (a handle is there twice), and nothing was tried; BARKER_ERR_STOPPED or
///         BARKER_ERR_SYSTEM, and those not ended have the status BARKER_ERR_STOPPED
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_send_many(
    hooks: *const *mut barker_webhook,
    count: usize,
    max_in_flight: u32,
    progress: barker_progress,
    user: *mut c_void,
) -> barker_status {
    without_handle(|| {
        // SAFETY: the caller passes NULL or what these types promise.
        let hooks = unsafe { array("hooks", hooks, count) }?.to_vec();
        check_distinct(&hooks)?;
        for &hook in &hooks {
            // SAFETY: not NULL, live, and nobody else's during the call.
            let state = unsafe { &mut *(*hook).state.get() };
            state.sent = None;
            state.conclude(Err(BARKER_ERR_STOPPED.into()));
        }
        let max_in_flight = if max_in_flight == 0 { DEFAULT_IN_FLIGHT } else { max_in_flight };
        let mut outcome = Ok(());
        // SAFETY: as above; each is borrowed once, and no longer when its delivery has ended.
        let webhooks = hooks.iter().map(|&hook| unsafe { &mut (*(*hook).state.get()).webhook });
        webhook::send_many(webhooks, max_in_flight as usize, |index, delivery| {
            let hook = hooks[index];
            // SAFETY: as above.
            let status = unsafe { (*(*hook).state.get()).conclude(delivery) };
            // SAFETY: the caller passes a function of this type.
            match progress.map(|progress| unsafe { progress(user, index, status) }) {
                None | Some(0) => ControlFlow::Continue(()),
                Some(_) => {
                    outcome = Err(BARKER_ERR_STOPPED.into());
                    ControlFlow::Break(())
                }
            }
        })?;
        outcome
    })
}

/// Far from the usual limit of descriptors.
const DEFAULT_IN_FLIGHT: u32 = 64;

fn check_distinct(hooks: &[*mut barker_webhook]) -> Result<()> {
    let mut sorted = hooks.to_vec();
    sorted.sort_unstable();
    if sorted.first().is_some_and(|hook| hook.is_null()) {
        return Err(null("a handle"));
    }
    match sorted.windows(2).any(|pair| pair[0] == pair[1]) {
        true => Err(Error::new(BARKER_ERR_RANGE, "a handle is there twice: clone it")),
        false => Ok(()),
    }
}

/// Ends the send that is under way with this handle, or the next one, and all that follow until it
/// is called with 0: they fail with BARKER_ERR_STOPPED. For cancelling, and for ending a program.
///
/// Any thread may call it at any time between barker_webhook_new() and barker_webhook_free(), also
/// while another thread sends with the handle, alone or in a batch; but not a signal handler. It
/// does not wait for the send's end. Clones are stopped each by itself, and start unstopped.
///
/// @param hook     the handle
/// @param stopped  1 stops, 0 lets the handle send again
/// @return BARKER_OK or BARKER_ERR_NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_set_stopped(
    hook: *const barker_webhook,
    stopped: i32,
) -> barker_status {
    without_handle(|| {
        // SAFETY: the caller passes NULL or a live handle; the state is left to its thread.
        let hook = unsafe { hook.as_ref() }.ok_or_else(|| null("hook"))?;
        hook.stop.set(stopped != 0);
        Ok(())
    })
}

/// # Outcome: what the last send signed, and what answered it
///
/// Gives the message id of the last send, also of one that failed: set it with
/// barker_webhook_set_id() to send the same message again.
///
/// @param hook  the handle
/// @return NUL-terminated text, empty if nothing signs an id, the handle's own until the next send;
///         NULL before the first send, and if the last one failed before it signed
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_id(hook: *const barker_webhook) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { of_last_send(hook, ptr::null(), |sent| sent.id.as_ptr()) }
}

/// Gives the timestamp of the last send, also of one that failed, as it stands in the header of
/// the first scheme, such as BARKER_TIMESTAMP.
///
/// @param hook  the handle
/// @return NUL-terminated text, empty if the scheme has none, the handle's own until the next send;
///         NULL before the first send, and if the last one failed before it signed
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_timestamp(hook: *const barker_webhook) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { of_last_send(hook, ptr::null(), |sent| sent.timestamp.as_ptr()) }
}

/// Gives the signature of the last send, also of one that failed: the value of the first scheme's
/// header, such as BARKER_SIGNATURE.
///
/// @param hook  the handle
/// @return NUL-terminated text, the handle's own until the next send; NULL before the first send,
///         and if the last one failed before it signed
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_signature(hook: *const barker_webhook) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { of_last_send(hook, ptr::null(), |sent| sent.signature.as_ptr()) }
}

/// Gives the HTTP status that answered the last send. One that came is kept even if the send fails
/// later, because the rest of the answer was cut off, too large or not HTTP; and so are the headers,
/// if all of them came. A receiver that said 200 has the message.
///
/// @param hook  the handle
/// @return such as 204; 0 if no status came
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_response_status(hook: *const barker_webhook) -> u16 {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { of_last_send(hook, 0, |sent| sent.status) }
}

/// Gives the body that answered the last send; it is empty if the send failed.
///
/// @param hook  the handle
/// @param len   receives the number of bytes
/// @return the bytes and a NUL that len does not count, the handle's own until the next send; NULL if
///         there was no send, or hook or len is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_response_body(
    hook: *const barker_webhook,
    len: *mut usize,
) -> *const u8 {
    // SAFETY: the caller passes NULL or what these types promise.
    unsafe {
        let Ok(len) = out("len", len) else { return ptr::null() };
        *len = 0;
        of_last_send(hook, ptr::null(), |sent| {
            *len = sent.body().len();
            sent.body().as_ptr()
        })
    }
}

/// Gives how many headers the answer to the last send has.
///
/// @param hook  the handle
/// @return their number; 0 if there was no answer
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_response_header_count(
    hook: *const barker_webhook,
) -> usize {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { of_last_send(hook, 0, |sent| sent.headers.len()) }
}

/// Gives one header of the answer to the last send, in the order in which they came.
///
/// @param hook   the handle
/// @param index  from 0 to barker_webhook_response_header_count() - 1
/// @param name   receives the name as it came: the handle's own, until the next send
/// @param value  receives the value, likewise
/// @return BARKER_OK, BARKER_ERR_NULL, or BARKER_ERR_RANGE with NULL in name and value
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_response_header_at(
    hook: *const barker_webhook,
    index: usize,
    name: *mut *const c_char,
    value: *mut *const c_char,
) -> barker_status {
    without_handle(|| {
        // SAFETY: the caller passes NULL or what these types promise.
        let (name, value, hook) =
            unsafe { (nulled("name", name), nulled("value", value), handle(hook)) };
        let (name, value) = (name?, value?);
        let header = hook?.sent.as_ref().and_then(|sent| sent.headers.get(index));
        let (found_name, found_value) = header.ok_or(Error::from(BARKER_ERR_RANGE))?;
        (*name, *value) = (found_name.as_ptr(), found_value.as_ptr());
        Ok(())
    })
}

/// Gives the first header of this name of the answer to the last send.
///
/// @param hook  the handle
/// @param name  the name, in any case
/// @return NUL-terminated value, the handle's own until the next send; NULL if there is none
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_response_header(
    hook: *const barker_webhook,
    name: *const c_char,
) -> *const c_char {
    // SAFETY: the caller passes NULL or what these types promise.
    unsafe {
        let Ok(name) = c_string("name", name) else { return ptr::null() };
        let is_wanted = |header: &CStr| header.to_bytes().eq_ignore_ascii_case(name);
        of_last_send(hook, ptr::null(), |sent| {
            let found = sent.headers.iter().find(|(header, _)| is_wanted(header));
            found.map_or(ptr::null(), |(_, value)| value.as_ptr())
        })
    }
}

/// Borrows an out parameter and makes it NULL.
///
/// # Safety
/// As for [`out`].
unsafe fn nulled<'a>(what: &str, text: *mut *const c_char) -> Result<&'a mut *const c_char> {
    // SAFETY: the caller's promise is the one asked for here.
    let text = unsafe { out(what, text) }?;
    *text = ptr::null();
    Ok(text)
}

/// Reads something of the last send; gives `otherwise` if there was none.
///
/// # Safety
/// `hook` is NULL or a live handle that no other thread changes during the call.
unsafe fn of_last_send<T: Copy>(
    hook: *const barker_webhook,
    otherwise: T,
    work: impl FnOnce(&Sent) -> T,
) -> T {
    // SAFETY: as the caller promises.
    unsafe { read(hook, otherwise, |hook| hook.sent.as_ref().map_or(otherwise, work)) }
}
