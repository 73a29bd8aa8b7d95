//! Signatures as text. They are not secret, so lookup tables are safe. The digits of a piece are
//! written out, because a loop is not unrolled when compiled for size.

use super::key::Mac;

/// How a signature is written as text.
pub enum Encoding {
    /// Lower-case hexadecimal; read in any case.
    Hex,
    /// RFC 4648 section 4, padded.
    Base64,
}

const HEX: &[u8; 16] = b"0123456789abcdef";
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static HEX_VALUES: [u8; 256] = values(&[HEX, b"0123456789ABCDEF"]);
static BASE64_VALUES: [u8; 256] = values(&[BASE64]);
/// The value of characters outside the alphabet: no other value has the upper bit.
const NO_VALUE: u8 = 0x80;
const MAX_HEX_LEN: usize = 2 * Mac::MAX_LEN;

/// The place of each character in its alphabet.
const fn values(alphabets: &[&[u8]]) -> [u8; 256] {
    let mut values = [NO_VALUE; 256];
    let mut of = 0;
    while of < alphabets.len() {
        let mut place = 0;
        while place < alphabets[of].len() {
            values[alphabets[of][place] as usize] = place as u8;
            place += 1;
        }
        of += 1;
    }
    values
}

impl Encoding {
    pub(super) fn write(&self, signature: &[u8], text: &mut String) {
        let mut buffer = [0; MAX_HEX_LEN];
        let len = match self {
            Self::Hex => write_hex(signature, &mut buffer),
            Self::Base64 => write_base64(signature, &mut buffer),
        };
        text.push_str(str::from_utf8(&buffer[..len]).expect("both alphabets are ASCII"));
    }

    pub(super) fn read(&self, text: &[u8]) -> Option<Mac> {
        match self {
            Self::Hex => read_hex(text),
            Self::Base64 => read_base64(text),
        }
    }
}

fn write_hex(bytes: &[u8], text: &mut [u8]) -> usize {
    for (pair, byte) in text.as_chunks_mut().0.iter_mut().zip(bytes) {
        *pair = [HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]];
    }
    2 * bytes.len()
}

fn read_hex(text: &[u8]) -> Option<Mac> {
    let (pairs, []) = text.as_chunks() else { return None };
    let mut bytes = [0; Mac::MAX_LEN];
    let mut seen = 0;
    for (byte, &[high, low]) in bytes.get_mut(..pairs.len())?.iter_mut().zip(pairs) {
        let (high, low) = (HEX_VALUES[usize::from(high)], HEX_VALUES[usize::from(low)]);
        seen |= high | low;
        *byte = high << 4 | low;
    }
    (seen & NO_VALUE == 0).then(|| Mac::new(&bytes[..pairs.len()]))
}

/// Three bytes are four digits; missing bytes at the end count as zero, and then `=` follows.
fn write_base64(bytes: &[u8], text: &mut [u8]) -> usize {
    let (threes, rest) = bytes.as_chunks::<3>();
    let mut last = [0; 3];
    last[..rest.len()].copy_from_slice(rest);
    let threes = threes.iter().chain((!rest.is_empty()).then_some(&last));
    for (quad, &[a, b, c]) in text.as_chunks_mut().0.iter_mut().zip(threes) {
        let bits = u32::from_be_bytes([0, a, b, c]);
        let digit = |shift: u32| BASE64[(bits >> shift & 63) as usize];
        *quad = [digit(18), digit(12), digit(6), digit(0)];
    }
    let len = 4 * bytes.len().div_ceil(3);
    text[len - (3 - rest.len()) % 3..len].fill(b'=');
    len
}

/// The other way round; bits that stand for no byte must be zero.
fn read_base64(text: &[u8]) -> Option<Mac> {
    const MAX_QUADS: usize = Mac::MAX_LEN.div_ceil(3);
    let (quads, []) = text.as_chunks::<4>() else { return None };
    let padding = text.iter().rev().take_while(|&&character| character == b'=').count();
    let len = (3 * quads.len()).checked_sub(padding).filter(|_| padding <= 2)?;
    let mut bytes = [[0; 3]; MAX_QUADS];
    let mut seen = 0;
    for (i, (three, quad)) in bytes.get_mut(..quads.len())?.iter_mut().zip(quads).enumerate() {
        let value = |at: usize| BASE64_VALUES[usize::from(quad[at])];
        let mut values = [value(0), value(1), value(2), value(3)];
        if i + 1 == quads.len() {
            values[4 - padding..].fill(0);
        }
        let [a, b, c, d] = values;
        seen |= a | b | c | d;
        let bits = u32::from(a) << 18 | u32::from(b) << 12 | u32::from(c) << 6 | u32::from(d);
        [_, three[0], three[1], three[2]] = bits.to_be_bytes();
    }
    let bytes = bytes.as_flattened();
    let is_clean = seen & NO_VALUE == 0 && bytes[len..].iter().all(|&byte| byte == 0);
    (is_clean && len <= Mac::MAX_LEN).then(|| Mac::new(&bytes[..len]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64ct::Encoding as _;
    use proptest::prelude::*;

    fn text_of(encoding: Encoding, bytes: &[u8]) -> String {
        let mut text = String::new();
        encoding.write(bytes, &mut text);
        text
    }

    fn bytes_of(encoding: Encoding, text: &str) -> Option<Vec<u8>> {
        encoding.read(text.as_bytes()).map(|signature| signature.as_bytes().to_vec())
    }

    proptest! {
        #[test]
        fn writes_what_others_write(bytes in prop::collection::vec(any::<u8>(), 0..=64)) {
            let (in_hex, in_base64) = (hex::encode(&bytes), base64ct::Base64::encode_string(&bytes));
            prop_assert_eq!(text_of(Encoding::Hex, &bytes), &in_hex[..]);
            prop_assert_eq!(text_of(Encoding::Base64, &bytes), &in_base64[..]);
            prop_assert_eq!(bytes_of(Encoding::Hex, &in_hex.to_uppercase()), Some(bytes.clone()));
            prop_assert_eq!(bytes_of(Encoding::Base64, &in_base64), Some(bytes));
        }

        #[test]
        fn reads_what_others_read(
            in_hex in "[0-9a-fA-F]{0,6}[0-9a-fg ]{0,2}",
            in_base64 in "([A-Z+/]{4}){0,21}[A-D=w/]{0,4}[=-]{0,3}",
            any: String,
        ) {
            for text in [&in_hex, &in_base64, &any] {
                prop_assert_eq!(bytes_of(Encoding::Hex, text), hex::decode(text).ok());
                let expected = base64ct::Base64::decode_vec(text).ok();
                let expected = expected.filter(|bytes| bytes.len() <= Mac::MAX_LEN);
                prop_assert_eq!(bytes_of(Encoding::Base64, text), expected, "{:?}", text);
            }
        }
    }

    #[test]
    fn what_is_too_long_is_refused() {
        assert_eq!(bytes_of(Encoding::Hex, &"0".repeat(130)), None);
        assert_eq!(bytes_of(Encoding::Base64, &"A".repeat(88)), None);
        assert_eq!(bytes_of(Encoding::Base64, &"A".repeat(92)), None);
    }
}
