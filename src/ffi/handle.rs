//! Handles: make, copy and free them, and ask why a call failed.

use std::cell::UnsafeCell;
use std::ffi::{CStr, CString, c_char};
use std::ptr;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::boundary::null;
use super::panic::catch;
use super::state::State;
use super::status::{BARKER_ERR_NULL, barker_status};
use crate::delivery::Cancellation;
use crate::error::Result;
use crate::webhook::Webhook;

/// A webhook: what to send, to which URL and with which secrets, and the outcome of the last send.
///
/// Thread-safety: only one thread at a time may use a handle; it need not be the thread that made
/// it. Different handles are independent of each other, and so are a handle and its clones.
/// Functions that take a `const barker_webhook *` only read the handle: any number of threads may
/// call them on one handle at once, as long as no thread changes or frees it. The one function that
/// may be called while another thread sends is barker_webhook_set_stopped().
///
/// After fork(), the child may keep using its handles, except a handle that another thread was
/// using during the fork. The child shares nothing with the parent: each process has its own
/// connections, TLS sessions and memory of accepted messages, and the child starts with none.
pub struct barker_webhook {
    pub(super) state: UnsafeCell<State>,
    /// May be used by any thread, unlike the state.
    pub(super) cancellation: Arc<Cancellation>,
}

impl barker_webhook {
    fn make(webhook: Webhook, url: Option<Zeroizing<CString>>) -> *mut Self {
        let cancellation = webhook.cancellation().clone();
        Box::into_raw(Box::new(Self { state: State::new(webhook, url).into(), cancellation }))
    }
}

/// Makes a webhook. It has no URL and no data, signs with the key "BARKER", which everyone knows,
/// and has a timeout of 5000 milliseconds and a tolerance of 300 seconds.
///
/// @return a handle, which the caller frees with barker_webhook_free(); NULL if it could not be
///         made
/// @since 0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn barker_webhook_new() -> *mut barker_webhook {
    catch(|| barker_webhook::make(Webhook::new(), None)).unwrap_or(ptr::null_mut())
}

/// Makes a handle with the same settings, which shares the idle connections of the original. To
/// send from several threads, give each thread a clone. The outcome of the last send is not copied.
///
/// @param hook  the handle to copy
/// @return a handle, which the caller frees with barker_webhook_free(); NULL if hook is NULL
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

/// Frees a handle, wipes its secrets, and closes its idle connections unless a clone still shares
/// them. Whatever getters returned for this handle becomes invalid. Buffers that were filled stay
/// valid. If the handle is lent to an engine, its delivery is stopped.
///
/// @param hook  NULL, or a handle that is not used again
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_free(hook: *mut barker_webhook) {
    if hook.is_null() {
        return;
    }
    // Nothing here panics, and if the allocator did, the caller could do nothing about it.
    let _ = catch(|| {
        // SAFETY: live, and nobody else's: the caller gives it up.
        let handle = unsafe { &*hook };
        // SAFETY: as above.
        let state = unsafe { &mut *handle.state.get() };
        if state.is_lent() {
            state.is_freed = true;
            handle.cancellation.set(true);
            return;
        }
        // SAFETY: the handle came from Box::into_raw.
        drop(unsafe { Box::from_raw(hook) });
    });
}

/// Returns the status of the last call that could change this handle. During and after
/// barker_send_many(), it is the status of this handle's delivery.
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

/// Returns a sentence that says why the last call that could change this handle failed and, if the
/// caller can fix it, what to change. The sentence never contains a key or a body.
///
/// Functions that take a const handle do not change this sentence. If one of them fails, pass its
/// status to barker_status_string().
///
/// @param hook  the handle
/// @return NUL-terminated text, never NULL, empty if the last call succeeded; it belongs to the
///         handle and is valid until the next call that changes the handle
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
    let result = catch(|| {
        state.check_not_lent()?;
        work(state)
    })
    .and_then(|result| result);
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
