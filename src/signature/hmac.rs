//! HMAC (RFC 2104) over a digest's compression function. The two blocks that the key makes are
//! compressed once; a message goes on from there.

use std::slice;

use sha2::block_api::{compress256, compress512};
use zeroize::{Zeroize, Zeroizing};

use super::key::Mac;
use super::md5;

/// A digest of the family of MD5, SHA-256 and SHA-512: blocks of `BLOCK` bytes change a state.
pub(super) trait Compression<const BLOCK: usize> {
    type State: Clone + Zeroize;
    const INITIAL: Self::State;
    fn compress(state: &mut Self::State, blocks: &[[u8; BLOCK]]);
    /// The last eight bytes of the padding.
    fn length(bits: u64) -> [u8; 8];
    fn output(state: &Self::State) -> Mac;
}

/// A key, prepared. Wiped when dropped.
#[derive(Clone)]
pub(super) struct Hmac<D: Compression<BLOCK>, const BLOCK: usize> {
    inner: Zeroizing<D::State>,
    outer: Zeroizing<D::State>,
}

/// A digest on its way.
pub(super) struct Hash<D: Compression<BLOCK>, const BLOCK: usize> {
    state: Zeroizing<D::State>,
    /// What does not fill a block yet.
    block: [u8; BLOCK],
    len: u64,
}

impl<D: Compression<BLOCK>, const BLOCK: usize> Hmac<D, BLOCK> {
    /// Any bytes are a key, none among them; a long one is hashed.
    pub fn new(key: &[u8]) -> Self {
        let mut block = Zeroizing::new([0; BLOCK]);
        if key.len() > BLOCK {
            let mut hash = Hash::<D, BLOCK>::new();
            hash.update(key);
            let short = Zeroizing::new(hash.finish());
            block[..short.as_bytes().len()].copy_from_slice(short.as_bytes());
        } else {
            block[..key.len()].copy_from_slice(key);
        }
        let prepared = |pad| {
            let padded = Zeroizing::new(block.map(|byte| byte ^ pad));
            let mut state = Zeroizing::new(D::INITIAL);
            D::compress(&mut state, slice::from_ref(&*padded));
            state
        };
        Self { inner: prepared(0x36), outer: prepared(0x5c) }
    }

    /// The code of a message, given in pieces.
    pub fn mac(&self, content: &[&[u8]]) -> Mac {
        let mut inner = Hash::<D, BLOCK>::after_block(&self.inner);
        content.iter().for_each(|piece| inner.update(piece));
        let mut outer = Hash::<D, BLOCK>::after_block(&self.outer);
        outer.update(inner.finish().as_bytes());
        outer.finish()
    }
}

impl<D: Compression<BLOCK>, const BLOCK: usize> Hash<D, BLOCK> {
    pub fn new() -> Self {
        Self { state: Zeroizing::new(D::INITIAL), block: [0; BLOCK], len: 0 }
    }

    fn after_block(state: &Zeroizing<D::State>) -> Self {
        Self { state: state.clone(), block: [0; BLOCK], len: BLOCK as u64 }
    }

    fn filled(&self) -> usize {
        (self.len % BLOCK as u64) as usize
    }

    #[inline]
    pub fn update(&mut self, mut data: &[u8]) {
        let filled = self.filled();
        self.len += data.len() as u64;
        if filled > 0 {
            let (start, rest) = data.split_at(data.len().min(BLOCK - filled));
            self.block[filled..][..start.len()].copy_from_slice(start);
            if filled + start.len() < BLOCK {
                return;
            }
            D::compress(&mut self.state, slice::from_ref(&self.block));
            data = rest;
        }
        let (blocks, rest) = data.as_chunks();
        D::compress(&mut self.state, blocks);
        self.block[..rest.len()].copy_from_slice(rest);
    }

    #[inline]
    pub fn finish(mut self) -> Mac {
        let filled = self.filled();
        self.block[filled] = 0x80;
        self.block[filled + 1..].fill(0);
        if filled + 1 + BLOCK / 8 > BLOCK {
            D::compress(&mut self.state, slice::from_ref(&self.block));
            self.block.fill(0);
        }
        self.block[BLOCK - 8..].copy_from_slice(&D::length(8 * self.len));
        D::compress(&mut self.state, slice::from_ref(&self.block));
        D::output(&self.state)
    }
}

/// RFC 1321.
#[derive(Clone)]
pub(super) enum Md5 {}

impl Compression<64> for Md5 {
    type State = [u32; 4];
    const INITIAL: Self::State = md5::INITIAL;

    fn compress(state: &mut Self::State, blocks: &[[u8; 64]]) {
        md5::compress(state, blocks);
    }

    fn length(bits: u64) -> [u8; 8] {
        bits.to_le_bytes()
    }

    fn output(state: &Self::State) -> Mac {
        Mac::new(state.map(u32::to_le_bytes).as_flattened())
    }
}

/// FIPS 180-4.
#[derive(Clone)]
pub(super) enum Sha256 {}

impl Compression<64> for Sha256 {
    type State = [u32; 8];
    const INITIAL: Self::State = [
        0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab,
        0x5be0cd19,
    ];

    fn compress(state: &mut Self::State, blocks: &[[u8; 64]]) {
        compress256(state, blocks);
    }

    fn length(bits: u64) -> [u8; 8] {
        bits.to_be_bytes()
    }

    fn output(state: &Self::State) -> Mac {
        Mac::new(state.map(u32::to_be_bytes).as_flattened())
    }
}

/// FIPS 180-4.
#[derive(Clone)]
pub(super) enum Sha512 {}

impl Compression<128> for Sha512 {
    type State = [u64; 8];
    const INITIAL: Self::State = [
        0x6a09e667f3bcc908,
        0xbb67ae8584caa73b,
        0x3c6ef372fe94f82b,
        0xa54ff53a5f1d36f1,
        0x510e527fade682d1,
        0x9b05688c2b3e6c1f,
        0x1f83d9abfb41bd6b,
        0x5be0cd19137e2179,
    ];

    fn compress(state: &mut Self::State, blocks: &[[u8; 128]]) {
        compress512(state, blocks);
    }

    fn length(bits: u64) -> [u8; 8] {
        bits.to_be_bytes()
    }

    fn output(state: &Self::State) -> Mac {
        Mac::new(state.map(u64::to_be_bytes).as_flattened())
    }
}

#[cfg(test)]
mod tests {
    use super::super::key::{Digest, Key};
    use hmac::KeyInit;
    use proptest::prelude::*;

    fn by_the_crate<M: KeyInit + hmac::Mac>(key: &[u8], message: &[u8]) -> Vec<u8> {
        let mac = <M as KeyInit>::new_from_slice(key).unwrap();
        mac.chain_update(message).finalize().into_bytes().to_vec()
    }

    proptest! {
        #[test]
        fn agrees_with_the_hmac_crate(
            key in prop::collection::vec(any::<u8>(), 0..300),
            pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..5),
        ) {
            let pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
            let ours = |digest| Key::hmac(digest, &key).sign(&pieces).unwrap().as_bytes().to_vec();
            let whole = pieces.concat();
            prop_assert_eq!(ours(Digest::Md5), by_the_crate::<hmac::Hmac<md5::Md5>>(&key, &whole));
            prop_assert_eq!(
                ours(Digest::Sha256),
                by_the_crate::<hmac::Hmac<sha2::Sha256>>(&key, &whole)
            );
            prop_assert_eq!(
                ours(Digest::Sha512),
                by_the_crate::<hmac::Hmac<sha2::Sha512>>(&key, &whole)
            );
        }
    }
}
