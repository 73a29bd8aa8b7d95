//! TLS over a socket.

use std::io::{self, IoSlice, Read, Write};

use rustls::ClientConnection;
use rustls::pki_types::ServerName;
use url::Host;

use super::config::TlsConfig;
use super::explain::explain;
use crate::delivery::net::{Connection, Deadline, Socket, received, sent};
use crate::error::{Error, Result, Status};

/// If a peer sends more than this while the connection is idle, the connection is closed.
const MAX_TICKET_READS: usize = 8;

pub(crate) struct Session {
    session: ClientConnection,
    socket: Socket,
}

impl Session {
    /// TLS with this host over a fresh socket, before the handshake.
    pub fn new(socket: Socket, host: &Host<String>, config: &TlsConfig) -> Result<Self> {
        let name = config.server_name().cloned().map_or_else(|| host_name(host), Ok)?;
        let session = ClientConnection::new(config.client_config()?, name).map_err(explain)?;
        Ok(Self { session, socket })
    }

    /// Receives and decrypts what comes; returns how many bytes came, none at the end.
    fn read_records(&mut self, until: Option<&Deadline>) -> Result<Option<usize>> {
        let read = self.session.read_tls(&mut Wire { socket: &mut self.socket, until });
        let Some(read) = received(read)? else { return Ok(None) };
        if let Err(error) = self.session.process_new_packets() {
            // Sends the alert to the peer. If that fails, only the first error matters.
            let _ = self.flush();
            return Err(explain(error));
        }
        Ok(Some(read))
    }
}

impl Connection for Session {
    fn handshake(&mut self, until: Option<&Deadline>) -> Result<bool> {
        while self.session.is_handshaking() {
            if !self.flush().map_err(handshake_error)? {
                return Ok(false);
            }
            if self.session.is_handshaking() {
                match self.read_records(until).map_err(handshake_error)? {
                    None => return Ok(false),
                    Some(0) => return Err(closed_amid_handshake()),
                    Some(_) => {}
                }
            }
        }
        self.flush().map_err(handshake_error)
    }

    fn send(&mut self, parts: &[IoSlice<'_>]) -> Result<Option<usize>> {
        if !self.flush()? {
            return Ok(None);
        }
        let taken = self
            .session
            .writer()
            .write_vectored(parts)
            .map_err(|error| broken(Status::Send, &error))?;
        self.flush()?;
        Ok(Some(taken))
    }

    fn flush(&mut self) -> Result<bool> {
        while self.session.wants_write() {
            let written =
                self.session.write_tls(&mut Wire { socket: &mut self.socket, until: None });
            if sent(written)?.is_none() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn wants_write(&self) -> bool {
        self.session.wants_write()
    }

    fn receive(&mut self, buffer: &mut [u8], until: Option<&Deadline>) -> Result<Option<usize>> {
        loop {
            match self.session.reader().read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // Closed without close_notify: the parser decides whether the body is complete.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    let why = "the connection was closed without the end that TLS requires";
                    return Err(Error::new(Status::Receive, why));
                }
                Err(error) => return Err(broken(Status::Receive, &error)),
                Ok(received) => return Ok(Some(received)),
            }
            if self.read_records(until)?.is_none() {
                return Ok(None);
            }
            self.flush()?;
        }
    }

    /// Some session tickets are no noise.
    fn is_quiet(&mut self) -> bool {
        let mut reads = 0;
        while !self.socket.is_quiet() {
            reads += 1;
            if reads > MAX_TICKET_READS || !matches!(self.read_records(None), Ok(Some(1..))) {
                return false;
            }
        }
        self.session
            .process_new_packets()
            .is_ok_and(|state| state.plaintext_bytes_to_read() == 0 && !state.peer_has_closed())
    }

    fn socket(&mut self) -> &mut Socket {
        &mut self.socket
    }
}

/// The socket as rustls wants it.
struct Wire<'a> {
    socket: &'a mut Socket,
    until: Option<&'a Deadline>,
}

impl Read for Wire<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.socket.receive(buffer, self.until)
    }
}

impl Write for Wire<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        self.socket.send(parts)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn broken(status: Status, error: &io::Error) -> Error {
    Error::new(status, format!("the TLS session broke: {error}"))
}

fn closed_amid_handshake() -> Error {
    let why = "the receiver closed the connection during the TLS handshake: does it use TLS on \
               this port?";
    Error::new(Status::Tls, why)
}

/// A connection that breaks during the handshake is no use for TLS.
fn handshake_error(error: Error) -> Error {
    match error.status {
        Status::Send | Status::Receive => {
            Error::new(Status::Tls, format!("the TLS handshake failed: {}", error.sentence))
        }
        _ => error,
    }
}

fn host_name(host: &Host<String>) -> Result<ServerName<'static>> {
    match host {
        Host::Domain(name) => ServerName::try_from(name.clone())
            .map_err(|_| Error::new(Status::Url, format!("no certificate can be for {name}"))),
        Host::Ipv4(address) => Ok(std::net::IpAddr::from(*address).into()),
        Host::Ipv6(address) => Ok(std::net::IpAddr::from(*address).into()),
    }
}
