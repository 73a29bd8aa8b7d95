//! No panic and no cancellation of a thread gets out of the library.

use std::any::Any;
use std::cell::Cell;
use std::ffi::c_int;
use std::panic::{self, AssertUnwindSafe};
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use crate::error::{Error, Result, Status};

/// Runs `work`; a panic in it becomes an error and prints nothing.
pub(super) fn catch<T>(work: impl FnOnce() -> T) -> Result<T> {
    let mut work = Some(work);
    let mut result = None;
    catch_panic(&mut || result = work.take().map(|work| work()))?;
    result.ok_or_else(|| Error::from(Status::Internal))
}

/// The part of [`catch`] that is the same for all: once in the library, not once a function.
fn catch_panic(work: &mut dyn FnMut()) -> Result<()> {
    let _held_off = Cancellation::hold_off();
    thread_local!(static CATCHING: Cell<bool> = const { Cell::new(false) });
    // Not a Once, which a child of fork() would wait for forever.
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

/// Holds off pthread_cancel() for this thread as long as it lives: a thread that is cancelled during
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error() {
        let error = catch(|| panic!("injected {}", 7)).unwrap_err();
        assert_eq!(error.status, Status::Internal);
        assert!(error.sentence.ends_with("injected 7"), "{error}");
    }
}
