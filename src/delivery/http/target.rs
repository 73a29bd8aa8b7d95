//! A URL, taken apart into what a connection and a request need.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use base64ct::{Base64, Encoding};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use url::{Position, Url};
use zeroize::Zeroizing;

use super::place::Place;
use crate::error::{Error, Result, Status};

/// Longer URLs are refused; receivers commonly stop at 8 KiB.
const MAX_URL_LEN: usize = 8000;
/// What an address has room for, without the NUL at its end.
const MAX_SOCKET_LEN: usize = 107;

/// Characters that are not allowed in a path or a query (RFC 3986): receivers refuse some of them.
/// A percent sign stays as it is.
const UNSAFE: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// Where to send.
pub struct Target {
    origin: Origin,
    /// The URL that is requested; for a Unix socket, with the host `localhost`. It has no password,
    /// no zone and no fragment.
    url: Url,
    /// Host and port, as the Host header has them.
    authority: String,
    /// Path and query.
    path: String,
    /// What the URL's user name and password are as a header.
    credentials: Option<Zeroizing<String>>,
}

/// The receiver of a request, and whether TLS is used.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Origin {
    pub secure: bool,
    pub endpoint: Endpoint,
}

/// Where a connection leads.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) enum Endpoint {
    /// A host and a port.
    Host(Place),
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
        let parts = Parts::of_http(text)?;
        let credentials = parts.userinfo.as_ref().map(Userinfo::basic).transpose()?;
        Ok(Self { credentials, ..Self::from_parts(parts)? })
    }

    fn new(origin: Origin, url: Url) -> Self {
        let authority = url[Position::BeforeHost..Position::AfterPort].to_owned();
        let path = url[Position::BeforePath..Position::AfterQuery].to_owned();
        Self { origin, url, authority, path, credentials: None }
    }

    fn from_parts(parts: Parts<'_>) -> Result<Self> {
        let Parts { scheme, place, path, .. } = parts;
        let url = parse_url(&format!("{scheme}://{place}{}", encode(path)))?;
        Ok(Self::new(Origin { secure: scheme == "https", endpoint: Endpoint::Host(place) }, url))
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
            return refuse(
                "the path of the Unix socket is longer than 107 bytes or contains a NUL",
            );
        }
        let url = parse_url(&format!("http://localhost{}", encode(path)))?;
        let endpoint = Endpoint::Unix(OsStr::from_bytes(&socket).into());
        Ok(Self::new(Origin { secure: false, endpoint }, url))
    }

    /// Where a Location leads from here, if it could be set as a URL too or is relative.
    pub(super) fn join(&self, location: &[u8]) -> Result<Self> {
        let Ok(location) = std::str::from_utf8(location) else {
            return refuse("the Location of the redirect is not UTF-8");
        };
        check_text(location)?;
        let before_host = location.find(|c| !['/', '\\'].contains(&c)).unwrap_or(location.len());
        if location[..before_host].contains('\\') {
            return refuse("the Location of the redirect begins with a backslash");
        }
        let absolute = match location.find([':', '/', '?', '#']) {
            Some(end) if location[end..].starts_with(':') => Cow::from(location),
            Some(0) if location.starts_with("//") => {
                format!("{}:{location}", self.url.scheme()).into()
            }
            _ => {
                let Ok(url) = self.url.join(&encode(location)) else { return refuse(UNREADABLE) };
                return Ok(Self::new(self.origin.clone(), url));
            }
        };
        let parts = Parts::of_http(&absolute)?;
        let has_zone = parts.place.has_zone();
        let target = Self::from_parts(parts)?;
        // The receiver knows itself by the Host header, which has neither zone nor Unix socket.
        let is_here = !has_zone
            && target.url.scheme() == self.url.scheme()
            && target.authority == self.authority;
        Ok(if is_here { Self { origin: self.origin.clone(), ..target } } else { target })
    }

    /// Whether both request the same URL at the same place.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.origin == other.origin && self.path == other.path
    }

    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The value of an Authorization header.
    pub(super) fn credentials(&self) -> Option<&str> {
        self.credentials.as_ref().map(|credentials| credentials.as_str())
    }
}

/// The user name and the password of a URL, percent-decoded.
pub(crate) struct Userinfo {
    pub user: Zeroizing<Vec<u8>>,
    pub password: Zeroizing<Vec<u8>>,
}

/// A URL taken apart.
pub(crate) struct Parts<'a> {
    pub scheme: &'static str,
    pub userinfo: Option<Userinfo>,
    pub place: Place,
    /// With query and fragment.
    path: &'a str,
}

impl<'a> Parts<'a> {
    fn of_http(text: &'a str) -> Result<Self> {
        let why = "the URL must begin with http://, https:// or unix:";
        Self::parse(text, &[("http", 80), ("https", 443)], why)
    }

    /// Reads the URL if it has one of these schemes, which come with their ports; `why` says which
    /// they are.
    pub fn parse(
        text: &'a str,
        schemes: &[(&'static str, u16)],
        why: &'static str,
    ) -> Result<Self> {
        check_text(text)?;
        let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
        let is_this = |(known, _): &&(&str, u16)| known.eq_ignore_ascii_case(scheme);
        let Some((scheme, port)) = schemes.iter().find(is_this) else { return refuse(why) };
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        if authority.contains('\\') {
            return refuse("the URL contains a backslash before its path: write slashes");
        }
        let (userinfo, host) = authority.rsplit_once('@').unwrap_or(("", authority));
        if userinfo.contains(['@', '[', ']']) {
            return refuse(
                "the user name or password in the URL holds an @ or a bracket: write it as %40, \
                 %5B or %5D",
            );
        }
        let place = Place::parse(host, *port)?;
        let userinfo = (!userinfo.is_empty()).then(|| Userinfo::parse(userinfo));
        Ok(Self { scheme, userinfo, place, path })
    }
}

const UNREADABLE: &str = "the URL cannot be read: check its path";

/// Reads what was taken apart, made plain and put together again.
fn parse_url(text: &str) -> Result<Url> {
    Url::parse(text).or_else(|_| refuse(UNREADABLE))
}

/// Path and query as they are sent, without a fragment.
fn encode(path: &str) -> String {
    let path = path.split('#').next().unwrap_or_default();
    utf8_percent_encode(path, UNSAFE).to_string()
}

impl Userinfo {
    fn parse(text: &str) -> Self {
        let (user, password) = text.split_once(':').unwrap_or((text, ""));
        Self { user: decode(user), password: decode(password) }
    }

    /// As the value of an Authorization header: RFC 7617.
    pub fn basic(&self) -> Result<Zeroizing<String>> {
        if self.user.contains(&b':') {
            return refuse("the user name in the URL contains a colon: that cannot be sent");
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
        return refuse("the URL contains a space or a control character: percent-encode it");
    }
    Ok(())
}

fn refuse<T>(why: impl Into<Cow<'static, str>>) -> Result<T> {
    Err(Error::new(Status::Url, why))
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
        assert!(target.origin().secure);
    }

    #[test]
    fn credentials_become_a_header() {
        let target = Target::parse("https://us%20er:p%C3%A4ss@example.com:444/a").unwrap();
        assert_eq!(target.authority(), "example.com:444");
        assert_eq!(target.credentials(), Some("Basic dXMgZXI6cMOkc3M="));
        assert_eq!(Target::parse("http://a/").unwrap().credentials(), None);
        let target = Target::parse("http://u:p:q@a?b:c@d").unwrap();
        assert_eq!(target.credentials(), Some("Basic dTpwOnE="));
        assert_eq!((target.authority(), target.path()), ("a", "/?b:c@d"));
        assert_eq!(Target::parse("http://@a/").unwrap().credentials(), None);
        assert_eq!(Target::parse("http://a/@b").unwrap().credentials(), None);
    }

    #[test]
    fn international_names() {
        let target = Target::parse("http://b\u{fc}cher.example/").unwrap();
        assert_eq!(target.authority(), "xn--bcher-kva.example");
    }

    #[test]
    fn what_may_not_stand_in_a_path_is_encoded() {
        for (given, sent) in [
            ("/a|b[c]d^e{f}\"g<h>i`j\\k", "/a%7Cb%5Bc%5Dd%5Ee%7Bf%7D%22g%3Ch%3Ei%60j%5Ck"),
            ("?a|b[c]d^e{f}\"g<h>i`j\\k", "/?a%7Cb%5Bc%5Dd%5Ee%7Bf%7D%22g%3Ch%3Ei%60j%5Ck"),
            ("/%7C%5b%zz%", "/%7C%5b%zz%"),
            ("/\u{e4}\u{85}?\u{202e}", "/%C3%A4%C2%85?%E2%80%AE"),
            ("/-._~!$&'()*+,;=:@/?-._~!$&()*+,;=:@/?", "/-._~!$&'()*+,;=:@/?-._~!$&()*+,;=:@/?"),
            ("/a/../b//c/.#d|", "/b//c/"),
            ("//b", "//b"),
            ("/a\\..\\b", "/a%5C..%5Cb"),
        ] {
            for (base, authority) in [("http://h:81", "h:81"), ("unix:/s:", "localhost")] {
                if base == "unix:/s:" && !given.starts_with('/') {
                    continue;
                }
                let target = Target::parse(&format!("{base}{given}")).unwrap();
                assert_eq!((target.authority(), target.path()), (authority, sent), "{given}");
            }
            let base = Target::parse("http://h/").unwrap();
            if !given.starts_with("//") {
                assert_eq!(base.join(given.as_bytes()).unwrap().path(), sent);
            }
        }
    }

    #[test]
    fn redirects_are_relative() {
        for (base, location, authority, path) in [
            ("http://a:81/b/c?d", "e?f", "a:81", "/b/e?f"),
            ("http://a:81/b/c?d", "?f", "a:81", "/b/c?f"),
            ("http://a:81/b/c?d", "", "a:81", "/b/c?d"),
            ("http://a:81/b/c?d", "#e", "a:81", "/b/c?d"),
            ("http://a/b/c", "..//d", "a", "//d"),
            ("http://a/b", "./c:d", "a", "/c:d"),
            ("http://a/b", "c/\\d", "a", "/c/%5Cd"),
            ("http://a/b", "//c/d", "c", "/d"),
            ("http://u:p@a/b", "HTTPS://v:q@c:444", "c:444", "/"),
            ("unix:/s:/b", "/c", "localhost", "/c"),
        ] {
            let target = Target::parse(base).unwrap().join(location.as_bytes()).unwrap();
            assert_eq!((target.authority(), target.path()), (authority, path), "{location}");
            assert!(target.credentials().is_none());
        }
    }

    #[test]
    fn what_is_refused_as_a_url_is_no_location() {
        let base = Target::parse("http://a/b").unwrap();
        for location in "ftp://a/ http:c http:/c http:///c ///c //u@v@c \\c \\\\c /\\c \\/c //c\\d \
            http://c\\d //127.1 //c:080 //%63 unix:/s javascript:c c:d // http:// //[::1%25lo] \
            /b\tc /\nb /b\0 /b\u{7f}"
            .split(' ')
        {
            assert!(base.join(location.as_bytes()).is_err(), "{location:?}");
        }
        assert!(base.join(b"a b").is_err() && base.join(b"\xff").is_err());
    }

    #[test]
    fn the_receiver_is_the_same_by_its_host_header() {
        let keeps = |base: &str, location: &str| {
            let base = Target::parse(base).unwrap();
            base.join(location.as_bytes()).unwrap().origin() == base.origin()
        };
        assert!(keeps("unix:/s:/b", "/c") && keeps("unix:/s:/b", "http://localhost:80/c"));
        assert!(!keeps("unix:/s:/b", "https://localhost/c"));
        assert!(!keeps("unix:/s:/b", "http://localhost:81/c"));
        let zoned = "http://[fe80::1%25a]:81/b";
        for location in ["/c", "//[fe80::1]:81/c", "http://[FE80:0::1]:81", "//[fe80::1%25a]:81"] {
            assert!(keeps(zoned, location), "{location}");
        }
        for location in ["//[fe80::1]/", "//[fe80::2]:81/", "//[fe80::1%25b]:81", "//a:81"] {
            assert!(!keeps(zoned, location), "{location}");
        }
        assert_eq!(Target::parse(zoned).unwrap().authority(), "[fe80::1]:81");
    }

    #[test]
    fn what_is_the_same() {
        let is_same = |location: &str| {
            let base = Target::parse("http://a:80/b/c?d#e").unwrap();
            base.is_same(&base.join(location.as_bytes()).unwrap())
        };
        for location in ["", "#", "?d", "c?d#f", "/b/c?d", "../b/./c?d", "//u@A:80/b/c?d"] {
            assert!(is_same(location), "{location}");
        }
        for location in ["?", "c", "?D", "/b/c/?d", "//a:81/b/c?d", "https://a:80/b/c?d", "/"] {
            assert!(!is_same(location), "{location}");
        }
    }

    #[test]
    fn unix_sockets() {
        for (text, socket, path) in [
            ("unix:/run/app.sock", "/run/app.sock", "/"),
            ("unix:/run/app.sock:/hook?a=b#c", "/run/app.sock", "/hook?a=b"),
            ("unix:/run/a%3Ab%20c:/d:e", "/run/a:b c", "/d:e"),
            ("unix:/s://a", "/s", "//a"),
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
            "http:a/",
            "http:/a/",
            "http:///a/",
            "http:////a",
            "http:\\\\a/",
            "http://\\a/",
            "http:/\\a",
            "http://a\\b/",
            "http://secret\\@a/",
            "http://a\\@secret/",
            "http://a:1\\@b/",
            "http://secret@/a",
            "http://secret@",
            "http://secret@:80/",
            "http://secret@b@a/",
            "http://[secret]@a/",
            "http://a@[::1%25lo]/",
            "://a/",
            " http://a/",
            "xhttp://a/",
            "UNIX:/s:/",
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
            assert_eq!(error.status, Status::Url);
            assert!(!error.sentence.contains("secret"));
        }
    }
}
