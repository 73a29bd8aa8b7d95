//! Remembers accepted messages for as long as they would be accepted again.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};
use std::time::{Duration, Instant, SystemTime};

use super::verification::Identity;
use crate::delivery::ForkLock;
use crate::error::{Result, Status};

/// The messages accepted lately, each as 64 bits of a keyed hash: one in 2^64 / `limit` messages is
/// mistaken for another.
///
/// They age by a clock that nobody can set. A message is remembered at least until its timestamp is
/// outside the tolerance. If there is room, it is remembered half a lifetime longer, in case the
/// system's clock is set back, and until its timestamp is outside the tolerance by that clock too:
/// a message that came while the clock was ahead would otherwise pass again later.
pub struct ReplayGuard {
    limit: usize,
    key: RandomState,
    made: Instant,
    /// A child of a fork starts with none: it would not know what the parent accepts afterwards.
    seen: ForkLock<Seen>,
}

/// A message to remember.
#[derive(Clone, Copy, Default)]
pub(super) struct Message {
    pub fingerprint: u64,
    /// How long its timestamp will stay within the tolerance, if that is checked.
    pub passes_for: Option<Duration>,
}

#[derive(Default)]
struct Seen {
    messages: HashMap<u64, Term, BuildHasherDefault<AsItIs>>,
    /// When expired messages were last removed.
    swept: u32,
}

/// Until when a message passes by each clock; without a timestamp, by the first alone.
struct Term {
    age: u32,
    time: u32,
}

/// The present by two clocks.
#[derive(Clone, Copy)]
struct Now {
    /// Ticks since the guard was made.
    age: u32,
    /// Unix seconds.
    time: u32,
}

/// The guard's ticks, enough of them for years.
const TICK: Duration = Duration::from_millis(100);

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
    /// Room for `limit` messages, allocated as they come.
    pub fn new(limit: usize) -> Self {
        Self { limit, key: RandomState::new(), made: Instant::now(), seen: ForkLock::default() }
    }

    pub(super) fn fingerprint(&self, identity: &Identity<'_>) -> u64 {
        self.key.hash_one(identity)
    }

    /// Remembers a message, which may be known under several identities, unless it was seen.
    pub(super) fn accept(
        &self,
        messages: &[Message],
        now: SystemTime,
        lifetime: Duration,
    ) -> Result<()> {
        let now = Now::new(self.made.elapsed(), now);
        self.seen.lock().accept(messages, now, lifetime, self.limit)
    }

    /// Forgets a message, so that it is accepted once more.
    pub(super) fn forget(&self, fingerprint: u64) {
        self.seen.lock().messages.remove(&fingerprint);
    }
}

impl Seen {
    fn accept(
        &mut self,
        messages: &[Message],
        now: Now,
        lifetime: Duration,
        limit: usize,
    ) -> Result<()> {
        if messages.iter().any(|message| self.messages.contains_key(&message.fingerprint)) {
            return Err(Status::Replayed.into());
        }
        let grace = ticks(lifetime / 2);
        let is_full = |seen: &Self| seen.messages.len() + messages.len() > limit;
        if is_full(self) && now.age > self.swept {
            self.sweep(now, |term| now.age <= term.age);
        } else if now.age.saturating_sub(self.swept) > grace {
            self.sweep(now, |term| {
                now.age <= term.age.saturating_add(grace) || now.time <= term.time
            });
        }
        if is_full(self) {
            return Err(Status::ReplayFull.into());
        }
        let term = |passes_for| Term::new(now, passes_for, lifetime);
        let terms = messages.iter().map(|message| (message.fingerprint, term(message.passes_for)));
        self.messages.extend(terms);
        Ok(())
    }

    fn sweep(&mut self, now: Now, is_kept: impl Fn(&Term) -> bool) {
        self.messages.retain(|_, term| is_kept(term));
        self.messages.shrink_to(2 * self.messages.len());
        self.swept = now.age;
    }
}

impl Term {
    fn new(now: Now, passes_for: Option<Duration>, lifetime: Duration) -> Self {
        let age = now.age.saturating_add(ticks(passes_for.unwrap_or(lifetime)) + 1);
        let time = passes_for.map_or(0, |rest| now.time.saturating_add(seconds(rest) + 1));
        Self { age, time }
    }
}

impl Now {
    fn new(age: Duration, time: SystemTime) -> Self {
        let time = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self { age: ticks(age), time: seconds(time) }
    }
}

fn ticks(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis() / TICK.as_millis()).unwrap_or(u32::MAX)
}

fn seconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_secs()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::result;

    use crate::error::Status;

    const TOLERANCE: u64 = 300;
    /// What the system's clock says when it is right.
    const START: u64 = 1_700_000_000;

    /// A guard's memory `age` seconds after it was made; the system's clock is `ahead`.
    struct Memory {
        seen: Seen,
        limit: usize,
        age: u64,
        ahead: i64,
    }

    impl Memory {
        fn new(limit: usize) -> Self {
            Self { seen: Seen::default(), limit, age: 0, ahead: 0 }
        }

        fn clock(&self) -> u64 {
            (START + self.age).strict_add_signed(self.ahead)
        }

        /// A message signed then, which must pass; or one without timestamp.
        fn take(&mut self, print: u64, at: Option<u64>) -> result::Result<(), Status> {
            let clock = SystemTime::UNIX_EPOCH + Duration::from_secs(self.clock());
            let passes_for = at.map(|at| {
                assert!(at.abs_diff(self.clock()) <= TOLERANCE, "it would be refused");
                Duration::from_secs(at + TOLERANCE - self.clock())
            });
            let message = Message { fingerprint: print, passes_for };
            let now = Now::new(Duration::from_secs(self.age), clock);
            let lifetime = Duration::from_secs(2 * TOLERANCE);
            self.seen.accept(&[message], now, lifetime, self.limit).map_err(|error| error.status)
        }

        /// A message signed just now.
        fn take_fresh(&mut self, print: u64) -> result::Result<(), Status> {
            self.take(print, Some(self.clock()))
        }
    }

    #[test]
    fn a_message_is_known_as_long_as_it_passes() {
        for signed_at in [START - TOLERANCE, START, START + TOLERANCE] {
            let mut memory = Memory::new(3);
            assert_eq!(memory.take(1, Some(signed_at)), Ok(()));
            for age in (0..=signed_at + TOLERANCE - START).step_by(50) {
                memory.age = age;
                assert_eq!(memory.take(1, Some(signed_at)), Err(Status::Replayed), "{age}");
                // Others come, more than there is room for.
                let _ = memory.take_fresh(1000 + age);
            }
        }
    }

    #[test]
    fn one_without_timestamp_is_known_for_a_lifetime() {
        let mut memory = Memory::new(1);
        assert_eq!(memory.take(1, None), Ok(()));
        memory.age = 2 * TOLERANCE;
        assert_eq!(memory.take(1, None), Err(Status::Replayed));
        assert_eq!(memory.take(2, None), Err(Status::ReplayFull));
        memory.age = 2 * TOLERANCE + 1;
        assert_eq!(memory.take(2, None), Ok(()));
        assert_eq!(memory.take(1, None), Err(Status::ReplayFull));
    }

    #[test]
    fn the_clock_jumps_and_comes_back() {
        for ahead in [-3600, -200, 200, 3600] {
            let mut memory = Memory::new(100);
            assert_eq!(memory.take_fresh(1), Ok(()));
            memory.ahead = ahead;
            for print in 10..20 {
                memory.age += 10;
                assert_eq!(memory.take_fresh(print), Ok(()), "{ahead}");
            }
            memory.ahead = 0;
            assert_eq!(memory.take(1, Some(START)), Err(Status::Replayed), "{ahead}");
            // What came meanwhile is known when its timestamp passes again, and forgotten then.
            for age in (150..9000).step_by(50) {
                memory.age = age;
                assert_eq!(memory.take_fresh(1000 + age), Ok(()), "{ahead}");
                let signed_at = (START + 100).strict_add_signed(ahead);
                if signed_at.abs_diff(memory.clock()) <= TOLERANCE {
                    let again = memory.take(19, Some(signed_at));
                    assert_eq!(again, Err(Status::Replayed), "{ahead}, {age}");
                }
            }
            assert!(memory.seen.messages.len() < 30, "{}", memory.seen.messages.len());
        }
    }

    #[test]
    fn the_clock_is_set_back_for_good() {
        let mut memory = Memory::new(10);
        assert_eq!(memory.take_fresh(1), Ok(()));
        memory.age = TOLERANCE + 200;
        memory.ahead = -250;
        assert_eq!(memory.take(1, Some(START)), Err(Status::Replayed));
    }

    #[test]
    fn what_came_while_the_clock_was_ahead_does_not_keep_others_out() {
        let mut memory = Memory::new(3);
        memory.ahead = 3600;
        for print in 1..=3 {
            assert_eq!(memory.take_fresh(print), Ok(()));
        }
        memory.ahead = 0;
        assert_eq!(memory.take_fresh(4), Err(Status::ReplayFull));
        memory.age = TOLERANCE + 1;
        assert_eq!(memory.take_fresh(4), Ok(()));
    }

    #[test]
    fn a_message_has_several_identities() {
        let guard = ReplayGuard::new(10);
        let messages = [1, 2].map(|fingerprint| Message { fingerprint, passes_for: None });
        let accept = |messages: &[Message]| {
            let accepted = guard.accept(messages, SystemTime::now(), Duration::from_secs(1));
            accepted.map_err(|error| error.status)
        };
        assert_eq!(accept(&messages), Ok(()));
        assert_eq!(accept(&messages[1..]), Err(Status::Replayed));
        guard.forget(2);
        assert_eq!(accept(&messages[1..]), Ok(()));
    }

    #[test]
    fn a_full_guard_accepts_nothing_new() {
        let mut memory = Memory::new(1_000_000);
        for print in 0..1_000_000u64 {
            // Spread as hashes are.
            memory.take_fresh(print.wrapping_mul(0x9e37_79b9_7f4a_7c15)).unwrap();
        }
        memory.age = 1;
        assert_eq!(memory.take_fresh(1), Err(Status::ReplayFull));
        assert_eq!(memory.take_fresh(0), Err(Status::Replayed));
        // hashbrown: 17 bytes for each of 8/7 of the next power of two.
        assert!(memory.seen.messages.capacity() * 17 * 8 / 7 <= 40 * 1_000_000);
    }
}
