//! Sending: one message, or many at once.

use std::ffi::c_void;
use std::ops::ControlFlow;

use super::boundary::{array, bytes, null, on_handle, without_handle};
use super::buffer::barker_buffer;
use super::handle::{State, barker_webhook};
use super::status::*;
use crate::error::{Error, Result, Status};
use crate::webhook::{self, Delivery};

/// Signs the data that was set with the present time, POSTs it and waits for the answer.
///
/// An answer of any HTTP status is BARKER_OK: look at http_status. Barker never sends a message
/// again by itself when the receiver may have it: after BARKER_ERR_SEND, BARKER_ERR_RECEIVE,
/// BARKER_ERR_TIMEOUT, BARKER_ERR_PROTOCOL, BARKER_ERR_TOO_LARGE or BARKER_ERR_STOPPED that is for
/// the caller to decide. A redirect is followed only if barker_webhook_set_redirects() was called.
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
/// @since 0.1.0
#[must_use]
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
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_send_data(
    hook: *mut barker_webhook,
    data: *const c_void,
    len: usize,
    http_status: *mut u16,
    body: *mut barker_buffer,
) -> barker_status {
    // SAFETY: the caller passes NULL or what these types promise.
    unsafe {
        deliver(hook, http_status, body, |hook| hook.webhook.send_data(bytes("data", data, len)?))
    }
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
pub type barker_progress =
    Option<unsafe extern "C" fn(user: *mut c_void, index: usize, status: barker_status) -> i32>;

/// Signs and sends the data of many handles at once, and returns when all were answered or have
/// failed. All of it is done on the calling thread; only the names of hosts are looked up on
/// others.
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
/// @since 0.1.0
#[must_use]
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
            state.conclude(Err(Status::Stopped.into()));
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
                    outcome = Err(Status::Stopped.into());
                    ControlFlow::Break(())
                }
            }
        })?;
        outcome
    })
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
/// @since 0.1.0
#[must_use]
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

/// Far from the usual limit of descriptors.
const DEFAULT_IN_FLIGHT: u32 = 64;

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
    let (mut http_status, mut body) = unsafe { (http_status.as_mut(), body.as_mut()) };
    if let Some(http_status) = &mut http_status {
        **http_status = 0;
    }
    if let Some(body) = &mut body {
        **body = barker_buffer::EMPTY;
    }
    // SAFETY: as the caller promises.
    unsafe {
        on_handle(hook, |hook| {
            // Should it panic, the send before does not pass for this one.
            (hook.sent, hook.failure) = (None, Some(Status::Internal));
            let outcome = send(hook);
            hook.keep(outcome)?;
            if let Some(sent) = &hook.sent {
                if let Some(http_status) = &mut http_status {
                    **http_status = sent.status;
                }
                if let Some(body) = &mut body {
                    **body = barker_buffer::from_bytes(sent.body());
                }
            }
            Ok(())
        })
    }
}

fn check_distinct(hooks: &[*mut barker_webhook]) -> Result<()> {
    let mut sorted = hooks.to_vec();
    sorted.sort_unstable();
    if sorted.first().is_some_and(|hook| hook.is_null()) {
        return Err(null("a handle"));
    }
    match sorted.windows(2).any(|pair| pair[0] == pair[1]) {
        true => Err(Error::new(Status::Range, "a handle is there twice: clone it")),
        false => Ok(()),
    }
}
