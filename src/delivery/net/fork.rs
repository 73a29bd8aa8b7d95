//! What the threads of a process share, and what happens to it in a child of `fork()`.
//!
//! A child has only the thread that forked. A lock that another thread of the parent held during
//! the fork stays locked in the child forever, and what it guards may be half-changed. So
//! everything that threads share is in a [`ForkLock`]: a child does not touch the parent's copy and
//! starts with its own. The resolver of the C library has locks with the same problem: [`PutOff`]
//! delays forks while they may be held.

use std::mem;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError, Weak};
use std::thread::park_timeout;
use std::time::Duration;

use once_cell::race::OnceBox;

/// How many forks there were between the process that loaded the library and this one.
static GENERATION: AtomicUsize = AtomicUsize::new(0);
static IS_WATCHING: AtomicBool = AtomicBool::new(false);
/// Threads that are forking, and threads that put forks off.
static FORKING: AtomicUsize = AtomicUsize::new(0);
static PUTTING_OFF: AtomicUsize = AtomicUsize::new(0);
/// How many of the latter a fork has waited for without success; the next one does not wait for
/// them. When one of them ends, it may have been any: so there is one less.
static SLOW: AtomicUsize = AtomicUsize::new(0);

/// How long a fork is put off at most, in steps: half a second. A lookup that takes longer waits
/// for a name server, and holds no lock in the meantime.
const STEP: Duration = Duration::from_micros(100);
const MAX_STEPS: usize = 5000;

/// Waits without a cancellation point, which nanosleep() is.
extern "C" fn before_fork() {
    FORKING.fetch_add(1, SeqCst);
    for _ in 0..MAX_STEPS {
        if PUTTING_OFF.load(SeqCst) <= SLOW.load(SeqCst) {
            return;
        }
        park_timeout(STEP);
    }
    SLOW.store(PUTTING_OFF.load(SeqCst), SeqCst);
}

extern "C" fn after_fork_in_parent() {
    FORKING.fetch_sub(1, SeqCst);
}

extern "C" fn after_fork_in_child() {
    FORKING.store(0, SeqCst);
    PUTTING_OFF.store(0, SeqCst);
    SLOW.store(0, SeqCst);
    GENERATION.fetch_add(1, SeqCst);
}

/// Puts off forks for a short time, as long as it lives.
pub(super) struct PutOff {
    /// The process that it was made in; in a child of that it does nothing.
    generation: usize,
}

impl PutOff {
    /// Waits until no thread is forking.
    pub fn new() -> Self {
        loop {
            let generation = generation();
            PUTTING_OFF.fetch_add(1, SeqCst);
            if FORKING.load(SeqCst) == 0 {
                return Self { generation };
            }
            PUTTING_OFF.fetch_sub(1, SeqCst);
            park_timeout(STEP);
        }
    }
}

impl Drop for PutOff {
    fn drop(&mut self) {
        if self.generation == generation() {
            PUTTING_OFF.fetch_sub(1, SeqCst);
            let _ = SLOW.fetch_update(SeqCst, SeqCst, |slow| slow.checked_sub(1));
        }
    }
}

/// Distinguishes this process from those that it was forked from. Not by process ids: in two
/// namespaces of ids, a parent and its child can have the same one.
///
/// Never waits: threads that come here first at the same time may all ask the system to call
/// back at forks, which does no harm.
pub(crate) fn generation() -> usize {
    if !IS_WATCHING.load(SeqCst) {
        // SAFETY: the functions change atomic numbers, and the first may wait for a moment.
        let failed = unsafe {
            libc::pthread_atfork(
                Some(before_fork),
                Some(after_fork_in_parent),
                Some(after_fork_in_child),
            )
        };
        IS_WATCHING.store(failed == 0, SeqCst);
    }
    GENERATION.load(SeqCst)
}

/// A lock whose content belongs to one process. In a child it guards new content, and no thread
/// waits for threads that the child does not have.
pub(crate) struct ForkLock<T: Default>(Content<T>);

/// The content of one process, and after it those of its children that used the lock.
struct Content<T: Default> {
    generation: usize,
    value: Mutex<T>,
    next: OnceBox<Content<T>>,
}

impl<T: Default> ForkLock<T> {
    /// A lock in a static variable: it existed before any fork.
    pub const fn new(value: T) -> Self {
        Self(Content { generation: 0, value: Mutex::new(value), next: OnceBox::new() })
    }

    /// Waits until no other thread of this process holds the lock. A panic does not poison it:
    /// nothing that is locked here is changed in steps that can panic.
    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.present().lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// As [`lock`](Self::lock), but does not wait: None if it is held.
    pub fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        match self.present().try_lock() {
            Ok(guard) => Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// What belongs to this process.
    fn present(&self) -> &Mutex<T> {
        let present = generation();
        let mut content = &self.0;
        while content.generation != present {
            content = content.next.get_or_init(|| {
                content.abandon();
                Box::new(Content::of(present))
            });
        }
        &content.value
    }
}

impl<T: Default> Default for ForkLock<T> {
    fn default() -> Self {
        Self(Content::of(generation()))
    }
}

impl<T: Default> Content<T> {
    fn of(generation: usize) -> Self {
        Self { generation, value: Mutex::default(), next: OnceBox::new() }
    }

    /// Frees what the child has inherited, including descriptors, unless a thread that the child
    /// lacks was changing it.
    fn abandon(&self) {
        let inherited = match self.value.try_lock() {
            Ok(mut value) => mem::take(&mut *value),
            Err(TryLockError::Poisoned(poisoned)) => mem::take(&mut *poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => return,
        };
        drop(inherited);
    }
}

impl<T: Default> Drop for Content<T> {
    /// Nothing uses it any more. If it is locked, then by a thread that this child lacks, which may
    /// have left it half-changed.
    fn drop(&mut self) {
        if matches!(self.value.try_lock(), Err(TryLockError::WouldBlock)) {
            mem::forget(mem::take(&mut self.value));
        }
    }
}

impl<T: Default> ForkLock<Weak<T>> {
    /// What all who ask for it at the same time share. It is freed when the last of them lets go.
    pub fn get_or_make(&self) -> Arc<T> {
        let mut current = self.lock();
        current.upgrade().unwrap_or_else(|| {
            let new = Arc::default();
            *current = Arc::downgrade(&new);
            new
        })
    }
}
