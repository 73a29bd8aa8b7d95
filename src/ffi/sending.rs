//! Sending: one message, or many at once.

use std::ffi::c_void;

use super::boundary::{array, bytes, null, without_handle};
use super::buffer::barker_buffer;
use super::handle::{barker_webhook, on_handle};
use super::lent::Lent;
use super::state::State;
use super::status::barker_status;
use crate::error::{Error, Result, Status};
use crate::queue::{Places, Sender};
use crate::webhook::SentMessage;

/// Signs the data that was set with the current time, sends it in a POST request and waits for the
/// answer.
///
/// An answer with any HTTP status is BARKER_OK: check http_status. Barker never sends a message
/// again on its own if the receiver may already have it. After BARKER_ERR_SEND, BARKER_ERR_RECEIVE,
/// BARKER_ERR_TIMEOUT, BARKER_ERR_PROTOCOL, BARKER_ERR_TOO_LARGE or BARKER_ERR_STOPPED, the caller
/// decides. Redirects are followed only if barker_webhook_set_redirects() was called.
///
/// @param hook         the handle
/// @param http_status  receives the HTTP status of the answer, such as 204, or 0 if the send fails;
///                     may be NULL
/// @param body         receives the body of the answer, up to the limit of
///                     barker_webhook_set_max_body(); release it with barker_buffer_free(). May be
///                     NULL.
/// @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_URL if no URL was set, BARKER_ERR_SECRET if no
///         secret can sign, BARKER_ERR_SYSTEM, BARKER_ERR_REFUSED, BARKER_ERR_RESOLVE,
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

/// Like barker_webhook_send(), but sends the data passed here, which it reads during the call and
/// does not copy. The data that was set stays as it is.
///
/// @param hook         the handle
/// @param data         any bytes; NULL with length 0 means no data
/// @param len          number of bytes
/// @param http_status  as for barker_webhook_send()
/// @param body         as for barker_webhook_send()
/// @return as for barker_webhook_send(), or BARKER_ERR_RANGE
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

/// Called by barker_send_many() each time a delivery has ended.
///
/// The handle already has the outcome: the function may call barker_webhook_response_status() and
/// the other getters. Until barker_send_many() has returned, do not change or free the handles of
/// the batch, and do not pass them to barker_send_many() again. The function must return: it must
/// not leave by longjmp(), a C++ exception or pthread_exit(), and must not return in a child of
/// fork().
///
/// @param user    the pointer that was passed to barker_send_many()
/// @param index   the index of the handle in the array, from 0
/// @param status  the status of the delivery, as barker_webhook_status() returns it
/// @return 0 to continue; any other value stops the batch
pub type barker_progress =
    Option<unsafe extern "C" fn(user: *mut c_void, index: usize, status: barker_status) -> i32>;

/// Signs and sends the data of many handles at once. It returns when every delivery was answered or
/// has failed. Everything happens on the calling thread, except that other threads look up host
/// names.
///
/// Each handle then has the outcome of its delivery, as after barker_webhook_send(). The timeout of
/// a handle starts when its delivery starts. To send one body to many receivers, clone a handle and
/// set only the URLs. Clones that have the data and secrets of their original send one message with
/// one id, which is signed at most once a second.
///
///     for (size_t i = 0; i < count; i++) {
///         hooks[i] = barker_webhook_clone(original);
///         if (barker_webhook_set_url(hooks[i], urls[i]) != BARKER_OK)
///             fprintf(stderr, "%s: %s\n", urls[i], barker_webhook_error(hooks[i]));
///     }
///     if (barker_send_many(hooks, count, 100, NULL, NULL) != BARKER_OK)
///         fprintf(stderr, "not every delivery was tried\n");
///     for (size_t i = 0; i < count; i++)
///         printf("%s: %s\n", urls[i], barker_status_string(barker_webhook_status(hooks[i])));
///
/// @param hooks          the handles, each only once, which nothing else uses during the call; the
///                       array is copied
/// @param count          number of handles
/// @param max_in_flight  how many deliveries run at once, each of which needs a file descriptor; 0
///                       means 64. While the process has no descriptors left, deliveries wait until
///                       others end.
/// @param progress       called on this thread each time a delivery has ended; may be NULL
/// @param user           passed to progress
/// @return BARKER_OK if every delivery was tried, whether or not it succeeded. BARKER_ERR_NULL, or
///         BARKER_ERR_RANGE because a handle is in the array twice: nothing was tried.
///         BARKER_ERR_STOPPED or BARKER_ERR_SYSTEM: deliveries that had not ended have the status
///         BARKER_ERR_STOPPED
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
        let hooks = unsafe { array("hooks", hooks, count) }?;
        // SAFETY: as above; they are the batch's own until their deliveries have ended.
        let batch = unsafe { lend_all(hooks) }?;
        let max_in_flight = if max_in_flight == 0 { DEFAULT_IN_FLIGHT } else { max_in_flight };
        let places = Places { in_all: max_in_flight as usize, per_host: usize::MAX };
        let mut sender = Sender::new(places)?;
        batch.into_iter().for_each(|lent| sender.add(lent));
        while !sender.is_empty() {
            sender.step(None)?;
            while let Some((lent, outcome)) = sender.take_ended() {
                let index = lent.owner;
                let Some((_, status)) = lent.conclude(outcome) else { continue };
                // SAFETY: the caller passes a function of this type.
                if progress.is_some_and(|progress| unsafe { progress(user, index, status) } != 0) {
                    return Err(Status::Stopped.into());
                }
            }
        }
        Ok(())
    })
}

/// Ends the send that is running with this handle, or the next one, and all sends that follow,
/// until it is called with 0. They fail with BARKER_ERR_STOPPED. Use it to cancel a send, or before
/// the program ends.
///
/// Any thread may call it at any time between barker_webhook_new() and barker_webhook_free(), even
/// while another thread sends with the handle, alone or in a batch. A signal handler must not call
/// it. It does not wait for the send to end. It does not stop the handle's clones, and a new clone
/// of a stopped handle can send.
///
/// @param hook     the handle
/// @param stopped  1 stops, 0 allows sending again
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
        hook.cancellation.set(stopped != 0);
        Ok(())
    })
}

/// Far below the usual limit of descriptors.
const DEFAULT_IN_FLIGHT: u32 = 64;

/// Sends, remembers the outcome in the handle and fills the out parameters.
///
/// # Safety
/// Each pointer is NULL or valid for its type, and no other thread uses it.
unsafe fn deliver(
    hook: *mut barker_webhook,
    http_status: *mut u16,
    body: *mut barker_buffer,
    send: impl FnOnce(&mut State) -> Result<SentMessage>,
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

/// Takes each handle with its number, and says of each that it was stopped, until it has another
/// outcome.
///
/// # Safety
/// As for [`Lent::lend`].
unsafe fn lend_all(hooks: &[*mut barker_webhook]) -> Result<Vec<Lent<usize>>> {
    check_distinct(hooks)?;
    // SAFETY: as the caller promises.
    let lend = |(index, &hook)| unsafe { Lent::lend(hook, index) };
    let mut batch = hooks.iter().enumerate().map(lend).collect::<Result<Vec<_>>>()?;
    batch.iter_mut().for_each(Lent::begin);
    Ok(batch)
}

fn check_distinct(hooks: &[*mut barker_webhook]) -> Result<()> {
    let mut sorted = hooks.to_vec();
    sorted.sort_unstable();
    if sorted.first().is_some_and(|hook| hook.is_null()) {
        return Err(null("a handle"));
    }
    match sorted.windows(2).any(|pair| pair[0] == pair[1]) {
        true => Err(Error::new(Status::Range, "a handle is in the array twice: clone it")),
        false => Ok(()),
    }
}
