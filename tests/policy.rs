//! What holds of the address policy whatever the addresses and networks are, and that it agrees with
//! Python on which addresses are public.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::process::Command;
use std::time::SystemTime;

use barker::delivery::{AddressPolicy, Network, Policy};
use barker::error::Status;
use proptest::prelude::*;
use proptest::sample::select;

/// The networks where barker differs from the `is_global` of some version of Python, and why. All
/// their addresses are refused.
const DIFFERENCES: &[(&str, &str)] = &[
    ("168.63.129.16/32", "not special for the registry, but so for those inside the Azure cloud"),
    ("192.0.0.0/24", "the anycast addresses in it are global, and no receivers"),
    ("192.31.196.0/24", "anycast, global, and no receivers"),
    ("192.52.193.0/24", "anycast, global, and no receivers"),
    ("192.88.99.0/24", "withdrawn; the registry does not say whether they are global"),
    ("192.175.48.0/24", "anycast, global, and no receivers"),
    ("224.0.0.0/4", "multicast can be global, and cannot be connected to"),
    ("::/3", "not allocated but for what leads to IPv4; Python asks the registry alone"),
    ("2001::/23", "the anycast addresses and identifiers in it are global, and no receivers"),
    ("2002::/16", "lead to IPv4; the registry does not say whether they are global"),
    ("2620:4f:8000::/48", "anycast, global, and no receivers"),
    ("3fff::/20", "for documentation, which older Pythons do not know"),
    ("4000::/2", "not allocated; Python asks the registry alone"),
    ("8000::/1", "not allocated; Python asks the registry alone"),
];

fn network(text: &str) -> Network {
    Network::parse(text).expect(text)
}

fn policy(addresses: AddressPolicy, allowed: &[Network], denied: &[Network]) -> Policy {
    let (allowed, denied) = (allowed.to_vec(), denied.to_vec());
    Policy { addresses, allowed, denied, ..Policy::default() }
}

fn allows(policy: &Policy, address: IpAddr) -> bool {
    match policy.check(address) {
        Ok(()) => true,
        Err(error) => {
            assert_eq!(error.status, Status::Refused);
            false
        }
    }
}

fn mapped(address: Ipv4Addr) -> IpAddr {
    address.to_ipv6_mapped().into()
}

fn nat64(address: Ipv4Addr) -> IpAddr {
    Ipv6Addr::from_bits(0x64_ff9b << 96 | u128::from(address.to_bits())).into()
}

/// Of the whole space, with the ends of what is special more often.
fn ipv4() -> impl Strategy<Value = Ipv4Addr> {
    let firsts = [
        0x0a00_0000,
        0x0b00_0000,
        0x7f00_0000,
        0x8000_0000,
        0xa9fe_0000,
        0xa9ff_0000,
        0xc0a8_0000,
        0xc0a9_0000,
        0xe000_0000,
    ];
    let ends = (select(firsts.to_vec()), 0..2u32).prop_map(|(first, back)| first - back);
    prop_oneof![any::<u32>(), ends].prop_map(Ipv4Addr::from_bits)
}

fn address() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        ipv4().prop_map(IpAddr::V4),
        any::<u128>().prop_map(|bits| Ipv6Addr::from_bits(bits).into()),
        any::<u128>().prop_map(|bits| Ipv6Addr::from_bits(1 << 125 | bits >> 3).into()),
        ipv4().prop_map(mapped),
        ipv4().prop_map(nat64),
    ]
}

/// The network around the address of this length, or for IPv4 of what is left of it.
fn around(address: IpAddr, prefix: u32) -> Network {
    let address = address.to_canonical();
    let prefix = if address.is_ipv4() { prefix % 33 } else { prefix };
    let first: IpAddr = match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32 - prefix).unwrap_or(0);
            Ipv4Addr::from_bits(v4.to_bits() & mask).into()
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128 - prefix).unwrap_or(0);
            Ipv6Addr::from_bits(v6.to_bits() & mask).into()
        }
    };
    network(&format!("{first}/{prefix}"))
}

fn policies() -> impl Strategy<Value = AddressPolicy> {
    select(&[AddressPolicy::Any, AddressPolicy::Public, AddressPolicy::Listed][..])
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn an_ipv4_address_is_judged_alike_however_it_is_reached(
        v4 in ipv4(), of in ipv4(), prefix in 0..=32u32, base in policies(), is_denied in any::<bool>(),
    ) {
        let networks = [around(of.into(), prefix)];
        let (allowed, denied): (&[_], &[_]) =
            if is_denied { (&[], &networks) } else { (&networks, &[]) };
        let policy = policy(base, allowed, denied);
        let verdict = allows(&policy, v4.into());
        prop_assert_eq!(allows(&policy, mapped(v4)), verdict);
        prop_assert_eq!(allows(&policy, nat64(v4)), verdict);
    }

    #[test]
    fn a_denied_network_is_refused_whatever_allows_it(
        address in address(), prefix in 0..=128u32, wider in 0..=128u32, base in policies(),
    ) {
        let denied = around(address, prefix);
        let allowed = around(address, wider);
        prop_assert!(denied.contains(address.to_canonical()));
        prop_assert!(!allows(&policy(base, &[allowed], &[denied]), address));
    }

    #[test]
    fn an_allowed_network_is_allowed(
        address in address(), prefix in 0..=128u32, base in policies(),
    ) {
        prop_assert!(allows(&policy(base, &[around(address, prefix)], &[]), address));
    }

    #[test]
    fn networks_elsewhere_change_nothing(
        address in address(), other in address(), prefix in 33..=128u32, base in policies(),
    ) {
        let elsewhere = around(other, prefix);
        let embedded = match address {
            IpAddr::V6(v6) => [address.to_canonical(), Ipv4Addr::from_bits(v6.to_bits() as u32).into()],
            IpAddr::V4(_) => [address; 2],
        };
        prop_assume!(!embedded.iter().any(|address| elsewhere.contains(*address)));
        let bare = allows(&policy(base, &[], &[]), address);
        prop_assert_eq!(allows(&policy(base, &[elsewhere], &[]), address), bare);
        prop_assert_eq!(allows(&policy(base, &[], &[elsewhere]), address), bare);
    }

    #[test]
    fn a_network_is_read_as_it_is_written(address in address(), prefix in 0..=128u32) {
        let network = around(address, prefix);
        prop_assert_eq!(Network::parse(&network.to_string()), Ok(network));
    }

    #[test]
    fn any_text_is_a_network_or_an_error(text in "[0-9a-f:./%]{0,24}|\\PC{0,24}") {
        if let Err(error) = Network::parse(&text) {
            prop_assert_eq!(error.status, Status::Range);
        }
    }
}

#[test]
fn agrees_with_python_on_what_is_public() {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let seed = now.as_nanos().to_string();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/addresses.py");
    let python = Command::new("python3").args([script, &seed]).output().expect("python3");
    assert!(python.status.success(), "{}", String::from_utf8_lossy(&python.stderr));

    let public = policy(AddressPolicy::Public, &[], &[]);
    let differences: Vec<_> = DIFFERENCES.iter().map(|(text, _)| network(text)).collect();
    let (mut compared, mut differing) = (0, 0);
    for line in String::from_utf8(python.stdout).unwrap().lines() {
        let (text, verdict) = line.split_once(' ').unwrap();
        let address: IpAddr = text.parse().unwrap();
        let differs = |network: &Network| network.contains(address.to_canonical());
        let wanted = verdict == "True" && !differences.iter().any(differs);
        assert_eq!(allows(&public, address), wanted, "{address}, seed {seed}");
        compared += 1;
        differing += usize::from(wanted != (verdict == "True"));
    }
    println!("{compared} addresses, {differing} of them in a network that differs");
    assert!(compared > 200_000 && differing < compared / 4);
}
