//! Connecting to the first of several addresses that answers (RFC 8305, Happy Eyeballs).

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use socket2::SockAddr;

use super::process::Process;
use super::settings::Settings;
use super::socket::{Socket, is_lack_of_resources};
use crate::error::{Error, Result, Status};

/// How long an attempt has before the next begins beside it: RFC 8305 section 5.
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// Where a socket connects to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Address {
    Ip(SocketAddr),
    Unix(PathBuf),
}

/// Attempts under way, and the addresses that were not tried yet.
pub(super) struct Race {
    process: Arc<Process>,
    settings: Arc<Settings>,
    untried: VecDeque<Address>,
    attempts: Vec<(Address, Socket)>,
    next: Instant,
    failure: Option<Error>,
}

impl Race {
    /// Between those of these addresses, at least one, the best first, that the policy allows.
    pub fn new(untried: VecDeque<Address>, process: Arc<Process>, settings: Arc<Settings>) -> Self {
        let next = Instant::now();
        Self { process, settings, untried, attempts: Vec::new(), next, failure: None }
    }

    /// The addresses with the families taking turns: RFC 8305 section 4.
    pub fn interleaved(addresses: &[SocketAddr], port: u16) -> VecDeque<Address> {
        let is_like_first = |address: &&SocketAddr| address.is_ipv4() == addresses[0].is_ipv4();
        let with_port = |&(mut address): &SocketAddr| {
            address.set_port(port);
            Address::Ip(address)
        };
        let mut same = addresses.iter().filter(is_like_first);
        let mut other = addresses.iter().filter(|address| !is_like_first(address));
        let mut order = VecDeque::with_capacity(addresses.len());
        while order.len() < addresses.len() {
            let turn = same.next().into_iter().chain(other.next());
            order.extend(turn.map(with_port));
        }
        order
    }

    /// The socket that is connected, if one is by now.
    pub fn advance(&mut self) -> Result<Option<Socket>> {
        let mut at = 0;
        while at < self.attempts.len() {
            match self.attempts[at].1.is_connected() {
                Ok(true) => return Ok(Some(self.attempts.swap_remove(at).1)),
                Ok(false) => at += 1,
                Err(error) => {
                    let (address, _) = self.attempts.remove(at);
                    self.lose(no_connection(&address, &error));
                }
            }
        }
        while self.next <= Instant::now()
            && let Some(address) = self.untried.pop_front()
        {
            self.next = Instant::now() + ATTEMPT_DELAY;
            if let Err(refusal) = self.check(&address) {
                self.lose(refusal);
                continue;
            }
            match self.begin(&address) {
                Ok(Ok(socket)) => self.attempts.push((address, socket)),
                Ok(Err(error)) if is_lack_of_resources(&error) => {
                    // Those under way may be enough.
                    self.untried.push_front(address);
                    if self.attempts.is_empty() {
                        return Err(starved(&error));
                    }
                }
                Ok(Err(error)) => self.lose(no_connection(&address, &error)),
                Err(later) => {
                    self.untried.push_front(address);
                    self.next = later;
                }
            }
        }
        match self.failure.take() {
            Some(error) if self.attempts.is_empty() && self.untried.is_empty() => Err(error),
            failure => {
                self.failure = failure;
                Ok(None)
            }
        }
    }

    /// Begins to connect; the outer error is when to do so.
    fn begin(&self, address: &Address) -> std::result::Result<io::Result<Socket>, Instant> {
        match address {
            Address::Ip(address) => Ok(Socket::connect(&SockAddr::from(*address))),
            Address::Unix(path) => {
                let connect = || Socket::connect(&SockAddr::unix(path)?);
                self.process.full_queues.connect(path, connect)
            }
        }
    }

    /// A Unix socket is checked as a URL already.
    fn check(&self, address: &Address) -> Result<()> {
        match address {
            Address::Ip(address) => self.settings.policy.check(address.ip()),
            Address::Unix(_) => Ok(()),
        }
    }

    /// A refusal is the outcome only if there was nothing else.
    fn lose(&mut self, error: Error) {
        if self.failure.is_none() || error.status != Status::Refused {
            self.failure = Some(error);
        }
        self.next = Instant::now();
    }

    /// When the next attempt begins, if there is one.
    pub fn next(&self) -> Option<Instant> {
        (!self.untried.is_empty()).then_some(self.next)
    }

    pub fn sockets(&mut self) -> impl Iterator<Item = &mut Socket> {
        self.attempts.iter_mut().map(|(_, socket)| socket)
    }
}

fn no_connection(address: &Address, error: &io::Error) -> Error {
    Error::new(Status::Connect, format!("no connection to {address}: {error}"))
}

fn starved(error: &io::Error) -> Error {
    let why = format!(
        "the system opens no socket: {error}; allow the process more descriptors, or send fewer \
         messages at once"
    );
    Error::new(Status::System, why)
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(address) => address.fmt(f),
            Self::Unix(path) => path.display().fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_take_turns() {
        let ip = |text: &str| SocketAddr::new(text.parse().unwrap(), 0);
        let order = |addresses: &[&str]| -> Vec<String> {
            let addresses: Vec<_> = addresses.iter().map(|text| ip(text)).collect();
            Race::interleaved(&addresses, 80).iter().map(ToString::to_string).collect()
        };
        assert_eq!(
            order(&["::1", "::2", "::3", "1.1.1.1", "2.2.2.2"]),
            ["[::1]:80", "1.1.1.1:80", "[::2]:80", "2.2.2.2:80", "[::3]:80"]
        );
        assert_eq!(order(&["1.1.1.1", "::1"]), ["1.1.1.1:80", "[::1]:80"]);
        assert_eq!(order(&["1.1.1.1", "2.2.2.2"]), ["1.1.1.1:80", "2.2.2.2:80"]);
    }
}
