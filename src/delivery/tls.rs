//! TLS over a socket.

use std::io::{self, IoSlice, Read, Write};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};
use url::Host;

use super::connection::{received, sent};
use super::socket::Socket;
use super::trust::explain;
use crate::error::{Error, Result, barker_status::*};

pub(super) struct Tls {
    session: ClientConnection,
    socket: Socket,
}

impl Tls {
    /// TLS with this host over a fresh socket, before the handshake; expects the name, if there is
    /// one, in place of the host's.
    pub fn new(
        socket: Socket,
        host: &Host<String>,
        name: Option<&ServerName<'static>>,
        config: Arc<ClientConfig>,
    ) -> Result<Self> {
        let name = name.map_or_else(|| host_name(host), |name| Ok(name.clone()))?;
        let session = ClientConnection::new(config, name).map_err(explain)?;
        Ok(Self { session, socket })
    }

    /// Shakes hands; false as long as the peer has to be waited for.
    pub fn shake_hands(&mut self, wait: Option<Duration>) -> Result<bool> {
        while self.session.is_handshaking() {
            let may_go_on = self.flush().and_then(|is_flushed| {
                let may_read = is_flushed && self.session.is_handshaking();
                Ok(is_flushed && (!may_read || self.read_records(wait)?.is_some()))
            });
            if !may_go_on.map_err(handshake_error)? {
                return Ok(false);
            }
        }
        self.flush().map_err(handshake_error)
    }

    /// Encrypts and sends some of the parts.
    pub fn send(&mut self, parts: &[IoSlice<'_>]) -> Result<Option<usize>> {
        if !self.flush()? {
            return Ok(None);
        }
        let taken = self
            .session
            .writer()
            .write_vectored(parts)
            .map_err(|error| Error::new(BARKER_ERR_SEND, error.to_string()))?;
        self.flush()?;
        Ok(Some(taken))
    }

    /// Sends what is encrypted; false if there is no room for all of it.
    pub fn flush(&mut self) -> Result<bool> {
        while self.session.wants_write() {
            let written =
                self.session.write_tls(&mut Wire { socket: &mut self.socket, wait: None });
            if sent(written)?.is_none() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Receives and decrypts some bytes; none means that the receiver closed the connection.
    pub fn receive(&mut self, buffer: &mut [u8], wait: Option<Duration>) -> Result<Option<usize>> {
        loop {
            match self.session.reader().read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // Closed without close_notify: what ends a body then is for the reader to judge.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    let why = "the connection was cut without the end that TLS asks for";
                    return Err(Error::new(BARKER_ERR_RECEIVE, why));
                }
                Err(error) => return Err(Error::new(BARKER_ERR_RECEIVE, error.to_string())),
                Ok(received) => return Ok(Some(received)),
            }
            if self.read_records(wait)?.is_none() {
                return Ok(None);
            }
            self.flush()?;
        }
    }

    /// As [`Socket::is_quiet`]; session tickets are no noise.
    pub fn is_quiet(&mut self) -> bool {
        while !self.socket.is_quiet() {
            if !matches!(self.read_records(None), Ok(Some(1..))) {
                return false;
            }
        }
        self.session
            .process_new_packets()
            .is_ok_and(|state| state.plaintext_bytes_to_read() == 0 && !state.peer_has_closed())
    }

    pub fn socket(&mut self) -> &mut Socket {
        &mut self.socket
    }

    /// Receives and decrypts what comes; gives how many bytes came, none at the end.
    fn read_records(&mut self, wait: Option<Duration>) -> Result<Option<usize>> {
        let read = self.session.read_tls(&mut Wire { socket: &mut self.socket, wait });
        let Some(read) = received(read)? else { return Ok(None) };
        if let Err(error) = self.session.process_new_packets() {
            // Tells the peer why; it may be gone already, and the reason here is what matters.
            let _ = self.flush();
            return Err(explain(error));
        }
        Ok(Some(read))
    }
}

/// The socket as rustls wants it.
struct Wire<'a> {
    socket: &'a mut Socket,
    wait: Option<Duration>,
}

impl Read for Wire<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.socket.receive(buffer, self.wait)
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

/// A connection that breaks amid the handshake is no use for TLS.
fn handshake_error(error: Error) -> Error {
    match error.status {
        BARKER_ERR_SEND | BARKER_ERR_RECEIVE => {
            Error::new(BARKER_ERR_TLS, format!("the TLS handshake failed: {}", error.sentence))
        }
        _ => error,
    }
}

fn host_name(host: &Host<String>) -> Result<ServerName<'static>> {
    match host {
        Host::Domain(name) => ServerName::try_from(name.clone())
            .map_err(|_| Error::new(BARKER_ERR_URL, format!("{name} is not a DNS name"))),
        Host::Ipv4(address) => Ok(std::net::IpAddr::from(*address).into()),
        Host::Ipv6(address) => Ok(std::net::IpAddr::from(*address).into()),
    }
}
