//! Handles that are lent, to an engine or to a batch, until their deliveries have ended.

use super::boundary::null;
use super::handle::barker_webhook;
use super::state::State;
use super::status::barker_status;
use crate::delivery::generation;
use crate::error::{Error, Result, Status};
use crate::queue::Message;
use crate::webhook::{SentMessage, Webhook};

/// A handle that nobody else changes meanwhile, and what its owner knows it by. In a child of fork()
/// the loan is void: there the handle is the program's own.
pub(super) struct Lent<T> {
    hook: *mut barker_webhook,
    generation: usize,
    pub owner: T,
}

impl<T> Lent<T> {
    /// Takes a handle, unless it is lent already.
    ///
    /// # Safety
    /// `hook` is NULL or a live handle. Until it is given back, no other thread uses it, and it is
    /// freed by barker_webhook_free() alone.
    pub unsafe fn lend(hook: *mut barker_webhook, owner: T) -> Result<Self> {
        // SAFETY: NULL or live, and nobody else's during the call.
        let state = unsafe { hook.as_ref().map(|hook| &mut *hook.state.get()) };
        let state = state.ok_or_else(|| null("hook"))?;
        state.check_not_lent()?;
        state.lent_in = Some(generation());
        Ok(Self { hook, generation: generation(), owner })
    }

    /// Until there is an outcome, the delivery counts as stopped.
    pub fn begin(&mut self) {
        self.state().conclude(Err(Status::Stopped.into()));
    }

    /// Fails if there is nobody to send to; the handle keeps the sentence.
    pub fn check_receiver(&mut self) -> Result<()> {
        let state = self.state();
        let result = state.webhook.target().map(drop);
        state.remember(&result);
        result
    }

    /// Gives the handle back with its outcome; None if the program has freed it meanwhile.
    pub fn conclude(
        mut self,
        outcome: Result<SentMessage>,
    ) -> Option<(*mut barker_webhook, barker_status)> {
        let state = self.state();
        let status = state.conclude(outcome);
        (!state.is_freed).then_some((self.hook, status))
    }

    fn state(&mut self) -> &mut State {
        // SAFETY: live, and nobody else's as long as it is lent.
        unsafe { &mut *(*self.hook).state.get() }
    }
}

impl<T> Message for Lent<T> {
    fn webhook(&mut self) -> &mut Webhook {
        &mut self.state().webhook
    }
}

impl<T> Drop for Lent<T> {
    fn drop(&mut self) {
        if self.generation != generation() {
            return;
        }
        let state = self.state();
        state.lent_in = None;
        if state.is_freed {
            // SAFETY: the program gave the handle up while it was lent.
            drop(unsafe { Box::from_raw(self.hook) });
        }
    }
}

impl State {
    /// Fails while an engine or a batch has the handle.
    pub fn check_not_lent(&self) -> Result<()> {
        match self.is_lent() {
            true => Err(Error::new(
                Status::Busy,
                "the handle is lent to an engine or a batch: wait until its delivery has ended",
            )),
            false => Ok(()),
        }
    }

    pub fn is_lent(&self) -> bool {
        self.lent_in == Some(generation())
    }
}
