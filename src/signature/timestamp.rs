//! The time at which a webhook was signed, as the text that is sent and signed.

use std::time::{Duration, SystemTime};

use crate::error::{Error, Result, barker_status::*};

/// Decimal Unix seconds, with a fraction or without: what the Python original writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timestamp {
    text: String,
    since_epoch: Duration,
}

impl Timestamp {
    /// Whole seconds may have this many digits, all of which a `u64` holds.
    const MAX_SECONDS_DIGITS: usize = 19;
    /// A fraction may have this many digits: nanoseconds.
    const MAX_FRACTION_DIGITS: usize = 9;

    /// The given time, written in microseconds.
    pub fn at(time: SystemTime) -> Self {
        let since_epoch = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let text = format!("{}.{:06}", since_epoch.as_secs(), since_epoch.subsec_micros());
        Self { text, since_epoch }
    }

    /// Reads digits, or digits, a point and digits. The text is kept as it came, for it is what
    /// was signed.
    pub fn parse(text: &[u8]) -> Result<Self> {
        let malformed = || Error::from(BARKER_ERR_HEADER_MALFORMED);
        let text = std::str::from_utf8(text).map_err(|_| malformed())?;
        let (seconds, fraction) = match text.split_once('.') {
            Some((seconds, fraction)) => (seconds, Some(fraction)),
            None => (text, None),
        };
        let seconds = digits(seconds, Self::MAX_SECONDS_DIGITS).ok_or_else(malformed)?;
        let nanoseconds = match fraction {
            Some(fraction) => {
                let value = digits(fraction, Self::MAX_FRACTION_DIGITS).ok_or_else(malformed)?;
                value * 10u64.pow((Self::MAX_FRACTION_DIGITS - fraction.len()) as u32)
            }
            None => 0,
        };
        let since_epoch = Duration::new(seconds, nanoseconds as u32);
        Ok(Self { text: text.to_owned(), since_epoch })
    }

    /// The text that is sent and signed.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Refuses a time further from `now` than the tolerance.
    pub(super) fn check(&self, now: SystemTime, tolerance: Duration) -> Result<()> {
        let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        if now.saturating_sub(self.since_epoch) > tolerance {
            return Err(BARKER_ERR_TOO_OLD.into());
        }
        if self.since_epoch.saturating_sub(now) > tolerance {
            return Err(BARKER_ERR_TOO_NEW.into());
        }
        Ok(())
    }
}

/// The number that one to `limit` decimal digits write.
fn digits(text: &str, limit: usize) -> Option<u64> {
    let valid = (1..=limit).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    valid.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_python_writes() {
        for (text, nanoseconds) in
            [("0", 0), ("7.5", 7_500_000_000), ("1566234234.123456", 1_566_234_234_123_456_000)]
        {
            let timestamp = Timestamp::parse(text.as_bytes()).unwrap();
            assert_eq!(timestamp.since_epoch.as_nanos(), nanoseconds);
            assert_eq!(timestamp.as_str(), text);
        }
    }

    #[test]
    fn refuses_everything_else() {
        let longest = "9".repeat(20);
        for text in ["", ".", "1.", ".1", "-1", "+1", "1e9", " 1", "1,5", "1.1.1", "٣", &longest] {
            assert!(Timestamp::parse(text.as_bytes()).is_err(), "{text:?}");
        }
        assert!(Timestamp::parse(b"1\xff").is_err());
        assert!(Timestamp::parse(b"1.1234567890").is_err());
    }

    #[test]
    fn writes_microseconds() {
        let time = SystemTime::UNIX_EPOCH + Duration::from_micros(1_566_234_234_000_042);
        assert_eq!(Timestamp::at(time).as_str(), "1566234234.000042");
    }
}
