//! What each fuzz target does with its input, and what must hold whatever the input is.
//!
//! The inputs are text, so that a corpus can be read and written by hand.

mod exchange;

use std::ffi::{CString, c_char};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ptr::null_mut;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use barker::delivery::{AddressPolicy, Network, Policy};
use barker::error::Status;
use barker::ffi::{BARKER_OK, Constants};
use barker::signature::{Freshness, Keyring, Scheme, Timestamp};

pub use exchange::{request, response};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const PRIVATE_KEY: &str = "whsk_nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";
const NOW: u64 = 1_700_000_000;

/// The number of a scheme and the values of its headers, a line each (id, timestamp, signature, as
/// far as there are any), and then the body. The secret and the time are fixed.
///
/// What verifies has its signature in the header, and says so under other spellings of the names
/// and in any order.
pub fn headers(input: &[u8]) {
    let Some((scheme, input)) = scheme_before(input) else { return };
    let mut keyring = Keyring::default();
    keyring.set(scheme, SECRET.as_bytes()).unwrap();
    if scheme == Scheme::Standard {
        keyring.add(scheme, PRIVATE_KEY.as_bytes()).unwrap();
    }
    let names = signed_headers(&keyring, "msg_1", NOW.to_string().as_bytes(), b"");
    let mut lines = input.splitn(names.len() + 1, |&byte| byte == b'\n');
    let mut received: Vec<(Vec<u8>, &[u8])> =
        names.iter().zip(&mut lines).map(|((name, _), value)| (name.clone(), value)).collect();
    let body = lines.next().unwrap_or_default();

    let verdict = verify(&keyring, &received, body);
    if verdict.is_ok() {
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

/// The scheme whose number is on the first line, and what follows that.
pub fn scheme_before(input: &[u8]) -> Option<(Scheme, &[u8])> {
    let end = input.iter().position(|&byte| byte == b'\n')?;
    let number = std::str::from_utf8(&input[..end]).ok()?.parse().ok()?;
    Some((Scheme::of(number).ok()?, &input[end + 1..]))
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
    let alone = Scheme::ALL.map(|scheme| c::verify_once(scheme, &pointers, rest));
    assert_eq!(verdict == BARKER_OK, alone.contains(&BARKER_OK));
    let longer = [rest, b"."].concat();
    assert_ne!(c::verify(&pointers, &longer), BARKER_OK, "accepted another body");
}

/// The text of a secret. One that is accepted signs, unless it is a public key, and accepts what
/// it signed.
pub fn secret(input: &[u8]) {
    for scheme in Scheme::ALL {
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
                assert_eq!(verify(&keyring, &headers, b"body"), Ok(()));
            }
            Err(error) => {
                assert_eq!(error.status, Status::Secret);
                assert!(input.trim_ascii_start().starts_with(b"whpk_"));
            }
        }
    }
}

/// A line each: the policy `any`, `public` or `listed`; a network, allowed after a plus and denied after
/// a minus; or an address that is judged.
///
/// The verdict is that of the rules, on bits spelled out, and does not depend on how an IPv4 address
/// is reached.
pub fn policy(input: &[u8]) {
    let (mut policy, mut addresses) = (Policy::default(), Vec::<IpAddr>::new());
    for line in String::from_utf8_lossy(input).lines().take(64) {
        match line {
            "any" => policy.addresses = AddressPolicy::Any,
            "public" => policy.addresses = AddressPolicy::Public,
            "listed" => policy.addresses = AddressPolicy::Listed,
            _ => {
                let parsed = line.get(1..).map(Network::parse);
                match (line.chars().next(), parsed) {
                    (Some('+'), Some(Ok(network))) => policy.allowed.push(network),
                    (Some('-'), Some(Ok(network))) => policy.denied.push(network),
                    _ => addresses.extend(line.parse::<IpAddr>()),
                }
            }
        }
    }
    for network in policy.allowed.iter().chain(&policy.denied) {
        assert_eq!(Network::parse(&network.to_string()).as_ref(), Ok(network));
        addresses.push(network.to_string().split_once('/').unwrap().0.parse().unwrap());
    }
    for address in addresses {
        assert_eq!(policy.check(address).is_ok(), verdict(&policy, address), "{address}");
        if let IpAddr::V4(v4) = address {
            let mapped = v4.to_ipv6_mapped().into();
            assert_eq!(policy.check(mapped).is_ok(), policy.check(address).is_ok(), "{mapped}");
        }
    }
}

/// What the rules say of an address.
fn verdict(policy: &Policy, address: IpAddr) -> bool {
    let mut forms = vec![address.to_canonical()];
    if let IpAddr::V6(v6) = address
        && v6.octets().starts_with(b"\x00\x64\xff\x9b\0\0\0\0\0\0\0\0")
    {
        forms.push(Ipv4Addr::from_bits(v6.to_bits() as u32).into());
    }
    let is_in = |networks: &[Network]| {
        networks.iter().any(|network| {
            let text = network.to_string();
            let (first, prefix) = text.split_once('/').unwrap();
            let shared = &bits(first.parse().unwrap())[..1 + prefix.parse::<usize>().unwrap()];
            forms.iter().any(|form| bits(*form).starts_with(shared))
        })
    };
    if is_in(&policy.denied) {
        return false;
    }
    policy.addresses == AddressPolicy::Any
        || is_in(&policy.allowed)
        || policy.addresses == AddressPolicy::Public && is_public(*forms.last().unwrap())
}

/// What barker holds for public; nothing of what the standard library knows to be special.
fn is_public(address: IpAddr) -> bool {
    let public = Policy { addresses: AddressPolicy::Public, ..Policy::default() };
    let is_public = public.check(address).is_ok();
    assert!(
        !is_public
            || !match address {
                IpAddr::V4(v4) => {
                    v4.is_private()
                        || v4.is_loopback()
                        || v4.is_link_local()
                        || v4.is_multicast()
                        || v4.is_broadcast()
                        || v4.is_documentation()
                        || v4.is_unspecified()
                }
                IpAddr::V6(v6) => v6.segments()[0] >> 13 != 1 || v6.segments()[0] == 0x2002,
            },
        "{address}"
    );
    is_public
}

/// The family, and each bit as a digit.
fn bits(address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => format!("4{:032b}", v4.to_bits()),
        IpAddr::V6(v6) => format!("6{:0128b}", Ipv6Addr::to_bits(v6)),
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

fn verify(keyring: &Keyring, headers: &[(Vec<u8>, &[u8])], body: &[u8]) -> Result<(), Status> {
    let headers = headers.iter().map(|(name, value)| (&name[..], *value));
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW);
    let freshness = Freshness { now, tolerance: Duration::from_secs(300), guard: None };
    keyring.verify(headers, body, freshness).map_err(|error| error.status)
}

/// The id and the timestamp of an accepted message.
fn claims(names: &[(Vec<u8>, Vec<u8>)], received: &[(Vec<u8>, &[u8])]) -> (String, Vec<u8>) {
    let text = |bytes: &[u8]| String::from_utf8(unjoined(bytes).to_vec());
    let signature = received.last().unwrap().1;
    match names.len() {
        3 => (text(received[0].1).unwrap(), unjoined(received[1].1).to_vec()),
        2 => (String::new(), unjoined(received[0].1).to_vec()),
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

/// A value, once if a gateway joined it with itself.
fn unjoined(value: &[u8]) -> &[u8] {
    let mut pieces = value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii);
    let first = pieces.next().unwrap_or_default();
    let is_repeated = !first.is_empty() && pieces.all(|piece| piece == first);
    if is_repeated { first } else { value.trim_ascii() }
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
            for scheme in Scheme::ALL {
                let (secret, len) = (SECRET.as_ptr(), SECRET.len());
                assert_eq!(barker_webhook_add_secret(hook, scheme.constant(), secret, len), 0);
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

    pub fn verify_once(scheme: Scheme, headers: &[Header], body: &[u8]) -> i32 {
        // SAFETY: secret, headers and body are as long as is said.
        unsafe {
            barker_verify(
                scheme.constant(),
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
