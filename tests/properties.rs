//! What holds of signing and verifying whatever the messages, secrets and headers are.

use std::time::{Duration, SystemTime};

use barker::error::Status;
use barker::signature::{Freshness, Keyring, Scheme, Timestamp};
use proptest::prelude::*;
use proptest::sample::{Index, select};

const NAMES: [&str; 15] = [
    "BARKER_TIMESTAMP",
    "barker-signature",
    "HTTP_BARKER_SIGNATURE",
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
    "svix-id",
    "SVIX_TIMESTAMP",
    "svix-signature",
    "x-hub-signature-256",
    "Stripe-Signature",
    "X-Slack-Request-Timestamp",
    "X-Slack-Signature",
    "x-shopify-hmac-sha256",
    "shopify-hmac-sha256",
];
const NOW: u64 = 1_700_000_000;

type Headers = Vec<(Vec<u8>, Vec<u8>)>;

fn sign(keyring: &Keyring, body: &[u8]) -> Headers {
    let timestamp = Timestamp::parse(format!("{NOW}.5").as_bytes()).unwrap();
    let signed = keyring.sign("msg_1", &timestamp, body, Default::default()).unwrap();
    let pair = |header: barker::signature::Header| {
        (header.name.into_owned().into_bytes(), header.value.into_bytes())
    };
    signed.headers.into_iter().map(pair).collect()
}

fn verify(keyring: &Keyring, headers: &Headers, body: &[u8]) -> Result<(), Status> {
    let headers = headers.iter().map(|(name, value)| (&name[..], &value[..]));
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW);
    let freshness = Freshness { now, tolerance: Duration::from_secs(300), guard: None };
    keyring.verify(headers, body, freshness).map_err(|error| error.status)
}

fn secrets() -> impl Strategy<Value = Vec<(Scheme, String)>> {
    prop::collection::vec((select(&Scheme::ALL[..]), "([A-Za-z0-9+/]{4}){6,20}"), 1..4)
}

fn keyring(secrets: &[(Scheme, String)]) -> Keyring {
    let mut keyring = Keyring::default();
    for (scheme, secret) in secrets {
        keyring.add(*scheme, secret.as_bytes()).unwrap();
    }
    keyring
}

/// What gateways make of headers: in the order of the keys, with neighbours of one name joined.
fn rearranged(headers: &Headers, order: &[u64], joints: &[Option<&str>]) -> Headers {
    let mut all: Vec<_> = headers.iter().zip(order).zip(joints).collect();
    all.sort_by_key(|((_, key), _)| **key);
    let mut result = Headers::new();
    for (((name, value), _), joint) in all {
        match (result.iter_mut().find(|(other, _)| other == name), joint) {
            (Some((_, before)), Some(joint)) => {
                before.extend(joint.bytes());
                before.extend(value);
            }
            _ => result.push((name.clone(), value.clone())),
        }
    }
    result
}

/// Headers that are lists, each split at its commas.
fn split(headers: Headers) -> Headers {
    let is_list = |name: &[u8]| {
        [&b"webhook-signature"[..], b"svix-signature", b"Stripe-Signature"].contains(&name)
    };
    let pieces = |(name, value): (Vec<u8>, Vec<u8>)| -> Headers {
        if !is_list(&name) {
            return vec![(name, value)];
        }
        value.split(|&byte| byte == b',').map(|piece| (name.clone(), piece.to_vec())).collect()
    };
    headers.into_iter().flat_map(pieces).collect()
}

const MAX_PIECES: usize = 64;

fn orders() -> impl Strategy<Value = Vec<u64>> {
    prop::collection::vec(any::<u64>(), MAX_PIECES)
}

fn joints() -> impl Strategy<Value = Vec<Option<&'static str>>> {
    prop::collection::vec(select(&[None, Some(","), Some(", ")][..]), MAX_PIECES)
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..300)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn what_is_signed_verifies(secrets in secrets(), body in body()) {
        let keyring = keyring(&secrets);
        prop_assert_eq!(verify(&keyring, &sign(&keyring, &body), &body), Ok(()));
    }

    #[test]
    fn another_body_does_not(
        secrets in secrets(), body in body(), place in any::<Index>(), change in 1u8..,
    ) {
        let keyring = keyring(&secrets);
        let signed = sign(&keyring, &body);
        let mut longer = body.clone();
        longer.push(change);
        prop_assert_eq!(verify(&keyring, &signed, &longer), Err(Status::Signature));
        if !body.is_empty() {
            let mut changed = body.clone();
            changed[place.index(body.len())] ^= change;
            prop_assert_eq!(verify(&keyring, &signed, &changed), Err(Status::Signature));
        }
    }

    #[test]
    fn another_secret_does_not(
        scheme in select(&Scheme::ALL[..]), secrets in ("[A-Z]{24}", "[a-z]{24}"), body in body(),
    ) {
        let (mut sender, mut receiver) = (Keyring::default(), Keyring::default());
        sender.set(scheme, secrets.0.as_bytes()).unwrap();
        receiver.set(scheme, secrets.1.as_bytes()).unwrap();
        prop_assert_eq!(verify(&receiver, &sign(&sender, &body), &body), Err(Status::Signature));
    }

    /// A changed header may still say the same: blanks around it, hex digits in capitals.
    #[test]
    fn another_header_does_not(
        scheme in select(&Scheme::ALL[..]), body in body(),
        header in any::<Index>(), place in any::<Index>(), change in 1u8..,
    ) {
        let mut keyring = Keyring::default();
        keyring.set(scheme, b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let mut headers = sign(&keyring, &body);
        let header = header.index(headers.len());
        let value = &mut headers[header].1;
        let place = place.index(value.len());
        let before = value[place];
        value[place] ^= change;
        let says_the_same =
            before.eq_ignore_ascii_case(&value[place]) || value[place].is_ascii_whitespace();
        prop_assert!(says_the_same || verify(&keyring, &headers, &body) != Ok(()));
    }

    #[test]
    fn nothing_else_verifies(
        secrets in secrets(), body in body(),
        headers in prop::collection::vec(
            (select(&NAMES[..]), prop_oneof![
                prop::collection::vec(any::<u8>(), 0..200),
                "(t=|v0=|sha256=|v1,|v1a,)?[0-9a-f]{10,64}( v1,[A-Za-z0-9+/]{43}=)*".prop_map(String::into_bytes),
                "(t=)?17000000[0-9]{2}(,v1=[0-9a-f]{64}){0,3}".prop_map(String::into_bytes),
            ]),
            0..8,
        ),
    ) {
        let headers = headers.into_iter().map(|(name, value)| (name.into(), value)).collect();
        let keyring = keyring(&secrets);
        let status = verify(&keyring, &headers, &body);
        prop_assert!(matches!(
            status,
            Err(Status::HeaderMissing | Status::HeaderMalformed | Status::HeaderAmbiguous | Status::Signature)
        ));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn what_is_repeated_joined_or_split_verifies(
        secrets in secrets(), body in body(), is_split: bool, order in orders(), joints in joints(),
    ) {
        let keyring = keyring(&secrets);
        let signed = sign(&keyring, &body);
        let pieces = if is_split { split(signed.clone()) } else { signed.clone() };
        let twice = [pieces, signed].concat();
        prop_assert!(twice.len() <= MAX_PIECES);
        prop_assert_eq!(verify(&keyring, &rearranged(&twice, &order, &joints), &body), Ok(()));
    }

    #[test]
    fn the_order_of_headers_does_not_matter(
        secrets in secrets(), others in secrets(), body in body(), is_right: bool, is_split: bool,
        noise in prop::option::of((select(&NAMES[..]), "[a-z0-9=]{0,5}|v1|170000000[0-9]|t=5")),
        orders in (orders(), orders()), joints in (joints(), joints()),
    ) {
        let keyring = keyring(&secrets);
        let mut headers = sign(&self::keyring(&others), &body);
        if is_right {
            headers.extend(sign(&keyring, &body));
        }
        let noise = noise.filter(|(name, _)| !name.ends_with("-id"));
        headers.extend(noise.map(|(name, value)| (name.into(), value.into_bytes())));
        let pieces = if is_split { split(headers) } else { headers };
        prop_assert!(pieces.len() <= MAX_PIECES);
        let outcome = |order, joints| verify(&keyring, &rearranged(&pieces, order, joints), &body);
        prop_assert_eq!(outcome(&orders.0, &joints.0), outcome(&orders.1, &joints.1));
    }
}
