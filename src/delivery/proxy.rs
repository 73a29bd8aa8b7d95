//! Proxies: which one a delivery takes, and how it opens a tunnel through that, with HTTP CONNECT
//! (RFC 9110 section 9.3.6) or SOCKS5 (RFC 1928, RFC 1929).

use std::env;
use std::io::IoSlice;
use std::sync::Arc;

use url::Host;
use zeroize::Zeroizing;

use super::connection::{received, sent};
use super::deadline::Deadline;
use super::socket::Socket;
use super::target::{Endpoint, Target, Userinfo, parse_url};
use crate::error::{Error, Result, barker_status::*};

/// A proxy answers its part of a tunnel in fewer bytes than these.
const MAX_ANSWER: usize = 16 * 1024;

/// Which proxy leads where.
#[derive(Clone, Default)]
pub struct Proxies {
    http: Option<Arc<Proxy>>,
    https: Option<Arc<Proxy>>,
    /// Hosts, and all below them, that are reached directly; `*` is every host.
    except: Arc<[String]>,
}

pub(super) struct Proxy {
    pub host: Host<String>,
    pub port: u16,
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
        let proxy = Some(Arc::new(Proxy::parse(url)?));
        Ok(Self { http: proxy.clone(), https: proxy, except: Arc::default() })
    }

    /// What the environment says, as curl reads it.
    pub fn from_environment() -> Result<Self> {
        let read = |names: &[&str]| names.iter().find_map(|name| env::var(name).ok());
        let proxy = |names: &[&str]| match read(names).filter(|url| !url.is_empty()) {
            Some(url) => Proxy::parse(&Zeroizing::new(url)).map(|proxy| Some(Arc::new(proxy))),
            None => Ok(None),
        };
        let except = read(&["no_proxy", "NO_PROXY"]).unwrap_or_default();
        Ok(Self {
            // Not HTTP_PROXY: in a CGI program that is a header of the request.
            http: proxy(&["http_proxy", "all_proxy", "ALL_PROXY"])?,
            https: proxy(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])?,
            except: except.split(',').map(|host| host.trim().to_ascii_lowercase()).collect(),
        })
    }

    /// The proxy that leads to this target, if it is not reached directly.
    pub(super) fn towards(&self, target: &Target) -> Option<&Arc<Proxy>> {
        let proxy = if target.origin().secure { &self.https } else { &self.http };
        let proxy = proxy.as_ref()?;
        let Endpoint::Host(host, _) = &target.origin().endpoint else { return None };
        let host = host.to_string();
        let is_excepted = self.except.iter().any(|except| is_within(&host, except));
        (!is_excepted).then_some(proxy)
    }
}

fn is_within(host: &str, domain: &str) -> bool {
    let [host, domain] = [host, domain].map(|name| name.trim_matches(['[', ']']));
    let domain = domain.strip_prefix('.').unwrap_or(domain);
    let above = host.strip_suffix(domain).filter(|_| !domain.is_empty());
    domain == "*" || above.is_some_and(|above| above.is_empty() || above.ends_with('.'))
}

impl Proxy {
    fn parse(text: &str) -> Result<Self> {
        let refuse = |why| Err(Error::new(BARKER_ERR_URL, why));
        let with_scheme = match text.contains("://") {
            true => Zeroizing::new(text.to_owned()),
            false => Zeroizing::new(["http://", text].concat()),
        };
        let (url, userinfo) = parse_url(&with_scheme)
            .map_err(|error| Error::new(error.status, format!("the proxy: {}", error.sentence)))?;
        let (kind, default_port) = match url.scheme() {
            "http" => (Kind::Http(userinfo.as_ref().map(Userinfo::basic).transpose()?), 80),
            "socks5" | "socks5h" => (Kind::Socks(userinfo), 1080),
            _ => return refuse("the proxy's URL must begin with http://, socks5:// or socks5h://"),
        };
        if let Kind::Socks(Some(Userinfo { user, password })) = &kind
            && (user.len() > 255 || password.len() > 255)
        {
            return refuse("the proxy's user name or password is longer than 255 bytes");
        }
        // The URL standard reads the hosts of its own schemes alone.
        let host = url.host_str().map(Host::parse);
        let Some(Ok(host)) = host else { return refuse("the proxy's URL has no host") };
        Ok(Self { host, port: url.port().unwrap_or(default_port), kind })
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
    /// Over a socket that is connected to the proxy.
    pub fn new(socket: Socket, proxy: Arc<Proxy>, target: Arc<Target>) -> Self {
        // Room for all that is sent, so that no copy of a password is left behind.
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

    /// Goes on with the next step, if the whole answer is there. Nothing may follow the last one:
    /// the target speaks second.
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
            return Err(refused("the proxy sent more than was asked for"));
        }
        Ok(())
    }

    fn read_http(&mut self) -> Result<usize> {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut head = httparse::Response::new(&mut headers);
        let parsed =
            head.parse(&self.answer).map_err(|_| refused("the proxy does not speak HTTP"))?;
        let httparse::Status::Complete(taken) = parsed else { return Ok(0) };
        match head.code {
            Some(200..300) => {
                self.step = Step::Open;
                Ok(taken)
            }
            Some(407) => Err(refused("the proxy wants a user name and a password (407)")),
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
            _ => return Err(refused("the proxy wants a user name and a password")),
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
        if let Endpoint::Host(host, port) = &self.target.origin().endpoint {
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
            return Err(refused(format!(
                "the proxy does not reach the receiver (SOCKS5: {reply})"
            )));
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
    let Endpoint::Host(host, port) = &target.origin().endpoint else { return Zeroizing::default() };
    let authority = format!("{host}:{port}");
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
    refused(format!("the proxy is lost: {}", error.sentence))
}

fn refused(why: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(BARKER_ERR_PROXY, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exceptions() {
        for (host, domain, expected) in [
            ("a.example", "example", true),
            ("a.example", ".example", true),
            ("example", "example", true),
            ("anexample", "example", false),
            ("a.example", "*", true),
            ("a.example", "", false),
            ("127.0.0.1", "127.0.0.1", true),
            ("[::1]", "::1", true),
            ("[::1]", "[::1]", true),
        ] {
            assert_eq!(is_within(host, domain), expected, "{host} {domain}");
        }
    }

    #[test]
    fn urls() {
        let port = |text| Proxy::parse(text).map(|proxy| proxy.port).map_err(|e| e.status);
        assert_eq!(port("http://proxy"), Ok(80));
        assert_eq!(port("proxy:3128"), Ok(3128));
        assert_eq!(port("socks5://user:pass@127.0.0.1"), Ok(1080));
        assert_eq!(port("socks5h://[::1]:9"), Ok(9));
        for text in ["", "https://proxy", "socks4://proxy", "http://", "socks5://"] {
            assert_eq!(port(text), Err(BARKER_ERR_URL), "{text}");
        }
    }
}
