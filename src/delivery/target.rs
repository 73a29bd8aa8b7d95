//! A URL, taken apart into what a connection and a request need.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use base64ct::{Base64, Encoding};
use percent_encoding::percent_decode_str;
use url::{Host, Position, Url};
use zeroize::Zeroizing;

use crate::error::{Error, Result, barker_status::*};

/// Longer URLs are refused; receivers commonly stop at 8 KiB.
const MAX_URL_LEN: usize = 8000;
/// What an address has room for, without the NUL at its end.
const MAX_SOCKET_LEN: usize = 107;

/// Where to send.
pub struct Target {
    origin: Origin,
    /// What is asked for; of a Unix socket, as if it were that of `localhost`. Holds no password.
    url: Url,
    /// Host and port, as the Host header has them.
    authority: String,
    /// Path and query.
    path: String,
    /// What the URL's user name and password are as a header.
    credentials: Option<Zeroizing<String>>,
}

/// Whom a request is for, and whether TLS leads there.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Origin {
    pub secure: bool,
    pub endpoint: Endpoint,
}

/// Where a connection leads.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Endpoint {
    /// A host and a port.
    Host(Host<String>, u16),
    /// A Unix socket.
    Unix(PathBuf),
}

impl Target {
    /// Takes an absolute `http` or `https` URL, or `unix:`, the path of a socket, and after a colon
    /// the path to ask for. A user name and password become Basic authentication (RFC 7617). A
    /// fragment is not sent.
    pub fn parse(text: &str) -> Result<Self> {
        if let Some(rest) = text.strip_prefix("unix:") {
            check_text(text)?;
            return Self::parse_unix(rest);
        }
        let (url, userinfo) = parse_url(text)?;
        let credentials = userinfo.as_ref().map(Userinfo::basic).transpose()?;
        Ok(Self { credentials, ..Self::from_url(url)? })
    }

    fn new(origin: Origin, url: Url) -> Self {
        let authority = url[Position::BeforeHost..Position::AfterPort].to_owned();
        let path = url[Position::BeforePath..Position::AfterQuery].to_owned();
        Self { origin, url, authority, path, credentials: None }
    }

    fn from_url(url: Url) -> Result<Self> {
        let (Some(host), Some(port), secure @ ("http" | "https")) =
            (url.host(), url.port_or_known_default(), url.scheme())
        else {
            return refuse("the URL must begin with http://, https:// or unix:");
        };
        let endpoint = Endpoint::Host(host.to_owned(), port);
        let origin = Origin { secure: secure == "https", endpoint };
        Ok(Self::new(origin, url))
    }

    fn parse_unix(text: &str) -> Result<Self> {
        let (socket, path) = text.split_once(':').unwrap_or((text, "/"));
        let socket: Cow<'_, [u8]> = percent_decode_str(socket).into();
        if !socket.starts_with(b"/") || !path.starts_with('/') {
            return refuse(
                "after unix: there must be the absolute path of a socket, and then, after a colon, \
                 the path to ask for, as in unix:/run/app.sock:/hook",
            );
        }
        if socket.len() > MAX_SOCKET_LEN || socket.contains(&0) {
            return refuse("the path of the Unix socket is longer than 107 bytes or holds a NUL");
        }
        let Ok(url) = Url::parse(&format!("http://localhost{path}")) else {
            return refuse("the path after that of the Unix socket cannot be read");
        };
        let endpoint = Endpoint::Unix(OsStr::from_bytes(&socket).into());
        Ok(Self::new(Origin { secure: false, endpoint }, url))
    }

    /// Where a Location leads from here.
    pub(super) fn join(&self, location: &[u8]) -> Result<Self> {
        let location = std::str::from_utf8(location).ok();
        let Some(url) = location.and_then(|location| self.url.join(location).ok()) else {
            return refuse("the redirect leads nowhere");
        };
        match self.origin.endpoint {
            Endpoint::Unix(_) if url.origin() == self.url.origin() => {
                Ok(Self::new(self.origin.clone(), url))
            }
            _ => Self::from_url(url),
        }
    }

    pub(super) fn authority(&self) -> &str {
        &self.authority
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    pub(super) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The value of an Authorization header.
    pub(super) fn credentials(&self) -> Option<&str> {
        self.credentials.as_ref().map(|credentials| credentials.as_str())
    }
}

/// The user name and the password of a URL, percent-decoded.
pub(super) struct Userinfo {
    pub user: Zeroizing<Vec<u8>>,
    pub password: Zeroizing<Vec<u8>>,
}

/// Reads a URL without its user name and password, so that the parser leaves no copy of them, and
/// these apart.
pub(super) fn parse_url(text: &str) -> Result<(Url, Option<Userinfo>)> {
    check_text(text)?;
    let (scheme, rest) = text.split_once(':').unwrap_or(("", text));
    // The URL standard takes either slash, any number of them.
    let rest = rest.trim_start_matches(['/', '\\']);
    let authority = &rest[..rest.find(['/', '\\', '?', '#']).unwrap_or(rest.len())];
    let userinfo = authority.rfind('@').map(|at| &authority[..at]);
    let bare = &rest[userinfo.map_or(0, |userinfo| userinfo.len() + 1)..];
    match Url::parse(&format!("{scheme}://{bare}")) {
        Ok(url) => Ok((url, userinfo.filter(|text| !text.is_empty()).map(Userinfo::parse))),
        Err(error) => refuse(format!("the URL cannot be read: {error}")),
    }
}

impl Userinfo {
    fn parse(text: &str) -> Self {
        let (user, password) = text.split_once(':').unwrap_or((text, ""));
        Self { user: decode(user), password: decode(password) }
    }

    /// As the value of an Authorization header: RFC 7617.
    pub fn basic(&self) -> Result<Zeroizing<String>> {
        if self.user.contains(&b':') {
            return refuse("the user name in the URL holds a colon: that cannot be sent");
        }
        let mut pair =
            Zeroizing::new(Vec::with_capacity(self.user.len() + 1 + self.password.len()));
        pair.extend_from_slice(&self.user);
        pair.push(b':');
        pair.extend_from_slice(&self.password);
        let encoded = Zeroizing::new(Base64::encode_string(&pair));
        let mut value = Zeroizing::new(String::with_capacity("Basic ".len() + encoded.len()));
        value.push_str("Basic ");
        value.push_str(&encoded);
        Ok(value)
    }
}

fn decode(text: &str) -> Zeroizing<Vec<u8>> {
    let mut decoded = Zeroizing::new(Vec::with_capacity(text.len()));
    decoded.extend(percent_decode_str(text));
    decoded
}

fn check_text(text: &str) -> Result<()> {
    if text.len() > MAX_URL_LEN {
        return refuse("the URL is longer than 8000 bytes: shorten it");
    }
    if text.bytes().any(|byte| byte.is_ascii_control() || byte == b' ') {
        return refuse("the URL holds a space or a control character: percent-encode it");
    }
    Ok(())
}

fn refuse<T>(why: impl Into<Cow<'static, str>>) -> Result<T> {
    Err(Error::new(BARKER_ERR_URL, why))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_and_authority_are_as_sent() {
        let target = Target::parse("http://EXAMPLE.com:8080/a%20b?c=d#e").unwrap();
        assert_eq!(target.authority(), "example.com:8080");
        assert_eq!(target.path(), "/a%20b?c=d");
        let target = Target::parse("https://[::1]").unwrap();
        assert_eq!((target.authority(), target.path()), ("[::1]", "/"));
        assert!(matches!(target.origin().endpoint, Endpoint::Host(Host::Ipv6(_), 443)));
    }

    #[test]
    fn credentials_become_a_header() {
        let target = Target::parse("https://us%20er:p%C3%A4ss@example.com:444/a").unwrap();
        assert_eq!(target.authority(), "example.com:444");
        assert_eq!(target.credentials(), Some("Basic dXMgZXI6cMOkc3M="));
        assert_eq!(Target::parse("http://a/").unwrap().credentials(), None);
        for text in ["http:\\u:p@a/b@c", "http:u:p@a/b@c", "http:///u:p@a/b@c"] {
            let target = Target::parse(text).unwrap();
            assert_eq!((target.authority(), target.path()), ("a", "/b@c"), "{text}");
            assert_eq!(target.credentials(), Some("Basic dTpw"));
        }
        let target = Target::parse("http://u@v:p:q@a?b:c@d").unwrap();
        assert_eq!(target.credentials(), Some("Basic dUB2OnA6cQ=="));
        assert_eq!(target.path(), "/?b:c@d");
        assert_eq!(Target::parse("http://@a/").unwrap().credentials(), None);
        assert_eq!(Target::parse("http://a/@b").unwrap().credentials(), None);
    }

    #[test]
    fn international_names() {
        let target = Target::parse("http://b\u{fc}cher.example/").unwrap();
        assert_eq!(target.authority(), "xn--bcher-kva.example");
    }

    #[test]
    fn redirects_are_relative() {
        let to = |base: &str, location: &str| {
            let target = Target::parse(base).unwrap().join(location.as_bytes()).unwrap();
            (target.authority().to_owned(), target.path().to_owned())
        };
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(to("http://a:81/b/c?d", "e?f"), pair("a:81", "/b/e?f"));
        assert_eq!(to("http://a/b", "//c/d"), pair("c", "/d"));
        assert_eq!(to("unix:/s:/b", "/c"), pair("localhost", "/c"));
        let base = Target::parse("unix:/s:/b").unwrap();
        assert!(base.join(b"/c").unwrap().origin() == base.origin());
        assert!(base.join(b"http://localhost:80/c").unwrap().origin() == base.origin());
        assert!(base.join(b"http://localhost:81/c").unwrap().origin() != base.origin());
        assert!(base.join(b"ftp://a/").is_err() && base.join(b"\xff").is_err());
    }

    #[test]
    fn unix_sockets() {
        for (text, socket, path) in [
            ("unix:/run/app.sock", "/run/app.sock", "/"),
            ("unix:/run/app.sock:/hook?a=b#c", "/run/app.sock", "/hook?a=b"),
            ("unix:/run/a%3Ab%20c:/d:e", "/run/a:b c", "/d:e"),
        ] {
            let target = Target::parse(text).unwrap();
            assert_eq!((target.authority(), target.path()), ("localhost", path));
            assert!(target.origin().endpoint == Endpoint::Unix(socket.into()), "{text}");
        }
    }

    #[test]
    fn refuses_what_it_cannot_send_to() {
        let long = format!("http://a/{}", "b".repeat(MAX_URL_LEN));
        let socket = format!("unix:/{}:/", "s".repeat(MAX_SOCKET_LEN));
        let refused = [
            "",
            "example.com",
            "ftp://a/",
            "http://",
            "http://a b/",
            "http://a/\r\nX: y",
            "/path",
            "http://us%3Aer:secret@a/",
            "http://a:99999/",
            "unix:",
            "unix:run/app.sock",
            "unix:/run/app.sock:hook",
            "unix:/run%00/app.sock:/",
            &socket,
            &long,
        ];
        for text in refused {
            let error = Target::parse(text).err().expect(text);
            assert_eq!(error.status, BARKER_ERR_URL);
            assert!(!error.sentence.contains("secret"));
        }
    }
}
