//! The compression function of MD5 (RFC 1321).
//!
//! Its steps form one chain, each waiting for the last, so the speed of it is the length of a step.
//! Here each adds up what it has before the newest value is there, the constant among it.

use std::hint::black_box;

/// The state before the first block.
pub(super) const INITIAL: [u32; 4] = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476];

static SINES: [u32; 64] = [
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
];
const ROTATIONS: [[u32; 4]; 4] =
    [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];

pub(super) fn compress(state: &mut [u32; 4], blocks: &[[u8; 64]]) {
    for block in blocks {
        // Were its constants known, the compiler would add them last, where they cost a cycle.
        let sines = black_box(&SINES);
        *state = compress_block(*state, block, sines);
    }
}

#[inline(always)]
fn compress_block(state: [u32; 4], block: &[u8; 64], sines: &[u32; 64]) -> [u32; 4] {
    let words = block.as_chunks::<4>().0;
    let mut s = state;
    // Written out, or the compiler leaves loops, and the words are not at fixed places.
    macro_rules! round {
        ($round:literal, $step:ident => $word:expr; $($number:literal)*) => {$({
            let $step = $number;
            let known = u32::from_le_bytes(words[$word % 16]).wrapping_add(sines[16 * $round + $step]);
            s = step::<$round>(s, known, ROTATIONS[$round][$step % 4]);
        })*};
    }
    round!(0, i => i; 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
    round!(1, i => 5 * i + 1; 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
    round!(2, i => 3 * i + 5; 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
    round!(3, i => 7 * i; 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
    // A loop would have the state go through memory.
    let sum = |i: usize| state[i].wrapping_add(s[i]);
    [sum(0), sum(1), sum(2), sum(3)]
}

/// One step; `b` is the newest value. The functions are those of the RFC: F, G, H and I, with G's
/// two halves, which share no bit, added one by one.
#[inline(always)]
fn step<const ROUND: usize>([a, b, c, d]: [u32; 4], known: u32, rotation: u32) -> [u32; 4] {
    let early = a.wrapping_add(known);
    let sum = match ROUND {
        0 => early.wrapping_add(d ^ (b & (c ^ d))),
        1 => early.wrapping_add(c & !d).wrapping_add(b & d),
        2 => early.wrapping_add(b ^ (c ^ d)),
        _ => early.wrapping_add(c ^ (b | !d)),
    };
    [d, b.wrapping_add(sum.rotate_left(rotation)), b, c]
}

#[cfg(test)]
mod tests {
    use super::super::hmac::{Hash, Md5};
    use md5::Digest as _;
    use proptest::prelude::*;

    fn digest(pieces: &[&[u8]]) -> String {
        let mut hash = Hash::<Md5, 64>::new();
        pieces.iter().for_each(|piece| hash.update(piece));
        hex::encode(hash.finish().as_bytes())
    }

    #[test]
    fn rfc_1321_section_a_5() {
        for (text, expected) in [
            ("", "d41d8cd98f00b204e9800998ecf8427e"),
            ("a", "0cc175b9c0f1b6a831c399e269772661"),
            ("abc", "900150983cd24fb0d6963f7d28e17f72"),
            ("message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
            ("abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"),
            (
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
                "d174ab98d277d9f5a5611c2c9f419d9f",
            ),
            (&"1234567890".repeat(8), "57edf4a22be3c955ac49da2e2107b67a"),
        ] {
            assert_eq!(digest(&[text.as_bytes()]), expected, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_md_5_crate(pieces: Vec<Vec<u8>>) {
            let pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
            prop_assert_eq!(digest(&pieces), hex::encode(md5::Md5::digest(pieces.concat())));
        }
    }
}
