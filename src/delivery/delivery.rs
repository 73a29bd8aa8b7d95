//! One delivery as a state machine: looks up the host, connects, makes a TLS session, sends and
//! receives, each time as far as it gets. Whoever drives it does the waiting.

use std::mem;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use super::http::{Endpoint, Exchange, Incoming, Origin, Place, Request, Response, Target};
use super::log::LogLevel;
use super::net::{Addresses, Connecting, Connection, Deadline, Found, Lookup, Plain, Pool, Socket};
use super::proxy::Tunnel;
use super::route::Route;
use super::settings::Settings;
use super::shared::Shared;
use super::tls::Session;
use crate::error::{Error, Result, Status};

/// One message on its way to one receiver.
pub struct Delivery<'a> {
    shared: Arc<Shared>,
    pool: Arc<Pool<Route>>,
    settings: Arc<Settings>,
    route: Route,
    request: Request<'a>,
    redirects: u32,
    deadline: Deadline,
    stage: Stage,
}

enum Stage {
    /// Before the first connection, and before each redirect that is followed.
    Idle,
    LookingUp(Asked),
    /// With whether the addresses are old.
    Connecting(Connecting, bool),
    Tunnelling(Tunnel),
    Exchanging(Box<Exchange>),
    /// The system lacks something that is needed; the next call starts again.
    Starved(Error),
}

/// A lookup of a host, for a connection to this port.
struct Asked {
    lookup: Arc<Lookup>,
    /// Old addresses, which are used if no new ones have come by then.
    old: Option<(Instant, Addresses)>,
    port: u16,
}

/// Where a connection leads.
enum Hop<'a> {
    Place(&'a Place),
    Unix(&'a Path),
}

/// How far a delivery has come.
pub(super) enum Progress {
    Ended(Response),
    /// Its turn is over: it can continue at once.
    TurnOver,
    /// It waits.
    Waits,
}

/// The outcome of a delivery.
pub struct Outcome {
    /// The answer; if it is incomplete, its status and headers as far as they came.
    pub response: Response,
    /// Whether the answer is complete, or why not.
    pub result: Result<()>,
}

impl<'a> Delivery<'a> {
    pub(super) fn new(
        shared: Arc<Shared>,
        pool: Arc<Pool<Route>>,
        settings: Arc<Settings>,
        target: Arc<Target>,
        request: Request<'a>,
        deadline: Deadline,
    ) -> Self {
        Self {
            shared,
            pool,
            route: settings.route(target),
            settings,
            request,
            redirects: 0,
            deadline,
            stage: Stage::Idle,
        }
    }

    /// Returns the outcome, and logs it.
    pub(super) fn conclude(mut self, result: Result<Response>) -> Outcome {
        let receiver = self.route.target.authority();
        match result {
            Ok(response) => {
                self.log(LogLevel::Info, || format!("{receiver} answered {}", response.status));
                Outcome { response, result: Ok(()) }
            }
            Err(error) => {
                self.log(LogLevel::Error, || format!("{receiver}: {error}"));
                let head = match &mut self.stage {
                    Stage::Exchanging(exchange) => exchange.head_so_far(),
                    _ => None,
                };
                Outcome { response: head.unwrap_or_default(), result: Err(error) }
            }
        }
    }

    /// Continues as far as possible in one turn. Nothing is ever sent twice, except over a reused
    /// connection that broke before it accepted a byte.
    pub(super) fn advance(&mut self, incoming: Incoming) -> Result<Progress> {
        let is_last = self.deadline.has_passed();
        self.sockets().for_each(|socket| socket.begin_turn(is_last));
        let result = match is_last {
            true => self.take_what_came(),
            false => self.advance_stages(incoming),
        };
        if !matches!(result, Ok(Some(_))) {
            // That shuts the socket down, which looks as if the receiver had closed the connection.
            self.deadline.check_cancelled(self.phase())?;
        }
        match result {
            Ok(Some(response)) => Ok(Progress::Ended(response)),
            Ok(None) if self.sockets().any(|socket| socket.is_spent()) => Ok(Progress::TurnOver),
            Ok(None) => Ok(Progress::Waits),
            Err(error) if error.status == Status::System => {
                self.stage = Stage::Starved(error);
                // Closing idle connections makes room.
                Ok(if self.pool.clear() { Progress::TurnOver } else { Progress::Waits })
            }
            Err(error) => Err(error),
        }
    }

    /// The deadline has passed. An answer that came in time counts, however late the thread looks.
    fn take_what_came(&mut self) -> Result<Option<Response>> {
        if let Stage::Exchanging(exchange) = &mut self.stage
            && let Some((response, is_reusable)) = exchange.take_what_came(&self.deadline)?
            && let Some(response) = self.accept(response, is_reusable)
        {
            return Ok(Some(response));
        }
        Err(self.deadline.passed(self.phase()))
    }

    fn advance_stages(&mut self, incoming: Incoming) -> Result<Option<Response>> {
        if matches!(self.stage, Stage::Starved(_)) {
            self.stage = self.reach()?;
        }
        loop {
            let next = match &mut self.stage {
                Stage::Idle => Some(self.begin()?),
                Stage::LookingUp(asked) => {
                    let (port, addresses) = (asked.port, asked.addresses()?);
                    addresses.map(|(addresses, are_old)| self.connect(&addresses, port, are_old))
                }
                Stage::Connecting(connecting, are_old) => {
                    let are_old = *are_old;
                    match connecting.advance() {
                        Ok(socket) => socket.map(|socket| self.use_socket(socket)).transpose()?,
                        Err(error) => Some(self.reach_elsewhere(error, are_old)?),
                    }
                }
                Stage::Tunnelling(tunnel) => {
                    let socket = tunnel.advance(incoming.until(&self.deadline))?;
                    socket.map(|socket| self.secure(socket)).transpose()?
                }
                Stage::Exchanging(exchange) => {
                    match exchange.advance(&self.request, &self.deadline, incoming) {
                        Ok(None) => None,
                        Ok(Some((response, is_reusable))) => {
                            match self.accept(response, is_reusable) {
                                Some(response) => return Ok(Some(response)),
                                None => Some(Stage::Idle),
                            }
                        }
                        Err(_) if exchange.may_start_over() => Some(self.reach()?),
                        Err(error) => return Err(error),
                    }
                }
                Stage::Starved(_) => None,
            };
            match next {
                // Nothing is started when no time is left.
                Some(_) if self.deadline.has_passed() => {
                    return Err(self.deadline.passed(self.phase()));
                }
                Some(stage) => self.stage = stage,
                None => return Ok(None),
            }
        }
    }

    fn begin(&self) -> Result<Stage> {
        self.settings.policy.check_origin(self.route.target.origin())?;
        Ok(match self.take_idle() {
            Some(connection) => {
                self.log(LogLevel::Debug, || "reusing an idle connection".into());
                self.exchange(connection, true)
            }
            None => self.reach()?,
        })
    }

    /// An idle connection, unless a clone opened it to an address that this policy refuses.
    fn take_idle(&self) -> Option<Box<dyn Connection>> {
        let mut connection = self.pool.take(&self.route, self.settings.idle_limits)?;
        let address = connection.socket().address;
        let is_allowed = |address: SocketAddr| self.settings.policy.check(address.ip()).is_ok();
        address.is_none_or(is_allowed).then_some(connection)
    }

    /// The first stage of a new connection, to the receiver or to its proxy.
    fn reach(&self) -> Result<Stage> {
        let place = match self.next_hop()? {
            Hop::Place(place) => place,
            Hop::Unix(path) => {
                self.log(LogLevel::Debug, || format!("connecting to {}", path.display()));
                return Ok(Stage::Connecting(
                    Connecting::to_unix(path, &self.shared.full_backlogs),
                    false,
                ));
            }
        };
        if let Some(address) = place.literal_address() {
            return Ok(self.connect(&[address?], place.port, false));
        }
        let name = place.host.to_string();
        Ok(match self.shared.resolver.find(&name, self.settings.lookup_lifetime) {
            Found::Addresses(addresses) => self.connect(&addresses, place.port, false),
            Found::Asked(lookup, old) => {
                self.log(LogLevel::Debug, || format!("looking up {name}"));
                Stage::LookingUp(Asked { lookup, old, port: place.port })
            }
        })
    }

    /// Where the connection leads: to the receiver, or to its proxy.
    fn next_hop(&self) -> Result<Hop<'_>> {
        Ok(match (&self.route.proxy, &self.route.target.origin().endpoint) {
            (Some(proxy), _) => Hop::Place(&proxy.as_ref().map_err(Error::clone)?.place),
            (None, Endpoint::Host(place)) => Hop::Place(place),
            (None, Endpoint::Unix(path)) => Hop::Unix(path),
        })
    }

    /// No address accepted a connection: they are forgotten. If they were old, the host may have
    /// others by now.
    fn reach_elsewhere(&self, error: Error, are_old: bool) -> Result<Stage> {
        if error.status != Status::Connect {
            return Err(error);
        }
        if let Hop::Place(place) = self.next_hop()? {
            self.shared.resolver.forget(&place.host.to_string());
        }
        if are_old { self.reach() } else { Err(error) }
    }

    fn connect(&self, addresses: &[SocketAddr], port: u16, are_old: bool) -> Stage {
        self.log(LogLevel::Debug, || {
            let addresses: Vec<_> = addresses.iter().map(SocketAddr::ip).collect();
            format!("connecting to port {port} of {addresses:?}")
        });
        let check = |address| self.settings.policy.check(address);
        Stage::Connecting(Connecting::to_host(addresses, port, check), are_old)
    }

    fn use_socket(&self, socket: Socket) -> Result<Stage> {
        match &self.route.proxy {
            Some(Ok(proxy)) => {
                self.log(LogLevel::Debug, || "asking the proxy for the receiver".into());
                let target = self.route.target.clone();
                Ok(Stage::Tunnelling(Tunnel::new(socket, proxy.clone(), target)))
            }
            Some(Err(error)) => Err(error.clone()),
            None => self.secure(socket),
        }
    }

    /// Starts TLS over the socket, if the URL requires it.
    fn secure(&self, socket: Socket) -> Result<Stage> {
        let connection: Box<dyn Connection> = match self.route.target.origin() {
            Origin { endpoint: Endpoint::Host(place), secure: true } => {
                self.log(LogLevel::Debug, || "connected; shaking hands over TLS".into());
                let tls = match self.settings.tls.is_default() {
                    true => &self.shared.default_tls,
                    false => &*self.settings.tls,
                };
                Box::new(Session::new(socket, &place.host, tls)?)
            }
            _ => {
                self.log(LogLevel::Debug, || "connected".into());
                Box::new(Plain(socket))
            }
        };
        Ok(self.exchange(connection, false))
    }

    fn exchange(&self, connection: Box<dyn Connection>, is_reused: bool) -> Stage {
        Stage::Exchanging(Exchange::new(connection, is_reused, self.settings.max_body))
    }

    /// Keeps the connection if that can be, and returns the answer, unless it leads elsewhere.
    fn accept(&mut self, response: Response, is_reusable: bool) -> Option<Response> {
        if let Stage::Exchanging(exchange) = mem::replace(&mut self.stage, Stage::Idle)
            && is_reusable
        {
            let (route, limits) = (self.route.clone(), self.settings.idle_limits);
            self.pool.keep(route, exchange.connection, response.kept_for(), limits);
        }
        self.log(LogLevel::Debug, || format!("answered with {}", response.status));
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

    fn log(&self, level: LogLevel, text: impl FnOnce() -> String) {
        if let Some(log) = &self.settings.log {
            log.write(level, text);
        }
    }

    fn phase(&self) -> &'static str {
        match &self.stage {
            Stage::Idle if self.redirects == 0 => "signing",
            Stage::Idle => "following a redirect",
            Stage::LookingUp(..) => "looking up the host name",
            Stage::Connecting(..) => "connecting",
            Stage::Starved(_) => "waiting for a descriptor",
            Stage::Tunnelling(_) => "asking the proxy",
            Stage::Exchanging(exchange) => exchange.phase(),
        }
    }

    /// The lookup that it waits for, if any.
    pub(super) fn lookup(&self) -> Option<&Arc<Lookup>> {
        match &self.stage {
            Stage::LookingUp(asked) => Some(&asked.lookup),
            _ => None,
        }
    }

    /// The sockets that it waits for.
    pub(super) fn sockets(&mut self) -> impl Iterator<Item = &mut Socket> {
        let (connecting, other) = match &mut self.stage {
            Stage::Connecting(connecting, _) => (Some(connecting.sockets()), None),
            Stage::Tunnelling(tunnel) => (None, tunnel.socket()),
            Stage::Exchanging(exchange) => (None, Some(exchange.connection.socket())),
            _ => (None, None),
        };
        connecting.into_iter().flatten().chain(other)
    }

    /// Which events of these to wait for; none if it waits by receiving when it is advanced, or not
    /// for a socket.
    pub(super) fn events(&self) -> Option<i16> {
        match &self.stage {
            Stage::Connecting(..) | Stage::Tunnelling(_) => Some(libc::POLLOUT),
            Stage::Exchanging(exchange) if !exchange.only_receives() => {
                Some(libc::POLLIN | libc::POLLOUT)
            }
            _ => None,
        }
    }

    /// When it is due even if nothing has happened; `None` is never.
    pub(super) fn wakes_at(&self) -> Option<Instant> {
        let next = match &self.stage {
            Stage::Connecting(connecting, _) => connecting.next_attempt(),
            Stage::LookingUp(asked) => asked.old.as_ref().map(|(at, _)| *at),
            _ => None,
        };
        next.into_iter().chain(self.deadline.at()).min()
    }

    /// The error if it waits for something that other deliveries hold.
    pub(super) fn starvation(&self) -> Option<&Error> {
        match &self.stage {
            Stage::Starved(error) => Some(error),
            _ => None,
        }
    }

    /// When it must be over.
    pub(super) fn deadline(&self) -> &Deadline {
        &self.deadline
    }

    /// Whether it goes on when the engine was woken, and not by one of its sockets.
    pub(super) fn is_woken(&self) -> bool {
        self.lookup().is_some() || self.deadline.is_cancelled()
    }
}

impl Asked {
    /// The addresses, when they have come, and whether they are old.
    fn addresses(&self) -> Result<Option<(Addresses, bool)>> {
        match (self.lookup.answer(), &self.old) {
            (Ok(Some(addresses)), _) => Ok(Some((addresses, false))),
            (Ok(None), None) => Ok(None),
            (Ok(None), Some((at, _))) if Instant::now() < *at => Ok(None),
            (Err(error), None) => Err(error),
            (Err(error), _) if error.status == Status::Resolve => Err(error),
            (_, Some((_, addresses))) => Ok(Some((addresses.clone(), true))),
        }
    }
}
