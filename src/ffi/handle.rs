//! Handles: made, copied, freed, and asked why a call failed.

use std::cell::UnsafeCell;
use std::ffi::{CStr, CString, c_char};
use std::ptr;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::boundary::null;
use super::panic::catch;
use super::state::State;
use super::status::{BARKER_ERR_NULL, barker_status};
use crate::delivery::Stop;
use crate::error::Result;
use crate::webhook::Webhook;

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

impl barker_webhook {
    fn make(webhook: Webhook, url: Option<Zeroizing<CString>>) -> *mut Self {
        let stop = webhook.stop().clone();
        Box::into_raw(Box::new(Self { state: State::new(webhook, url).into(), stop }))
    }
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

/// Runs `work` on a handle, which remembers the sentence of a failure.
///
/// # Safety
/// `hook` is NULL or a live handle that no other thread uses during the call.
pub(super) unsafe fn on_handle(
    hook: *mut barker_webhook,
    work: impl FnOnce(&mut State) -> Result<()>,
) -> barker_status {
    // SAFETY: NULL or live, and nobody else's during the call, as the caller promises.
    let Some(state) = (unsafe { hook.as_ref().map(|hook| &mut *hook.state.get()) }) else {
        return BARKER_ERR_NULL;
    };
    let result = catch(|| work(state)).and_then(|result| result);
    state.remember(&result)
}

/// Changes a handle in a way that cannot fail.
///
/// # Safety
/// As for [`on_handle`].
pub(super) unsafe fn set(
    hook: *mut barker_webhook,
    change: impl FnOnce(&mut State),
) -> barker_status {
    // SAFETY: the caller's promise is the one asked for here.
    unsafe {
        on_handle(hook, |hook| {
            change(hook);
            Ok(())
        })
    }
}

/// Runs a getter; gives `otherwise` for a NULL handle.
///
/// # Safety
/// As for [`handle`].
pub(super) unsafe fn read<'a, T>(
    hook: *const barker_webhook,
    otherwise: T,
    work: impl FnOnce(&'a State) -> T,
) -> T {
    // SAFETY: the caller's promise is the one asked for here.
    unsafe { handle(hook) }.and_then(|hook| catch(|| work(hook))).unwrap_or(otherwise)
}

/// Lends a text of a handle; NULL if there is none.
///
/// # Safety
/// As for [`handle`].
pub(super) unsafe fn lend_text<'a>(
    hook: *const barker_webhook,
    text: impl FnOnce(&'a State) -> Option<&'a CStr>,
) -> *const c_char {
    // SAFETY: the caller's promise is the one asked for here.
    unsafe { read(hook, None, text) }.map_or(ptr::null(), CStr::as_ptr)
}

/// Lends an array of a handle, whose length goes to `len`; NULL and 0 if there is none.
///
/// # Safety
/// As for [`handle`]; `len` is NULL or may be written to.
pub(super) unsafe fn lend<'a, T: 'a>(
    hook: *const barker_webhook,
    len: *mut usize,
    items: impl FnOnce(&'a State) -> Option<&'a [T]>,
) -> *const T {
    // SAFETY: as the caller promises.
    let Some(len) = (unsafe { len.as_mut() }) else { return ptr::null() };
    // SAFETY: as the caller promises.
    let items = unsafe { read(hook, None, items) };
    *len = items.map_or(0, <[T]>::len);
    items.map_or(ptr::null(), <[T]>::as_ptr)
}

/// Borrows a handle that is only read.
///
/// # Safety
/// `hook` is NULL or a live handle that no other thread changes while it is borrowed.
pub(super) unsafe fn handle<'a>(hook: *const barker_webhook) -> Result<&'a State> {
    // SAFETY: the caller's promise is the one asked for here.
    unsafe { hook.as_ref().map(|hook| &*hook.state.get()) }.ok_or_else(|| null("hook"))
}
