//! The time at which a webhook was signed, as the text that is sent and signed.

use std::time::{Duration, SystemTime};

use crate::error::{Error, Result, Status};

/// Whole seconds may have this many digits, all of which a `u64` holds.
const MAX_SECONDS_DIGITS: usize = 19;
/// A fraction may have this many digits: nanoseconds.
const MAX_FRACTION_DIGITS: usize = 9;

/// The time at which something is signed: decimal Unix seconds, with a fraction or without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timestamp(String);

impl Timestamp {
    /// The given time, in microseconds as the Python original writes it.
    pub fn at(time: SystemTime) -> Self {
        let since_epoch = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self(format!("{}.{:06}", since_epoch.as_secs(), since_epoch.subsec_micros()))
    }

    /// The time that the caller wants.
    pub fn parse(text: &[u8]) -> Result<Self> {
        parse(text)?;
        let text = str::from_utf8(text).expect("digits and a point are ASCII");
        Ok(Self(text.to_owned()))
    }

    /// The whole text.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Without the fraction.
    pub(super) fn seconds(&self) -> &str {
        self.0.split_once('.').map_or(&self.0, |(seconds, _)| seconds)
    }
}

/// Reads digits, or digits, a point and digits, as the time since the epoch.
pub(super) fn parse(text: &[u8]) -> Result<Duration> {
    let Some(point) = text.iter().position(|&byte| byte == b'.') else {
        return parse_seconds(text);
    };
    let seconds = parse_seconds(&text[..point])?;
    let fraction = &text[point + 1..];
    let value = digits(fraction, MAX_FRACTION_DIGITS)?;
    let nanoseconds = value * 10u64.pow((MAX_FRACTION_DIGITS - fraction.len()) as u32);
    Ok(seconds + Duration::from_nanos(nanoseconds))
}

/// Reads digits, as the time since the epoch.
pub(super) fn parse_seconds(text: &[u8]) -> Result<Duration> {
    digits(text, MAX_SECONDS_DIGITS).map(Duration::from_secs)
}

/// The number that one to `limit` decimal digits write.
fn digits(text: &[u8], limit: usize) -> Result<u64> {
    if text.is_empty() || text.len() > limit || !text.iter().all(u8::is_ascii_digit) {
        return Err(Error::from(Status::HeaderMalformed));
    }
    Ok(text.iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0')))
}

/// Refuses a time further from `now` than the tolerance; returns for how long it will still pass.
pub(super) fn check(signed_at: Duration, now: SystemTime, tolerance: Duration) -> Result<Duration> {
    let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    if now.saturating_sub(signed_at) > tolerance {
        return Err(Status::TooOld.into());
    }
    if signed_at.saturating_sub(now) > tolerance {
        return Err(Status::TooNew.into());
    }
    Ok((signed_at + tolerance).saturating_sub(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_python_writes() {
        for (text, nanoseconds) in
            [("0", 0), ("7.5", 7_500_000_000), ("1566234234.123456", 1_566_234_234_123_456_000)]
        {
            assert_eq!(parse(text.as_bytes()).unwrap().as_nanos(), nanoseconds);
            assert_eq!(Timestamp::parse(text.as_bytes()).unwrap().as_str(), text);
        }
        assert_eq!(parse_seconds(b"9999999999999999999").unwrap().as_secs(), 9999999999999999999);
    }

    #[test]
    fn refuses_everything_else() {
        let longest = "9".repeat(20);
        for text in ["", ".", "1.", ".1", "-1", "+1", "1e9", " 1", "1,5", "1.1.1", "٣", &longest] {
            assert!(parse(text.as_bytes()).is_err(), "{text:?}");
        }
        assert!(parse(b"1\xff").is_err());
        assert!(parse(b"1.1234567890").is_err());
        assert!(parse_seconds(b"1.5").is_err());
    }

    #[test]
    fn writes_microseconds() {
        let time = SystemTime::UNIX_EPOCH + Duration::from_micros(1_566_234_234_000_042);
        assert_eq!(Timestamp::at(time).as_str(), "1566234234.000042");
        assert_eq!(Timestamp::at(time).seconds(), "1566234234");
    }
}
