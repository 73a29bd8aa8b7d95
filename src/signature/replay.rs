//! Remembers which messages were accepted, as long as they would be accepted again.

use std::collections::HashSet;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use super::scheme::Identity;
use crate::error::{Result, barker_status::*};

/// The messages accepted lately, each as 64 bits of a keyed hash: two of them are taken for the
/// same once in 2^64 / `limit` messages.
///
/// They are kept in two generations. Every `lifetime` the older one is forgotten, so that each is
/// remembered for one lifetime at least and two at most.
pub struct ReplayGuard {
    limit: usize,
    key: RandomState,
    seen: Mutex<Seen>,
}

struct Seen {
    newer: HashSet<u64, BuildHasherDefault<AsItIs>>,
    older: HashSet<u64, BuildHasherDefault<AsItIs>>,
    turned: SystemTime,
}

/// A fingerprint is a hash already.
#[derive(Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn write(&mut self, _: &[u8]) {
        unreachable!("fingerprints are u64");
    }

    fn write_u64(&mut self, fingerprint: u64) {
        self.0 = fingerprint;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

impl ReplayGuard {
    /// Room for so many messages, allocated as they come.
    pub fn new(limit: usize) -> Self {
        let seen = Seen {
            newer: HashSet::default(),
            older: HashSet::default(),
            turned: SystemTime::UNIX_EPOCH,
        };
        Self { limit, key: RandomState::new(), seen: Mutex::new(seen) }
    }

    pub(super) fn fingerprint(&self, identity: &Identity<'_>) -> u64 {
        self.key.hash_one(identity)
    }

    /// Remembers a message, which may be known under several identities, unless it was seen.
    pub(super) fn accept(
        &self,
        fingerprints: &[u64],
        now: SystemTime,
        lifetime: Duration,
    ) -> Result<()> {
        let mut seen = self.lock();
        seen.turn(now, lifetime);
        let is_known = |print| seen.newer.contains(print) || seen.older.contains(print);
        if fingerprints.iter().any(is_known) {
            return Err(BARKER_ERR_REPLAYED.into());
        }
        if seen.newer.len() + seen.older.len() + fingerprints.len() > self.limit {
            return Err(BARKER_ERR_REPLAY_FULL.into());
        }
        seen.newer.extend(fingerprints);
        Ok(())
    }

    /// Forgets a message, so that it is accepted once more.
    pub(super) fn forget(&self, fingerprint: u64) {
        let mut seen = self.lock();
        seen.newer.remove(&fingerprint);
        seen.older.remove(&fingerprint);
    }

    /// A panic elsewhere cannot leave the sets half-made, so a poisoned lock is as good as any.
    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    fn turn(&mut self, now: SystemTime, lifetime: Duration) {
        let age = now.duration_since(self.turned).unwrap_or_default();
        if age < lifetime {
            return;
        }
        self.older = std::mem::take(&mut self.newer);
        if age >= lifetime.saturating_mul(2) {
            self.older = HashSet::default();
        }
        self.turned = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFETIME: Duration = Duration::from_secs(600);

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 + seconds)
    }

    #[test]
    fn a_message_is_known_for_its_lifetime() {
        let guard = ReplayGuard::new(10);
        let accept = |print, now| guard.accept(&[print], now, LIFETIME).map_err(|e| e.status);
        assert_eq!(accept(1, at(0)), Ok(()));
        assert_eq!(accept(2, at(599)), Ok(()));
        assert_eq!(accept(1, at(600)), Err(BARKER_ERR_REPLAYED));
        assert_eq!(accept(2, at(1199)), Err(BARKER_ERR_REPLAYED));
        assert_eq!(accept(2, at(1200)), Ok(()));
        guard.forget(2);
        assert_eq!(accept(2, at(1201)), Ok(()));
        assert_eq!(accept(2, at(0)), Err(BARKER_ERR_REPLAYED), "the clock was set back");
    }

    #[test]
    fn a_message_has_several_identities() {
        let guard = ReplayGuard::new(10);
        assert!(guard.accept(&[1, 2], at(0), LIFETIME).is_ok());
        assert!(guard.accept(&[2], at(0), LIFETIME).is_err());
    }

    #[test]
    fn a_full_guard_accepts_nothing_new() {
        let guard = ReplayGuard::new(1_000_000);
        for print in 0..1_000_000u64 {
            // Spread as hashes are.
            guard.accept(&[print.wrapping_mul(0x9e37_79b9_7f4a_7c15)], at(0), LIFETIME).unwrap();
        }
        let refused = guard.accept(&[1], at(1), LIFETIME).unwrap_err();
        assert_eq!(refused.status, BARKER_ERR_REPLAY_FULL);
        let repeated = guard.accept(&[0], at(1), LIFETIME).unwrap_err();
        assert_eq!(repeated.status, BARKER_ERR_REPLAYED);
        let seen = guard.lock();
        // hashbrown: 9 bytes for each of 8/7 of the next power of two.
        assert!(seen.newer.capacity() * 9 * 8 / 7 <= 20 * 1_000_000);
    }
}
