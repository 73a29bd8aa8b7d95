//! When to send again: a schedule, and what the receiver asks for. It sends nothing and never waits.

use std::time::{Duration, SystemTime};

use crate::error::{Error, Result, Status};

const MAX_DELAYS: usize = 100;
const MAX_FINAL_STATUSES: usize = 300;

const SECOND: u32 = 1000;
const MINUTE: u32 = 60 * SECOND;
const HOUR: u32 = 60 * MINUTE;

/// The schedule of Standard Webhooks, without its first try.
const DEFAULT_DELAYS: [u32; 9] = [
    5 * SECOND,
    5 * MINUTE,
    30 * MINUTE,
    2 * HOUR,
    5 * HOUR,
    10 * HOUR,
    14 * HOUR,
    20 * HOUR,
    24 * HOUR,
];

/// When a message is sent again, and when it is given up.
#[derive(Clone, Debug)]
pub struct Retry {
    /// After each try that failed.
    delays: Vec<Duration>,
    /// How far a delay is varied, from 0 to 1.
    jitter: f64,
    /// How much longer a receiver may make a wait.
    retry_after_limit: Duration,
    overload_delay: Duration,
    final_statuses: Vec<u16>,
}

/// What came of sending a message once.
#[derive(Clone, Debug, Default)]
pub struct Try<'a> {
    /// Why no whole answer came, if none did.
    pub failure: Option<Status>,
    /// The answer's HTTP status, whether or not the rest of the answer came; 0 if none came.
    pub http_status: u16,
    /// The values of its Retry-After headers.
    pub retry_after: Vec<&'a [u8]>,
}

/// What is to become of a message after a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The receiver has it.
    Delivered,
    /// It is to be sent again after so long.
    Retry(Duration),
    /// It is not to be sent again.
    Dead,
    /// The receiver wants no more messages at all.
    Gone,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            delays: DEFAULT_DELAYS.map(milliseconds).into(),
            jitter: 0.2,
            retry_after_limit: milliseconds(2 * HOUR),
            overload_delay: milliseconds(MINUTE),
            final_statuses: Vec::new(),
        }
    }
}

impl Retry {
    /// How many milliseconds to wait after each try that failed. After the last, the message is dead.
    pub fn set_delays(&mut self, delays: &[u32]) -> Result<()> {
        if delays.len() > MAX_DELAYS {
            return Err(range(format!("there may be at most {MAX_DELAYS} delays")));
        }
        self.delays = delays.iter().copied().map(milliseconds).collect();
        Ok(())
    }

    /// How far a delay is varied at random, each way.
    pub fn set_jitter(&mut self, percent: u32) -> Result<()> {
        if percent > 100 {
            return Err(range("the jitter may be at most 100 percent"));
        }
        self.jitter = f64::from(percent) / 100.0;
        Ok(())
    }

    /// How many seconds longer than otherwise a Retry-After header may make a wait.
    pub fn set_retry_after(&mut self, seconds: u32) {
        self.retry_after_limit = Duration::from_secs(seconds.into());
    }

    /// How many milliseconds to wait at least if the receiver seems to have too much to do.
    pub fn set_overload_delay(&mut self, delay: u32) {
        self.overload_delay = milliseconds(delay);
    }

    /// After which HTTP statuses it is of no use to send again.
    pub fn set_final_statuses(&mut self, statuses: &[u16]) -> Result<()> {
        if statuses.len() > MAX_FINAL_STATUSES {
            return Err(range(format!("there may be at most {MAX_FINAL_STATUSES} final statuses")));
        }
        if !statuses.iter().all(|status| (300..=599).contains(status)) {
            return Err(range("a final status must be 300 to 599"));
        }
        self.final_statuses = statuses.into();
        Ok(())
    }

    /// Judges by the system's clock and random numbers.
    pub fn judge_now(&self, last: &Try<'_>, tries: u32) -> Verdict {
        self.judge(last, tries, SystemTime::now(), system_random)
    }

    /// What is to become of a message that was sent this many times, the last time with this outcome.
    /// The same arguments always lead to the same verdict.
    pub fn judge(
        &self,
        last: &Try<'_>,
        tries: u32,
        now: SystemTime,
        random: impl FnOnce() -> u32,
    ) -> Verdict {
        match last.http_status {
            200..=299 => return Verdict::Delivered,
            410 => return Verdict::Gone,
            status if self.final_statuses.contains(&status) => return Verdict::Dead,
            _ => {}
        }
        if last.failure.is_some_and(is_final) {
            return Verdict::Dead;
        }
        match self.delays.get(tries.saturating_sub(1) as usize) {
            Some(&delay) => Verdict::Retry(self.wait(delay, last, now, random())),
            None => Verdict::Dead,
        }
    }

    /// The schedule's delay with jitter, or what the receiver needs or asks for if that is longer.
    /// The jitter makes the latter longer only: those whom it sent away together must not come back
    /// together, nor too early.
    fn wait(&self, delay: Duration, last: &Try<'_>, now: SystemTime, random: u32) -> Duration {
        let share = self.jitter * f64::from(random) / f64::from(u32::MAX);
        let longer = 1.0 + share;
        let mut wait = delay.mul_f64(1.0 - self.jitter + 2.0 * share);
        if last.is_overload() {
            wait = wait.max(self.overload_delay.mul_f64(longer));
        }
        let limit = wait + self.retry_after_limit;
        // There should be one at most; of several, the longest does least harm.
        match last.retry_after.iter().filter_map(|value| asked_for(value, now)).max() {
            Some(asked) => wait.max(asked.min(limit).mul_f64(longer).min(limit)),
            None => wait,
        }
    }
}

impl Try<'_> {
    fn is_overload(&self) -> bool {
        match self.http_status {
            0 => self.failure == Some(Status::Timeout),
            status => matches!(status, 429 | 502 | 503 | 504),
        }
    }
}

/// Whether a try that failed so would fail again: the call was wrong, or is not allowed.
fn is_final(failure: Status) -> bool {
    use Status::*;
    let is_wrong_call =
        matches!(failure, Null | Utf8 | Url | Header | Range | Secret | Id | Certificate | Busy);
    is_wrong_call || failure == Refused
}

/// How long a Retry-After header asks to wait (RFC 9110 section 10.2.3): none if it is malformed, or
/// a date in the past.
fn asked_for(value: &[u8], now: SystemTime) -> Option<Duration> {
    let text = str::from_utf8(value.trim_ascii()).ok()?;
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // What does not fit is too long in any case.
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    // By this machine's clock: that of a Date header can be wrong as well, and the limit bounds both.
    httpdate::parse_http_date(text).ok()?.duration_since(now).ok()
}

fn milliseconds(count: u32) -> Duration {
    Duration::from_millis(count.into())
}

fn range(why: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(Status::Range, why)
}

/// There must be a verdict even if the system has no random numbers: then the number is a middling one.
fn system_random() -> u32 {
    let mut bytes = [0; 4];
    match getrandom::getrandom(&mut bytes) {
        Ok(()) => u32::from_ne_bytes(bytes),
        Err(_) => u32::MAX / 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn answered(http_status: u16, retry_after: &[&'static str]) -> Try<'static> {
        let retry_after = retry_after.iter().map(|value| value.as_bytes()).collect();
        Try { failure: None, http_status, retry_after }
    }

    fn failed(failure: Status) -> Try<'static> {
        Try { failure: Some(failure), ..Try::default() }
    }

    /// Sun, 06 Nov 1994 08:49:37 GMT, plus this many seconds.
    fn at(seconds: i64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(784_111_777 + seconds).unwrap())
    }

    /// How many seconds to wait, without jitter.
    fn wait(retry: &Retry, last: &Try<'_>, tries: u32) -> Option<u64> {
        let mut retry = retry.clone();
        retry.set_jitter(0).unwrap();
        match retry.judge(last, tries, at(0), || 7) {
            Verdict::Retry(wait) => Some(wait.as_secs_f64().round() as u64),
            _ => None,
        }
    }

    /// A single delay of a second, without jitter.
    fn simple() -> Retry {
        let mut retry = Retry::default();
        retry.set_jitter(0).unwrap();
        retry.set_delays(&[1000]).unwrap();
        retry.set_overload_delay(0);
        retry
    }

    #[test]
    fn the_default_schedule_is_that_of_standard_webhooks() {
        let waits = (1..).map_while(|tries| wait(&Retry::default(), &answered(500, &[]), tries));
        let (minutes, hours) = (60, 60 * 60);
        let mut expected = vec![5, 5 * minutes, 30 * minutes];
        expected.extend([2, 5, 10, 14, 20, 24].map(|count| count * hours));
        assert_eq!(waits.collect::<Vec<_>>(), expected);
        assert_eq!(wait(&Retry::default(), &answered(500, &[]), 0), Some(5), "0 counts as 1");
        assert_eq!(wait(&Retry::default(), &answered(500, &["5"]), u32::MAX), None);
    }

    #[test]
    fn an_answer_that_came_decides() {
        let mut retry = Retry::default();
        retry.set_final_statuses(&[410, 400, 413, 599]).unwrap();
        let judge = |http_status, failure| {
            let last = Try { failure, http_status, retry_after: vec![b"1"] };
            match retry.judge(&last, 1, at(0), || 7) {
                Verdict::Retry(_) => "retry",
                Verdict::Delivered => "delivered",
                Verdict::Gone => "gone",
                Verdict::Dead => "dead",
            }
        };
        for http_status in 100..=999 {
            let expected = match http_status {
                200..300 => "delivered",
                410 => "gone",
                400 | 413 | 599 => "dead",
                _ => "retry",
            };
            assert_eq!(judge(http_status, None), expected, "{http_status}");
            assert_eq!(judge(http_status, Some(Status::Receive)), expected, "{http_status}");
        }
    }

    #[test]
    fn overload_waits_longer() {
        let retry = Retry::default();
        for http_status in 300..=599 {
            let is_overload = matches!(http_status, 410 | 429 | 502 | 503 | 504);
            let expected = if is_overload { 60 } else { 5 };
            let found = wait(&retry, &answered(http_status, &[]), 1);
            assert_eq!(found, (http_status != 410).then_some(expected), "{http_status}");
        }
        assert_eq!(wait(&retry, &failed(Status::Timeout), 1), Some(60));
        assert_eq!(wait(&retry, &failed(Status::Receive), 1), Some(5));
        let cut_off = Try { failure: Some(Status::Timeout), ..answered(500, &[]) };
        assert_eq!(wait(&retry, &cut_off, 1), Some(5), "this is not silence");
        assert_eq!(wait(&retry, &failed(Status::Timeout), 2), Some(300), "it shortens nothing");
    }

    #[test]
    fn retry_after_is_read_in_each_form() {
        let retry = simple();
        for (value, expected) in [
            ("0", 1),
            ("1", 1),
            ("100", 100),
            ("000100", 100),
            (" \t100 ", 100),
            ("7201", 7201),
            ("7202", 7201),
            ("4294967296", 7201),
            ("18446744073709551616", 7201),
            ("99999999999999999999999999999999999999999999999999", 7201),
            ("Sun, 06 Nov 1994 08:50:37 GMT", 60),
            ("Sunday, 06-Nov-94 08:50:37 GMT", 60),
            ("Sun Nov  6 08:50:37 1994", 60),
            ("Sun, 06 Nov 1994 08:49:37 GMT", 1),
            ("Sun, 06 Nov 1994 08:49:36 GMT", 1),
            ("Thu, 01 Jan 1970 00:00:00 GMT", 1),
            ("Fri, 31 Dec 9999 23:59:59 GMT", 7201),
            // 00 to 69 are 2000 to 2069, 70 to 99 are 1970 to 1999.
            ("Tuesday, 31-Dec-69 23:59:59 GMT", 7201),
            ("Thursday, 01-Jan-70 00:00:00 GMT", 1),
        ] {
            assert_eq!(wait(&retry, &answered(503, &[value]), 1), Some(expected), "{value}");
            assert_eq!(wait(&retry, &answered(404, &[value]), 1), Some(expected), "{value}");
        }
    }

    #[test]
    fn a_malformed_retry_after_is_ignored() {
        for value in [
            "",
            " ",
            "-1",
            "+100",
            "100.5",
            "1e3",
            "0x64",
            "100s",
            "100, 200",
            "soon",
            "\u{665}",
            "Sun, 06 Nov 1994 08:50:37",
            "Sun, 06 Nov 1994 08:50:37 UTC",
            "Sun, 06 Nov 1994 08:50:37 +0000",
            "Mon, 06 Nov 1994 08:50:37 GMT",
            "Sun, 6 Nov 1994 08:50:37 GMT",
            "sun, 06 nov 1994 08:50:37 gmt",
            "Thu, 31 Nov 1994 08:50:37 GMT",
            "Sun, 06 Nov 1994 24:00:00 GMT",
            "Sun, 06 Nov 10000 08:50:37 GMT",
            "Fri, 31 Dec 1969 23:59:59 GMT",
            "1994-11-06T08:50:37Z",
            // A leap second: no clock here knows it.
            "Sat, 31 Dec 2016 23:59:60 GMT",
        ] {
            assert_eq!(wait(&simple(), &answered(503, &[value]), 1), Some(1), "{value:?}");
        }
        let not_text: &[&[u8]] = &[b"\xff", b"1\xff", b"1\0"];
        for &value in not_text {
            assert_eq!(asked_for(value, at(0)), None, "{value:?}");
        }
    }

    #[test]
    fn of_several_retry_after_the_longest_counts() {
        for values in [["10", "20"], ["20", "10"], ["20", "soon"], ["soon", "20"]] {
            assert_eq!(wait(&simple(), &answered(503, &values), 1), Some(20), "{values:?}");
        }
    }

    #[test]
    fn a_wrong_clock_does_no_more_than_the_limit_allows() {
        let last = answered(503, &["Sun, 06 Nov 1994 08:50:37 GMT"]);
        for (now, expected) in [
            (SystemTime::UNIX_EPOCH, 7201),
            (at(-1_000_000), 7201),
            (at(-1), 61),
            (at(59), 1),
            (at(60), 1),
            (at(1_000_000_000), 1),
            (SystemTime::UNIX_EPOCH - Duration::from_secs(1 << 40), 7201),
        ] {
            let expected = Verdict::Retry(Duration::from_secs(expected));
            assert_eq!(simple().judge(&last, 1, now, || 7), expected, "{now:?}");
        }
    }

    #[test]
    fn a_limit_of_zero_ignores_retry_after() {
        let mut retry = simple();
        retry.set_retry_after(0);
        assert_eq!(wait(&retry, &answered(503, &["100"]), 1), Some(1));
        retry.set_retry_after(u32::MAX);
        let longest = 1 + u64::from(u32::MAX);
        assert_eq!(wait(&retry, &answered(503, &["18446744073709551615"]), 1), Some(longest));
    }

    #[test]
    fn jitter_goes_as_far_as_it_was_set() {
        let mut retry = simple();
        for (percent, least, most) in [(0, 1.0, 1.0), (20, 0.8, 1.2), (100, 0.0, 2.0)] {
            retry.set_jitter(percent).unwrap();
            for (random, seconds) in [(0, least), (u32::MAX, most)] {
                let expected = Verdict::Retry(Duration::from_secs_f64(seconds));
                assert_eq!(retry.judge(&answered(500, &[]), 1, at(0), || random), expected);
            }
        }
    }

    #[test]
    fn what_is_out_of_bounds_changes_nothing() {
        let mut retry = simple();
        retry.set_final_statuses(&[400]).unwrap();
        let before = format!("{retry:?}");
        for result in [
            retry.set_delays(&[1; 101]),
            retry.set_jitter(101),
            retry.set_jitter(u32::MAX),
            retry.set_final_statuses(&[400; 301]),
            retry.set_final_statuses(&[400, 299]),
            retry.set_final_statuses(&[600]),
        ] {
            assert_eq!(result.unwrap_err().status, Status::Range);
        }
        assert_eq!(format!("{retry:?}"), before);
        retry.set_delays(&[u32::MAX; 100]).unwrap();
        retry.set_final_statuses(&[300; 300]).unwrap();
        retry.set_delays(&[]).unwrap();
        assert_eq!(wait(&retry, &answered(500, &["1"]), 1), None);
    }

    #[test]
    fn random_numbers_are_asked_for_only_to_wait() {
        let never = || panic!("not needed");
        for last in [answered(204, &[]), answered(410, &[]), failed(Status::Refused)] {
            Retry::default().judge(&last, 1, at(0), never);
        }
        Retry::default().judge(&answered(500, &[]), 10, at(0), never);
    }

    #[test]
    fn the_system_makes_waits_differ() {
        let mut waits: Vec<_> = (0..100)
            .map(|_| match Retry::default().judge_now(&answered(500, &[]), 9) {
                Verdict::Retry(wait) => wait,
                verdict => panic!("{verdict:?}"),
            })
            .collect();
        waits.sort_unstable();
        waits.dedup();
        assert!(waits.len() > 90, "{waits:?}");
    }

    proptest! {
        #[test]
        fn a_wait_keeps_to_its_bounds(
            (delay, overload_delay, limit) in any::<(u32, u32, u32)>(),
            percent in 0..=100_u32,
            (random, other_random) in any::<(u32, u32)>(),
            http_status in prop_oneof![Just(0), Just(503), Just(500), 300..=409_u16],
            is_silence in any::<bool>(),
            asked in prop_oneof![
                "[0-9]{1,30}",
                "\\PC{0,40}",
                (0..1_u64 << 37).prop_map(|at| httpdate::fmt_http_date(
                    SystemTime::UNIX_EPOCH + Duration::from_secs(at)
                )),
            ],
            now in 0..1_u64 << 37,
        ) {
            let mut retry = Retry::default();
            retry.set_delays(&[delay])?;
            retry.set_overload_delay(overload_delay);
            retry.set_retry_after(limit);
            retry.set_jitter(percent)?;
            let failure = (http_status == 0)
                .then_some(if is_silence { Status::Timeout } else { Status::Connect });
            let now = SystemTime::UNIX_EPOCH + Duration::from_secs(now);
            let wait = |retry_after: Vec<&[u8]>, random| {
                let last = Try { failure, http_status, retry_after };
                match retry.judge(&last, 1, now, || random) {
                    Verdict::Retry(wait) => wait.as_secs_f64(),
                    verdict => panic!("{verdict:?}"),
                }
            };
            let plain = wait(vec![], random);
            let with_header = wait(vec![asked.as_bytes()], random);
            let jitter = f64::from(percent) / 100.0;
            let (delay, overload_delay) =
                (f64::from(delay) / 1000.0, f64::from(overload_delay) / 1000.0);
            let margin = 1e-6;
            prop_assert!(plain >= delay * (1.0 - jitter) - margin);
            prop_assert!(plain <= delay.max(overload_delay) * (1.0 + jitter) + margin);
            if http_status == 503 || failure == Some(Status::Timeout) {
                prop_assert!(plain >= overload_delay - margin);
            } else {
                prop_assert!(plain <= delay * (1.0 + jitter) + margin);
            }
            prop_assert!(with_header >= plain);
            prop_assert!(with_header <= plain + f64::from(limit) + margin);
            if let Ok(seconds) = asked.parse::<u32>() {
                let expected = f64::from(seconds).min(plain + f64::from(limit));
                prop_assert!(with_header >= expected - margin);
            }
            prop_assert_eq!(plain, wait(vec![], random), "the same arguments, the same verdict");
            let (lower, higher) = (random.min(other_random), random.max(other_random));
            prop_assert!(wait(vec![], lower) <= wait(vec![], higher));
        }

        #[test]
        fn no_text_is_too_strange_for_a_date(
            text in "(Sun, [0-9]{2} Feb [0-9]{4}|Tuesday, [0-9]{2}-Dec-[0-9]{2}) [0-9:]{8} GMT",
            bytes in any::<Vec<u8>>(),
        ) {
            for value in [text.as_bytes(), &bytes] {
                asked_for(value, at(0));
            }
        }
    }
}
