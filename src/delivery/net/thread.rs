//! The threads that the library starts: one for each lookup of a host name, and no other. They take
//! none of the host program's signals.

use std::thread::{Builder, JoinHandle};
use std::{io, mem, ptr};

use super::fork::generation;

/// What a lookup needs at most, the system's resolver and its modules included.
const STACK_LEN: usize = 512 * 1024;

/// A thread that was started. If it is dropped, the thread continues.
pub(super) struct Thread {
    handle: Option<JoinHandle<()>>,
    /// Of the process that has the thread: a child of it does not.
    generation: usize,
}

impl Thread {
    /// Starts a thread with every signal blocked.
    pub fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<Self> {
        // SAFETY: a signal set is plain data, and sigfillset() gives it its value.
        let mut all: libc::sigset_t = unsafe { mem::zeroed() };
        let mut before = all;
        // SAFETY: both sets are valid and writable. A thread begins with the mask of its creator.
        unsafe {
            libc::sigfillset(&raw mut all);
            libc::pthread_sigmask(libc::SIG_SETMASK, &raw const all, &raw mut before);
        }
        let handle = Builder::new().name(name.to_owned()).stack_size(STACK_LEN).spawn(work);
        // SAFETY: `before` is the mask that this thread had.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const before, ptr::null_mut()) };
        Ok(Self { handle: Some(handle?), generation: generation() })
    }

    /// Waits until it has ended.
    pub fn join(mut self) {
        if let Some(handle) = self.handle.take() {
            // It returns nothing, and does not panic.
            let _ = handle.join();
        }
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        if self.generation != generation() {
            // Dropping it could affect another thread that has its identifier in this process.
            mem::forget(self.handle.take());
        }
    }
}
