//! Many deliveries at once over one poller, none of which waits.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, VecDeque};
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::{Duration, Instant};

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Registry, Token, Waker};

use super::delivery::{Delivery, Outcome, Progress};
use super::http::Incoming;
use super::net::{EngineId, Interrupt, Socket};
use crate::error::{Error, Result, Status};

/// Events taken at a time.
const MAX_EVENTS: usize = 1024;
/// The token of lookups that have ended, and of interrupts.
const WAKE: Token = Token(usize::MAX);

/// Deliveries under way, each with something of its owner's.
pub struct Engine<T> {
    id: EngineId,
    poll: Poll,
    events: Events,
    waker: Arc<Waker>,
    interruption: Arc<Interruption>,
    /// By slot.
    flights: Vec<Option<Flight<T>>>,
    /// The slot of the delivery that used a socket last, by its descriptor, which is its token.
    slots: Vec<usize>,
    free: Vec<usize>,
    /// When slots are ready even if nothing happens.
    alarms: BinaryHeap<Reverse<(Instant, usize)>>,
    /// Slots for which something happened, or whose turn ended before they were done.
    ready: VecDeque<(usize, Incoming)>,
    /// Slots that wait until another delivery frees a descriptor.
    starved: BTreeSet<usize>,
    ended: VecDeque<(T, Outcome)>,
}

/// What other threads interrupt the engine with.
struct Interruption {
    waker: Arc<Waker>,
    has_come: AtomicBool,
}

impl Interrupt for Interruption {
    fn interrupt(&self) {
        self.has_come.store(true, SeqCst);
        self.waker.interrupt();
    }
}

struct Flight<T> {
    owned: T,
    delivery: Delivery<'static>,
    /// The earliest alarm that is set for it.
    alarm: Option<Instant>,
    awaits_lookup: bool,
}

impl<T> Engine<T> {
    /// An engine without deliveries.
    pub fn new() -> Result<Self> {
        let poll = Poll::new().map_err(system)?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKE).map_err(system)?);
        Ok(Self {
            interruption: Arc::new(Interruption {
                waker: waker.clone(),
                has_come: AtomicBool::new(false),
            }),
            waker,
            id: EngineId::new(),
            poll,
            events: Events::with_capacity(MAX_EVENTS),
            flights: Vec::new(),
            slots: Vec::new(),
            free: Vec::new(),
            alarms: BinaryHeap::new(),
            ready: VecDeque::new(),
            starved: BTreeSet::new(),
            ended: VecDeque::new(),
        })
    }

    /// How many deliveries are under way.
    pub fn in_flight(&self) -> usize {
        self.flights.len() - self.free.len()
    }

    /// Whether there are no descriptors for more deliveries.
    pub fn is_starved(&self) -> bool {
        !self.starved.is_empty()
    }

    /// Ends a wait, from any thread.
    pub fn interrupt(&self) -> Arc<dyn Interrupt> {
        self.interruption.clone()
    }

    /// Whether there was an interrupt since this was last asked.
    pub fn was_interrupted(&self) -> bool {
        self.interruption.has_come.swap(false, SeqCst)
    }

    /// Starts a delivery, as far as it gets at once.
    pub fn launch(&mut self, owned: T, delivery: Delivery<'static>) {
        let flight = Flight { owned, delivery, alarm: None, awaits_lookup: false };
        let slot = self.free.pop().unwrap_or_else(|| {
            self.flights.push(None);
            self.flights.len() - 1
        });
        self.flights[slot] = Some(flight);
        self.advance(slot, Incoming::NotYet);
    }

    /// A delivery that has ended, in the order of their ends.
    pub fn take_ended(&mut self) -> Option<(T, Outcome)> {
        self.ended.pop_front()
    }

    /// Breaks off all deliveries, and returns their owners' parts.
    pub fn abandon(self) -> impl Iterator<Item = T> {
        self.flights.into_iter().flatten().map(|flight| flight.owned)
    }

    /// How long nothing has to be done unless the descriptor becomes readable.
    pub fn idle_time(&self) -> Option<Duration> {
        if !self.ready.is_empty() || !self.ended.is_empty() {
            return Some(Duration::ZERO);
        }
        if self.in_flight() == 0 {
            return None; // The alarms that are left are for nobody.
        }
        let Reverse((first, _)) = self.alarms.peek()?;
        Some(first.saturating_duration_since(Instant::now()))
    }

    /// Waits until something happens, at most this long, and gives each delivery that can continue a
    /// turn, for about so much time in all. The next step goes on with those that are left.
    pub fn step(&mut self, longest: Option<Duration>, time: Duration) -> Result<()> {
        self.wait(longest.into_iter().chain(self.idle_time()).min()).map_err(system)?;
        let began = Instant::now();
        self.ring_alarms(began);
        for _ in 0..self.ready.len() {
            if let Some((slot, incoming)) = self.ready.pop_front() {
                self.advance(slot, incoming);
            }
            if began.elapsed() >= time {
                break;
            }
        }
        Ok(())
    }

    /// Continues a delivery.
    fn advance(&mut self, slot: usize, incoming: Incoming) {
        let Some(Some(flight)) = self.flights.get_mut(slot) else { return };
        self.starved.remove(&slot);
        let result = match flight.delivery.advance(incoming) {
            Ok(Progress::Ended(response)) => Ok(response),
            Ok(Progress::TurnOver) => {
                self.ready.push_back((slot, Incoming::There));
                return;
            }
            Ok(Progress::Waits) => match self.watch(slot) {
                Ok(()) => return,
                Err(error) => Err(error),
            },
            Err(error) => Err(error),
        };
        self.free.push(slot);
        // Another one may need what it held.
        let next = self.starved.pop_first();
        self.ready.extend(next.map(|slot| (slot, Incoming::NotYet)));
        if let Some(Flight { owned, delivery, .. }) = self.flights[slot].take() {
            self.ended.push_back((owned, delivery.conclude(result)));
        }
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
        for socket in flight.delivery.sockets() {
            let fd = socket.as_raw_fd() as usize;
            if fd >= self.slots.len() {
                self.slots.resize(fd + 1, usize::MAX);
            }
            self.slots[fd] = slot;
            if socket.watched_by != Some(self.id) {
                register(self.poll.registry(), socket, Token(fd)).map_err(system)?;
                socket.watched_by = Some(self.id);
            }
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
            self.set_alarm(at, slot);
        }
        Ok(())
    }

    /// Most alarms outlive their deliveries: those are thrown out before they are too many.
    fn set_alarm(&mut self, at: Instant, slot: usize) {
        if self.alarms.len() >= 2 * self.flights.len() + MAX_EVENTS {
            let flights = &self.flights;
            self.alarms.retain(|Reverse((at, slot))| {
                flights[*slot].as_ref().is_some_and(|flight| flight.alarm == Some(*at))
            });
        }
        self.alarms.push(Reverse((at, slot)));
    }

    /// Waits until something happens, and lists the slots as ready.
    fn wait(&mut self, longest: Option<Duration>) -> io::Result<()> {
        match self.poll.poll(&mut self.events, longest) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
            _ => {}
        }
        for event in &self.events {
            if event.token() == WAKE {
                let is_woken = |flight: &Flight<T>| flight.delivery.is_woken();
                let slots = (0..self.flights.len())
                    .filter(|&slot| self.flights[slot].as_ref().is_some_and(is_woken));
                self.ready.extend(slots.map(|slot| (slot, Incoming::NotYet)));
            } else {
                let there = event.is_readable() || event.is_read_closed() || event.is_error();
                let incoming = if there { Incoming::There } else { Incoming::NotYet };
                // An idle connection may still have the slot of its last delivery. Whichever delivery
                // has that slot now then looks, and finds nothing.
                let slot = self.slots.get(event.token().0).copied();
                self.ready.extend(slot.map(|slot| (slot, incoming)));
            }
        }
        Ok(())
    }

    fn ring_alarms(&mut self, now: Instant) {
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

impl<T> AsRawFd for Engine<T> {
    /// It is readable while there is something to do.
    fn as_raw_fd(&self) -> RawFd {
        self.poll.as_raw_fd()
    }
}

fn system(error: io::Error) -> Error {
    Error::new(Status::System, format!("the system cannot watch connections: {error}"))
}

/// A connection that another engine used in between is registered already.
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
