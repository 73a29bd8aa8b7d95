//! A URL, taken apart into what a connection and a request need.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use percent_encoding::percent_decode_str;
use url::{Host, Position, Url};

use crate::error::{Error, Result, barker_status::*};

/// Longer URLs are refused; receivers commonly stop at 8 KiB.
const MAX_URL_LEN: usize = 8000;
/// What an address has room for, without the NUL at its end.
const MAX_SOCKET_LEN: usize = 107;

/// Where to send.
#[derive(Clone)]
pub struct Target {
    origin: Origin,
    /// Host and port, as the Host header has them.
    authority: String,
    /// Path and query, as the request has them.
    path: String,
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
    /// the path to ask for. A fragment is not sent.
    pub fn parse(text: &str) -> Result<Self> {
        if text.len() > MAX_URL_LEN {
            return refuse("the URL is longer than 8000 bytes: shorten it");
        }
        if text.bytes().any(|byte| byte.is_ascii_control() || byte == b' ') {
            return refuse("the URL holds a space or a control character: percent-encode it");
        }
        match text.strip_prefix("unix:") {
            Some(rest) => Self::parse_unix(rest),
            None => Self::parse_http(text),
        }
    }

    fn parse_http(text: &str) -> Result<Self> {
        let url = match Url::parse(text) {
            Ok(url) => url,
            Err(error) => return refuse(format!("the URL cannot be read: {error}")),
        };
        let (Some(host), Some(port), "http" | "https") =
            (url.host(), url.port_or_known_default(), url.scheme())
        else {
            return refuse("the URL must begin with http://, https:// or unix:");
        };
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("the URL holds a user name or password: add an Authorization header");
        }
        let authority = &url[Position::BeforeHost..Position::AfterPort];
        let endpoint = Endpoint::Host(host.to_owned(), port);
        let origin = Origin { secure: url.scheme() == "https", endpoint };
        Ok(Self { origin, authority: authority.to_owned(), path: path_of(&url) })
    }

    fn parse_unix(text: &str) -> Result<Self> {
        let (socket, path) = text.split_once(':').unwrap_or((text, "/"));
        let socket: Cow<'_, [u8]> = percent_decode_str(socket).into();
        if !socket.starts_with(b"/") || !path.starts_with('/') {
            return refuse(
                "after unix: there must be the absolute path of a socket, and then, \
                           after a colon, the path to ask for, as in unix:/run/app.sock:/hook",
            );
        }
        if socket.len() > MAX_SOCKET_LEN || socket.contains(&0) {
            return refuse("the path of the Unix socket is longer than 107 bytes or holds a NUL");
        }
        let authority = "localhost".to_owned();
        let Ok(url) = Url::parse(&format!("http://{authority}{path}")) else {
            return refuse("the path after that of the Unix socket cannot be read");
        };
        let endpoint = Endpoint::Unix(OsStr::from_bytes(&socket).into());
        Ok(Self { origin: Origin { secure: false, endpoint }, authority, path: path_of(&url) })
    }

    pub(super) fn authority(&self) -> &str {
        &self.authority
    }

    /// Path and query.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    pub(super) fn origin(&self) -> &Origin {
        &self.origin
    }
}

fn path_of(url: &Url) -> String {
    url[Position::BeforePath..Position::AfterQuery].to_owned()
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
            "http://user:secret@a/",
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
