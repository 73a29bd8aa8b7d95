//! Proxies: which one a delivery uses, and how it opens a tunnel through it, with HTTP CONNECT (RFC
//! 9110 section 9.3.6) or SOCKS5 (RFC 1928, RFC 1929).

use std::env;
use std::ffi::OsString;
use std::io::IoSlice;
use std::mem::MaybeUninit;
use std::sync::Arc;

use url::Host;
use zeroize::Zeroizing;

use super::http::{Endpoint, Parts, Place, Target, Userinfo, parse_head, parse_host, parse_port};
use super::net::{Deadline, Socket, received, sent};
use super::policy::Network;
use crate::error::{Error, Result, Status};

/// A proxy's answer to the opening of a tunnel has fewer bytes than this.
const MAX_ANSWER: usize = 16 * 1024;

/// Which proxy leads where.
#[derive(Clone, Default)]
pub struct Proxies {
    http: Option<Choice>,
    https: Option<Choice>,
    except: Arc<[Exception]>,
}

/// A proxy, or why the named one cannot be used: sends that would use it fail with that error.
pub(super) type Choice = Result<Arc<Proxy>>;

pub(super) struct Proxy {
    pub place: Place,
    kind: Kind,
}

enum Kind {
    /// With the value of Proxy-Authorization.
    Http(Option<Zeroizing<String>>),
    /// With user name and password.
    Socks(Option<Userinfo>),
}

impl Proxies {
    /// This proxy for all.
    pub fn all(url: &str) -> Result<Self> {
        let proxy = Some(Ok(Arc::new(Proxy::parse(url)?)));
        Ok(Self { http: proxy.clone(), https: proxy, except: Arc::default() })
    }

    /// What the environment says, as curl reads it.
    pub fn from_environment() -> Self {
        Self::from_variables(|name| env::var_os(name))
    }

    fn from_variables(read: impl Fn(&str) -> Option<OsString>) -> Self {
        let first = |names: &[&'static str]| {
            names.iter().find_map(|name| read(name).map(|value| (*name, value)))
        };
        let choice = |names: &[&'static str]| {
            let (name, value) = first(names).filter(|(_, value)| !value.is_empty())?;
            Some(Proxy::from_variable(name, value))
        };
        // No URL contains what is not UTF-8, so it exempts nothing.
        let except = first(&["no_proxy", "NO_PROXY"]).map(|(_, value)| value).unwrap_or_default();
        let except = except.to_string_lossy();
        let words = except.split(|c: char| c == ',' || c.is_whitespace());
        Self {
            // Not HTTP_PROXY: in a CGI program that is a header of the request.
            http: choice(&["http_proxy", "all_proxy", "ALL_PROXY"]),
            https: choice(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]),
            except: words.filter_map(Exception::parse).collect(),
        }
    }

    /// The proxy for this target, unless it is reached directly.
    pub(super) fn towards(&self, target: &Target) -> Option<&Choice> {
        let proxy = if target.origin().secure { &self.https } else { &self.http };
        let proxy = proxy.as_ref()?;
        let Endpoint::Host(place) = &target.origin().endpoint else { return None };
        let is_excepted = self.except.iter().any(|except| except.covers(place));
        (!is_excepted).then_some(proxy)
    }
}

/// What is reached without a proxy.
struct Exception {
    hosts: Hosts,
    /// `None` means every port.
    port: Option<u16>,
}

enum Hosts {
    All,
    /// Judges addresses, never names.
    Network(Network),
    /// A name and all below it; judges names, never addresses.
    Domain(String),
}

impl Exception {
    /// Takes `*`, an address, a network or a name, each also with a port after a colon. A dot
    /// before a name or after it makes no difference.
    fn parse(text: &str) -> Option<Self> {
        if let Some(hosts) = Hosts::parse(text) {
            return Some(Self { hosts, port: None });
        }
        let (hosts, port) = text.rsplit_once(':')?;
        Some(Self { hosts: Hosts::parse(hosts)?, port: Some(parse_port(port)?) })
    }

    fn covers(&self, place: &Place) -> bool {
        let is_host = match (&self.hosts, &place.host, place.ip()) {
            (Hosts::All, ..) => true,
            (Hosts::Network(network), _, Some(ip)) => network.contains(ip.to_canonical()),
            (Hosts::Domain(domain), Host::Domain(name), None) => is_within(name, domain),
            _ => false,
        };
        is_host && self.port.is_none_or(|port| port == place.port)
    }
}

impl Hosts {
    fn parse(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::All);
        }
        let text = text.trim_end_matches('.');
        let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
        if let Some(network) = Network::around(bare.unwrap_or(text)) {
            return Some(Self::Network(network));
        }
        let name = text.strip_prefix("*.").or(text.strip_prefix('.')).unwrap_or(text);
        match parse_host(name) {
            Ok(Host::Domain(name)) => Some(Self::Domain(name)),
            _ => None,
        }
    }
}

fn is_within(name: &str, domain: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let above = name.strip_suffix(domain);
    above.is_some_and(|above| above.is_empty() || above.ends_with('.'))
}

impl Proxy {
    /// The sentence of a failure names the variable and does not quote it: it may hold a password.
    fn from_variable(name: &str, value: OsString) -> Choice {
        let value = Zeroizing::new(value.into_encoded_bytes());
        let proxy = match std::str::from_utf8(&value) {
            Ok(url) => Self::parse(url).map_err(|error| error.sentence),
            Err(_) => Err("it is not UTF-8".into()),
        };
        let unusable =
            |why| refused(format!("the environment variable {name} cannot be used: {why}"));
        proxy.map(Arc::new).map_err(unusable)
    }

    fn parse(text: &str) -> Result<Self> {
        let with_scheme = match text.contains("://") {
            true => Zeroizing::new(text.to_owned()),
            false => Zeroizing::new(["http://", text].concat()),
        };
        let schemes = [("http", 80), ("socks5", 1080), ("socks5h", 1080)];
        let why = "the URL must begin with http://, socks5:// or socks5h://";
        Parts::parse(&with_scheme, &schemes, why)
            .and_then(Self::from_parts)
            .map_err(|error| Error::new(error.status, format!("the proxy: {}", error.sentence)))
    }

    fn from_parts(parts: Parts<'_>) -> Result<Self> {
        let kind = match (parts.scheme, parts.userinfo) {
            ("http", userinfo) => Kind::Http(userinfo.as_ref().map(Userinfo::basic).transpose()?),
            (_, Some(Userinfo { user, password })) if user.len().max(password.len()) > 255 => {
                let why = "the user name or password in the URL is longer than 255 bytes";
                return Err(Error::new(Status::Url, why));
            }
            (_, userinfo) => Kind::Socks(userinfo),
        };
        Ok(Self { place: parts.place, kind })
    }
}

/// A tunnel that is being opened.
pub(super) struct Tunnel {
    /// Taken out once the tunnel is open.
    socket: Option<Socket>,
    proxy: Arc<Proxy>,
    target: Arc<Target>,
    /// What is left to send.
    unsent: Zeroizing<Vec<u8>>,
    answer: Vec<u8>,
    step: Step,
}

/// Which answer of the proxy comes next.
#[derive(Clone, Copy)]
enum Step {
    /// To CONNECT.
    Http,
    /// Which way to authenticate.
    SocksMethod,
    /// Whether the password is right.
    SocksPassword,
    /// Whether the target is reached.
    SocksReply,
    Open,
}

impl Tunnel {
    /// Opens a tunnel over a socket that is connected to the proxy.
    pub fn new(socket: Socket, proxy: Arc<Proxy>, target: Arc<Target>) -> Self {
        // Large enough for everything that is sent, so that growing leaves no copy of a password
        // behind.
        let mut unsent = Zeroizing::new(Vec::with_capacity(1024));
        let step = match &proxy.kind {
            Kind::Http(credentials) => {
                unsent = connect_request(&target, credentials);
                Step::Http
            }
            Kind::Socks(credentials) => {
                let methods: &[u8] = if credentials.is_some() { &[0, 2] } else { &[0] };
                unsent.extend([5, methods.len() as u8]);
                unsent.extend_from_slice(methods);
                Step::SocksMethod
            }
        };
        Self { socket: Some(socket), proxy, target, unsent, answer: Vec::new(), step }
    }

    /// The socket, once the tunnel is open: from then on it leads to the target.
    pub fn advance(&mut self, until: Option<&Deadline>) -> Result<Option<Socket>> {
        while let Some(socket) = &mut self.socket {
            while !self.unsent.is_empty() {
                let taken = sent(socket.send(&[IoSlice::new(&self.unsent)])).map_err(broken)?;
                let Some(taken) = taken else { return Ok(None) };
                self.unsent.drain(..taken);
            }
            if matches!(self.step, Step::Open) {
                break;
            }
            let mut chunk = [0; 512];
            match received(socket.receive(&mut chunk, until)).map_err(broken)? {
                None => return Ok(None),
                Some(0) => return Err(refused("the proxy closed the connection")),
                Some(count) => self.answer.extend_from_slice(&chunk[..count]),
            }
            if self.answer.len() > MAX_ANSWER {
                return Err(refused("the proxy's answer does not end"));
            }
            self.read_answer()?;
        }
        Ok(self.socket.take())
    }

    pub fn socket(&mut self) -> Option<&mut Socket> {
        self.socket.as_mut()
    }

    /// Does the next step, if the whole answer has come. Nothing may follow the last one: the
    /// target speaks second.
    fn read_answer(&mut self) -> Result<()> {
        let taken = match self.step {
            Step::Http => self.read_http()?,
            Step::SocksMethod => self.read_method()?,
            Step::SocksPassword => self.read_password()?,
            Step::SocksReply => self.read_reply()?,
            Step::Open => 0,
        };
        self.answer.drain(..taken);
        if taken > 0 && !self.answer.is_empty() {
            return Err(refused("the proxy sent more than its answer"));
        }
        Ok(())
    }

    fn read_http(&mut self) -> Result<usize> {
        let mut headers = [MaybeUninit::uninit(); 64];
        let mut head = httparse::Response::new(&mut []);
        let parsed = parse_head(&mut head, &self.answer, &mut headers)
            .map_err(|_| refused("the proxy does not speak HTTP"))?;
        let httparse::Status::Complete(taken) = parsed else { return Ok(0) };
        match head.code {
            Some(200..300) => {
                self.step = Step::Open;
                Ok(taken)
            }
            Some(407) => Err(refused("the proxy requires a user name and a password (407)")),
            other => Err(refused(format!("the proxy answered {}", other.unwrap_or_default()))),
        }
    }

    fn read_method(&mut self) -> Result<usize> {
        let [version, method, ..] = self.answer[..] else { return Ok(0) };
        if version != 5 {
            return Err(refused("the proxy does not speak SOCKS5"));
        }
        match (method, &self.proxy.kind) {
            (0, _) => self.ask_for_target()?,
            (2, Kind::Socks(Some(Userinfo { user, password }))) => {
                self.unsent.extend([1, user.len() as u8]);
                self.unsent.extend_from_slice(user);
                self.unsent.push(password.len() as u8);
                self.unsent.extend_from_slice(password);
                self.step = Step::SocksPassword;
            }
            _ => return Err(refused("the proxy requires a user name and a password")),
        }
        Ok(2)
    }

    fn read_password(&mut self) -> Result<usize> {
        let [_, verdict, ..] = self.answer[..] else { return Ok(0) };
        if verdict != 0 {
            return Err(refused("the proxy takes neither user name nor password"));
        }
        self.ask_for_target()?;
        Ok(2)
    }

    fn ask_for_target(&mut self) -> Result<()> {
        self.unsent.extend([5, 1, 0]);
        if let Endpoint::Host(Place { host, port, .. }) = &self.target.origin().endpoint {
            match host {
                Host::Ipv4(address) => {
                    self.unsent.push(1);
                    self.unsent.extend(address.octets());
                }
                Host::Domain(name) if name.len() > 255 => {
                    return Err(refused("the host's name is too long for SOCKS5"));
                }
                Host::Domain(name) => {
                    self.unsent.extend([3, name.len() as u8]);
                    self.unsent.extend_from_slice(name.as_bytes());
                }
                Host::Ipv6(address) => {
                    self.unsent.push(4);
                    self.unsent.extend(address.octets());
                }
            }
            self.unsent.extend(port.to_be_bytes());
        }
        self.step = Step::SocksReply;
        Ok(())
    }

    fn read_reply(&mut self) -> Result<usize> {
        let [_, reply, _, kind, first, ..] = self.answer[..] else { return Ok(0) };
        if reply != 0 {
            return Err(refused(format!("the proxy cannot reach the receiver (SOCKS5: {reply})")));
        }
        let address = match kind {
            1 => 4,
            3 => 1 + usize::from(first),
            4 => 16,
            _ => return Err(refused("the proxy does not speak SOCKS5")),
        };
        let len = 4 + address + 2;
        if self.answer.len() < len {
            return Ok(0);
        }
        self.step = Step::Open;
        Ok(len)
    }
}

fn connect_request(target: &Target, credentials: &Option<Zeroizing<String>>) -> Zeroizing<Vec<u8>> {
    let Endpoint::Host(place) = &target.origin().endpoint else { return Zeroizing::default() };
    let authority = place.to_string();
    let credentials = credentials.as_ref().map_or("", |credentials| credentials.as_str());
    let mut request =
        Zeroizing::new(Vec::with_capacity(2 * authority.len() + credentials.len() + 64));
    let mut write = |parts: &[&str]| {
        parts.iter().for_each(|part| request.extend_from_slice(part.as_bytes()));
    };
    write(&["CONNECT ", &authority, " HTTP/1.1\r\nHost: ", &authority, "\r\n"]);
    if !credentials.is_empty() {
        write(&["Proxy-Authorization: ", credentials, "\r\n"]);
    }
    write(&["\r\n"]);
    request
}

/// A connection that breaks before the tunnel is open has shown the receiver nothing.
fn broken(error: Error) -> Error {
    refused(format!("the connection to the proxy broke: {}", error.sentence))
}

fn refused(why: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(Status::Proxy, why)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    fn proxies(variables: &[(&str, &[u8])]) -> Proxies {
        let variables: HashMap<_, _> = variables.iter().copied().collect();
        Proxies::from_variables(|name| {
            variables.get(name).map(|value| OsStr::from_bytes(value).to_owned())
        })
    }

    /// What leads to this URL: the place of a proxy, nothing, or the sentence of a failure.
    fn way(proxies: &Proxies, url: &str) -> String {
        match proxies.towards(&Target::parse(url).unwrap()) {
            None => "direct".to_owned(),
            Some(Ok(proxy)) => proxy.place.to_string(),
            Some(Err(error)) => {
                assert_eq!(error.status, Status::Proxy);
                error.to_string()
            }
        }
    }

    #[test]
    fn exceptions() {
        for (except, covered, others) in [
            ("example", "example a.example A.EXAMPLE. example:81", "anexample example.com"),
            (".example", "example a.example", "anexample"),
            ("*.example", "example a.example", "anexample"),
            ("example.", "example example. a.example a.example.", "anexample."),
            ("Example", "example", "a.b"),
            ("*", "a 127.0.0.1 [::1]", ""),
            ("*:81", "a:81 [::1]:81", "a"),
            ("", "", "a 127.0.0.1"),
            (", ,.,..,:80,a..b", "", "a b 127.0.0.1"),
            ("a,b c\td , e", "a b c d e", "f"),
            ("b\u{fc}cher.example", "xn--bcher-kva.example a.b\u{fc}cher.example", "example"),
            ("xn--bcher-kva.example", "B\u{dc}CHER.example", "bucher.example"),
            ("a.example:81", "a.example:81 b.a.example:81", "a.example a.example:82"),
            ("a.example.:81", "a.example:81", "a.example"),
            ("a.example:", "", "a.example"),
            ("127.0.0.1", "127.0.0.1 127.0.0.1:81 [::ffff:127.0.0.1]", "127.0.0.2 a.127.0.0.1.b"),
            ("127.0.0.1.", "127.0.0.1", "127.0.0.2"),
            ("127.0.0.1:81", "127.0.0.1:81", "127.0.0.1"),
            ("0.0.1 .0.0.1 1 .1 0.1", "", "127.0.0.1 10.0.0.1"),
            ("10.0.0.0/8", "10.1.2.3 [::ffff:10.1.2.3]", "11.0.0.1 [::10.0.0.1] a"),
            ("10.1.2.3/8:81", "10.9.9.9:81", "10.9.9.9"),
            ("10.0.0.0/33 10/8 10.0.0.0/", "", "10.0.0.1"),
            ("0.0.0.0/0", "1.2.3.4", "[::1] a"),
            ("::1", "[::1] [::1]:81", "[::2]"),
            ("[::1]", "[::1]", "[::2]"),
            ("[::1]:81", "[::1]:81", "[::1]"),
            ("fd00::/8", "[fd12::1] [fdff::]", "[fc00::1]"),
            ("[fd00::]/8", "", "[fd12::1]"),
            ("fe80::/10", "[fe80::1%25eth0]", "[fec0::1]"),
            ("::ffff:10.0.0.0/104", "10.1.2.3", "11.0.0.1"),
        ] {
            for name in ["no_proxy", "NO_PROXY"] {
                let proxies = proxies(&[("http_proxy", b"proxy:1"), (name, except.as_bytes())]);
                for host in covered.split_whitespace() {
                    assert_eq!(way(&proxies, &format!("http://{host}/")), "direct", "{except}");
                }
                for host in others.split_whitespace() {
                    let way = way(&proxies, &format!("http://{host}/"));
                    assert_eq!(way, "proxy:1", "{except}: {host}");
                }
            }
        }
        let proxies = proxies(&[("http_proxy", b"proxy:1"), ("no_proxy", b"\xff,a")]);
        assert_eq!([way(&proxies, "http://a/"), way(&proxies, "http://b/")], ["direct", "proxy:1"]);
    }

    #[test]
    fn a_variable_that_cannot_be_used_fails_what_would_use_it() {
        for (value, says) in [
            (
                &b"https://u:secret@proxy"[..],
                "the proxy: the URL must begin with http://, socks5://",
            ),
            (b"socks4://u:secret@proxy", "the proxy: the URL must begin with http://, socks5://"),
            (b"http://u:secret@", "no host"),
            (b"u:secret@proxy:x", "port"),
            (b"not a secret", "space"),
            (b"http://u:secret\xff@proxy", "not UTF-8"),
        ] {
            for name in ["http_proxy", "all_proxy", "ALL_PROXY"] {
                let proxies = proxies(&[(name, value), ("no_proxy", b"a"), ("https_proxy", b"b")]);
                let failure = way(&proxies, "http://c/");
                assert!(failure.starts_with(&format!("the environment variable {name} ")));
                assert!(failure.contains(says) && !failure.contains("secret"), "{failure}");
                assert_eq!(way(&proxies, "http://a/"), "direct");
                assert_eq!(way(&proxies, "unix:/s"), "direct");
                assert_eq!(way(&proxies, "https://c/"), "b:80");
            }
            let proxies = proxies(&[("HTTPS_PROXY", value), ("HTTP_PROXY", value)]);
            assert!(way(&proxies, "https://c/").contains("HTTPS_PROXY"));
            assert_eq!(way(&proxies, "http://c/"), "direct");
        }
    }

    #[test]
    fn urls() {
        let place = |text| Proxy::parse(text).map(|proxy| proxy.place.to_string());
        for (text, read) in [
            ("http://proxy", "proxy:80"),
            ("HTTP://proxy/", "proxy:80"),
            ("proxy:3128", "proxy:3128"),
            ("u:p@proxy", "proxy:80"),
            ("socks5://user:pass@127.0.0.1", "127.0.0.1:1080"),
            ("socks5h://[::1]:9", "[::1]:9"),
            ("[fe80::1%25lo]:3128", "[fe80::1]:3128"),
        ] {
            assert_eq!(place(text).unwrap(), read);
        }
        for text in "|https://proxy|socks4://proxy|http://|socks5://|socks5:proxy|http:proxy|\
            socks5://u@|socks5://u@v@proxy|socks5:\\\\proxy|http://\\proxy|socks5://127.1|\
            http://%70roxy|proxy:|proxy:080|socks5:///proxy|[::1%25lo]:1"
            .split('|')
        {
            let error = place(text).expect_err(text);
            assert_eq!(error.status, Status::Url);
            assert!(error.sentence.starts_with("the proxy: "), "{error}");
        }
    }
}
