//! Ending a send from another thread than the one that waits in it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use mio::Waker;

use super::fork::ForkLock;

/// Says whether sends are to end. While one waits, it knows what to interrupt.
#[derive(Default)]
pub struct Cancellation {
    is_cancelled: AtomicBool,
    awaited: ForkLock<Option<Arc<dyn Interrupt>>>,
}

/// What a send waits for.
pub trait Interrupt: Send + Sync {
    /// Makes whoever waits for it look whether to go on.
    fn interrupt(&self);
}

impl Interrupt for Waker {
    fn interrupt(&self) {
        // It fails only if its poller is gone, and whoever waited there with it.
        let _ = self.wake();
    }
}

impl Cancellation {
    /// Whether sends must end.
    pub fn set(&self, is_cancelled: bool) {
        self.is_cancelled.store(is_cancelled, SeqCst);
        if is_cancelled && let Some(awaited) = &*self.awaited.lock() {
            awaited.interrupt();
        }
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.is_cancelled.load(SeqCst)
    }

    /// Interrupts what is waited for when it is cancelled, as long as the guard lives. None if it
    /// is cancelled already: then there is nothing to wait for.
    pub(crate) fn watch(self: &Arc<Self>, awaited: Arc<dyn Interrupt>) -> Option<Watch> {
        *self.awaited.lock() = Some(awaited);
        let watch = Watch(self.clone());
        (!self.is_cancelled()).then_some(watch)
    }
}

/// Ends what [`Cancellation::watch`] began when it is dropped.
pub struct Watch(Arc<Cancellation>);

impl Drop for Watch {
    fn drop(&mut self) {
        *self.0.awaited.lock() = None;
    }
}
