//! Handles: made, copied, freed, and asked why a call failed.

use std::cell::UnsafeCell;
use std::ffi::{CString, c_char};
use std::ptr;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::boundary::{catch, read};
use super::header::barker_header;
use super::status::{BARKER_ERR_NULL, BARKER_OK, barker_status, status_of};
use crate::delivery::{Outcome, Stop};
use crate::error::{Result, Status};
use crate::webhook::{Delivery, Webhook};

/// A webhook: what to send, to whom, under which key; and the outcome of its last send.
///
/// Thread-safety: a handle is used by one thread at a time, any thread. Different handles are
/// independent, clones among them. The functions that take a `const barker_webhook *` only read:
/// any number of threads may call them on one handle at once, while none changes or frees it.
/// barker_webhook_set_stopped() alone may be called while another thread sends.
///
/// After fork(), the child may go on using its handles, except one that another thread was using at
/// that moment. Nothing is shared with the parent: connections, sessions of TLS and what is known
/// of replays are each process's own, and the child begins with none.
pub struct barker_webhook {
    pub(super) state: UnsafeCell<State>,
    /// For other threads than that which uses the state.
    pub(super) stop: Arc<Stop>,
}

/// What belongs to one thread at a time.
pub(super) struct State {
    pub webhook: Webhook,
    /// Wiped when dropped: it may hold a password.
    pub url: Option<Zeroizing<CString>>,
    pub sent: Option<Sent>,
    /// Why the last send failed, if it did.
    pub failure: Option<Status>,
    status: barker_status,
    error: CString,
}

/// The last send, as C reads it.
pub(super) struct Sent {
    pub id: CString,
    pub timestamp: CString,
    pub signature: CString,
    pub status: u16,
    pub headers: Vec<(CString, CString)>,
    /// Borrowed from `headers`.
    pub lent: Vec<barker_header>,
    /// With a NUL after its last byte.
    body: Vec<u8>,
}

impl barker_webhook {
    fn make(webhook: Webhook, url: Option<Zeroizing<CString>>) -> *mut Self {
        let stop = webhook.stop().clone();
        let state = State {
            webhook,
            url,
            sent: None,
            failure: None,
            status: BARKER_OK,
            error: CString::default(),
        };
        Box::into_raw(Box::new(Self { state: state.into(), stop }))
    }
}

impl State {
    /// Keeps a call's status and, of a failure, the sentence; gives the status.
    pub(super) fn remember(&mut self, result: &Result<()>) -> barker_status {
        self.status = status_of(result);
        self.error = match result {
            Ok(()) => CString::default(),
            Err(error) => c_text(error.sentence.as_bytes()),
        };
        self.status
    }

    /// Keeps what there is to read of a delivery, and nothing of the one before it; gives whether
    /// it was answered.
    pub(super) fn keep(&mut self, outcome: Result<Delivery>) -> Result<()> {
        let (sent, result) = match outcome {
            Ok(delivery) => {
                let (sent, result) = Sent::of(delivery);
                (Some(sent), result)
            }
            Err(error) => (None, Err(error)),
        };
        self.sent = sent;
        self.failure = result.as_ref().err().map(|error| error.status);
        result
    }

    /// Keeps a delivery and its status, which it gives.
    pub(super) fn conclude(&mut self, outcome: Result<Delivery>) -> barker_status {
        let result = self.keep(outcome);
        self.remember(&result)
    }
}

impl Sent {
    /// What there is to read of a delivery, and whether it was answered.
    pub fn of(delivery: Delivery) -> (Self, Result<()>) {
        let Outcome { response, result } = delivery.outcome;
        let c_pair = |(name, value): &(String, Vec<u8>)| (c_text(name.as_bytes()), c_text(value));
        let headers: Vec<_> = response.headers.iter().map(c_pair).collect();
        let mut sent = Self {
            id: c_text(delivery.signed.id.as_bytes()),
            timestamp: c_text(delivery.signed.timestamp.as_bytes()),
            signature: c_text(delivery.signed.signature.as_bytes()),
            status: response.status,
            lent: headers.iter().map(barker_header::lend).collect(),
            headers,
            body: response.body,
        };
        sent.body.push(0);
        (sent, result)
    }

    pub fn body(&self) -> &[u8] {
        &self.body[..self.body.len() - 1]
    }
}

/// The text up to its first NUL, if it holds any.
pub(super) fn c_text(text: &[u8]) -> CString {
    let end = text.iter().position(|&byte| byte == 0).unwrap_or(text.len());
    CString::new(&text[..end]).expect("no NUL is left")
}

/// Makes a webhook without URL and data, with the key "BARKER", a timeout of 5000 milliseconds
/// and a tolerance of 300 seconds.
///
/// @return a handle that the caller frees with barker_webhook_free(); NULL if it could not be made
/// @since 0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn barker_webhook_new() -> *mut barker_webhook {
    catch(|| barker_webhook::make(Webhook::new(), None)).unwrap_or(ptr::null_mut())
}

/// Makes a handle with the same configuration, which shares the idle connections: the way to send
/// from several threads. The outcome of the last send is not taken over.
///
/// @param hook  the handle to copy
/// @return a handle that the caller frees with barker_webhook_free(); NULL if hook is NULL
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_clone(hook: *const barker_webhook) -> *mut barker_webhook {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe {
        read(hook, ptr::null_mut(), |hook| {
            barker_webhook::make(hook.webhook.clone(), hook.url.clone())
        })
    }
}

/// Frees a handle, wipes its secrets, and closes the idle connections if no clone is left. What the
/// getters returned for the handle is gone with it; filled buffers stay.
///
/// @param hook  NULL, or a handle that is not used again
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_free(hook: *mut barker_webhook) {
    if hook.is_null() {
        return;
    }
    // Nothing here panics; were the allocator to, the caller could do nothing about it.
    let _ = catch(|| {
        // SAFETY: the handle came from Box::into_raw, and the caller gives it up.
        drop(unsafe { Box::from_raw(hook) });
    });
}

/// Gives the status of the last call that could change this handle; within and after
/// barker_send_many(), that of its delivery.
///
/// @param hook  the handle
/// @return a barker_status; BARKER_ERR_NULL if hook is NULL
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_status(hook: *const barker_webhook) -> barker_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { read(hook, BARKER_ERR_NULL, |hook| hook.status) }
}

/// Tells in a sentence why the last call on this handle failed and, where the caller can mend it,
/// what to change. It never holds a key or a body.
///
/// Calls that take a const handle leave the sentence as it is: for them there is
/// barker_status_string().
///
/// @param hook  the handle
/// @return a NUL-terminated text, empty if the last call succeeded, never NULL; the handle's own,
///         valid until the next call that changes the handle
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_error(hook: *const barker_webhook) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { read(hook, c"the handle is NULL".as_ptr(), |hook| hook.error.as_ptr()) }
}
