//! The algorithms that sign: HMAC (RFC 2104) with three digests, and Ed25519 (RFC 8032).

use ed25519_dalek::ed25519::signature::{MultipartSigner, MultipartVerifier};
use ed25519_dalek::{Signature, SigningKey, VerifyingKey};
use hmac::{Hmac, KeyInit};
use md5::Md5;
use sha2::{Digest as _, Sha256, Sha512};
use subtle::{Choice, ConstantTimeEq};

use super::stack;

/// The digest of an HMAC.
#[derive(Clone, Copy)]
pub enum Digest {
    /// RFC 1321.
    Md5,
    /// FIPS 180-4.
    Sha256,
    /// FIPS 180-4.
    Sha512,
}

/// A key, prepared for signing and verifying. Wiped when dropped.
#[derive(Clone)]
pub(super) enum Key {
    HmacMd5(Hmac<Md5>),
    HmacSha256(Hmac<Sha256>),
    HmacSha512(Hmac<Sha512>),
    Ed25519(Box<SigningKey>),
    /// Verifies only.
    Ed25519Public(Box<VerifyingKey>),
}

/// The bytes of a signature, and zeros.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Mac {
    bytes: [u8; Self::MAX_LEN],
    len: usize,
}

/// What a received signature is compared with.
pub(super) enum Expected<'a> {
    Mac(Mac),
    /// A signature by this key of these pieces.
    Ed25519(&'a VerifyingKey, &'a [&'a [u8]]),
}

impl Key {
    /// Any bytes are the key of an HMAC, even none; RFC 2104 says how long keys are used.
    pub fn hmac(digest: Digest, bytes: &[u8]) -> Self {
        match digest {
            Digest::Md5 => Self::HmacMd5(keyed(bytes)),
            Digest::Sha256 => Self::HmacSha256(keyed(bytes)),
            Digest::Sha512 => Self::HmacSha512(keyed(bytes)),
        }
    }

    /// The version in Standard Webhooks of signatures by such a key.
    pub fn version(&self) -> &'static str {
        match self {
            Self::HmacMd5(_) | Self::HmacSha256(_) | Self::HmacSha512(_) => "v1",
            Self::Ed25519(_) | Self::Ed25519Public(_) => "v1a",
        }
    }

    /// Signs the pieces one after the other, unless this key only verifies.
    pub fn sign(&self, content: &[&[u8]]) -> Option<Mac> {
        match self.expect(content) {
            Expected::Mac(mac) => Some(mac),
            Expected::Ed25519(..) => stack::wiped::<{ stack::ANYTHING }, _>(|| match self {
                Self::Ed25519(key) => Some(Mac::new(&key.multipart_sign(content).to_bytes())),
                _ => None,
            }),
        }
    }

    /// What a received signature of these pieces is compared with.
    pub fn expect<'a>(&'a self, content: &'a [&'a [u8]]) -> Expected<'a> {
        match self {
            Self::HmacMd5(keyed) => Expected::Mac(mac(keyed, content)),
            Self::HmacSha256(keyed) => Expected::Mac(mac(keyed, content)),
            Self::HmacSha512(keyed) => Expected::Mac(mac(keyed, content)),
            Self::Ed25519(key) => Expected::Ed25519(key.as_ref().as_ref(), content),
            Self::Ed25519Public(key) => Expected::Ed25519(key, content),
        }
    }
}

/// An HMAC whose key is in place: its two padded forms are hashed, and each message goes on from
/// there.
fn keyed<H: KeyInit>(key: &[u8]) -> H {
    H::new_from_slice(key).expect("HMAC takes keys of any length")
}

/// The code of the pieces one after the other.
fn mac<H: hmac::Mac + Clone>(keyed: &H, content: &[&[u8]]) -> Mac {
    stack::wiped::<{ stack::HASHING }, _>(|| {
        let mut hmac = keyed.clone();
        content.iter().for_each(|piece| hmac.update(piece));
        Mac::new(&hmac.finalize().into_bytes())
    })
}

impl Mac {
    /// Of Ed25519, and of HMAC-SHA512.
    pub(super) const MAX_LEN: usize = 64;

    pub fn new(signature: &[u8]) -> Self {
        let mut bytes = [0; Self::MAX_LEN];
        bytes[..signature.len()].copy_from_slice(signature);
        Self { bytes, len: signature.len() }
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    fn words(&self) -> impl Iterator<Item = u64> {
        self.bytes.as_chunks().0.iter().copied().map(u64::from_ne_bytes)
    }
}

impl ConstantTimeEq for Mac {
    fn ct_eq(&self, other: &Self) -> Choice {
        let words = self.words().zip(other.words());
        let difference = words.fold(0, |all, (own, other)| all | (own ^ other));
        difference.ct_eq(&0) & self.len.ct_eq(&other.len)
    }
}

impl Expected<'_> {
    /// Whether a signature could be this one, by its length.
    pub fn has_len(&self, received: &Mac) -> bool {
        match self {
            Self::Mac(mac) => mac.len == received.len,
            Self::Ed25519(..) => received.len == ed25519_dalek::SIGNATURE_LENGTH,
        }
    }

    /// Compares in constant time.
    pub fn is(&self, received: &Mac) -> bool {
        match self {
            Self::Mac(mac) => mac.ct_eq(received).into(),
            Self::Ed25519(key, content) => Signature::from_slice(received.as_bytes())
                .is_ok_and(|signature| verify_strictly(key, content, &signature)),
        }
    }

    /// Whether each comparison hashes the content.
    pub fn is_costly(&self) -> bool {
        matches!(self, Self::Ed25519(..))
    }

    /// Differs for any other content.
    pub fn fingerprint(&self) -> Mac {
        match self {
            Self::Mac(mac) => mac.clone(),
            Self::Ed25519(_, content) => {
                let hash = content.iter().fold(Sha512::new(), Sha512::chain_update);
                Mac::new(&hash.finalize())
            }
        }
    }
}

/// As [`VerifyingKey::verify_strict`], which takes no pieces: a key or a point under which anyone
/// can sign proves nothing.
fn verify_strictly(key: &VerifyingKey, content: &[&[u8]], signature: &Signature) -> bool {
    #[cfg(test)]
    tests::VERIFIED.set(tests::VERIFIED.get() + 1);
    let is_sound = |key: &VerifyingKey| !key.is_weak();
    is_sound(key)
        && VerifyingKey::from_bytes(signature.r_bytes()).as_ref().is_ok_and(is_sound)
        && key.multipart_verify(content, signature).is_ok()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::cell::Cell;

    thread_local! {
        /// How often this thread verified a signature of Ed25519, which hashes the content once.
        pub static VERIFIED: Cell<usize> = const { Cell::new(0) };
    }

    fn check(digest: Digest, cases: &[(&[u8], &[u8], &str)]) {
        for (key, data, expected) in cases {
            let mac = Key::hmac(digest, key).sign(&[data]).unwrap();
            let len = expected.len() / 2;
            assert_eq!(hex::encode(&mac.as_bytes()[..len]), *expected);
        }
    }

    #[test]
    fn rfc_2202_section_2() {
        let counting = (1..=25).collect::<Vec<u8>>();
        check(
            Digest::Md5,
            &[
                (&[0x0b; 16], b"Hi There", "9294727a3638bb1c13f48ef8158bfc9d"),
                (b"Jefe", b"what do ya want for nothing?", "750c783e6ab0b503eaa86e310a5db738"),
                (&[0xaa; 16], &[0xdd; 50], "56be34521d144c88dbb8c733f0e8b3f6"),
                (&counting, &[0xcd; 50], "697eaf0aca3a3aea3a75164746ffaa79"),
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
            ],
        );
    }

    #[test]
    fn rfc_4231_section_4() {
        let counting = (1..=25).collect::<Vec<u8>>();
        let long_data: &[u8] = b"This is a test using a larger than block-size key and a larger \
            than block-size data. The key needs to be hashed before being used by the HMAC \
            algorithm.";
        let cases: [(&[u8], &[u8], &str, &str); 7] = [
            (
                &[0x0b; 20],
                b"Hi There",
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
                "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde",
            ),
            (
                b"Jefe",
                b"what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
                "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554",
            ),
            (
                &[0xaa; 20],
                &[0xdd; 50],
                "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
                "fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39",
            ),
            (
                &counting,
                &[0xcd; 50],
                "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
                "b0ba465637458c6990e5a8c5f61d4af7e576d97ff94b872de76f8050361ee3db",
            ),
            (
                &[0x0c; 20],
                b"Test With Truncation",
                "a3b6167473100ee06e0c796c2955552b",
                "415fad6271580a531d4179bc891d87a6",
            ),
            (
                &[0xaa; 131],
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
                "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352",
            ),
            (
                &[0xaa; 131],
                long_data,
                "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
                "e37b6a775dc87dbaa4dfa9f96e5e3ffddebd71f8867289865df5a32d20cdc944",
            ),
        ];
        for (key, data, sha256, sha512) in cases {
            check(Digest::Sha256, &[(key, data, sha256)]);
            check(Digest::Sha512, &[(key, data, sha512)]);
        }
    }

    #[test]
    fn rfc_8032_section_7_1() {
        let cases = [
            (
                "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
                "",
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bac\
                 c61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
            ),
            (
                "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
                "72",
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e\
                 458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
            ),
            (
                "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
                "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
                "af82",
                "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290\
                 ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
            ),
        ];
        for (seed, public, message, signature) in cases {
            let [seed, public, message, signature] =
                [seed, public, message, signature].map(|text| hex::decode(text).unwrap());
            let key = SigningKey::try_from(&seed[..]).unwrap();
            assert_eq!(key.verifying_key().as_bytes(), &public[..]);
            let key = Key::Ed25519(Box::new(key));
            assert_eq!(key.sign(&[&message]).unwrap().as_bytes(), signature);
            assert!(key.expect(&[&message]).is(&Mac::new(&signature)));
        }
    }
}
