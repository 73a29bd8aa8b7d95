//! The secrets of a sender or receiver; signs and verifies with all of them.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::description::{Description, SecretFormat};
use super::key::Key;
use super::replay::{Message, ReplayGuard};
use super::scheme::Scheme;
use super::signing::{Signed, Spelling};
use super::timestamp::Timestamp;
use super::verification::Accepted;
use super::{secret, stack};
use crate::error::{Error, Result, Status};

/// The most secrets of one keyring.
const MAX_SECRETS: usize = 16;
/// The default key of the Python package.
const DEFAULT_SECRET: &[u8] = b"BARKER";
/// How long a message is remembered if timestamps are not checked.
const DEFAULT_LIFETIME: Duration = Duration::from_secs(1200);

/// Secrets, each for one scheme, in the order in which they were set. There may be none, if one was
/// refused.
#[derive(Clone)]
pub struct Keyring {
    /// Never moved when it grows: the old copy would not be wiped.
    secrets: Vec<Arc<Secret>>,
    /// No secret was set yet.
    is_default: bool,
}

struct Secret {
    scheme: &'static Description,
    key: Key,
}

/// Within which bounds a message is fresh.
#[derive(Clone, Copy)]
pub struct Freshness<'g> {
    /// The present.
    pub now: SystemTime,
    /// How far a timestamp may be from that; zero turns the check off.
    pub tolerance: Duration,
    /// Which messages were accepted before, if that matters.
    pub guard: Option<&'g ReplayGuard>,
}

impl Default for Keyring {
    fn default() -> Self {
        let secret = Secret::new(Scheme::Barker, DEFAULT_SECRET);
        Self { secrets: vec![secret.expect("any bytes will do")], is_default: true }
    }
}

impl Keyring {
    /// Replaces all secrets by this one.
    pub fn set(&mut self, scheme: Scheme, secret: &[u8]) -> Result<()> {
        self.drop_default();
        self.secrets = vec![Secret::new(scheme, secret)?];
        Ok(())
    }

    /// Everyone knows the default secret, so it is dropped as soon as another one is set, even if
    /// that one is refused.
    pub fn drop_default(&mut self) {
        if self.is_default {
            *self = Self { secrets: Vec::new(), is_default: false };
        }
    }

    /// Adds this secret.
    pub fn add(&mut self, scheme: Scheme, secret: &[u8]) -> Result<()> {
        self.drop_default();
        if self.secrets.len() == MAX_SECRETS {
            let why =
                format!("there are {MAX_SECRETS} secrets already: set only those that are in use");
            return Err(Error::new(Status::Range, why));
        }
        self.secrets.push(Secret::new(scheme, secret)?);
        Ok(())
    }

    /// Whether messages are signed with an id.
    pub fn needs_id(&self) -> bool {
        self.secrets.iter().any(|secret| secret.scheme.names.id.is_some())
    }

    /// The headers that sign this body, of every scheme. Keys of one scheme share its headers.
    pub fn sign(
        &self,
        id: &str,
        timestamp: &Timestamp,
        body: &[u8],
        spelling: Spelling,
    ) -> Result<Signed> {
        self.check_not_empty()?;
        let mut signed = Signed { id: id.to_owned(), ..Signed::default() };
        for (position, secret) in self.secrets.iter().enumerate() {
            let scheme = secret.scheme;
            let alike = |secret: &&Arc<Secret>| secret.scheme.names == scheme.names;
            if self.secrets[..position].iter().any(|secret| alike(&secret)) {
                continue;
            }
            let keys = self.secrets.iter().filter(alike).map(|secret| &secret.key);
            let Some(signature) = scheme.sign(keys, id, timestamp, body) else { continue };
            if let Some(name) = scheme.names.id {
                signed.push(spelling, name, id);
            }
            let text = scheme.timestamp(timestamp).unwrap_or_default();
            if let Some(name) = scheme.names.timestamp {
                signed.push(spelling, name, text);
            }
            signed.push(spelling, scheme.names.signature, &signature);
            if signed.signature.is_empty() {
                (signed.timestamp, signed.signature) = (text.to_owned(), signature);
            }
        }
        if signed.headers.is_empty() {
            let why = "a whpk_ key can only verify: add a secret that signs";
            return Err(Error::new(Status::Secret, why));
        }
        Ok(signed)
    }

    fn check_not_empty(&self) -> Result<()> {
        if self.secrets.is_empty() {
            let why = "there is no secret, because one was refused: set another";
            return Err(Error::new(Status::Secret, why));
        }
        Ok(())
    }

    /// Whether one of the secrets signed this message, and it is fresh.
    ///
    /// Every secret that signed the message looks whether it is a replay. Otherwise one that is signed
    /// twice would be new again with a signature taken away.
    pub fn verify<'a>(
        &self,
        headers: impl Iterator<Item = (&'a [u8], &'a [u8])> + Clone,
        body: &[u8],
        freshness: Freshness<'_>,
    ) -> Result<()> {
        self.check_not_empty()?;
        let Freshness { now, tolerance, guard } = freshness;
        let mut refusal = Status::HeaderMissing;
        let mut messages = [Message::default(); MAX_SECRETS];
        let mut accepted = 0;
        for secret in &self.secrets {
            match secret.scheme.verify(&secret.key, headers.clone(), body, now, tolerance) {
                Ok(Accepted { identity, passes_for }) => {
                    let Some(guard) = guard else { return Ok(()) };
                    let fingerprint = guard.fingerprint(&identity);
                    messages[accepted] = Message { fingerprint, passes_for };
                    accepted += 1;
                }
                // The further a message got in the checks, the higher the number.
                Err(error) if error.status as i32 > refusal as i32 => refusal = error.status,
                Err(_) => {}
            }
        }
        match guard {
            Some(guard) if accepted > 0 => {
                guard.accept(&messages[..accepted], now, lifetime(tolerance))
            }
            _ => Err(refusal.into()),
        }
    }

    /// Makes it accept a message once more that it accepted before.
    pub fn forget<'a>(
        &self,
        headers: impl Iterator<Item = (&'a [u8], &'a [u8])> + Clone,
        body: &[u8],
        guard: &ReplayGuard,
    ) {
        for secret in &self.secrets {
            let Secret { scheme, key } = &**secret;
            if let Ok(identity) = scheme.claimed_identity(key, headers.clone(), body) {
                guard.forget(guard.fingerprint(&identity));
            }
        }
    }
}

impl Secret {
    fn new(scheme: Scheme, secret: &[u8]) -> Result<Arc<Self>> {
        let scheme = scheme.description();
        stack::wiped::<{ stack::ANYTHING }, _>(|| {
            let key = match scheme.secret {
                SecretFormat::Bytes(digest) => Key::hmac(digest, secret),
                SecretFormat::Text(digest) => secret::parse_text(digest, secret)?,
                SecretFormat::Standard => secret::parse_standard(secret)?,
            };
            Ok(Arc::new(Self { scheme, key }))
        })
    }
}

/// A message with a timestamp at the far end of the tolerance stays fresh for twice that.
fn lifetime(tolerance: Duration) -> Duration {
    if tolerance.is_zero() { DEFAULT_LIFETIME } else { 2 * tolerance }
}

#[cfg(test)]
mod tests {
    use super::super::description::{Clock, Layout, Names, Part};
    use super::super::encoding::Encoding;
    use super::super::key::tests::VERIFIED;
    use super::*;

    const NOW: u64 = 1_614_265_330;

    fn ring(secrets: &[(Scheme, &str)]) -> Keyring {
        let mut keyring = Keyring::default();
        secrets.iter().for_each(|(scheme, text)| keyring.add(*scheme, text.as_bytes()).unwrap());
        keyring
    }

    fn sign(keyring: &Keyring, id: &str, timestamp: &str, body: &str) -> Vec<(String, String)> {
        let timestamp = Timestamp::parse(timestamp.as_bytes()).unwrap();
        let signed = keyring.sign(id, &timestamp, body.as_bytes(), Default::default()).unwrap();
        signed.headers.into_iter().map(|h| (h.name.into_owned(), h.value)).collect()
    }

    fn verify_at(
        keyring: &Keyring,
        headers: &[(String, String)],
        body: &str,
        now: u64,
        guard: Option<&ReplayGuard>,
    ) -> std::result::Result<(), Status> {
        let headers = headers.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(now);
        let freshness = Freshness { now, tolerance: Duration::from_secs(300), guard };
        keyring.verify(headers, body.as_bytes(), freshness).map_err(|error| error.status)
    }

    fn verify(
        keyring: &Keyring,
        headers: &[(String, String)],
        body: &str,
    ) -> std::result::Result<(), Status> {
        verify_at(keyring, headers, body, NOW, None)
    }

    fn headers(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
    }

    #[test]
    fn known_answers() {
        let cases = [
            (
                Scheme::Barker,
                "BARKER",
                "1566234234.123456",
                "hello",
                "BARKER_SIGNATURE",
                "db1541f495c52e2985cd5744441db766",
            ),
            (
                Scheme::Barker,
                "BARKER",
                "1566234234.5",
                "{\"café\": 1}",
                "BARKER_SIGNATURE",
                "4eddce360a964bbb9295a96a5293820b",
            ),
            (Scheme::Barker, "", "0", "", "BARKER_SIGNATURE", "49bec43e94cd7f64a7c1e895751027a7"),
            (
                Scheme::Standard,
                "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                "1614265330",
                "{\"test\": 2432232314}",
                "webhook-signature",
                "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            ),
            (
                Scheme::Github,
                "It's a Secret to Everybody",
                "0",
                "Hello, World!",
                "X-Hub-Signature-256",
                "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
            ),
        ];
        for (scheme, secret, timestamp, body, name, value) in cases {
            let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
            let signed = sign(&ring(&[(scheme, secret)]), id, timestamp, body);
            assert_eq!(signed.last().unwrap(), &(name.to_owned(), value.to_owned()));
        }
    }

    #[test]
    fn every_scheme_verifies_what_it_signs() {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let timestamp = format!("{NOW}.25");
        for scheme in Scheme::ALL {
            let keyring = ring(&[(scheme, secret)]);
            let other = ring(&[(scheme, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSx")]);
            for body in ["", "body", "{\"ü\": \"\u{1f415}\"}"] {
                let signed = sign(&keyring, "msg_1", &timestamp, body);
                assert_eq!(verify(&keyring, &signed, body), Ok(()), "{scheme:?}");
                assert_eq!(verify(&keyring, &signed, "other"), Err(Status::Signature));
                assert_eq!(verify(&other, &signed, body), Err(Status::Signature));
                for missing in 0..signed.len() {
                    let mut rest = signed.clone();
                    rest.remove(missing);
                    assert_eq!(verify(&keyring, &rest, body), Err(Status::HeaderMissing));
                }
                if signed.len() > 1 || signed[0].1.starts_with("t=") {
                    let late = verify_at(&keyring, &signed, body, NOW + 301, None);
                    assert_eq!(late, Err(Status::TooOld), "{scheme:?}");
                    let early = verify_at(&keyring, &signed, body, NOW - 301, None);
                    assert_eq!(early, Err(Status::TooNew), "{scheme:?}");
                }
            }
        }
    }

    #[test]
    fn the_tolerance_is_inclusive_both_ways() {
        let keyring = ring(&[(Scheme::Barker, "k")]);
        let signed = sign(&keyring, "", "1000", "");
        for (now, outcome) in
            [(1300, Ok(())), (1301, Err(Status::TooOld)), (700, Ok(())), (699, Err(Status::TooNew))]
        {
            assert_eq!(verify_at(&keyring, &signed, "", now, None), outcome);
        }
    }

    #[test]
    fn secrets_are_rotated() {
        let (private, public) = secret::generate_pair().unwrap();
        let (old, new) = (secret::generate().unwrap(), secret::generate().unwrap());
        let now = NOW.to_string();
        for scheme in [Scheme::Standard, Scheme::Svix, Scheme::Stripe] {
            let sender = ring(&[(scheme, &new), (scheme, &old)]);
            let signed = sign(&sender, "msg_1", &now, "body");
            assert_eq!(verify(&ring(&[(scheme, &old)]), &signed, "body"), Ok(()));
            assert_eq!(verify(&ring(&[(scheme, &new)]), &signed, "body"), Ok(()));
        }
        let standard = Scheme::Standard;
        let sender = ring(&[(Scheme::Slack, "s"), (standard, &old), (standard, &private)]);
        let signed = sign(&sender, "msg_1", &now, "body");
        assert_eq!(signed.len(), 5, "{signed:?}");
        for receiver in [(standard, old.as_str()), (standard, &public), (Scheme::Slack, "s")] {
            assert_eq!(verify(&ring(&[receiver]), &signed, "body"), Ok(()));
        }
        assert!(
            ring(&[(standard, &public)])
                .sign("msg_1", &Timestamp::parse(b"0").unwrap(), b"", Default::default())
                .is_err_and(|error| error.status == Status::Secret)
        );
    }

    #[test]
    fn the_default_secret_does_not_stay() {
        let signed = sign(&Keyring::default(), "", &NOW.to_string(), "body");
        assert_eq!(verify(&Keyring::default(), &signed, "body"), Ok(()));
        let receiver = ring(&[(Scheme::Slack, "secret")]);
        assert_eq!(verify(&receiver, &signed, "body"), Err(Status::HeaderMissing));
    }

    #[test]
    fn unusual_headers() {
        const RIGHT: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        let keyring = ring(&[(Scheme::Standard, "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]);
        let body = "{\"test\": 2432232314}";
        let outcome = |id: &str, timestamp: &str, signature: &str| {
            let received = headers(&[
                ("Webhook-Id", id),
                ("HTTP_WEBHOOK_TIMESTAMP", timestamp),
                ("webhook-signature", signature),
            ]);
            verify(&keyring, &received, body)
        };
        let (id, now) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330");
        assert_eq!(outcome(id, now, RIGHT), Ok(()));
        assert_eq!(outcome(id, now, &format!("v2,x v1a,x v1,AAAA {RIGHT}")), Ok(()));
        assert_eq!(outcome(id, now, &RIGHT.replace("v1,", "v2,")), Err(Status::Signature));
        assert_eq!(outcome(id, now, RIGHT.trim_end_matches('=')), Err(Status::HeaderMalformed));
        assert_eq!(outcome(id, now, "nonsense"), Err(Status::HeaderMalformed));
        assert_eq!(outcome(id, now, ""), Err(Status::HeaderMalformed));
        assert_eq!(outcome("", now, RIGHT), Err(Status::HeaderMalformed));
        assert_eq!(outcome("a.b", now, RIGHT), Err(Status::HeaderMalformed));
        assert_eq!(outcome(id, "1614265330.0", RIGHT), Err(Status::HeaderMalformed));
        assert_eq!(outcome(id, "-1614265330", RIGHT), Err(Status::HeaderMalformed));
        let flood = "v1,AAAA ".repeat(1000) + RIGHT;
        assert_eq!(outcome(id, now, &flood), Ok(()));
        // Joined by a gateway.
        let twice = |value: &str| format!("{value}, {value}");
        assert_eq!(outcome(&twice(id), &twice(now), &twice(RIGHT)), Ok(()));
        assert_eq!(outcome(id, &format!("{now},5"), RIGHT), Err(Status::HeaderAmbiguous));
        assert_eq!(outcome(&format!("{id},a"), now, RIGHT), Err(Status::Signature));
        let svix = headers(&[("svix-id", id), ("svix-timestamp", now), ("svix-signature", RIGHT)]);
        assert_eq!(verify(&keyring, &svix, body), Ok(()));
        let mixed =
            headers(&[("webhook-id", id), ("svix-timestamp", now), ("svix-signature", RIGHT)]);
        assert_eq!(verify(&keyring, &mixed, body), Err(Status::HeaderMissing));
    }

    #[test]
    fn an_id_may_have_commas() {
        let keyring = ring(&[(Scheme::Standard, "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]);
        for id in ["a,b", ",", ",,", "a,", ",a", "a,a,b"] {
            let signed = sign(&keyring, id, &NOW.to_string(), "body");
            assert_eq!(verify(&keyring, &signed, "body"), Ok(()), "{id}");
        }
    }

    #[test]
    fn what_was_refused_leaves_no_default() {
        let standard = Scheme::Standard;
        let by_default = sign(&Keyring::default(), "", &NOW.to_string(), "body");
        for refused_by in [Keyring::set, Keyring::add] {
            let mut keyring = Keyring::default();
            assert!(refused_by(&mut keyring, standard, b"*").is_err());
            for keyring in [&keyring, &keyring.clone()] {
                assert_eq!(verify(keyring, &by_default, "body"), Err(Status::Secret));
                let timestamp = Timestamp::parse(b"0").unwrap();
                let signed = keyring.sign("", &timestamp, b"", Default::default());
                assert!(signed.is_err_and(|error| error.status == Status::Secret));
            }
            keyring.add(Scheme::Slack, b"secret").unwrap();
            let signed = sign(&keyring, "", &NOW.to_string(), "body");
            assert!(refused_by(&mut keyring, standard, b"*").is_err());
            assert_eq!(verify(&keyring, &signed, "body"), Ok(()), "another secret stays");
        }
    }

    /// What comes of a message with these signatures, and how often Ed25519 hashed it.
    fn costs(
        keyring: &Keyring,
        now: u64,
        signatures: &[String],
    ) -> (std::result::Result<(), Status>, usize) {
        let list = signatures.join(" ");
        let timestamp = NOW.to_string();
        let headers = headers(&[
            ("webhook-id", "msg_1"),
            ("webhook-timestamp", &timestamp),
            ("webhook-signature", &list),
        ]);
        let before = VERIFIED.get();
        let outcome = verify_at(keyring, &headers, "body", now, None);
        (outcome, VERIFIED.get() - before)
    }

    #[test]
    fn a_false_message_costs_few_hashes() {
        let (private, public) = secret::generate_pair().unwrap();
        let sender = ring(&[(Scheme::Standard, &private)]);
        let receiver = ring(&[(Scheme::Standard, &public)]);
        let of = |body: &str| sign(&sender, "msg_1", &NOW.to_string(), body).pop().unwrap().1;
        let right = of("body");
        let wrong: Vec<String> = (0..100).map(|n| of(&format!("other {n}"))).collect();
        let with_right = |place: usize, others: usize| {
            let mut all = wrong[..others].to_vec();
            all.insert(place, right.clone());
            all
        };
        let (late, early) = (NOW + 301, NOW - 301);
        assert_eq!(costs(&receiver, NOW, &wrong[..4]), (Err(Status::Signature), 4));
        assert_eq!(costs(&receiver, NOW, &wrong), (Err(Status::HeaderMalformed), 0));
        let twice = vec![wrong[0].clone(); 100];
        assert_eq!(costs(&receiver, NOW, &twice), (Err(Status::Signature), 1));
        assert_eq!(costs(&receiver, late, &wrong[..4]), (Err(Status::TooOld), 0));
        assert_eq!(costs(&receiver, early, &wrong[..4]), (Err(Status::TooNew), 0));
        for place in 0..=3 {
            assert_eq!(costs(&receiver, NOW, &with_right(place, 3)), (Ok(()), place + 1));
            let too_many = costs(&receiver, NOW, &with_right(place, 4));
            assert_eq!(too_many, (Err(Status::HeaderMalformed), 0), "in any order");
        }
        let of_other_version = ["v1,AAAA".to_owned()];
        assert_eq!(costs(&receiver, late, &of_other_version), (Err(Status::Signature), 0));
    }

    /// Ed25519 without an id, and an id that nothing parts from the body.
    #[test]
    fn messages_without_a_delimited_id_are_told_apart() {
        const NAMES: Names = Names { id: Some("id"), timestamp: Some("t"), signature: "signature" };
        const NO_ID: Description = Description {
            names: Names { id: None, ..NAMES },
            also: None,
            secret: SecretFormat::Standard,
            content: &[Part::Timestamp, Part::Body],
            layout: Layout::One(""),
            encoding: Encoding::Hex,
            clock: Clock::Seconds,
        };
        const LOOSE_ID: Description = Description {
            names: NAMES,
            content: &[Part::Id, Part::Timestamp, Part::Body],
            ..NO_ID
        };
        let (private, _) = secret::generate_pair().unwrap();
        let key = secret::parse_standard(private.as_bytes()).unwrap();
        for scheme in [&NO_ID, &LOOSE_ID] {
            let secrets = vec![Arc::new(Secret { scheme, key: key.clone() })];
            let (keyring, guard) = (Keyring { secrets, is_default: false }, ReplayGuard::new(10));
            let verify = |signed: &[(String, String)], body: &str| {
                verify_at(&keyring, signed, body, NOW, Some(&guard))
            };
            let first = sign(&keyring, "a", &NOW.to_string(), "1");
            let second = sign(&keyring, "a", &NOW.to_string(), "2");
            assert_eq!(verify(&first, "1"), Ok(()));
            assert_eq!(verify(&second, "2"), Ok(()));
            assert_eq!(verify(&first, "1"), Err(Status::Replayed));
        }
        // "a" and a time are as much as "a1" and the rest of that time.
        let secrets = vec![Arc::new(Secret { scheme: &LOOSE_ID, key })];
        let (keyring, guard) = (Keyring { secrets, is_default: false }, ReplayGuard::new(10));
        let mut signed = sign(&keyring, "a", &NOW.to_string(), "body");
        let at = |headers: &[(String, String)], now| {
            verify_at(&keyring, headers, "body", now, Some(&guard))
        };
        assert_eq!(at(&signed, NOW), Ok(()));
        (signed[0].1, signed[1].1) = ("a1".to_owned(), NOW.to_string()[1..].to_owned());
        assert_eq!(at(&signed, NOW - 1_000_000_000), Err(Status::Replayed));
    }

    #[test]
    fn a_replay_is_told_whatever_is_taken_away() {
        let secrets = [(Scheme::Stripe, "old"), (Scheme::Stripe, "new"), (Scheme::Slack, "s")];
        let (keyring, guard) = (ring(&secrets), ReplayGuard::new(10));
        let verify =
            |headers: &[(String, String)]| verify_at(&keyring, headers, "body", NOW, Some(&guard));
        let signed = sign(&keyring, "", &NOW.to_string(), "body");
        assert_eq!(verify(&signed), Ok(()));
        assert_eq!(verify(&signed), Err(Status::Replayed));
        let (stripe, slack) = signed.split_at(1);
        assert_eq!(verify(slack), Err(Status::Replayed));
        let (timestamp, second) = (&stripe[0].1[..13], &stripe[0].1[13 + 67..]);
        let stripped = format!("{}{second}", timestamp.trim_end_matches(','));
        assert_eq!(verify(&headers(&[("stripe-signature", &stripped)])), Err(Status::Replayed));
        let received = signed.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
        keyring.forget(received, b"body", &guard);
        assert_eq!(verify(&signed), Ok(()));
    }
}
