//! One delivery on its way: looks up the host, connects, shakes hands, sends and receives, each
//! time as far as it gets. Whoever drives it does the waiting.

use std::collections::VecDeque;
use std::mem;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::Waker;

use super::agent::Settings;
use super::connection::Connection;
use super::deadline::Deadline;
use super::log::{barker_log_level, barker_log_level::*};
use super::pool::{Pool, Route};
use super::proxy::Tunnel;
use super::race::{Address, Race};
use super::request::Request;
use super::resolver::{Found, Lookup};
use super::response::Response;
use super::socket::{Socket, poll};
use super::stop::{Awaited, Watch};
use super::talk::{Incoming, Talk};
use super::target::{Endpoint, Origin, Target};
use super::tls::Tls;
use crate::error::{Error, Result, barker_status::*};

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

impl<'a> Exchange<'a> {
    pub(super) fn new(
        pool: Arc<Pool>,
        settings: Arc<Settings>,
        target: Arc<Target>,
        request: Request<'a>,
        deadline: Deadline,
    ) -> Self {
        Self {
            pool,
            route: settings.route(target),
            settings,
            request,
            redirects: 0,
            deadline,
            stage: Stage::Idle,
        }
    }

    /// Goes on to the end, waiting where it must.
    pub fn run(mut self) -> Result<Response> {
        let result = self.run_to_end();
        self.report(&result);
        result
    }

    fn run_to_end(&mut self) -> Result<Response> {
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
        if !matches!(result, Ok(Some(_))) {
            // It shuts the socket down, which looks as if the receiver had closed the connection.
            self.deadline.check_stop(self.phase())?;
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
                    match tunnel.advance(incoming.until(&self.deadline))? {
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
                        Err(_) if talk.may_start_over() => Some(self.reach()?),
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
        self.check_deadline()?;
        self.settings.policy.check_origin(self.route.target.origin())?;
        Ok(match self.take_idle() {
            Some(connection) => {
                self.log(BARKER_LOG_DEBUG, || "using an idle connection again".into());
                self.talk(connection, true)
            }
            None => self.reach()?,
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
    fn reach(&self) -> Result<Stage> {
        let place = match (&self.route.proxy, &self.route.target.origin().endpoint) {
            (Some(proxy), _) => &proxy.as_ref().map_err(Error::clone)?.place,
            (None, Endpoint::Host(place)) => place,
            (None, Endpoint::Unix(path)) => {
                self.log(BARKER_LOG_DEBUG, || format!("connecting to {}", path.display()));
                return Ok(self.race([Address::Unix(path.clone())].into()));
            }
        };
        if let Some(address) = place.literal_address() {
            let address = address?;
            self.log(BARKER_LOG_DEBUG, || {
                format!("connecting to port {} of [{}]", place.port, address.ip())
            });
            return Ok(self.race([Address::Ip(address)].into()));
        }
        let name = place.host.to_string();
        Ok(match self.pool.process.resolver.find(&name, self.settings.lookup_lifetime) {
            Found::Addresses(addresses) => self.connect(&addresses),
            Found::Asked(lookup) => {
                self.log(BARKER_LOG_DEBUG, || format!("looking up {name}"));
                Stage::LookingUp(lookup)
            }
        })
    }

    fn connect(&self, addresses: &[IpAddr]) -> Stage {
        let port = match (&self.route.proxy, &self.route.target.origin().endpoint) {
            (Some(Ok(proxy)), _) => proxy.place.port,
            (None, Endpoint::Host(place)) => place.port,
            _ => 0,
        };
        self.log(BARKER_LOG_DEBUG, || format!("connecting to port {port} of {addresses:?}"));
        self.race(Race::interleaved(addresses, port))
    }

    fn race(&self, addresses: VecDeque<Address>) -> Stage {
        Stage::Connecting(Race::new(addresses, self.settings.clone()))
    }

    fn use_socket(&self, socket: Socket) -> Result<Stage> {
        match &self.route.proxy {
            Some(Ok(proxy)) => {
                self.log(BARKER_LOG_DEBUG, || "asking the proxy for the receiver".into());
                let target = self.route.target.clone();
                Ok(Stage::Tunnelling(Tunnel::new(socket, proxy.clone(), target)))
            }
            Some(Err(error)) => Err(error.clone()),
            None => self.secure(socket),
        }
    }

    /// Puts TLS over the socket, if the URL wants it.
    fn secure(&self, socket: Socket) -> Result<Stage> {
        let connection = match self.route.target.origin() {
            Origin { endpoint: Endpoint::Host(place), secure: true } => {
                self.log(BARKER_LOG_DEBUG, || "connected; shaking hands over TLS".into());
                let trust = &self.settings.trust;
                let config = match trust.is_default() {
                    true => self.pool.process.default_tls()?,
                    false => trust.config()?,
                };
                let tls = Tls::new(socket, &place.host, trust.server_name(), config)?;
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
        self.log(BARKER_LOG_DEBUG, || format!("answered with {}", response.status));
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

    /// Tells the log how it ended.
    pub(super) fn report(&self, result: &Result<Response>) {
        let receiver = self.route.target.authority();
        match result {
            Ok(response) => {
                self.log(BARKER_LOG_INFO, || format!("{receiver} answered {}", response.status));
            }
            Err(error) => self.log(BARKER_LOG_ERROR, || format!("{receiver}: {error}")),
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
        let deadline = &self.deadline;
        match &mut self.stage {
            Stage::Idle => {}
            Stage::LookingUp(lookup) => lookup.wait(deadline),
            Stage::Connecting(race) => {
                let next = race.next().map(|next| next.saturating_duration_since(Instant::now()));
                let mut entries: Vec<_> =
                    race.sockets().map(|socket| socket.poll_entry(libc::POLLOUT)).collect();
                wait_for(&mut entries, next.unwrap_or(left).min(left), deadline)?;
            }
            Stage::Tunnelling(tunnel) => {
                let mut entry = tunnel.socket().map(|socket| socket.poll_entry(libc::POLLOUT));
                wait_for(entry.as_mut_slice(), left, deadline)?;
            }
            Stage::Talking(talk) if talk.only_receives() => {}
            Stage::Talking(talk) => {
                let events = libc::POLLIN | libc::POLLOUT;
                let mut entry = [talk.connection.socket().poll_entry(events)];
                wait_for(&mut entry, left, deadline)?;
                let there = entry[0].revents & !libc::POLLOUT != 0;
                return Ok(if there { Incoming::There } else { Incoming::NotYet });
            }
        }
        Ok(Incoming::Awaited)
    }

    fn phase(&self) -> &'static str {
        match &self.stage {
            Stage::Idle if self.redirects == 0 => "signing",
            Stage::Idle => "following a redirect",
            Stage::LookingUp(_) => "looking up the host name",
            Stage::Connecting(_) => "connecting",
            Stage::Tunnelling(_) => "asking the proxy",
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

    /// Has a stop wake this batch, as long as the guard lives.
    pub(super) fn watch(&self, batch: &Arc<Waker>) -> Option<Watch> {
        self.deadline.watch(Awaited::Batch(batch.clone()))
    }

    /// Whether it goes on when the batch was woken, and not by one of its sockets.
    pub(super) fn is_woken(&self) -> bool {
        self.lookup().is_some() || self.deadline.is_stopped()
    }
}

/// Waits for one of the events, a signal or a stop, and not longer than that.
fn wait_for(entries: &mut [libc::pollfd], wait: Duration, deadline: &Deadline) -> Result<()> {
    let sockets = entries.iter().map(|entry| entry.fd).collect();
    let Some(_watch) = deadline.watch(Awaited::Sockets(sockets)) else { return Ok(()) };
    poll(entries, wait)
        .map_err(|error| Error::new(BARKER_ERR_SYSTEM, format!("waiting failed: {error}")))
}
