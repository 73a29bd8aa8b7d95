//! Engine: sends that do not wait, for programs that have an event loop.

use std::cell::Cell;
use std::ffi::c_void;
use std::os::fd::AsRawFd;
use std::ptr;
use std::sync::Arc;
use std::time::Duration;

use super::boundary::{null, without_handle};
use super::handle::barker_webhook;
use super::lent::Lent;
use super::panic::catch;
use super::status::*;
use crate::delivery::{ForkLock, Interrupt};
use crate::error::{Error, Result, Status};
use crate::queue::{Places, Sender};

/// Deliveries that run while the program does other things.
///
/// An engine is one descriptor to watch and one function to call: barker_engine_step(), whenever
/// barker_engine_fd() is readable or barker_engine_timeout() has passed. It calls nothing back, and
/// starts no thread except to look up host names.
///
///     void *user;
///     if (barker_engine_add(engine, hook, order) != BARKER_OK) // lends the handle
///         fprintf(stderr, "%s\n", barker_webhook_error(hook));
///     while (barker_engine_count(engine) > 0) {
///         // Here the program waits, for barker_engine_fd() and for whatever else it serves.
///         if (barker_engine_step(engine, 0) != BARKER_OK)
///             fprintf(stderr, "the system lacks memory or descriptors\n");
///         while ((hook = barker_engine_next(engine, &user)) != NULL) // returns it
///             printf("%s\n", barker_status_string(barker_webhook_status(hook)));
///     }
///
/// Thread-safety: only one thread at a time may use an engine and the handles that are lent to it.
/// Any thread may call barker_engine_wake() and, on a lent handle, barker_webhook_set_stopped().
///
/// After fork(), the child may keep using its engines. They are empty, and have other descriptors
/// than in the parent. The handles that were lent are the child's own again.
pub struct barker_engine {
    sender: ForkLock<Option<Sender<Lent<*mut c_void>>>>,
    /// For other threads: the sender is locked while it waits.
    interrupt: ForkLock<Option<Arc<dyn Interrupt>>>,
    places: Cell<Places>,
}

/// Far below the usual limit of descriptors.
const DEFAULT_PLACES: Places = Places { in_all: 256, per_host: 64 };

/// Makes an engine.
///
/// @return an engine, which the caller frees with barker_engine_free(); NULL if the system lacks
///         descriptors or memory
/// @since 0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn barker_engine_new() -> *mut barker_engine {
    let make = || {
        let engine = Box::new(barker_engine {
            sender: ForkLock::default(),
            interrupt: ForkLock::default(),
            places: Cell::new(DEFAULT_PLACES),
        });
        engine.with(|_| ())?;
        Ok(Box::into_raw(engine))
    };
    catch(make).and_then(|made| made).unwrap_or(ptr::null_mut())
}

/// Stops all deliveries and frees the engine. The handles that it had are the caller's again, with
/// the status BARKER_ERR_STOPPED unless they had ended before.
///
/// @param engine  NULL, or an engine that is not used again. One that is in use is not freed.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_engine_free(engine: *mut barker_engine) {
    if engine.is_null() {
        return;
    }
    // Nothing here panics, and if the allocator did, the caller could do nothing about it.
    let _ = catch(|| {
        // SAFETY: live, and the caller gives it up.
        let Some(mut sender) = unsafe { &*engine }.sender.try_lock().map(|mut own| own.take())
        else {
            return; // It is in use: better not freed than not there any more.
        };
        // SAFETY: it came from Box::into_raw.
        drop(unsafe { Box::from_raw(engine) });
        if let Some(mut sender) = sender.take() {
            while let Some((lent, outcome)) = sender.take_ended() {
                lent.conclude(outcome);
            }
            sender.abandon(|lent| {
                lent.conclude(Err(Status::Stopped.into()));
            });
        }
    });
}

/// Sets how many deliveries may run at once. The others wait for their turn; hosts take turns.
///
/// @param engine    the engine
/// @param in_all    how many in all, each of which needs a file descriptor; 0 means 256. While the
///                  process has no descriptors left, deliveries wait until others end.
/// @param per_host  how many to one host and port, so that a slow receiver leaves places for
///                  others; 0 means 64
/// @return BARKER_OK, BARKER_ERR_NULL or BARKER_ERR_BUSY
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_engine_set_limits(
    engine: *mut barker_engine,
    in_all: u32,
    per_host: u32,
) -> barker_status {
    let or = |number: u32, default| if number == 0 { default } else { number as usize };
    let places = Places {
        in_all: or(in_all, DEFAULT_PLACES.in_all),
        per_host: or(per_host, DEFAULT_PLACES.per_host),
    };
    without_handle(|| {
        // SAFETY: the caller passes NULL or a live engine.
        let engine = unsafe { reference(engine) }?;
        engine.with(|sender| sender.set_places(places))?;
        engine.places.set(places);
        Ok(())
    })
}

/// Adds a message: the data that was set is signed and sent in the next steps. The handle is lent
/// to the engine until barker_engine_next() returns it. Until then, every call that would change
/// the handle returns BARKER_ERR_BUSY, except barker_webhook_set_stopped(). If the handle is freed,
/// its delivery is stopped and barker_engine_next() does not return it. The handle's timeout starts
/// when it is signed.
///
/// @param engine  the engine
/// @param hook    the handle; one handle can be lent only once at a time: clone it for more
///                messages
/// @param user    returned by barker_engine_next(); may be NULL
/// @return BARKER_OK, also if the delivery then fails at once; BARKER_ERR_NULL; BARKER_ERR_URL if
///         no URL was set; BARKER_ERR_BUSY if the handle is lent already or the engine is in use;
///         or BARKER_ERR_SYSTEM. Except after BARKER_OK, the handle stays the caller's.
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_engine_add(
    engine: *mut barker_engine,
    hook: *mut barker_webhook,
    user: *mut c_void,
) -> barker_status {
    without_handle(|| {
        // SAFETY: the caller passes NULL or a live engine.
        let engine = unsafe { reference(engine) }?;
        engine.with(|sender| {
            // SAFETY: the caller passes NULL or a live handle, and lends it.
            let mut lent = unsafe { Lent::lend(hook, user) }?;
            lent.check_receiver()?;
            sender.add(lent);
            Ok(())
        })?
    })
}

/// Returns the descriptor that becomes readable when barker_engine_step() has something to do. Watch
/// it for reading with select(), poll(), epoll or kqueue, level-triggered. Do not read from it and
/// do not close it. It stays the same until the engine is freed or the process forks.
///
/// @param engine  the engine
/// @return a descriptor; -1 if engine is NULL or in use, or the system lacks descriptors
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_engine_fd(engine: *const barker_engine) -> i32 {
    // SAFETY: the caller passes NULL or a live engine.
    unsafe { read(engine, -1, |sender| sender.as_raw_fd()) }
}

/// Returns how long the program may wait before it calls barker_engine_step() even if the descriptor
/// does not become readable. Ask again after each call of barker_engine_add(),
/// barker_engine_step() and barker_engine_next().
///
/// @param engine  the engine
/// @return milliseconds, 0 for at once, -1 for any time; 0 if the engine is in use
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_engine_timeout(engine: *const barker_engine) -> i32 {
    let milliseconds = |time: Duration| {
        // Rounded up: too early would be a busy wait for the rest.
        time.as_nanos().div_ceil(1_000_000).try_into().unwrap_or(i32::MAX)
    };
    // SAFETY: the caller passes NULL or a live engine.
    unsafe { read(engine, 0, |sender| sender.idle_time().map_or(-1, milliseconds)) }
}

/// Continues the deliveries as far as possible without waiting for any of them, for half a
/// millisecond or a little more: signing a large message and a TLS handshake cannot be interrupted.
/// If nothing can be done at once, it waits.
///
/// @param engine        the engine
/// @param milliseconds  how long to wait at most; 0 does not wait
/// @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_BUSY or BARKER_ERR_SYSTEM
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_engine_step(
    engine: *mut barker_engine,
    milliseconds: u32,
) -> barker_status {
    without_handle(|| {
        // SAFETY: the caller passes NULL or a live engine.
        let engine = unsafe { reference(engine) }?;
        let longest = Duration::from_millis(milliseconds.into());
        engine.with(|sender| sender.step(Some(longest)))?
    })
}

/// Returns a handle whose delivery has ended, in the order in which they ended. It has its outcome,
/// as after barker_webhook_send(), and is the caller's again.
///
/// @param engine  the engine
/// @param user    receives what was passed to barker_engine_add(); may be NULL
/// @return a handle; NULL if no other delivery has ended, or the engine is in use
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_engine_next(
    engine: *mut barker_engine,
    user: *mut *mut c_void,
) -> *mut barker_webhook {
    // SAFETY: the caller passes NULL or a place for a pointer.
    let mut user = unsafe { user.as_mut() };
    if let Some(user) = &mut user {
        **user = ptr::null_mut();
    }
    let next = |sender: &mut Sender<Lent<*mut c_void>>| {
        loop {
            let (lent, outcome) = sender.take_ended()?;
            let owner = lent.owner;
            if let Some((hook, _)) = lent.conclude(outcome) {
                return Some((hook, owner));
            }
        }
    };
    // SAFETY: the caller passes NULL or a live engine.
    let Some((hook, owner)) = (unsafe { read(engine, None, next) }) else {
        return ptr::null_mut();
    };
    if let Some(user) = user {
        *user = owner;
    }
    hook
}

/// Returns how many handles are lent to the engine.
///
/// @param engine  the engine
/// @return those that wait for their turn, those under way, and those that barker_engine_next() has
///         not returned yet; 0 if the engine is in use
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_engine_count(engine: *const barker_engine) -> usize {
    // SAFETY: the caller passes NULL or a live engine.
    unsafe { read(engine, 0, |sender| sender.len()) }
}

/// Makes a barker_engine_step() that waits return at once, or if none waits, the next one. Any
/// thread may call it, but not a signal handler.
///
/// @param engine  the engine
/// @return BARKER_OK or BARKER_ERR_NULL
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_engine_wake(engine: *const barker_engine) -> barker_status {
    without_handle(|| {
        // SAFETY: the caller passes NULL or a live engine.
        let engine = unsafe { reference(engine) }?;
        if let Some(interrupt) = &*engine.interrupt.lock() {
            interrupt.interrupt();
        }
        Ok(())
    })
}

impl barker_engine {
    /// Uses the sender of this process.
    fn with<T>(&self, work: impl FnOnce(&mut Sender<Lent<*mut c_void>>) -> T) -> Result<T> {
        let busy = || Error::from(Status::Busy);
        let mut guard = self.sender.try_lock().ok_or_else(busy)?;
        let sender = match &mut *guard {
            Some(sender) => sender,
            none => {
                let sender = none.insert(Sender::new(self.places.get())?);
                *self.interrupt.lock() = Some(sender.interrupt());
                sender
            }
        };
        Ok(work(sender))
    }
}

/// Borrows an engine.
///
/// # Safety
/// `engine` is NULL or a live engine.
unsafe fn reference<'a>(engine: *const barker_engine) -> Result<&'a barker_engine> {
    // SAFETY: the caller's promise is the one asked for here.
    unsafe { engine.as_ref() }.ok_or_else(|| null("engine"))
}

/// Asks an engine; returns `otherwise` if it is NULL or in use.
///
/// # Safety
/// As for [`reference`].
unsafe fn read<T>(
    engine: *const barker_engine,
    otherwise: T,
    work: impl FnOnce(&mut Sender<Lent<*mut c_void>>) -> T,
) -> T {
    // SAFETY: the caller's promise is the one asked for here.
    let engine = unsafe { reference(engine) };
    engine
        .and_then(|engine| catch(|| engine.with(work)).and_then(|result| result))
        .unwrap_or(otherwise)
}
