//! Secrets as text: the kinds that Standard Webhooks has, and making new ones.

use base64ct::{Base64, Base64Unpadded, Encoding};
use ed25519_dalek::{SigningKey, VerifyingKey};
use zeroize::Zeroizing;

use super::key::{Digest, Key};
use crate::error::{Error, Result, Status};

const SYMMETRIC: &str = "whsec_";
const PRIVATE: &str = "whsk_";
const PUBLIC: &str = "whpk_";
/// A shorter one could be guessed.
const MIN_SECRET_LEN: usize = 16;
const NEW_SECRET_LEN: usize = 32;
const NEW_ID_LEN: usize = 16;

/// Reads `whsec_`, `whsk_` or `whpk_` before base64, or base64 alone, which is as after `whsec_`.
pub(super) fn parse_standard(text: &[u8]) -> Result<Key> {
    let text = text.trim_ascii();
    if let Some(encoded) = text.strip_prefix(PRIVATE.as_bytes()) {
        private_key(&decode(encoded)?)
    } else if let Some(encoded) = text.strip_prefix(PUBLIC.as_bytes()) {
        public_key(&decode(encoded)?)
    } else {
        symmetric_key(&decode(text.strip_prefix(SYMMETRIC.as_bytes()).unwrap_or(text))?)
    }
}

/// The key of an HMAC from text, such as a provider shows.
pub(super) fn parse_text(digest: Digest, text: &[u8]) -> Result<Key> {
    if text.is_empty() {
        return refuse("the secret is empty");
    }
    if text.trim_ascii().len() < text.len() {
        return refuse(
            "the secret begins or ends with white space, such as the line break after it in a \
             file: leave that out",
        );
    }
    Ok(Key::hmac(digest, text))
}

fn symmetric_key(bytes: &[u8]) -> Result<Key> {
    if bytes.len() < MIN_SECRET_LEN {
        return refuse("the secret must be base64 of at least 16 bytes, better of 24 or more");
    }
    Ok(Key::hmac(Digest::Sha256, bytes))
}

fn private_key(bytes: &[u8]) -> Result<Key> {
    let key = match bytes.len() {
        32 => SigningKey::try_from(bytes).ok(),
        64 => bytes.try_into().ok().and_then(|pair| SigningKey::from_keypair_bytes(pair).ok()),
        _ => return refuse("after whsk_ the secret must be base64 of 32 or 64 bytes"),
    };
    match key {
        Some(key) => Ok(Key::Ed25519(Box::new(key))),
        None => refuse("the two halves of the whsk_ secret do not belong together"),
    }
}

fn public_key(bytes: &[u8]) -> Result<Key> {
    match VerifyingKey::try_from(bytes) {
        Ok(key) if !key.is_weak() => Ok(Key::Ed25519Public(Box::new(key))),
        _ => refuse("after whpk_ the key must be base64 of the 32 bytes of an Ed25519 public key"),
    }
}

/// Padding may be left out, and unused bits of the last digit may be set, as most decoders allow.
fn decode(encoded: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    let bare = encoded.strip_suffix(b"==").or(encoded.strip_suffix(b"=")).unwrap_or(encoded);
    if bare.is_empty() {
        return refuse("the secret is empty");
    }
    let whole_len = bare.len().next_multiple_of(4);
    let mut digits = Zeroizing::new(Vec::with_capacity(whole_len));
    digits.extend_from_slice(bare);
    // If digits follow, the last one has no unused bits.
    digits.resize(whole_len, b'A');
    let mut bytes = Zeroizing::new(vec![0; whole_len]);
    let is_base64 = bare.len() % 4 != 1 && Base64Unpadded::decode(&*digits, &mut bytes).is_ok();
    if !is_base64 {
        return refuse("the secret must be base64, alone or after whsec_, whsk_ or whpk_");
    }
    bytes.truncate(bare.len() * 3 / 4);
    Ok(bytes)
}

fn refuse<T>(why: &'static str) -> Result<T> {
    Err(Error::new(Status::Secret, why))
}

/// A new symmetric secret.
pub fn generate() -> Result<Zeroizing<String>> {
    Ok(encode(SYMMETRIC, &*random::<NEW_SECRET_LEN>()?))
}

/// A new private key and its public key.
pub fn generate_pair() -> Result<(Zeroizing<String>, String)> {
    let key = SigningKey::from_bytes(&*random::<32>()?);
    let private = encode(PRIVATE, &*Zeroizing::new(key.to_keypair_bytes()));
    let public = encode(PUBLIC, key.verifying_key().as_bytes());
    Ok((private, public.to_string()))
}

/// A new message id.
pub fn generate_id() -> Result<String> {
    Ok(format!("msg_{}", hex::encode(*random::<NEW_ID_LEN>()?)))
}

fn encode(prefix: &str, bytes: &[u8]) -> Zeroizing<String> {
    let mut buffer = Zeroizing::new([0; 128]);
    let encoded = Base64::encode(bytes, &mut *buffer).expect("the buffer has room for a key");
    let mut text = Zeroizing::new(String::with_capacity(prefix.len() + encoded.len()));
    text.push_str(prefix);
    text.push_str(encoded);
    text
}

fn random<const N: usize>() -> Result<Zeroizing<[u8; N]>> {
    let mut bytes = Zeroizing::new([0; N]);
    getrandom::getrandom(&mut *bytes).map_err(|error| {
        Error::new(Status::System, format!("the system has no random bytes: {error}"))
    })?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_is_read() {
        let content: &[&[u8]] = &[b"content"];
        let secret = parse_standard(generate().unwrap().as_bytes()).unwrap();
        assert_eq!(secret.version(), "v1");
        let (private, public) = generate_pair().unwrap();
        let private = parse_standard(private.as_bytes()).unwrap();
        let public = parse_standard(public.as_bytes()).unwrap();
        let signature = private.sign(content).unwrap();
        assert!(public.expect(content).is(&signature));
        assert!(public.sign(content).is_none());
        assert_ne!(generate_id().unwrap(), generate_id().unwrap());
    }

    #[test]
    fn base64_is_read_as_others_read_it() {
        const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let content: &[&[u8]] = &[b"content"];
        let bytes: Vec<u8> = (100..124).collect();
        for len in MIN_SECRET_LEN..=bytes.len() {
            let expected = Key::hmac(Digest::Sha256, &bytes[..len]).sign(content).unwrap();
            let padded = Base64::encode_string(&bytes[..len]);
            let (start, last) = padded.trim_end_matches('=').split_at((len * 4).div_ceil(3) - 1);
            let last = DIGITS.iter().position(|digit| last.as_bytes() == [*digit]).unwrap();
            let bits_to_spare = [0, 4, 2][len % 3];
            for spare in 0..1 << bits_to_spare {
                let bare = format!("{start}{}", char::from(DIGITS[last | spare]));
                for text in [&bare, &format!("{bare}="), &format!(" whsec_{bare}==\n")] {
                    let read = parse_standard(text.as_bytes()).unwrap().sign(content).unwrap();
                    assert_eq!(read.as_bytes(), expected.as_bytes(), "{text}");
                }
            }
        }
    }

    #[test]
    fn bad_secrets_are_refused() {
        let unlike = format!("whsk_{}", "A".repeat(86));
        for text in [
            "",
            "whsec_",
            "=",
            "whsec_a",
            "whsec_ab-_",
            "no spaces",
            "whsec_A",
            "whsec_AAECAwQFBgcICQoLDA0O",
            "whsec_AAECAwQFBgcICQoLDA0ODxA====",
            "whsk_AAAA",
            "whpk_AAAA",
            &unlike,
        ] {
            let error = parse_standard(text.as_bytes()).err().expect(text);
            assert_eq!(error.status, Status::Secret);
        }
        for text in ["", " a", "a\n", "\ta", "a\r\n", " "] {
            assert!(parse_text(Digest::Sha256, text.as_bytes()).is_err(), "{text:?}");
        }
        // The point of order one, under which anyone can sign.
        assert!(parse_standard(format!("whpk_AQ{}", "A".repeat(41)).as_bytes()).is_err());
    }
}
