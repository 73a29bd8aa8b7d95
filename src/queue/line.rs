//! Messages in line: each waits until there is a place for it, in all and at its host.

use std::collections::{HashMap, VecDeque};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::delivery::Target;

/// How many deliveries may be under way at once.
#[derive(Clone, Copy)]
pub struct Places {
    /// All of them.
    pub in_all: usize,
    /// Those to one scheme, host and port, so that a slow one does not take all places.
    pub per_host: usize,
}

/// Where a message goes, as far as places are concerned.
#[derive(Clone)]
pub(super) struct Host(Arc<Target>);

impl Host {
    pub fn of(target: &Arc<Target>) -> Self {
        Self(target.clone())
    }
}

impl PartialEq for Host {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.origin() == other.0.origin()
    }
}

impl Eq for Host {}

impl Hash for Host {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.origin().hash(state);
    }
}

pub(super) struct Line<M> {
    hosts: HashMap<Host, AtHost<M>>,
    /// The hosts that had a place for a message in line when this was last looked at. Each has one
    /// turn after the other.
    turns: VecDeque<Host>,
    waiting: usize,
    in_flight: usize,
    places: Places,
}

struct AtHost<M> {
    waiting: VecDeque<M>,
    in_flight: usize,
    has_turn: bool,
}

impl<M> Default for AtHost<M> {
    fn default() -> Self {
        Self { waiting: VecDeque::new(), in_flight: 0, has_turn: false }
    }
}

impl<M> Line<M> {
    pub fn new(places: Places) -> Self {
        Self { hosts: HashMap::new(), turns: VecDeque::new(), waiting: 0, in_flight: 0, places }
    }

    pub fn set_places(&mut self, places: Places) {
        self.places = places;
        let hosts: Vec<Host> = self.hosts.keys().cloned().collect();
        hosts.iter().for_each(|host| self.change(host, |_| ()));
    }

    pub fn len(&self) -> usize {
        self.waiting
    }

    pub fn push(&mut self, host: &Host, message: M) {
        self.waiting += 1;
        self.change(host, |at_host| at_host.waiting.push_back(message));
    }

    /// Whether a message may have a place.
    pub fn has_next(&self) -> bool {
        self.in_flight < self.places.in_all && !self.turns.is_empty()
    }

    /// The next message that has a place, and takes the place.
    pub fn take_next(&mut self) -> Option<(Host, M)> {
        while self.has_next() {
            let host = self.turns.pop_front()?;
            let places = self.places;
            let next = self.change(&host, |at_host| {
                at_host.has_turn = false;
                let next = at_host.may_go(places).then(|| at_host.waiting.pop_front()).flatten()?;
                at_host.in_flight += 1;
                Some(next)
            });
            if let Some(message) = next {
                self.waiting -= 1;
                self.in_flight += 1;
                return Some((host, message));
            }
        }
        None
    }

    /// Gives back the place of a message that was taken.
    pub fn free_place(&mut self, host: &Host) {
        self.in_flight -= 1;
        self.change(host, |at_host| at_host.in_flight -= 1);
    }

    /// Takes out those that must not wait any longer.
    pub fn take_out(&mut self, is_over: impl Fn(&mut M) -> bool) -> Vec<M> {
        let mut over = Vec::new();
        let hosts: Vec<Host> = self.hosts.keys().cloned().collect();
        for host in hosts {
            self.change(&host, |at_host| {
                for mut message in std::mem::take(&mut at_host.waiting) {
                    match is_over(&mut message) {
                        true => over.push(message),
                        false => at_host.waiting.push_back(message),
                    }
                }
            });
        }
        self.waiting -= over.len();
        over
    }

    /// Changes what is known of a host, and its turn accordingly.
    fn change<T>(&mut self, host: &Host, change: impl FnOnce(&mut AtHost<M>) -> T) -> T {
        let at_host = self.hosts.entry(host.clone()).or_default();
        let result = change(at_host);
        if at_host.may_go(self.places) && !at_host.has_turn {
            at_host.has_turn = true;
            self.turns.push_back(host.clone());
        }
        if at_host.waiting.is_empty() && at_host.in_flight == 0 && !at_host.has_turn {
            self.hosts.remove(host);
        }
        result
    }
}

impl<M> AtHost<M> {
    fn may_go(&self, places: Places) -> bool {
        !self.waiting.is_empty() && self.in_flight < places.per_host
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(number: usize) -> Host {
        Host::of(&Arc::new(Target::parse(&format!("http://host-{number}.test/x")).unwrap()))
    }

    fn line(in_all: usize, per_host: usize) -> Line<usize> {
        Line::new(Places { in_all, per_host })
    }

    fn taken(line: &mut Line<usize>) -> Vec<usize> {
        std::iter::from_fn(|| line.take_next().map(|(_, message)| message)).collect()
    }

    #[test]
    fn hosts_take_turns() {
        let mut line = line(100, 100);
        for message in 0..6 {
            line.push(&host(message / 3), message);
        }
        assert_eq!(taken(&mut line), [0, 3, 1, 4, 2, 5]);
        assert_eq!(line.len(), 0);
    }

    #[test]
    fn no_host_has_more_places_than_its_own() {
        let mut line = line(3, 2);
        for message in 0..4 {
            line.push(&host(0), message);
        }
        line.push(&host(1), 4);
        line.push(&host(2), 5);
        assert_eq!(taken(&mut line), [0, 4, 5]);
        line.free_place(&host(1));
        assert_eq!(taken(&mut line), [1]);
        line.free_place(&host(2));
        assert_eq!(taken(&mut line), [], "the first host has two");
        line.free_place(&host(0));
        assert_eq!(taken(&mut line), [2]);
        line.set_places(Places { in_all: 3, per_host: 3 });
        assert_eq!(taken(&mut line), [3]);
    }

    #[test]
    fn what_is_taken_out_has_no_turn() {
        let mut line = line(2, 1);
        for message in 0..3 {
            line.push(&host(0), message);
        }
        assert_eq!(line.take_next().map(|(_, message)| message), Some(0));
        assert_eq!(line.take_out(|_| true), [1, 2]);
        line.free_place(&host(0));
        assert!(line.take_next().is_none());
        line.push(&host(0), 3);
        assert_eq!(taken(&mut line), [3]);
        line.free_place(&host(0));
        assert!(line.hosts.is_empty() && !line.has_next());
    }
}
