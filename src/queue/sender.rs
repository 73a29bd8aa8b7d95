//! Many messages on their way, none of which is waited for: each is signed and sent when there is a
//! place for it.

use std::collections::VecDeque;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::line::{Host, Line, Places};
use crate::delivery::{Engine, Interrupt, Watch};
use crate::error::{Error, Result, Status};
use crate::signature::Signed;
use crate::webhook::{SentMessage, Signer, Webhook};

/// How long messages are launched, and after that those under way looked after, before whoever
/// drives the sender can see to other things.
const TURN: Duration = Duration::from_micros(250);

/// A message to send, with whatever its owner knows it by.
pub trait Message {
    /// The webhook whose data is to be sent.
    fn webhook(&mut self) -> &mut Webhook;
}

/// Messages in line and under way.
pub struct Sender<M> {
    engine: Engine<Launched<M>>,
    line: Line<Waiting<M>>,
    signer: Signer,
    ended: VecDeque<(M, Result<SentMessage>)>,
}

struct Waiting<M> {
    message: M,
    watch: Watch,
}

struct Launched<M> {
    message: M,
    host: Host,
    signed: Arc<Signed>,
    _watch: Watch,
}

impl<M: Message> Sender<M> {
    /// A sender without messages.
    pub fn new(places: Places) -> Result<Self> {
        Ok(Self {
            engine: Engine::new()?,
            line: Line::new(places),
            signer: Signer::default(),
            ended: VecDeque::new(),
        })
    }

    /// How many may be under way from now on.
    pub fn set_places(&mut self, places: Places) {
        self.line.set_places(places);
    }

    /// How many messages there are, with those that have ended and were not taken.
    pub fn len(&self) -> usize {
        self.line.len() + self.engine.in_flight() + self.ended.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Ends a wait, from any thread.
    pub fn interrupt(&self) -> Arc<dyn Interrupt> {
        self.engine.interrupt()
    }

    /// Puts a message in line, which fails when its turn comes if it has no receiver.
    pub fn add(&mut self, mut message: M) {
        let webhook = message.webhook();
        let host = webhook.target().map(Host::of);
        let watch = webhook.cancellation().watch(self.engine.interrupt()).ok_or_else(stopped);
        match host.and_then(|host| Ok((host, watch?))) {
            Ok((host, watch)) => self.line.push(&host, Waiting { message, watch }),
            Err(error) => self.ended.push_back((message, Err(error))),
        }
    }

    /// A message whose delivery has ended, in the order of their ends.
    pub fn take_ended(&mut self) -> Option<(M, Result<SentMessage>)> {
        self.ended.pop_front()
    }

    /// Ends all that have not ended yet.
    pub fn abandon(self, mut end: impl FnMut(M)) {
        let Self { engine, mut line, .. } = self;
        line.take_out(|_| true).into_iter().for_each(|waiting| end(waiting.message));
        engine.abandon().for_each(|launched| end(launched.message));
    }

    /// How long nothing has to be done unless the descriptor becomes readable.
    pub fn idle_time(&self) -> Option<Duration> {
        if self.may_launch() || !self.ended.is_empty() {
            return Some(Duration::ZERO);
        }
        self.engine.idle_time()
    }

    /// Continues as far as possible in one turn. If nothing can be done at once, waits at most this
    /// long.
    pub fn step(&mut self, longest: Option<Duration>) -> Result<()> {
        let began = Instant::now();
        while self.may_launch() && began.elapsed() < TURN {
            self.launch_next();
        }
        self.engine.step(longest.into_iter().chain(self.idle_time()).min(), TURN)?;
        while let Some((launched, outcome)) = self.engine.take_ended() {
            self.line.free_place(&launched.host);
            let sent = SentMessage { signed: launched.signed, outcome };
            self.ended.push_back((launched.message, Ok(sent)));
        }
        if self.engine.was_interrupted() {
            self.end_cancelled();
        }
        Ok(())
    }

    fn may_launch(&self) -> bool {
        self.line.has_next() && !self.engine.is_starved()
    }

    fn launch_next(&mut self) {
        let Some((host, Waiting { mut message, watch })) = self.line.take_next() else { return };
        match message.webhook().begin(&mut self.signer) {
            Ok((signed, delivery)) => {
                let launched = Launched { message, host, signed, _watch: watch };
                self.engine.launch(launched, delivery);
            }
            Err(error) => {
                self.line.free_place(&host);
                self.ended.push_back((message, Err(error)));
            }
        }
    }

    /// Those under way end by themselves.
    fn end_cancelled(&mut self) {
        let is_cancelled =
            |waiting: &mut Waiting<M>| waiting.message.webhook().cancellation().is_cancelled();
        for Waiting { message, .. } in self.line.take_out(is_cancelled) {
            self.ended.push_back((message, Err(stopped())));
        }
    }
}

fn stopped() -> Error {
    Error::new(Status::Stopped, "stopped before its turn came")
}

impl<M> AsRawFd for Sender<M> {
    /// It is readable while there is something to do.
    fn as_raw_fd(&self) -> RawFd {
        self.engine.as_raw_fd()
    }
}
