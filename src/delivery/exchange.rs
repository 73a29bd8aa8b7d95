//! One delivery on its way: looks up the host, connects, shakes hands, sends and receives, each
//! time as far as it gets. Whoever drives it does the waiting.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::mem;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use url::Host;

use super::agent::Settings;
use super::connection::Connection;
use super::deadline::Deadline;
use super::log::{barker_log_level, barker_log_level::*};
use super::pool::{Pool, Route};
use super::proxy::Tunnel;
use super::race::{Address, Race};
use super::request::Request;
use super::resolver::{Found, Lookup};
use super::response::{Response, ResponseReader};
use super::socket::{Socket, poll};
use super::target::{Endpoint, Origin, Target};
use super::tls::Tls;
use crate::error::{Error, Result, barker_status::*};

/// Bytes received at a time.
const CHUNK: usize = 8 * 1024;

const PROXY_PHASE: &str = "asking the proxy";

/// A delivery on its way.
pub struct Exchange<'a> {
    pool: Arc<Pool>,
    settings: Arc<Settings>,
    route: Route,
    request: Request<'a>,
    redirects: u32,
    deadline: Deadline,
    stage: Stage,
}

enum Stage {
    Idle,
    LookingUp(Arc<Lookup>),
    Connecting(Race),
    Tunnelling(Tunnel),
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
    pub(super) fn new(
        pool: Arc<Pool>,
        settings: Arc<Settings>,
        target: Arc<Target>,
        request: Request<'a>,
        timeout: Duration,
    ) -> Self {
        Self {
            pool,
            route: settings.route(target),
            settings,
            request,
            redirects: 0,
            deadline: Deadline::after(timeout),
            stage: Stage::Idle,
        }
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
        let result = self.advance_stages(incoming);
        if let Err(error) = &result {
            self.log(BARKER_LOG_ERROR, || error.sentence.to_string());
        }
        result
    }

    fn advance_stages(&mut self, incoming: Incoming) -> Result<Option<Response>> {
        loop {
            let next = match &mut self.stage {
                Stage::Idle => Some(self.begin()?),
                Stage::LookingUp(lookup) => {
                    lookup.answer()?.map(|addresses| self.connect(&addresses))
                }
                Stage::Connecting(race) => match race.advance()? {
                    Some(socket) => Some(self.use_socket(socket)?),
                    None => None,
                },
                Stage::Tunnelling(tunnel) => {
                    let wait = may_wait(&self.deadline, incoming, PROXY_PHASE)?;
                    match tunnel.advance(wait)? {
                        Some(socket) => Some(self.secure(socket)?),
                        None => None,
                    }
                }
                Stage::Talking(talk) => {
                    match talk.advance(&self.request, &self.deadline, incoming) {
                        Ok(None) => None,
                        Ok(Some((response, is_reusable))) => {
                            match self.conclude(response, is_reusable) {
                                Some(response) => return Ok(Some(response)),
                                None => Some(Stage::Idle),
                            }
                        }
                        Err(_) if talk.may_start_over() => Some(self.reach()),
                        Err(error) => return Err(error),
                    }
                }
            };
            match next {
                Some(stage) => self.stage = stage,
                None => return Ok(None),
            }
        }
    }

    fn begin(&self) -> Result<Stage> {
        self.settings.policy.check_origin(self.route.target.origin())?;
        Ok(match self.take_idle() {
            Some(connection) => {
                self.log(BARKER_LOG_DEBUG, || "using an idle connection again".into());
                self.talk(connection, true)
            }
            None => self.reach(),
        })
    }

    /// An idle connection, unless a clone with another policy opened it to where this one may not.
    fn take_idle(&self) -> Option<Connection> {
        let mut connection = self.pool.take(&self.route, self.settings.idle_limits)?;
        let address = connection.socket().address;
        let is_allowed = |address| self.settings.policy.check(address).is_ok();
        address.is_none_or(is_allowed).then_some(connection)
    }

    /// The first stage of a new connection, to the receiver or to its proxy.
    fn reach(&self) -> Stage {
        let host = match (&self.route.proxy, &self.route.target.origin().endpoint) {
            (Some(proxy), _) => &proxy.host,
            (None, Endpoint::Host(host, _)) => host,
            (None, Endpoint::Unix(path)) => {
                self.log(BARKER_LOG_DEBUG, || format!("connecting to {}", path.display()));
                return self.race([Address::Unix(path.clone())].into());
            }
        };
        match host {
            Host::Ipv4(address) => self.connect(&[(*address).into()]),
            Host::Ipv6(address) => self.connect(&[(*address).into()]),
            Host::Domain(name) => {
                match self.pool.process.resolver.find(name, self.settings.lookup_lifetime) {
                    Found::Addresses(addresses) => self.connect(&addresses),
                    Found::Asked(lookup) => {
                        self.log(BARKER_LOG_DEBUG, || format!("looking up {name}"));
                        Stage::LookingUp(lookup)
                    }
                }
            }
        }
    }

    fn connect(&self, addresses: &[IpAddr]) -> Stage {
        let port = match (&self.route.proxy, &self.route.target.origin().endpoint) {
            (Some(proxy), _) => proxy.port,
            (None, Endpoint::Host(_, port)) => *port,
            (None, Endpoint::Unix(_)) => 0,
        };
        self.log(BARKER_LOG_DEBUG, || format!("connecting to port {port} of {addresses:?}"));
        self.race(Race::interleaved(addresses, port))
    }

    fn race(&self, addresses: VecDeque<Address>) -> Stage {
        Stage::Connecting(Race::new(addresses, self.settings.clone()))
    }

    fn use_socket(&self, socket: Socket) -> Result<Stage> {
        match &self.route.proxy {
            Some(proxy) => {
                self.log(BARKER_LOG_DEBUG, || "asking the proxy for the receiver".into());
                let target = self.route.target.clone();
                Ok(Stage::Tunnelling(Tunnel::new(socket, proxy.clone(), target)))
            }
            None => self.secure(socket),
        }
    }

    /// Puts TLS over the socket, if the URL wants it.
    fn secure(&self, socket: Socket) -> Result<Stage> {
        let connection = match self.route.target.origin() {
            Origin { endpoint: Endpoint::Host(host, _), secure: true } => {
                self.log(BARKER_LOG_DEBUG, || "connected; shaking hands over TLS".into());
                let trust = &self.settings.trust;
                let config = match trust.is_default() {
                    true => self.pool.process.default_tls()?,
                    false => trust.config()?,
                };
                let tls = Tls::new(socket, host, trust.server_name(), config)?;
                Connection::Secure(Box::new(tls))
            }
            _ => {
                self.log(BARKER_LOG_DEBUG, || "connected".into());
                Connection::Plain(socket)
            }
        };
        Ok(self.talk(connection, false))
    }

    fn talk(&self, connection: Connection, is_reused: bool) -> Stage {
        Stage::Talking(Talk::new(connection, is_reused, self.settings.max_body))
    }

    /// Keeps the connection if that can be, and gives the answer, unless it leads elsewhere.
    fn conclude(&mut self, response: Response, is_reusable: bool) -> Option<Response> {
        if let Stage::Talking(talk) = mem::replace(&mut self.stage, Stage::Idle)
            && is_reusable
        {
            self.pool.keep(self.route.clone(), talk.connection, self.settings.idle_limits);
        }
        self.log(BARKER_LOG_INFO, || {
            format!("{} answered {}", self.route.target.authority(), response.status)
        });
        let redirects = self.settings.redirects;
        if self.redirects == redirects.max {
            return Some(response);
        }
        match redirects.follow(&self.route.target, &self.request, &response) {
            Some((target, request)) => {
                self.redirects += 1;
                self.request = request;
                self.route = self.settings.route(Arc::new(target));
                None
            }
            None => Some(response),
        }
    }

    fn log(&self, level: barker_log_level, text: impl FnOnce() -> String) {
        if let Some(log) = &self.settings.log
            && level <= log.level
        {
            (log.write)(level, &text());
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
            Stage::Tunnelling(tunnel) => {
                let entry = tunnel.socket().map(|socket| socket.poll_entry(libc::POLLOUT));
                poll(entry.into_iter().collect::<Vec<_>>().as_mut_slice(), left).map_err(failed)?;
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
            Stage::Tunnelling(_) => PROXY_PHASE,
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
            Stage::Tunnelling(tunnel) => (None, tunnel.socket()),
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
    fn new(mut connection: Connection, is_reused: bool, max_body: usize) -> Box<Self> {
        let socket = connection.socket();
        (socket.has_sent, socket.is_watched) = (false, socket.is_watched && !is_reused);
        Box::new(Self {
            connection,
            is_reused,
            has_shaken_hands: false,
            taken: 0,
            is_sent: false,
            send_failure: None,
            reader: ResponseReader::new(max_body),
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
            let wait = may_wait(deadline, incoming, self.phase())?;
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
            let wait = may_wait(deadline, incoming, self.phase())?;
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
}

/// For how long receiving may wait.
fn may_wait(deadline: &Deadline, incoming: Incoming, phase: &str) -> Result<Option<Duration>> {
    match incoming {
        Incoming::Awaited => deadline.remaining(phase).map(Some),
        _ => Ok(None),
    }
}
