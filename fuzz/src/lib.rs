//! What each fuzz target does with its input, and what must hold whatever the input is.
//!
//! The inputs are text, so that a corpus can be read and written by hand.

mod exchange;

use std::ffi::{CString, c_char};
use std::ptr::null_mut;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use barker::error::barker_status::{self, *};
use barker::signature::{Currency, Keyring, Timestamp, barker_scheme, barker_scheme::*};

pub use exchange::{request, response};

const SCHEMES: [barker_scheme; 9] = [
    BARKER_SCHEME_BARKER,
    BARKER_SCHEME_BARKER_SHA256,
    BARKER_SCHEME_BARKER_SHA512,
    BARKER_SCHEME_STANDARD,
    BARKER_SCHEME_SVIX,
    BARKER_SCHEME_GITHUB,
    BARKER_SCHEME_STRIPE,
    BARKER_SCHEME_SLACK,
    BARKER_SCHEME_SHOPIFY,
];
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const PRIVATE_KEY: &str = "whsk_nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";
const NOW: u64 = 1_700_000_000;

/// The values of a scheme's headers, a line each (id, timestamp, signature, as far as there are
/// any), and then the body. The secret and the time are fixed.
///
/// What verifies has its signature in the header, and says so under other spellings of the names
/// and in any order.
pub fn headers(scheme: barker_scheme, input: &[u8]) {
    let mut keyring = Keyring::default();
    keyring.set(scheme, SECRET.as_bytes()).unwrap();
    if scheme == BARKER_SCHEME_STANDARD {
        keyring.add(scheme, PRIVATE_KEY.as_bytes()).unwrap();
    }
    let names = signed_headers(&keyring, "msg_1", NOW.to_string().as_bytes(), b"");
    let mut lines = input.splitn(names.len() + 1, |&byte| byte == b'\n');
    let mut received: Vec<(Vec<u8>, &[u8])> =
        names.iter().zip(&mut lines).map(|((name, _), value)| (name.clone(), value)).collect();
    let body = lines.next().unwrap_or_default();

    let verdict = verify(&keyring, &received, body);
    if verdict == BARKER_OK {
        let (id, timestamp) = claims(&names, &received);
        let signed = signed_headers(&keyring, &id, &timestamp, body);
        let signatures = &signed.last().unwrap().1;
        let header = received.last().unwrap().1;
        let mut signatures = signatures.split(|byte| b" ,".contains(byte)).map(bare);
        assert!(signatures.any(|own| has(header, own)), "accepted without its signature");
    }
    received.reverse();
    for (name, _) in &mut received {
        let text = String::from_utf8(name.clone()).unwrap();
        *name = format!("HTTP_{}", text.to_uppercase().replace('-', "_")).into_bytes();
    }
    assert_eq!(verify(&keyring, &received, body), verdict, "the names' spelling matters");
}

/// Headers as `name: value`, an empty line, and the body, verified through the C interface: once
/// with a handle that has a secret for each scheme, then with each secret alone.
///
/// The handle accepts what one of its secrets accepts, and no other body under the same headers.
pub fn message(input: &[u8]) {
    let mut headers = Vec::new();
    let mut rest = input;
    while let Some(end) = rest.iter().position(|&byte| byte == b'\n') {
        let (line, after) = (&rest[..end], &rest[end + 1..]);
        rest = after;
        if line.is_empty() {
            break;
        }
        let middle = line.iter().position(|&byte| byte == b':').unwrap_or(line.len());
        let text = |bytes: &[u8]| {
            CString::new(bytes.split(|&byte| byte == 0).next().unwrap_or_default()).unwrap()
        };
        headers.push((text(&line[..middle]), text(line.get(middle + 1..).unwrap_or_default())));
    }
    let pointers: Vec<c::Header> = headers
        .iter()
        .map(|(name, value)| c::Header { name: name.as_ptr(), value: value.as_ptr() })
        .collect();

    let verdict = c::verify(&pointers, rest);
    let alone = SCHEMES.map(|scheme| c::verify_once(scheme, &pointers, rest));
    assert_eq!(verdict == BARKER_OK as i32, alone.contains(&(BARKER_OK as i32)));
    let longer = [rest, b"."].concat();
    assert_ne!(c::verify(&pointers, &longer), BARKER_OK as i32, "accepted another body");
}

/// The text of a secret. One that is accepted signs, unless it is a public key, and accepts what
/// it signed.
pub fn secret(input: &[u8]) {
    for scheme in SCHEMES {
        let mut keyring = Keyring::default();
        if keyring.set(scheme, input).is_err() {
            continue;
        }
        let timestamp = Timestamp::parse(NOW.to_string().as_bytes()).unwrap();
        match keyring.sign("msg_1", &timestamp, b"body", Default::default()) {
            Ok(signed) => {
                let headers: Vec<_> = signed
                    .headers
                    .iter()
                    .map(|header| (header.name.as_bytes().to_vec(), header.value.as_bytes()))
                    .collect();
                assert_eq!(verify(&keyring, &headers, b"body"), BARKER_OK);
            }
            Err(error) => {
                assert_eq!(error.status, BARKER_ERR_SECRET);
                assert!(input.trim_ascii_start().starts_with(b"whpk_"));
            }
        }
    }
}

fn signed_headers(
    keyring: &Keyring,
    id: &str,
    timestamp: &[u8],
    body: &[u8],
) -> Vec<(Vec<u8>, Vec<u8>)> {
    let timestamp = Timestamp::parse(timestamp).unwrap();
    let signed = keyring.sign(id, &timestamp, body, Default::default()).unwrap();
    let pair = |header: barker::signature::Header| {
        (header.name.into_owned().into_bytes(), header.value.into_bytes())
    };
    signed.headers.into_iter().map(pair).collect()
}

fn verify(keyring: &Keyring, headers: &[(Vec<u8>, &[u8])], body: &[u8]) -> barker_status {
    let headers = headers.iter().map(|(name, value)| (&name[..], *value));
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW);
    let currency = Currency { now, tolerance: Duration::from_secs(300), guard: None };
    keyring.verify(headers, body, currency).map_or_else(|error| error.status, |()| BARKER_OK)
}

/// The id and the timestamp of an accepted message.
fn claims(names: &[(Vec<u8>, Vec<u8>)], received: &[(Vec<u8>, &[u8])]) -> (String, Vec<u8>) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.trim_ascii().to_vec());
    let signature = received.last().unwrap().1;
    match names.len() {
        3 => (text(received[0].1).unwrap(), received[1].1.trim_ascii().to_vec()),
        2 => (String::new(), received[0].1.trim_ascii().to_vec()),
        _ => {
            let fields = signature.split(|&byte| byte == b',').map(<[u8]>::trim_ascii);
            let mut value = fields.filter_map(|field| {
                let middle = field.iter().position(|&byte| byte == b'=')?;
                (field[..middle].trim_ascii() == b"t").then(|| field[middle + 1..].trim_ascii())
            });
            (String::new(), value.next_back().unwrap_or(b"0").to_vec())
        }
    }
}

/// A signature without the version before it and the padding after it.
fn bare(signature: &[u8]) -> &[u8] {
    let end = signature.iter().rposition(|&byte| byte != b'=').map_or(0, |last| last + 1);
    let start = signature[..end].iter().rposition(|&byte| byte == b'=').map_or(0, |at| at + 1);
    &signature[start..end]
}

/// Whether the header has this signature; hexadecimal may be in capitals.
fn has(header: &[u8], signature: &[u8]) -> bool {
    signature.len() > 10
        && header.windows(signature.len()).any(|part| part.eq_ignore_ascii_case(signature))
}

/// The functions that a C program calls.
mod c {
    use super::*;

    #[repr(C)]
    pub struct Header {
        pub name: *const c_char,
        pub value: *const c_char,
    }

    /// A handle: any number of threads may verify with it.
    struct Handle(*mut u8);
    // SAFETY: the handle is made once, and then only verified with.
    unsafe impl Send for Handle {}
    // SAFETY: likewise.
    unsafe impl Sync for Handle {}

    unsafe extern "C" {
        fn barker_webhook_new() -> *mut u8;
        fn barker_webhook_add_secret(
            hook: *mut u8,
            scheme: i32,
            secret: *const u8,
            len: usize,
        ) -> i32;
        fn barker_webhook_set_tolerance(hook: *mut u8, seconds: u32) -> i32;
        fn barker_webhook_verify(
            hook: *const u8,
            headers: *const Header,
            count: usize,
            body: *const u8,
            len: usize,
        ) -> i32;
        fn barker_verify(
            scheme: i32,
            secret: *const u8,
            secret_len: usize,
            tolerance: u32,
            headers: *const Header,
            count: usize,
            body: *const u8,
            len: usize,
        ) -> i32;
    }

    pub fn verify(headers: &[Header], body: &[u8]) -> i32 {
        static HANDLE: OnceLock<Handle> = OnceLock::new();
        // SAFETY: the handle is live, and each secret is as long as is said.
        let handle = HANDLE.get_or_init(|| unsafe {
            let hook = barker_webhook_new();
            assert_ne!(hook, null_mut());
            assert_eq!(barker_webhook_set_tolerance(hook, 0), 0);
            for scheme in SCHEMES {
                let (secret, len) = (SECRET.as_ptr(), SECRET.len());
                assert_eq!(barker_webhook_add_secret(hook, scheme as i32, secret, len), 0);
            }
            Handle(hook)
        });
        // SAFETY: the handle is never freed; headers and body are as long as is said.
        unsafe {
            barker_webhook_verify(
                handle.0,
                headers.as_ptr(),
                headers.len(),
                body.as_ptr(),
                body.len(),
            )
        }
    }

    pub fn verify_once(scheme: barker_scheme, headers: &[Header], body: &[u8]) -> i32 {
        // SAFETY: secret, headers and body are as long as is said.
        unsafe {
            barker_verify(
                scheme as i32,
                SECRET.as_ptr(),
                SECRET.len(),
                0,
                headers.as_ptr(),
                headers.len(),
                body.as_ptr(),
                body.len(),
            )
        }
    }
}
