//! A host and a port of a URL, read so strictly that no other parser finds another host in the same
//! text.

use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6};

use percent_encoding::percent_decode_str;
use url::{Host, ParseError};

use crate::delivery::net::interface_number;
use crate::error::{Error, Result, Status};

/// The longest name that an interface may have.
const MAX_INTERFACE_LEN: usize = 15;

/// Where a TCP connection leads.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    pub host: Host<String>,
    /// The interface, by name or number, through which a link-local address is reached. Only this
    /// machine knows it, and it is never sent.
    zone: Option<String>,
    pub port: u16,
}

impl Place {
    /// Takes a name or an address, IPv6 in brackets, and a port after a colon.
    pub fn parse(text: &str, default_port: u16) -> Result<Self> {
        let (host, zone, rest) = match text.strip_prefix('[') {
            Some(text) => {
                let Some((literal, rest)) = text.split_once(']') else {
                    return refuse("the IPv6 address in the URL has no closing bracket");
                };
                let (address, zone) = parse_ipv6(literal)?;
                (Host::Ipv6(address), zone, rest)
            }
            None if text.matches(':').count() > 1 => {
                return refuse("an IPv6 address in a URL needs brackets, as in http://[::1]:80/");
            }
            None => {
                let (name, rest) = text.split_at(text.find(':').unwrap_or(text.len()));
                (parse_host(name)?, None, rest)
            }
        };
        let port = match rest.strip_prefix(':') {
            Some(port) => parse_port(port),
            None => rest.is_empty().then_some(default_port),
        };
        match port {
            Some(port) => Ok(Self { host, zone, port }),
            None => refuse(
                "the port in the URL must be a number from 1 to 65535 without leading zeros; leave \
                 it out with its colon for the default",
            ),
        }
    }

    /// The address that the host is, unless it is a name.
    pub fn ip(&self) -> Option<IpAddr> {
        match self.host {
            Host::Domain(_) => None,
            Host::Ipv4(address) => Some(address.into()),
            Host::Ipv6(address) => Some(address.into()),
        }
    }

    pub fn has_zone(&self) -> bool {
        self.zone.is_some()
    }

    /// What to connect to without a lookup, unless the host is a name.
    pub fn literal_address(&self) -> Option<Result<SocketAddr>> {
        let address = match (self.ip()?, &self.zone) {
            (IpAddr::V6(address), Some(zone)) => scope_id(zone)
                .map(|scope_id| SocketAddrV6::new(address, self.port, 0, scope_id).into()),
            (address, _) => Ok(SocketAddr::new(address, self.port)),
        };
        Some(address)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// A name in ASCII, or an IPv4 address in its one plain form: others read 127.1 or 0x7f.0.0.1 as
/// names.
pub(crate) fn parse_host(text: &str) -> Result<Host<String>> {
    if text.is_empty() {
        return refuse("the URL has no host: write it as in http://example.com/path");
    }
    if text.contains('%') {
        return refuse("the host in the URL must not be percent-encoded: write it as it is");
    }
    match Host::parse(text) {
        Ok(Host::Ipv4(address)) if address.to_string() != text => refuse(format!(
            "the host in the URL is an IPv4 address in an ambiguous form: write it as {address}"
        )),
        Ok(Host::Domain(name)) if !is_name(&name) => refuse(NO_NAME),
        Ok(host) => Ok(host),
        Err(ParseError::InvalidIpv4Address) => refuse(
            "the host in the URL ends in a number but is not an IPv4 address: write that as 192.0.2.1",
        ),
        Err(_) => refuse(NO_NAME),
    }
}

const NO_NAME: &str = "the host in the URL is not a name: use letters, digits, dashes, underscores \
                       and single dots";

/// Whether this consists of labels with single dots between them; one may follow the last.
fn is_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    let is_label = |label: &str| !label.is_empty() && label.bytes().all(is_plain);
    name.strip_suffix('.').unwrap_or(name).split('.').all(is_label)
}

pub(crate) fn parse_port(text: &str) -> Option<u16> {
    text.parse().ok().filter(|port: &u16| *port != 0 && port.to_string() == text)
}

/// An address and its zone, written as RFC 6874 says.
fn parse_ipv6(text: &str) -> Result<(Ipv6Addr, Option<String>)> {
    let (address, zone) = match text.split_once('%') {
        Some((address, zone)) => (address, Some(parse_zone(zone)?)),
        None => (text, None),
    };
    match address.parse::<Ipv6Addr>() {
        Err(_) => refuse("the text in brackets in the URL is not an IPv6 address"),
        Ok(address) if zone.is_some() && !address.is_unicast_link_local() => {
            refuse("only a link-local address (fe80::/10) has a zone: leave it out of the URL")
        }
        Ok(address) => Ok((address, zone)),
    }
}

/// What follows the percent sign, which is percent-encoded itself.
fn parse_zone(text: &str) -> Result<String> {
    let zone = text.strip_prefix("25").map(|zone| percent_decode_str(zone).decode_utf8());
    let is_interface = |zone: &str| {
        (1..=MAX_INTERFACE_LEN).contains(&zone.len())
            && !zone.contains(|c: char| c == '/' || c.is_control() || c.is_whitespace())
    };
    match zone {
        Some(Ok(zone)) if is_interface(&zone) => Ok(zone.into_owned()),
        _ => refuse(
            "the zone of the address in the URL must be %25 and then the name or number of a \
             network interface, as in http://[fe80::1%25eth0]/",
        ),
    }
}

fn scope_id(zone: &str) -> Result<u32> {
    match interface_number(zone) {
        Ok(Some(number)) => Ok(number),
        Ok(None) => Err(Error::new(
            Status::Connect,
            format!("this machine has no network interface {zone}, which the URL names"),
        )),
        Err(error) => Err(Error::new(
            Status::System,
            format!("the system did not return the number of the interface {zone}: {error}"),
        )),
    }
}

fn refuse<T>(why: impl Into<Cow<'static, str>>) -> Result<T> {
    Err(Error::new(Status::Url, why))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_ports() {
        for (text, read) in [
            ("Example.COM", "example.com:80"),
            ("example.com.:8080", "example.com.:8080"),
            ("a_b-c.x1:65535", "a_b-c.x1:65535"),
            ("127.0.0.1:1", "127.0.0.1:1"),
            ("127.0.0.1.example", "127.0.0.1.example:80"),
            ("[::1]", "[::1]:80"),
            ("[2001:DB8::127.0.0.1]:443", "[2001:db8::7f00:1]:443"),
            ("[fe80::1%25eth0]:81", "[fe80::1]:81"),
            ("b\u{fc}cher.example", "xn--bcher-kva.example:80"),
            ("\u{ff4c}ocalhost", "localhost:80"),
        ] {
            assert_eq!(Place::parse(text, 80).unwrap().to_string(), read);
        }
    }

    #[test]
    fn what_others_read_in_another_way_is_refused() {
        for (says, texts) in [
            ("no host", " :80 :"),
            ("port", "a: a:x a:0 a:080 a:65536 a:+80 a:-1 a:80x [::1]: [::1]80 [::1]x:80"),
            ("needs brackets", "::1 a:80:80 a::80 fe80::1"),
            ("closing bracket", "[::1 ["),
            ("not an IPv6 address", "[] [127.0.0.1] [::127.1] [[::1]] [v1.a] [a] [:] [::1::]"),
            ("percent-encoded", "%6cocalhost %31%32%37.0.0.1 a%00 a%2fb a%25eth0 127.0.0.1%25lo"),
            (
                "write it as 127.0.0.1",
                "127.1 127.0.1 2130706433 0x7f.1 0X7F.0.0.0x1 0177.0.0.1 127.0.0.1. \
                 127\u{3002}0.0.1 \u{ff11}27.0.0.1 \u{2460}\u{2461}\u{2466}.0.0.1",
            ),
            ("write it as 0.0.0.0", "0 0x 00.0.0.0"),
            ("ends in a number", "1.2.3.256 127.0.0.08 4294967296 a.1 1.2.3.4.5 a.0x1"),
            (
                "not a name",
                ". .. .a a.. a..b a.\u{3002} a,b a;b a! a'b a\"b a`b {a} a|b a^b a~b * a=b a&b $a \
                 (a) a+b a[b a]b xn-- xn--a\u{e4} a\u{ff0f}b a\u{ff1f}b a\u{ff03}b a\u{ff20}b \
                 a\u{ff1a}80 a\u{2100}b a\u{202e}b a\u{2028}b a\u{85}b \u{ad}",
            ),
        ] {
            for text in texts.split(' ') {
                let error = Place::parse(text, 80).expect_err(text);
                assert_eq!(error.status, Status::Url);
                assert!(error.sentence.contains(says), "{text:?}: {error}");
            }
        }
    }

    #[test]
    fn zones() {
        let zone = |text: &str| Place::parse(text, 80).map(|place| place.zone);
        for (text, expected) in [
            ("[fe80::1%25eth0]", "eth0"),
            ("[FE80::1%251]", "1"),
            ("[febf::1%25a.b-c_d]", "a.b-c_d"),
            ("[fe80::1%25%65th%30]", "eth0"),
            ("[fe80::1%25\u{fc}]", "\u{fc}"),
        ] {
            assert_eq!(zone(text), Ok(Some(expected.to_owned())));
        }
        assert_eq!(zone("[fe80::1]"), Ok(None));
        for text in "[fe80::1%eth0] [fe80::1%] [fe80::1%25] [fe80::1%25a%2fb] [fe80::1%25a%00] \
            [fe80::1%25%ff] [fe80::1%25a%0a] [fe80::1%250123456789abcdef] [%25eth0] [::1%25lo] \
            [fec0::1%25lo] [ff02::1%25lo] [::ffff:1.2.3.4%25lo]"
            .split(' ')
        {
            assert_eq!(zone(text).expect_err(text).status, Status::Url);
        }
    }

    #[test]
    fn addresses_have_the_scope_of_their_zone() {
        let address = |text: &str| Place::parse(text, 80).unwrap().literal_address();
        let text = |text: &str| address(text).unwrap().unwrap().to_string();
        assert_eq!(text("127.0.0.1:81"), "127.0.0.1:81");
        assert_eq!(text("[::1]"), "[::1]:80");
        assert_eq!(text("[fe80::1]"), "[fe80::1]:80");
        assert_eq!(text("[fe80::1%257]"), "[fe80::1%7]:80");
        let lo = interface_number("lo").unwrap().unwrap();
        assert_eq!(text("[fe80::1%25lo]"), format!("[fe80::1%{lo}]:80"));
        for unknown in ["nowhere", "0", "+1", "4294967296", "-1"] {
            let error = address(&format!("[fe80::1%25{unknown}]")).unwrap().unwrap_err();
            assert_eq!(error.status, Status::Connect);
            assert!(error.sentence.contains(&format!("interface {unknown},")), "{error}");
        }
        assert!(address("localhost").is_none());
    }

    #[test]
    fn another_zone_is_another_place() {
        let place = |text: &str| Place::parse(text, 80).unwrap();
        assert!(place("[fe80::1%25a]") == place("[fe80::1%25%61]:80"));
        assert!(place("[fe80::1%25a]") != place("[fe80::1%25b]"));
        assert!(place("[fe80::1%25a]") != place("[fe80::1]"));
    }
}
