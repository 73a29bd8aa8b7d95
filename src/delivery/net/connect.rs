//! Connecting to the first of several addresses that answers (RFC 8305, Happy Eyeballs).

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use socket2::SockAddr;

use super::backlog::FullBacklogs;
use super::socket::{Socket, is_lack_of_resources};
use crate::error::{Error, Result, Status};

/// How long an attempt has before the next one starts as well: RFC 8305 section 5.
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// Running attempts, and the addresses that were not tried yet.
pub(crate) struct Connecting {
    untried: VecDeque<Address>,
    attempts: Vec<(Address, Socket)>,
    next_attempt: Instant,
    failure: Option<Error>,
}

/// Where a socket connects to.
enum Address {
    Ip(SocketAddr),
    Unix(PathBuf, Arc<FullBacklogs>),
}

impl Connecting {
    /// To one of the addresses of a host, of which there is at least one, the best first. Those
    /// that the check refuses are left out.
    pub fn to_host(
        addresses: &[SocketAddr],
        port: u16,
        check: impl Fn(IpAddr) -> Result<()>,
    ) -> Self {
        let (mut allowed, mut refusal) = (VecDeque::new(), None);
        for mut address in interleaved(addresses) {
            address.set_port(port);
            match check(address.ip()) {
                Ok(()) => allowed.push_back(Address::Ip(address)),
                // It is the outcome only if there is no other failure.
                Err(error) => refusal = refusal.or(Some(error)),
            }
        }
        Self::to(allowed, refusal)
    }

    /// To a Unix socket.
    pub fn to_unix(path: &Path, backlogs: &Arc<FullBacklogs>) -> Self {
        Self::to([Address::Unix(path.to_owned(), backlogs.clone())].into(), None)
    }

    fn to(untried: VecDeque<Address>, failure: Option<Error>) -> Self {
        Self { untried, attempts: Vec::new(), next_attempt: Instant::now(), failure }
    }

    /// The socket that has connected, if any.
    pub fn advance(&mut self) -> Result<Option<Socket>> {
        if let Some(socket) = self.take_connected() {
            return Ok(Some(socket));
        }
        self.begin_attempts()?;
        if self.attempts.is_empty() && self.untried.is_empty() {
            return self.failure.take().map_or(Ok(None), Err);
        }
        Ok(None)
    }

    fn take_connected(&mut self) -> Option<Socket> {
        let mut at = 0;
        while at < self.attempts.len() {
            match self.attempts[at].1.is_connected() {
                Ok(true) => return Some(self.attempts.swap_remove(at).1),
                Ok(false) => at += 1,
                Err(error) => {
                    let (address, _) = self.attempts.remove(at);
                    self.fail(&address, &error);
                }
            }
        }
        None
    }

    /// Begins as many attempts as are due.
    fn begin_attempts(&mut self) -> Result<()> {
        while self.next_attempt <= Instant::now()
            && let Some(address) = self.untried.pop_front()
        {
            self.next_attempt = Instant::now() + ATTEMPT_DELAY;
            match address.connect() {
                Ok(Ok(socket)) => self.attempts.push((address, socket)),
                Ok(Err(error)) if is_lack_of_resources(&error) => {
                    // The running attempts may be enough.
                    self.untried.push_front(address);
                    if self.attempts.is_empty() {
                        return Err(starved(&error));
                    }
                }
                Ok(Err(error)) => self.fail(&address, &error),
                Err(later) => {
                    self.untried.push_front(address);
                    self.next_attempt = later;
                }
            }
        }
        Ok(())
    }

    /// One attempt failed: the next may begin at once.
    fn fail(&mut self, address: &Address, error: &io::Error) {
        let why = format!("no connection to {address}: {error}");
        self.failure = Some(Error::new(Status::Connect, why));
        self.next_attempt = Instant::now();
    }

    /// When the next attempt begins, if there is one.
    pub fn next_attempt(&self) -> Option<Instant> {
        (!self.untried.is_empty()).then_some(self.next_attempt)
    }

    pub fn sockets(&mut self) -> impl Iterator<Item = &mut Socket> {
        self.attempts.iter_mut().map(|(_, socket)| socket)
    }
}

impl Address {
    /// Begins to connect; the outer error is when to do so.
    fn connect(&self) -> std::result::Result<io::Result<Socket>, Instant> {
        match self {
            Self::Ip(address) => Ok(Socket::connect(&SockAddr::from(*address))),
            Self::Unix(path, backlogs) => {
                backlogs.connect(path, || Socket::connect(&SockAddr::unix(path)?))
            }
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(address) => address.fmt(f),
            Self::Unix(path, _) => path.display().fmt(f),
        }
    }
}

/// The addresses with the families taking turns: RFC 8305 section 4.
fn interleaved(addresses: &[SocketAddr]) -> Vec<SocketAddr> {
    let is_like_first = |address: &&SocketAddr| address.is_ipv4() == addresses[0].is_ipv4();
    let mut same = addresses.iter().filter(is_like_first);
    let mut other = addresses.iter().filter(|address| !is_like_first(address));
    let mut order = Vec::with_capacity(addresses.len());
    while order.len() < addresses.len() {
        order.extend(same.next().into_iter().chain(other.next()));
    }
    order
}

fn starved(error: &io::Error) -> Error {
    let why = format!(
        "the system opens no socket: {error}; allow the process more descriptors, or send fewer \
         messages at once"
    );
    Error::new(Status::System, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
        texts.iter().map(|text| SocketAddr::new(text.parse().unwrap(), 0)).collect()
    }

    #[test]
    fn families_take_turns() {
        for (given, order) in [
            (
                &["::1", "::2", "::3", "1.1.1.1", "2.2.2.2"][..],
                &["::1", "1.1.1.1", "::2", "2.2.2.2", "::3"][..],
            ),
            (&["1.1.1.1", "::1"], &["1.1.1.1", "::1"]),
            (&["1.1.1.1", "2.2.2.2"], &["1.1.1.1", "2.2.2.2"]),
        ] {
            assert_eq!(interleaved(&addresses(given)), addresses(order));
        }
    }

    #[test]
    fn what_the_check_refuses_is_not_tried() {
        let refuse = |address: IpAddr| Err(Error::new(Status::Refused, address.to_string()));
        let only_ipv6 = |address: IpAddr| if address.is_ipv6() { Ok(()) } else { refuse(address) };
        let hosts = addresses(&["127.0.0.1", "::1", "127.0.0.2"]);
        let connecting = Connecting::to_host(&hosts, 80, only_ipv6);
        let left: Vec<_> = connecting.untried.iter().map(ToString::to_string).collect();
        assert_eq!(left, ["[::1]:80"]);
        let error = Connecting::to_host(&hosts, 80, refuse).advance().err().unwrap();
        assert_eq!((error.status, &*error.sentence), (Status::Refused, "127.0.0.1"));
    }
}
