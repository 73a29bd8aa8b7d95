//! What every exported function needs: no panic gets out, and no pointer gets in unchecked.

use std::any::Any;
use std::cell::Cell;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::{ptr, slice};

use super::handle::{State, barker_webhook};
use super::status::{BARKER_ERR_NULL, barker_status, status_of};
use crate::error::{Error, Result, Status};

/// Runs `work`; a panic in it becomes an error and prints nothing.
pub(super) fn catch<T>(work: impl FnOnce() -> T) -> Result<T> {
    let mut work = Some(work);
    let mut result = None;
    catch_panic(&mut || result = work.take().map(|work| work()))?;
    result.ok_or_else(|| Error::from(Status::Internal))
}

/// The part of [`catch`] that does not depend on the type of the result, so it is compiled once.
fn catch_panic(work: &mut dyn FnMut()) -> Result<()> {
    let _held_off = Cancellation::hold_off();
    thread_local!(static CATCHING: Cell<bool> = const { Cell::new(false) });
    // Not a Once: a child of fork() could wait for it forever.
    static IS_SILENCED: AtomicBool = AtomicBool::new(false);
    if !IS_SILENCED.swap(true, SeqCst) {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !CATCHING.get() {
                previous(info);
            }
        }));
    }
    let outer = CATCHING.replace(true);
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    CATCHING.set(outer);
    result.map_err(|panic| Error::new(Status::Internal, panic_sentence(&*panic)))
}

/// Holds off pthread_cancel() for this thread as long as it lives. A thread that is cancelled during
/// a call would leave locks and memory behind.
struct Cancellation {
    state_before: c_int,
}

impl Cancellation {
    fn hold_off() -> Self {
        let mut state_before = 0;
        // SAFETY: takes a number and a place for another.
        unsafe { pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &raw mut state_before) };
        Self { state_before }
    }
}

impl Drop for Cancellation {
    fn drop(&mut self) {
        // SAFETY: takes back the state that the thread had.
        unsafe { pthread_setcancelstate(self.state_before, ptr::null_mut()) };
    }
}

// POSIX has both; the libc crate has neither.
unsafe extern "C" {
    fn pthread_setcancelstate(state: c_int, before: *mut c_int) -> c_int;
}
const PTHREAD_CANCEL_DISABLE: c_int = if cfg!(target_vendor = "apple") { 0 } else { 1 };

fn panic_sentence(panic: &(dyn Any + Send)) -> String {
    let message = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("of unknown cause");
    format!("internal error in barker, please report it: {message}")
}

/// Runs `work` on a handle; the handle keeps the sentence of a failure.
///
/// # Safety
/// `hook` is NULL or a live handle that no other thread uses during the call.
pub(super) unsafe fn on_handle(
    hook: *mut barker_webhook,
    work: impl FnOnce(&mut State) -> Result<()>,
) -> barker_status {
    // SAFETY: the caller's promise is the one asked for here.
    let Some(hook) = (unsafe { state_mut(hook) }) else { return BARKER_ERR_NULL };
    let result = catch(|| work(hook));
    conclude(hook, result)
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

/// Borrows what belongs to one thread.
///
/// # Safety
/// `hook` is NULL or a live handle that no other thread uses while this is borrowed.
pub(super) unsafe fn state_mut<'a>(hook: *mut barker_webhook) -> Option<&'a mut State> {
    // SAFETY: the caller's promise is the one asked for here.
    unsafe { hook.as_ref().map(|hook| &mut *hook.state.get()) }
}

fn conclude(hook: &mut State, result: Result<Result<()>>) -> barker_status {
    hook.remember(&result.flatten())
}

/// Runs `work`; a failure leaves no sentence in a handle.
pub(super) fn without_handle(work: impl FnOnce() -> Result<()>) -> barker_status {
    status_of(&catch(work).flatten())
}

/// Runs a getter; returns `otherwise` if the handle is NULL.
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

pub(super) fn null(what: &str) -> Error {
    Error::new(Status::Null, format!("{what} is NULL"))
}

/// Borrows bytes; NULL with length 0 means none.
///
/// # Safety
/// `data` is NULL or points to `len` bytes that do not change while they are borrowed.
pub(super) unsafe fn bytes<'a>(what: &str, data: *const c_void, len: usize) -> Result<&'a [u8]> {
    // SAFETY: the caller's promise is the one asked for here.
    unsafe { array(what, data.cast(), len) }
}

/// Borrows an array; NULL with length 0 is empty.
///
/// # Safety
/// `items` is NULL or points to `len` items that do not change while they are borrowed.
pub(super) unsafe fn array<'a, T>(what: &str, items: *const T, len: usize) -> Result<&'a [T]> {
    if len == 0 {
        return Ok(&[]);
    }
    if items.is_null() {
        return Err(null(what));
    }
    if len > isize::MAX as usize / size_of::<T>() {
        return Err(Error::new(Status::Range, format!("the length of {what} is impossible")));
    }
    // SAFETY: not NULL, not larger than an object can be, and valid by the caller's promise.
    Ok(unsafe { slice::from_raw_parts(items, len) })
}

/// Borrows a NUL-terminated string of any encoding.
///
/// # Safety
/// `text` is NULL or points to a NUL-terminated string that does not change while it is borrowed.
pub(super) unsafe fn c_string<'a>(what: &str, text: *const c_char) -> Result<&'a [u8]> {
    if text.is_null() {
        return Err(null(what));
    }
    // SAFETY: not NULL, and NUL-terminated by the caller's promise.
    Ok(unsafe { CStr::from_ptr(text) }.to_bytes())
}

/// Borrows a NUL-terminated UTF-8 string.
///
/// # Safety
/// As for [`c_string`].
pub(super) unsafe fn text<'a>(what: &str, text: *const c_char) -> Result<&'a str> {
    // SAFETY: the caller's promise is the one asked for here.
    std::str::from_utf8(unsafe { c_string(what, text) }?)
        .map_err(|_| Error::new(Status::Utf8, format!("{what} is not UTF-8: encode it so")))
}

/// Borrows a NUL-terminated UTF-8 string that may be NULL.
///
/// # Safety
/// As for [`c_string`].
pub(super) unsafe fn optional_text<'a>(
    what: &str,
    string: *const c_char,
) -> Result<Option<&'a str>> {
    // SAFETY: the caller's promise is the one asked for here.
    (!string.is_null()).then(|| unsafe { text(what, string) }).transpose()
}

/// Borrows a handle that is only read.
///
/// # Safety
/// `hook` is NULL or a live handle that no other thread changes while it is borrowed.
pub(super) unsafe fn handle<'a>(hook: *const barker_webhook) -> Result<&'a State> {
    // SAFETY: the caller's promise is the one asked for here.
    unsafe { hook.as_ref().map(|hook| &*hook.state.get()) }.ok_or_else(|| null("hook"))
}

/// Borrows an out parameter.
///
/// # Safety
/// `out` is NULL or points to a writable `T` that nothing else uses while it is borrowed.
pub(super) unsafe fn out<'a, T>(what: &str, out: *mut T) -> Result<&'a mut T> {
    // SAFETY: the caller's promise is the one asked for here.
    unsafe { out.as_mut() }.ok_or_else(|| null(what))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ffi::constants::Constants;

    #[test]
    fn a_panic_becomes_an_error() {
        let error = catch(|| panic!("injected {}", 7)).unwrap_err();
        assert_eq!(error.status, Status::Internal);
        assert!(error.sentence.ends_with("injected 7"), "{error}");
        assert_eq!(without_handle(|| panic!("injected")), Status::Internal.constant());
    }
}
