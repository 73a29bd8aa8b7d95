//! Threads of the library's own, which take none of the host program's signals, and locks between
//! threads.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::{io, mem, ptr};

/// Starts a thread with every signal blocked.
pub(super) fn spawn(
    name: &str,
    work: impl FnOnce() + Send + 'static,
) -> io::Result<JoinHandle<()>> {
    // SAFETY: a signal set is plain data, and sigfillset() gives it its value.
    let mut all: libc::sigset_t = unsafe { mem::zeroed() };
    let mut before = all;
    // SAFETY: both sets are valid and writable. A thread begins with the mask of its creator.
    unsafe {
        libc::sigfillset(&raw mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const all, &raw mut before);
    }
    let thread = Builder::new().name(name.to_owned()).spawn(work);
    // SAFETY: `before` is the mask that this thread had.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const before, ptr::null_mut()) };
    thread
}

/// Locks what a panic elsewhere cannot leave half-changed, so that a poisoned lock is as good as any.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether the program has rights that its user has not (setuid, setgid, file capabilities).
pub(super) fn is_privileged() -> bool {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    // SAFETY: getauxval() takes any number, and touches no memory of the program's.
    let is_privileged = unsafe { libc::getauxval(libc::AT_SECURE) } != 0;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    // SAFETY: issetugid() takes nothing and always succeeds.
    let is_privileged = unsafe { libc::issetugid() } != 0;
    is_privileged
}
