//! Many deliveries at once over one poller, all of them on the calling thread.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, VecDeque};
use std::io;
use std::ops::ControlFlow;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Registry, Token, Waker};

use super::delivery::{Delivery, Outcome, Progress};
use super::http::Incoming;
use super::net::{Socket, Watch};
use crate::error::{Error, Result, Status};

/// How many deliveries are begun before those under way have their turn again.
const BURST: usize = 32;
/// Events taken at a time.
const MAX_EVENTS: usize = 1024;
/// What lookups that have ended and deliveries that are cancelled are announced with.
const WAKE: Token = Token(usize::MAX);

/// Makes these deliveries, at most `max_in_flight` at a time. Calls `end` with the number of each,
/// with what came with it and its outcome, and stops if `end` says so.
pub fn deliver_all<'a, T>(
    mut deliveries: impl ExactSizeIterator<Item = Result<(T, Delivery<'a>)>>,
    max_in_flight: usize,
    mut end: impl FnMut(usize, Result<(T, Outcome)>) -> ControlFlow<()>,
) -> Result<()> {
    let mut engine = Engine::new().map_err(system)?;
    let count = deliveries.len();
    loop {
        let room = engine.room(max_in_flight).min(BURST);
        for _ in 0..room.min(deliveries.len()) {
            let index = count - deliveries.len();
            let over = match deliveries.next() {
                Some(Ok((owned, delivery))) => engine.launch(index, owned, delivery),
                Some(Err(error)) => Some((index, Err(error))),
                None => None,
            };
            if report(over, &mut end).is_break() {
                return Ok(());
            }
        }
        if deliveries.len() == 0 && engine.in_flight() == 0 {
            return Ok(());
        }
        let may_launch = deliveries.len() > 0 && engine.room(max_in_flight) > 0;
        engine.wait(may_launch).map_err(system)?;
        // One turn each: those that go on at once come again after all others.
        for _ in 0..engine.ready.len() {
            if let Some((slot, incoming)) = engine.ready.pop_front()
                && report(engine.advance(slot, incoming), &mut end).is_break()
            {
                return Ok(());
            }
        }
    }
}

/// The number of a delivery, and what came of it.
type Ended<T> = (usize, Result<(T, Outcome)>);

fn report<T>(
    ended: Option<Ended<T>>,
    end: &mut impl FnMut(usize, Result<(T, Outcome)>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    ended.map_or(ControlFlow::Continue(()), |(index, result)| end(index, result))
}

fn system(error: io::Error) -> Error {
    Error::new(Status::System, format!("the system does not watch connections: {error}"))
}

struct Engine<'a, T> {
    poll: Poll,
    events: Events,
    waker: Arc<Waker>,
    /// By slot, which is also the token of a delivery's sockets.
    flights: Vec<Option<Flight<'a, T>>>,
    free: Vec<usize>,
    /// When slots are ready even if nothing happens.
    alarms: BinaryHeap<Reverse<(Instant, usize)>>,
    /// Slots for which something happened, or whose turn was over before they had done all.
    ready: VecDeque<(usize, Incoming)>,
    /// Slots that wait for a descriptor which another delivery has.
    starved: BTreeSet<usize>,
}

struct Flight<'a, T> {
    index: usize,
    owned: T,
    delivery: Delivery<'a>,
    /// The earliest alarm that is set for it.
    alarm: Option<Instant>,
    awaits_lookup: bool,
    _watch: Option<Watch>,
}

impl<'a, T> Engine<'a, T> {
    fn new() -> io::Result<Self> {
        let poll = Poll::new()?;
        Ok(Self {
            waker: Arc::new(Waker::new(poll.registry(), WAKE)?),
            poll,
            events: Events::with_capacity(MAX_EVENTS),
            flights: Vec::new(),
            free: Vec::new(),
            alarms: BinaryHeap::new(),
            ready: VecDeque::new(),
            starved: BTreeSet::new(),
        })
    }

    fn in_flight(&self) -> usize {
        self.flights.len() - self.free.len()
    }

    /// How many more may be launched: none while there are no descriptors for them.
    fn room(&self, max_in_flight: usize) -> usize {
        if self.starved.is_empty() { max_in_flight - self.in_flight() } else { 0 }
    }

    fn launch(&mut self, index: usize, owned: T, delivery: Delivery<'a>) -> Option<Ended<T>> {
        let _watch = delivery.deadline().watch(self.waker.clone());
        let flight = Flight { index, owned, delivery, alarm: None, awaits_lookup: false, _watch };
        let slot = self.free.pop().unwrap_or_else(|| {
            self.flights.push(None);
            self.flights.len() - 1
        });
        self.flights[slot] = Some(flight);
        self.advance(slot, Incoming::NotYet)
    }

    /// Goes on with a delivery; returns its outcome if it has come to its end.
    fn advance(&mut self, slot: usize, incoming: Incoming) -> Option<Ended<T>> {
        let flight = self.flights[slot].as_mut()?;
        self.starved.remove(&slot);
        let result = match flight.delivery.advance(incoming) {
            Ok(Progress::Ended(response)) => Ok(response),
            Ok(Progress::TurnOver) => {
                self.ready.push_back((slot, Incoming::There));
                return None;
            }
            Ok(Progress::Waits) => match self.watch(slot) {
                Ok(()) => return None,
                Err(error) => Err(error),
            },
            Err(error) => Err(error),
        };
        self.free.push(slot);
        // What it held, another one may need.
        let next = self.starved.pop_first();
        self.ready.extend(next.map(|slot| (slot, Incoming::NotYet)));
        let Flight { index, owned, delivery, .. } = self.flights[slot].take()?;
        Some((index, Ok((owned, delivery.conclude(result)))))
    }

    /// Makes the delivery ready once something happens to it, or its time is over.
    fn watch(&mut self, slot: usize) -> Result<()> {
        let others = self.in_flight() - 1 - self.starved.len();
        let Some(flight) = &mut self.flights[slot] else { return Ok(()) };
        if let Some(error) = flight.delivery.starvation() {
            if others == 0 {
                return Err(error.clone());
            }
            self.starved.insert(slot);
        }
        for socket in flight.delivery.sockets().filter(|socket| !socket.is_watched) {
            register(self.poll.registry(), socket, Token(slot)).map_err(system)?;
            socket.is_watched = true;
        }
        let lookup = flight.delivery.lookup();
        if let Some(lookup) = lookup
            && !flight.awaits_lookup
        {
            lookup.notify(&self.waker).map_err(system)?;
        }
        flight.awaits_lookup = lookup.is_some();
        if let Some(at) = flight.delivery.wakes_at()
            && flight.alarm.is_none_or(|alarm| at < alarm)
        {
            flight.alarm = Some(at);
            self.alarms.push(Reverse((at, slot)));
        }
        Ok(())
    }

    /// Waits until something happens, or only looks whether it did; lists those slots as ready.
    fn wait(&mut self, only_look: bool) -> io::Result<()> {
        let first = self.alarms.peek().map(|Reverse((at, _))| *at);
        let until_first = first.map(|at| at.saturating_duration_since(Instant::now()));
        let only_look = only_look || !self.ready.is_empty();
        let wait = if only_look { Some(Duration::ZERO) } else { until_first };
        match self.poll.poll(&mut self.events, wait) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
            _ => {}
        }
        for event in &self.events {
            if event.token() == WAKE {
                let is_woken = |flight: &Flight<'_, T>| flight.delivery.is_woken();
                let slots = (0..self.flights.len())
                    .filter(|&slot| self.flights[slot].as_ref().is_some_and(is_woken));
                self.ready.extend(slots.map(|slot| (slot, Incoming::NotYet)));
            } else {
                let there = event.is_readable() || event.is_read_closed() || event.is_error();
                let incoming = if there { Incoming::There } else { Incoming::NotYet };
                self.ready.push_back((event.token().0, incoming));
            }
        }
        self.ring_alarms();
        Ok(())
    }

    fn ring_alarms(&mut self) {
        let now = Instant::now();
        while let Some(&Reverse((at, slot))) = self.alarms.peek()
            && at <= now
        {
            self.alarms.pop();
            if let Some(flight) = &mut self.flights[slot]
                && flight.alarm == Some(at)
            {
                flight.alarm = None;
                self.ready.push_back((slot, Incoming::NotYet));
            }
        }
    }
}

/// A socket that was idle in between may be registered already, for another delivery.
fn register(registry: &Registry, socket: &Socket, token: Token) -> io::Result<()> {
    let fd = socket.as_raw_fd();
    let interest = Interest::READABLE | Interest::WRITABLE;
    match registry.register(&mut SourceFd(&fd), token, interest) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            registry.reregister(&mut SourceFd(&fd), token, interest)
        }
        other => other,
    }
}
