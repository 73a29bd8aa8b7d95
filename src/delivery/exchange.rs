//! One delivery on its way: looks up the host, connects, shakes hands, sends and receives, each
//! time as far as it gets. Whoever drives it does the waiting.

use std::io::IoSlice;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use url::Host;

use super::agent::Agent;
use super::connection::Connection;
use super::deadline::Deadline;
use super::pool::Route;
use super::race::{Address, Race};
use super::request::Request;
use super::resolver::{Found, Lookup};
use super::response::{Response, ResponseReader};
use super::socket::{Socket, poll};
use super::target::Endpoint;
use crate::error::{Error, Result, barker_status::*};

/// Bytes received at a time.
const CHUNK: usize = 8 * 1024;

/// A delivery on its way.
pub struct Exchange<'a> {
    agent: Agent,
    route: Route,
    request: Request<'a>,
    deadline: Deadline,
    stage: Stage,
}

enum Stage {
    Idle,
    LookingUp(Arc<Lookup>),
    Connecting(Race),
    Talking(Box<Talk>),
}

/// A request and its answer, over a connection.
struct Talk {
    connection: Connection,
    /// Whether the connection carried a request before.
    is_reused: bool,
    has_shaken_hands: bool,
    /// Bytes of the request that the connection has taken.
    taken: usize,
    is_sent: bool,
    send_failure: Option<Error>,
    reader: ResponseReader,
}

/// What is known of the receiving side.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Incoming {
    /// Nothing; it may be waited for.
    Awaited,
    /// There is something.
    There,
    /// There is nothing.
    NotYet,
}

impl<'a> Exchange<'a> {
    pub(super) fn new(agent: Agent, route: Route, request: Request<'a>, timeout: Duration) -> Self {
        let deadline = Deadline::after(timeout);
        Self { agent, route, request, deadline, stage: Stage::Idle }
    }

    /// Goes on to the end, waiting where it must.
    pub fn run(mut self) -> Result<Response> {
        let mut incoming = Incoming::Awaited;
        loop {
            if let Some(response) = self.advance(incoming)? {
                return Ok(response);
            }
            incoming = self.wait()?;
        }
    }

    /// Goes as far as it gets; gives the answer once it is whole. Nothing is ever sent twice, but
    /// over a reused connection that broke before it took a byte.
    pub(super) fn advance(&mut self, incoming: Incoming) -> Result<Option<Response>> {
        loop {
            self.stage = match &mut self.stage {
                Stage::Idle => match self.agent.take_idle(&self.route) {
                    Some(connection) => Stage::Talking(Talk::new(connection, true)),
                    None => self.reach()?,
                },
                Stage::LookingUp(lookup) => match lookup.answer()? {
                    Some(addresses) => self.connect(&addresses),
                    None => return Ok(None),
                },
                Stage::Connecting(race) => match race.advance()? {
                    Some(socket) => Stage::Talking(Talk::new(self.secure(socket)?, false)),
                    None => return Ok(None),
                },
                Stage::Talking(talk) => {
                    match talk.advance(&self.request, &self.deadline, incoming) {
                        Ok(None) => return Ok(None),
                        Ok(Some((response, is_reusable))) => {
                            self.finish(is_reusable);
                            return Ok(Some(response));
                        }
                        Err(_) if talk.may_start_over() => self.reach()?,
                        Err(error) => return Err(error),
                    }
                }
            }
        }
    }

    /// The first stage of a new connection.
    fn reach(&self) -> Result<Stage> {
        Ok(match &self.route.origin.endpoint {
            Endpoint::Unix(path) => {
                Stage::Connecting(Race::new([Address::Unix(path.clone())].into()))
            }
            Endpoint::Host(Host::Ipv4(address), _) => self.connect(&[(*address).into()]),
            Endpoint::Host(Host::Ipv6(address), _) => self.connect(&[(*address).into()]),
            Endpoint::Host(Host::Domain(name), _) => match self.agent.find_addresses(name) {
                Found::Addresses(addresses) => self.connect(&addresses),
                Found::Asked(lookup) => Stage::LookingUp(lookup),
            },
        })
    }

    fn connect(&self, addresses: &[IpAddr]) -> Stage {
        let port = match self.route.origin.endpoint {
            Endpoint::Host(_, port) => port,
            Endpoint::Unix(_) => 0,
        };
        Stage::Connecting(Race::new(Race::interleaved(addresses, port)))
    }

    fn secure(&self, socket: Socket) -> Result<Connection> {
        Ok(match &self.route.origin.endpoint {
            Endpoint::Host(host, _) if self.route.origin.secure => {
                Connection::Secure(Box::new(self.agent.secure(socket, host)?))
            }
            _ => Connection::Plain(socket),
        })
    }

    fn finish(&mut self, is_reusable: bool) {
        let stage = std::mem::replace(&mut self.stage, Stage::Idle);
        if let Stage::Talking(talk) = stage
            && is_reusable
        {
            self.agent.keep_idle(self.route.clone(), talk.connection);
        }
    }

    /// Waits until [`advance`](Self::advance) can do more, or the deadline has passed.
    fn wait(&mut self) -> Result<Incoming> {
        let left = self.deadline.remaining(self.phase())?;
        let failed = |error| Error::new(BARKER_ERR_SYSTEM, format!("waiting failed: {error}"));
        match &mut self.stage {
            Stage::Idle => {}
            Stage::LookingUp(lookup) => lookup.wait(left),
            Stage::Connecting(race) => {
                let next = race.next().map(|next| next.saturating_duration_since(Instant::now()));
                let mut entries: Vec<_> =
                    race.sockets().map(|socket| socket.poll_entry(libc::POLLOUT)).collect();
                poll(&mut entries, next.unwrap_or(left).min(left)).map_err(failed)?;
            }
            Stage::Talking(talk) if talk.is_sent => {}
            Stage::Talking(talk) => {
                let events = libc::POLLIN | libc::POLLOUT;
                let mut entry = [talk.connection.socket().poll_entry(events)];
                poll(&mut entry, left).map_err(failed)?;
                let there = entry[0].revents & !libc::POLLOUT != 0;
                return Ok(if there { Incoming::There } else { Incoming::NotYet });
            }
        }
        Ok(Incoming::Awaited)
    }

    fn phase(&self) -> &'static str {
        match &self.stage {
            Stage::Idle => "starting",
            Stage::LookingUp(_) => "looking up the host name",
            Stage::Connecting(_) => "connecting",
            Stage::Talking(talk) => talk.phase(),
        }
    }

    /// The lookup that it waits for, if it does.
    pub(super) fn lookup(&self) -> Option<&Lookup> {
        match &self.stage {
            Stage::LookingUp(lookup) => Some(lookup),
            _ => None,
        }
    }

    /// The sockets that it waits for.
    pub(super) fn sockets(&mut self) -> impl Iterator<Item = &mut Socket> {
        let (racing, talking) = match &mut self.stage {
            Stage::Connecting(race) => (Some(race.sockets()), None),
            Stage::Talking(talk) => (None, Some(talk.connection.socket())),
            _ => (None, None),
        };
        racing.into_iter().flatten().chain(talking)
    }

    /// When it is to be advanced even if nothing has happened; none is never.
    pub(super) fn wakes_at(&self) -> Option<Instant> {
        let next = match &self.stage {
            Stage::Connecting(race) => race.next(),
            _ => None,
        };
        next.into_iter().chain(self.deadline.at()).min()
    }

    /// Fails if the deadline has passed.
    pub(super) fn check_deadline(&self) -> Result<()> {
        self.deadline.remaining(self.phase()).map(|_| ())
    }
}

impl Talk {
    fn new(mut connection: Connection, is_reused: bool) -> Box<Self> {
        let socket = connection.socket();
        (socket.has_sent, socket.is_watched) = (false, socket.is_watched && !is_reused);
        Box::new(Self {
            connection,
            is_reused,
            has_shaken_hands: false,
            taken: 0,
            is_sent: false,
            send_failure: None,
            reader: ResponseReader::default(),
        })
    }

    /// Whether the receiver cannot have seen any of the request: it closed the connection before.
    fn may_start_over(&mut self) -> bool {
        self.is_reused && !self.connection.socket().has_sent
    }

    fn phase(&self) -> &'static str {
        if !self.has_shaken_hands {
            "shaking hands over TLS"
        } else if !self.is_sent {
            "sending"
        } else {
            "waiting for the answer"
        }
    }

    /// Gives the answer once it is whole, and whether the connection may carry another request.
    fn advance(
        &mut self,
        request: &Request<'_>,
        deadline: &Deadline,
        incoming: Incoming,
    ) -> Result<Option<(Response, bool)>> {
        if !self.has_shaken_hands {
            let wait = self.may_wait(deadline, incoming)?;
            if !self.connection.shake_hands(wait)? {
                return Ok(None);
            }
            self.has_shaken_hands = true;
        }
        if !self.is_sent && self.send_failure.is_none() {
            match self.send(request) {
                Ok(is_sent) => self.is_sent = is_sent,
                Err(error) if self.may_start_over() => return Err(error),
                // A receiver may refuse a large body, answer and close; its answer says why.
                Err(error) => self.send_failure = Some(error),
            }
        }
        let may_answer = self.is_sent || self.send_failure.is_some();
        match incoming {
            Incoming::NotYet => return Ok(None),
            Incoming::Awaited if !may_answer => return Ok(None),
            _ => {}
        }
        let answer = self.receive(deadline, incoming);
        match self.send_failure.take() {
            Some(failure) if answer.is_err() => Err(failure),
            failure => {
                self.send_failure = failure;
                answer
            }
        }
    }

    /// Sends what is left of the request; false if there is no room for all of it.
    fn send(&mut self, request: &Request<'_>) -> Result<bool> {
        let mut parts = [IoSlice::new(&request.head), IoSlice::new(request.body)];
        let mut unsent = &mut parts[..];
        IoSlice::advance_slices(&mut unsent, self.taken);
        while unsent.iter().any(|part| !part.is_empty()) {
            let Some(taken) = self.connection.send(unsent)? else { return Ok(false) };
            self.taken += taken;
            IoSlice::advance_slices(&mut unsent, taken);
        }
        self.connection.flush()
    }

    fn receive(
        &mut self,
        deadline: &Deadline,
        incoming: Incoming,
    ) -> Result<Option<(Response, bool)>> {
        let mut chunk = [0; CHUNK];
        loop {
            let wait = self.may_wait(deadline, incoming)?;
            let Some(received) = self.connection.receive(&mut chunk, wait)? else {
                return Ok(None);
            };
            if received == 0 {
                return self.reader.end().map(|response| Some((response, false)));
            }
            if let Some((response, is_reusable)) = self.reader.feed(&chunk[..received])? {
                return Ok(Some((response, is_reusable && self.is_sent)));
            }
        }
    }

    fn may_wait(&self, deadline: &Deadline, incoming: Incoming) -> Result<Option<Duration>> {
        match incoming {
            Incoming::Awaited => deadline.remaining(self.phase()).map(Some),
            _ => Ok(None),
        }
    }
}
