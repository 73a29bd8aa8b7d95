//! Ending a send from another thread than that which waits in it.

use std::os::fd::RawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use mio::Waker;

use super::resolver::Lookup;
use super::socket::shut_down;
use crate::fork::ForkLock;

/// Says whether sends are to end; while one waits, it knows how to wake it.
#[derive(Default)]
pub struct Stop {
    is_stopped: AtomicBool,
    awaited: ForkLock<Awaited>,
}

/// What a send waits for.
#[derive(Default)]
pub(super) enum Awaited {
    #[default]
    Nothing,
    Sockets(Vec<RawFd>),
    Lookup(Arc<Lookup>),
    Batch(Arc<Waker>),
}

impl Stop {
    /// Whether sends are to end.
    pub fn set(&self, is_stopped: bool) {
        self.is_stopped.store(is_stopped, SeqCst);
        if is_stopped {
            self.awaited.lock().wake();
        }
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.is_stopped.load(SeqCst)
    }

    /// Has what is waited for woken by a stop, as long as the guard lives. None if it is stopped
    /// already: then there is nothing to wait for.
    pub(super) fn watch(self: &Arc<Self>, awaited: Awaited) -> Option<Watch> {
        *self.awaited.lock() = awaited;
        let watch = Watch(self.clone());
        (!self.is_stopped()).then_some(watch)
    }
}

pub(super) struct Watch(Arc<Stop>);

impl Drop for Watch {
    fn drop(&mut self) {
        *self.0.awaited.lock() = Awaited::Nothing;
    }
}

impl Awaited {
    fn wake(&self) {
        match self {
            Self::Nothing => {}
            Self::Sockets(sockets) => sockets.iter().for_each(|&socket| shut_down(socket)),
            Self::Lookup(lookup) => lookup.wake(),
            // It fails only for a batch that is over.
            Self::Batch(waker) => drop(waker.wake()),
        }
    }
}
