//! The Barker signature: HMAC-MD5 over "timestamp;data", written as two headers.

mod headers;
mod timestamp;

pub(crate) use headers::is_same_name;
pub use headers::{SIGNATURE_HEADER, TIMESTAMP_HEADER};
pub use timestamp::Timestamp;

use std::time::{Duration, SystemTime};

use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use subtle::ConstantTimeEq;

use crate::error::{Error, Result, barker_status::*};

/// Length of a signature's text: 16 bytes in hex.
const SIGNATURE_LEN: usize = 32;

/// A key, prepared for signing and verifying. Wiped when dropped.
#[derive(Clone)]
pub struct Key(Hmac<Md5>);

impl Key {
    /// Any bytes are a key, none among them; see RFC 2104 for how long ones are used.
    pub fn new(bytes: &[u8]) -> Self {
        Self(Hmac::new_from_slice(bytes).expect("HMAC takes a key of any length"))
    }

    /// The signature of `data` at this time, in lower-case hex.
    pub fn sign(&self, timestamp: &Timestamp, data: &[u8]) -> String {
        hex::encode(self.mac(timestamp, data))
    }

    fn mac(&self, timestamp: &Timestamp, data: &[u8]) -> [u8; SIGNATURE_LEN / 2] {
        let mut mac = self.0.clone();
        mac.update(timestamp.as_str().as_bytes());
        mac.update(b";");
        mac.update(data);
        mac.finalize().into_bytes().into()
    }

    /// Whether these headers sign this body with this key, not longer than `tolerance` before or
    /// after `now`; a tolerance of zero leaves the time unchecked.
    pub fn verify<'a>(
        &self,
        headers: impl Iterator<Item = (&'a [u8], &'a [u8])> + Clone,
        body: &[u8],
        now: SystemTime,
        tolerance: Duration,
    ) -> Result<()> {
        let timestamp = Timestamp::parse(headers::find(headers.clone(), TIMESTAMP_HEADER)?)?;
        let received = parse_signature(headers::find(headers, SIGNATURE_HEADER)?)?;
        if !bool::from(self.mac(&timestamp, body).ct_eq(&received)) {
            return Err(BARKER_ERR_SIGNATURE.into());
        }
        if tolerance.is_zero() { Ok(()) } else { timestamp.check(now, tolerance) }
    }
}

fn parse_signature(text: &[u8]) -> Result<[u8; SIGNATURE_LEN / 2]> {
    let mut signature = [0; SIGNATURE_LEN / 2];
    hex::decode_to_slice(text, &mut signature)
        .map(|()| signature)
        .map_err(|_| Error::from(BARKER_ERR_HEADER_MALFORMED))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hmac_md5(key: &[u8], data: &[u8]) -> String {
        let mut mac = Key::new(key).0;
        mac.update(data);
        hex::encode(mac.finalize().into_bytes())
    }

    #[test]
    fn rfc_2202_section_2() {
        let cases: [(&[u8], &[u8], &str); 7] = [
            (&[0x0b; 16], b"Hi There", "9294727a3638bb1c13f48ef8158bfc9d"),
            (b"Jefe", b"what do ya want for nothing?", "750c783e6ab0b503eaa86e310a5db738"),
            (&[0xaa; 16], &[0xdd; 50], "56be34521d144c88dbb8c733f0e8b3f6"),
            (&(1..=25).collect::<Vec<u8>>(), &[0xcd; 50], "697eaf0aca3a3aea3a75164746ffaa79"),
            (&[0x0c; 16], b"Test With Truncation", "56461ef2342edc00f9bab995690efd4c"),
            (
                &[0xaa; 80],
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd",
            ),
            (
                &[0xaa; 80],
                b"Test Using Larger Than Block-Size Key and Larger Than One Block-Size Data",
                "6f630fad67cda0ee1fb1f562db3aa53e",
            ),
        ];
        for (key, data, expected) in cases {
            assert_eq!(hmac_md5(key, data), expected);
        }
    }

    #[test]
    fn known_answers() {
        let cases: [(&[u8], &str, &str, &str); 3] = [
            (b"BARKER", "1566234234.123456", "hello", "db1541f495c52e2985cd5744441db766"),
            (b"BARKER", "1566234234.5", "{\"café\": 1}", "4eddce360a964bbb9295a96a5293820b"),
            (b"", "0", "", "49bec43e94cd7f64a7c1e895751027a7"),
        ];
        for (key, timestamp, data, expected) in cases {
            let timestamp = Timestamp::parse(timestamp.as_bytes()).unwrap();
            assert_eq!(Key::new(key).sign(&timestamp, data.as_bytes()), expected);
        }
    }

    #[test]
    fn the_tolerance_is_inclusive_both_ways() {
        let key = Key::new(b"k");
        let timestamp = Timestamp::parse(b"1000").unwrap();
        let signature = key.sign(&timestamp, b"");
        let headers: [(&[u8], &[u8]); 2] =
            [(b"barker-timestamp", b"1000"), (b"HTTP_BARKER_SIGNATURE", signature.as_bytes())];
        let verify = |now: f64, tolerance| {
            let now = SystemTime::UNIX_EPOCH + Duration::from_secs_f64(now);
            key.verify(headers.into_iter(), b"", now, Duration::from_secs(tolerance))
                .map_err(|error| error.status)
        };
        assert_eq!(verify(1300.0, 300), Ok(()));
        assert_eq!(verify(1300.5, 300), Err(BARKER_ERR_TOO_OLD));
        assert_eq!(verify(700.0, 300), Ok(()));
        assert_eq!(verify(699.5, 300), Err(BARKER_ERR_TOO_NEW));
        assert_eq!(verify(9e9, 0), Ok(()));
    }
}
