//! Which addresses, ports and schemes a delivery may go to: protects the sender's own network from
//! URLs that strangers choose (server-side request forgery).

use std::borrow::Cow;
use std::fmt::{self, Display};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::http::{Endpoint, Origin};
use crate::error::{Error, Result, Status};

/// Which addresses a webhook may be sent to, except for the networks that are allowed and denied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AddressPolicy {
    /// All, and Unix sockets.
    #[default]
    Any,
    /// Addresses of the public internet. Choose this if strangers choose the URLs.
    Public,
    /// Only the networks that were allowed.
    Listed,
}

/// What may be sent to. The default allows everything.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// What is allowed if no network decides.
    pub addresses: AddressPolicy,
    /// Exceptions to that.
    pub allowed: Vec<Network>,
    /// Networks that are always refused.
    pub denied: Vec<Network>,
    /// The only ports; none means any.
    pub ports: Vec<u16>,
    /// Whether the scheme must be https.
    pub https_only: bool,
}

impl Policy {
    /// Whether a socket may connect to this address.
    pub fn check(&self, address: IpAddr) -> Result<()> {
        // Mapped into IPv6, an IPv4 address is still itself.
        let address = address.to_canonical();
        let translated = translated_by_nat64(address);
        let is_in = |networks: &[Network]| {
            networks.iter().any(|network| {
                network.contains(address) || translated.is_some_and(|to| network.contains(to))
            })
        };
        let why = if is_in(&self.denied) {
            "its network was denied"
        } else if self.addresses == AddressPolicy::Any || is_in(&self.allowed) {
            return Ok(());
        } else if self.addresses == AddressPolicy::Listed {
            "its network was not allowed"
        } else {
            match what_is_not_public(translated.unwrap_or(address)) {
                Some(what) => what,
                None => return Ok(()),
            }
        };
        refuse(format!("the address policy does not allow the receiver's address {address}: {why}"))
    }

    /// Whether a URL may be asked for, as far as that is known before its host is looked up.
    pub(super) fn check_origin(&self, origin: &Origin) -> Result<()> {
        if self.https_only && !origin.secure {
            return refuse("the address policy allows only https");
        }
        let is_port_allowed = |port| self.ports.is_empty() || self.ports.contains(port);
        match &origin.endpoint {
            Endpoint::Unix(_) if self.addresses == AddressPolicy::Any && self.ports.is_empty() => {
                Ok(())
            }
            Endpoint::Unix(_) => refuse("the address policy does not allow Unix sockets"),
            Endpoint::Host(place) if !is_port_allowed(&place.port) => {
                refuse(format!("the address policy does not allow the port {}", place.port))
            }
            Endpoint::Host(place) => place.ip().map_or(Ok(()), |address| self.check(address)),
        }
    }
}

/// The error of a check.
fn refuse<T>(why: impl Into<Cow<'static, str>>) -> Result<T> {
    Err(Error::new(Status::Refused, why))
}

/// The addresses that begin with the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    first: IpAddr,
    prefix: u32,
}

impl Network {
    /// Parses CIDR notation, or a single address. A network of IPv4-mapped addresses becomes the
    /// IPv4 network.
    pub fn parse(text: &str) -> Result<Self> {
        let (address, prefix) = Self::read(text)?;
        let network = Self::of(address, prefix);
        if first_of(address, prefix) != address {
            return Err(Error::new(
                Status::Range,
                format!(
                    "{text:?} is an address within a network: write {network} for all of it, or \
                     the address alone"
                ),
            ));
        }
        Ok(network)
    }

    /// Like [`parse`](Self::parse), but an address within a network stands for the network.
    pub(super) fn around(text: &str) -> Option<Self> {
        Self::read(text).ok().map(|(address, prefix)| Self::of(address, prefix))
    }

    fn read(text: &str) -> Result<(IpAddr, u32)> {
        let refuse = |why: String| Err(Error::new(Status::Range, why));
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let Ok(address) = address.parse::<IpAddr>() else {
            return refuse(format!(
                "{text:?} is not a network: write it as 192.0.2.0/24 or 2001:db8::/32"
            ));
        };
        let width = width(address);
        match prefix.map_or(Some(width), |prefix| parse_prefix(prefix, width)) {
            Some(prefix) => Ok((address, prefix)),
            None => refuse(format!("the number after the / of {text:?} must be 0 to {width}")),
        }
    }

    /// The network with a prefix of this length that the address is in.
    fn of(address: IpAddr, prefix: u32) -> Self {
        match address.to_canonical() {
            v4 @ IpAddr::V4(_) if address.is_ipv6() && prefix >= 96 => Self::of(v4, prefix - 96),
            _ => Self { first: first_of(address, prefix), prefix },
        }
    }

    /// Whether the address is one of these; of IPv4 and IPv6, none is in a network of the other.
    pub fn contains(&self, address: IpAddr) -> bool {
        address.is_ipv4() == self.first.is_ipv4() && first_of(address, self.prefix) == self.first
    }

    const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u32) -> Self {
        Self { first: IpAddr::V4(Ipv4Addr::new(a, b, c, d)), prefix }
    }

    /// The groups that are not named are zero.
    const fn v6<const N: usize>(named: [u16; N], prefix: u32) -> Self {
        let mut groups = [0; 8];
        let mut at = 0;
        while at < N {
            groups[at] = named[at];
            at += 1;
        }
        let [a, b, c, d, e, f, g, h] = groups;
        Self { first: IpAddr::V6(Ipv6Addr::new(a, b, c, d, e, f, g, h)), prefix }
    }
}

impl Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.prefix)
    }
}

fn width(address: IpAddr) -> u32 {
    if address.is_ipv4() { Ipv4Addr::BITS } else { Ipv6Addr::BITS }
}

fn parse_prefix(text: &str, width: u32) -> Option<u32> {
    let prefix: u32 = text.parse().ok()?;
    (prefix <= width && prefix.to_string() == text).then_some(prefix)
}

/// The address with all bits after the prefix cleared.
fn first_of(address: IpAddr, prefix: u32) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let mask = !u32::MAX.checked_shr(prefix).unwrap_or(0);
            Ipv4Addr::from_bits(address.to_bits() & mask).into()
        }
        IpAddr::V6(address) => {
            let mask = !u128::MAX.checked_shr(prefix).unwrap_or(0);
            Ipv6Addr::from_bits(address.to_bits() & mask).into()
        }
    }
}

/// Through which a network without IPv4 reaches IPv4 addresses: their last 32 bits (RFC 6052).
const NAT64: Network = Network::v6([0x64, 0xff9b], 96);

/// The IPv4 address to which a NAT64 translator sends.
fn translated_by_nat64(address: IpAddr) -> Option<IpAddr> {
    match address {
        IpAddr::V6(v6) if NAT64.contains(address) => {
            Some(Ipv4Addr::from_bits(v6.to_bits() as u32).into())
        }
        _ => None,
    }
}

/// All IPv6 addresses that are allocated for the internet (RFC 4291).
const GLOBAL_UNICAST: Network = Network::v6([0x2000], 3);

/// What is not public. The ranges of the IANA special-purpose address registries (RFC 6890, as of
/// October 2025) are here as a whole, with the few anycast addresses in them that are globally
/// reachable: no receiver is there.
const NOT_PUBLIC: &[(Network, &str)] = &[
    (Network::v4(0, 0, 0, 0, 8), "this network (RFC 791)"),
    (Network::v4(10, 0, 0, 0, 8), "private use (RFC 1918)"),
    (Network::v4(100, 64, 0, 0, 10), "shared address space (RFC 6598)"),
    (Network::v4(127, 0, 0, 0, 8), "loopback (RFC 1122)"),
    (Network::v4(168, 63, 129, 16, 32), "the metadata service of the Azure cloud"),
    (Network::v4(169, 254, 0, 0, 16), "link-local (RFC 3927)"),
    (Network::v4(172, 16, 0, 0, 12), "private use (RFC 1918)"),
    (Network::v4(192, 0, 0, 0, 24), "protocol assignments (RFC 6890)"),
    (Network::v4(192, 0, 2, 0, 24), "documentation (RFC 5737)"),
    (Network::v4(192, 31, 196, 0, 24), "AS112 (RFC 7535)"),
    (Network::v4(192, 52, 193, 0, 24), "multicast tunnels (RFC 7450)"),
    (Network::v4(192, 88, 99, 0, 24), "6to4 relays (RFC 7526)"),
    (Network::v4(192, 168, 0, 0, 16), "private use (RFC 1918)"),
    (Network::v4(192, 175, 48, 0, 24), "AS112 (RFC 7534)"),
    (Network::v4(198, 18, 0, 0, 15), "benchmarking (RFC 2544)"),
    (Network::v4(198, 51, 100, 0, 24), "documentation (RFC 5737)"),
    (Network::v4(203, 0, 113, 0, 24), "documentation (RFC 5737)"),
    (Network::v4(224, 0, 0, 0, 4), "multicast (RFC 5771)"),
    (Network::v4(255, 255, 255, 255, 32), "broadcast (RFC 919)"),
    (Network::v4(240, 0, 0, 0, 4), "reserved (RFC 1112)"),
    (Network::v6([], 128), "unspecified (RFC 4291)"),
    (Network::v6([0, 0, 0, 0, 0, 0, 0, 1], 128), "loopback (RFC 4291)"),
    (Network::v6([], 96), "IPv4-compatible (RFC 4291)"),
    (Network::v6([0, 0, 0, 0, 0xffff], 96), "IPv4-translated (RFC 2765)"),
    (Network::v6([0x64, 0xff9b, 1], 48), "translation within a network (RFC 8215)"),
    (Network::v6([0x100], 64), "discarded (RFC 6666)"),
    (Network::v6([0x100, 0, 0, 1], 64), "dummy addresses (RFC 9780)"),
    (Network::v6([0x2001], 32), "Teredo (RFC 4380)"),
    (Network::v6([0x2001], 23), "protocol assignments (RFC 2928)"),
    (Network::v6([0x2001, 0xdb8], 32), "documentation (RFC 3849)"),
    (Network::v6([0x2002], 16), "6to4 (RFC 3056)"),
    (Network::v6([0x2620, 0x4f, 0x8000], 48), "AS112 (RFC 7534)"),
    (Network::v6([0x3fff], 20), "documentation (RFC 9637)"),
    (Network::v6([0x5f00], 16), "segment routing (RFC 9602)"),
    (Network::v6([0xfc00], 7), "private use (RFC 4193)"),
    (Network::v6([0xfe80], 10), "link-local (RFC 4291)"),
    (Network::v6([0xfec0], 10), "site-local (RFC 3879)"),
    (Network::v6([0xff00], 8), "multicast (RFC 4291)"),
];

/// What the address is, if it is not public.
fn what_is_not_public(address: IpAddr) -> Option<&'static str> {
    let special = NOT_PUBLIC.iter().find(|(network, _)| network.contains(address));
    let is_allocated = address.is_ipv4() || GLOBAL_UNICAST.contains(address);
    special.map(|(_, what)| *what).or((!is_allocated).then_some("not allocated (RFC 4291)"))
}

#[cfg(test)]
mod tests {
    use super::super::Target;
    use super::*;

    fn policy(addresses: AddressPolicy) -> Policy {
        Policy { addresses, ..Policy::default() }
    }

    fn networks<const N: usize>(texts: [&str; N]) -> Vec<Network> {
        texts.map(|text| Network::parse(text).unwrap()).into()
    }

    fn allows(policy: &Policy, address: &str) -> bool {
        match policy.check(address.parse().expect(address)) {
            Ok(()) => true,
            Err(error) => {
                assert_eq!(error.status, Status::Refused);
                false
            }
        }
    }

    fn judge_url(policy: &Policy, url: &str) -> std::result::Result<(), Status> {
        let checked = Target::parse(url).and_then(|target| policy.check_origin(target.origin()));
        checked.map_err(|error| error.status)
    }

    #[test]
    fn networks_are_read_and_written() {
        for (text, written) in [
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("192.0.2.1", "192.0.2.1/32"),
            ("::/0", "::/0"),
            ("2001:DB8::/32", "2001:db8::/32"),
            ("fe80::1", "fe80::1/128"),
            ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
            ("::ffff:0:0/96", "0.0.0.0/0"),
        ] {
            assert_eq!(Network::parse(text).unwrap().to_string(), written);
        }
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in "|/|/8|10.0.0.0/|10.0.0.0/33|10.0.0.0/-1|10.0.0.0/+8|10.0.0.0/08|10.0.0.0/00|\
            10.0.0.0/8/8|10.0.0.0/8 | 10.0.0.0/8|10.0.0.1/8|10/8|010.0.0.0/8|0x0a.0.0.0/8|\
            167772160/8|10.0.0.0/255.0.0.0|::/129|::1/64|[::1]|fe80::1%eth0|fe80::%1/10|\
            localhost|10.0.0.0/4294967304"
            .split('|')
        {
            let error = Network::parse(text).expect_err(text);
            assert_eq!(error.status, Status::Range, "{text}");
        }
        assert!(Network::around("10.0.0.0/33").is_none() && Network::around("a").is_none());
        let around = Network::around("::ffff:10.1.2.3/104").unwrap();
        assert_eq!(around.to_string(), "10.0.0.0/8");
        let error = Network::parse("10.1.2.3/8").unwrap_err();
        assert!(error.sentence.contains("write 10.0.0.0/8"), "{error}");
    }

    #[test]
    fn every_network_of_the_table_is_written_with_its_first_address() {
        for (network, what) in NOT_PUBLIC.iter().chain(&[(NAT64, ""), (GLOBAL_UNICAST, "")]) {
            assert_eq!(first_of(network.first, network.prefix), network.first, "{what}");
        }
    }

    #[test]
    fn public_addresses() {
        let public = policy(AddressPolicy::Public);
        for address in "1.1.1.1 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 128.0.0.0 \
            168.63.129.15 172.15.255.255 172.32.0.0 192.0.1.0 223.255.255.255 2000:: \
            2001:200:: 2606:4700::1111 3ffe:ffff:: ::ffff:8.8.8.8 64:ff9b::8.8.8.8"
            .split(' ')
        {
            assert!(allows(&public, address), "{address}");
        }
        for address in "0.0.0.0 10.1.2.3 100.100.100.200 127.0.0.1 127.255.255.255 168.63.129.16 \
            169.254.169.254 172.31.255.255 192.0.0.9 192.168.0.1 192.88.99.2 198.19.255.255 \
            224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 :: ::1 ::127.0.0.1 \
            ::8.8.8.8 ::ffff:127.0.0.1 ::ffff:169.254.169.254 ::ffff:0:8.8.8.8 \
            64:ff9b::127.0.0.1 64:ff9b::a9fe:a9fe 64:ff9b:1::8.8.8.8 64:ff9b:0:0:1:: 100::1 \
            2001::1 2001:1::1 2001:db8::1 2002:808:808:: 2002:7f00:1:: 3fff::1 4000:: \
            5f00::1 fc00::1 fd00:ec2::254 fd20:ce::254 fe80::1 fec0::1 ff02::1 ff0e::1"
            .split(' ')
        {
            assert!(!allows(&public, address), "{address}");
        }
    }

    #[test]
    fn denied_before_allowed_before_the_rest() {
        let mut policy = policy(AddressPolicy::Public);
        policy.allowed = networks(["10.0.0.0/8", "fd00::/8"]);
        policy.denied = networks(["10.1.0.0/16", "93.184.216.0/24", "2606:4700::/32"]);
        for (address, is_allowed) in [
            ("10.0.0.1", true),
            ("::ffff:10.0.0.1", true),
            ("64:ff9b::10.0.0.1", true),
            ("fd00::1", true),
            ("8.8.8.8", true),
            ("11.0.0.1", true),
            ("10.1.0.1", false),
            ("::ffff:10.1.0.1", false),
            ("64:ff9b::10.1.0.1", false),
            ("93.184.216.34", false),
            ("64:ff9b::93.184.216.34", false),
            ("2606:4700::1111", false),
            ("2002:a00:1::", false),
            ("127.0.0.1", false),
            ("fc00::1", false),
        ] {
            assert_eq!(allows(&policy, address), is_allowed, "{address}");
        }
    }

    #[test]
    fn listed_and_any() {
        let mut listed = policy(AddressPolicy::Listed);
        assert!(!allows(&listed, "8.8.8.8") && !allows(&listed, "::1"));
        listed.allowed = networks(["127.0.0.0/8"]);
        assert!(allows(&listed, "127.0.0.1") && allows(&listed, "::ffff:127.0.0.1"));
        assert!(!allows(&listed, "8.8.8.8") && !allows(&listed, "::1"));

        let mut any = Policy::default();
        assert!(allows(&any, "127.0.0.1") && allows(&any, "fe80::1"));
        any.denied = networks(["::/0"]);
        assert!(allows(&any, "::ffff:127.0.0.1") && allows(&any, "127.0.0.1"));
        assert!(!allows(&any, "::1") && !allows(&any, "64:ff9b::8.8.8.8"));
    }

    #[test]
    fn every_spelling_of_loopback_is_refused() {
        let public = policy(AddressPolicy::Public);
        for host in "127.0.0.1 [::1] [0:0:0:0:0:0:0:1] [::0001] [::] [::ffff:127.0.0.1] \
            [::ffff:7f00:1] [0:0:0:0:0:FFFF:7F00:0001] [::127.0.0.1] [64:ff9b::127.0.0.1] \
            [64:ff9b::7f00:1] [2002:7f00:1::] [2001:0:7f00:1::] [fe80::1%25lo]"
            .split(' ')
        {
            for url in [format!("http://{host}/"), format!("https://{host}:8443/a")] {
                assert_eq!(judge_url(&public, &url), Err(Status::Refused), "{url}");
            }
        }
        for host in "127.0.0.1. 127.1 127.0.1 2130706433 0x7f000001 0x7f.1 0X7F.0.0.0x1 0177.0.0.1 \
            017700000001 127.0.0.0x1 0 %31%32%37.0.0.1 127%2e0%2e0%2e1 １２７.０.０.１ \
            127。0。0。1 ①②⑦.0.0.1 [fe80::1%lo] [::1%25lo] [::1%lo] 0x7f.0.0.0.1 256.0.0.1 \
            4294967296 127.0.0.08 [127.0.0.1] [::127.1]"
            .split(' ')
        {
            for policy in [&public, &Policy::default()] {
                let url = format!("http://{host}/");
                assert_eq!(judge_url(policy, &url), Err(Status::Url), "{host}");
            }
        }
    }

    #[test]
    fn ports_schemes_and_sockets() {
        let any = Policy::default();
        let web = Policy { ports: vec![80, 8443], ..Policy::default() };
        let secure = Policy { https_only: true, ..Policy::default() };
        let public = policy(AddressPolicy::Public);
        let listed = policy(AddressPolicy::Listed);
        for (url, allowed_by) in [
            ("http://a/", [true, true, false, true, true]),
            ("https://a/", [true, false, true, true, true]),
            ("https://a:8443/", [true, true, true, true, true]),
            ("http://1.1.1.1:25/", [true, false, false, true, false]),
            ("http://127.0.0.1/", [true, true, false, false, false]),
            ("unix:/run/a.sock", [true, false, false, false, false]),
        ] {
            for (policy, is_allowed) in
                [&any, &web, &secure, &public, &listed].iter().zip(allowed_by)
            {
                let wanted = if is_allowed { Ok(()) } else { Err(Status::Refused) };
                assert_eq!(judge_url(policy, url), wanted, "{url} {policy:?}");
            }
        }
    }
}
