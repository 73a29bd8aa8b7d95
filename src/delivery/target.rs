//! A URL, taken apart into what a connection and a request need.

use std::fmt::Write;

use url::{Host, Url};

use crate::error::{Error, Result, barker_status::*};

/// Longer URLs are refused; receivers commonly stop at 8 KiB.
const MAX_URL_LEN: usize = 8000;

/// Where to send.
#[derive(Clone)]
pub struct Target {
    url: Url,
    /// Host and port, as the Host header has them.
    authority: String,
}

/// Requests with equal origins may share a connection.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Origin {
    pub secure: bool,
    pub host: Host<String>,
    pub port: u16,
}

impl Target {
    /// Takes an absolute `http` or `https` URL. A fragment is not sent.
    pub fn parse(text: &str) -> Result<Self> {
        let refuse = |why: &str| Err(Error::new(BARKER_ERR_URL, why.to_owned()));
        if text.len() > MAX_URL_LEN {
            return refuse("the URL is longer than 8000 bytes: shorten it");
        }
        if text.bytes().any(|byte| byte.is_ascii_control() || byte == b' ') {
            return refuse("the URL holds a space or a control character: percent-encode it");
        }
        let url = match Url::parse(text) {
            Ok(url) => url,
            Err(error) => return refuse(&format!("the URL cannot be read: {error}")),
        };
        if !matches!(url.scheme(), "http" | "https") {
            return refuse("the URL must begin with http:// or https://");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("the URL holds a user name or password: add an Authorization header");
        }
        let mut authority = url.host_str().unwrap_or_default().to_owned();
        if let Some(port) = url.port() {
            write!(authority, ":{port}").expect("a String takes what is written");
        }
        Ok(Self { url, authority })
    }

    pub(super) fn authority(&self) -> &str {
        &self.authority
    }

    /// Path and query.
    pub(super) fn path(&self) -> &str {
        &self.url[url::Position::BeforePath..url::Position::AfterQuery]
    }

    pub(super) fn origin(&self) -> Origin {
        Origin {
            secure: self.url.scheme() == "https",
            host: self.url.host().expect("an http URL has a host").to_owned(),
            port: self.url.port_or_known_default().expect("http has a port"),
        }
    }
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
        assert_eq!(target.origin().port, 443);
    }

    #[test]
    fn refuses_what_it_cannot_send_to() {
        let long = format!("http://a/{}", "b".repeat(MAX_URL_LEN));
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
            &long,
        ];
        for text in refused {
            let error = Target::parse(text).err().expect(text);
            assert_eq!(error.status, BARKER_ERR_URL);
            assert!(!error.sentence.contains("secret"));
        }
    }
}
