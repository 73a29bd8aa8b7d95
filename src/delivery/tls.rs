//! TLS over a socket, with the roots that the platform trusts.

use std::io::{self, IoSlice, Read, Write};
use std::process;
use std::sync::{Arc, Mutex, Weak};

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore};
use url::Host;

use super::deadline::Deadline;
use super::socket::Socket;
use crate::error::{Error, Result, barker_status::*};

pub(super) struct Tls {
    session: ClientConnection,
    socket: Socket,
}

impl Tls {
    /// Shakes hands over a fresh socket.
    pub fn connect(
        socket: Socket,
        host: &Host<String>,
        config: Arc<ClientConfig>,
        deadline: &Deadline,
    ) -> Result<Self> {
        let session = ClientConnection::new(config, server_name(host)?)
            .map_err(|error| Error::new(BARKER_ERR_TLS, error.to_string()))?;
        let mut tls = Self { session, socket };
        while tls.session.is_handshaking() {
            tls.flush(deadline).map_err(handshake_error)?;
            if tls.session.is_handshaking() {
                tls.read_records(deadline).map_err(handshake_error)?;
            }
        }
        Ok(tls)
    }

    /// Encrypts and sends some of the parts.
    pub fn send(&mut self, parts: &[IoSlice<'_>], deadline: &Deadline) -> Result<usize> {
        let taken = self
            .session
            .writer()
            .write_vectored(parts)
            .map_err(|error| Error::new(BARKER_ERR_SEND, error.to_string()))?;
        self.flush(deadline)?;
        Ok(taken)
    }

    /// Receives and decrypts some bytes; none means that the receiver closed the connection.
    pub fn receive(&mut self, buffer: &mut [u8], deadline: &Deadline) -> Result<usize> {
        loop {
            match self.session.reader().read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // Closed without close_notify: what ends a body then is for the reader to judge.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    let why = "the connection was cut without the end that TLS asks for";
                    return Err(Error::new(BARKER_ERR_RECEIVE, why));
                }
                Err(error) => return Err(Error::new(BARKER_ERR_RECEIVE, error.to_string())),
                Ok(received) => return Ok(received),
            }
            self.read_records(deadline)?;
            self.flush(deadline)?;
        }
    }

    /// As [`Socket::is_quiet`]; a waiting session ticket counts as noise and costs a reconnect.
    pub fn is_quiet(&self) -> bool {
        self.socket.is_quiet()
    }

    fn flush(&mut self, deadline: &Deadline) -> Result<()> {
        let mut wire = Wire { socket: &mut self.socket, deadline, failure: None };
        while self.session.wants_write() {
            if let Err(error) = self.session.write_tls(&mut wire) {
                let unknown = || Error::new(BARKER_ERR_SEND, error.to_string());
                return Err(wire.failure.take().unwrap_or_else(unknown));
            }
        }
        Ok(())
    }

    fn read_records(&mut self, deadline: &Deadline) -> Result<()> {
        let mut wire = Wire { socket: &mut self.socket, deadline, failure: None };
        if let Err(error) = self.session.read_tls(&mut wire) {
            let unknown = || Error::new(BARKER_ERR_RECEIVE, error.to_string());
            return Err(wire.failure.take().unwrap_or_else(unknown));
        }
        if let Err(error) = self.session.process_new_packets() {
            // Tells the peer why; it may be gone already, and the reason here is what matters.
            let _ = self.flush(deadline);
            return Err(Error::new(BARKER_ERR_TLS, format!("no trusted TLS: {error}")));
        }
        Ok(())
    }
}

/// The socket as rustls wants it, remembering the library's own error.
struct Wire<'a> {
    socket: &'a mut Socket,
    deadline: &'a Deadline,
    failure: Option<Error>,
}

impl Wire<'_> {
    fn note(&mut self, result: Result<usize>) -> io::Result<usize> {
        result.map_err(|error| {
            self.failure = Some(error);
            io::Error::other("see failure")
        })
    }
}

impl Read for Wire<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let received = self.socket.receive(buffer, self.deadline);
        self.note(received)
    }
}

impl Write for Wire<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        let sent = self.socket.send(parts, self.deadline);
        self.note(sent)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// While shaking hands only a passed deadline keeps its own status.
fn handshake_error(error: Error) -> Error {
    if error.status == BARKER_ERR_TIMEOUT {
        return error;
    }
    Error::new(BARKER_ERR_TLS, format!("the TLS handshake failed: {}", error.sentence))
}

fn server_name(host: &Host<String>) -> Result<ServerName<'static>> {
    match host {
        Host::Domain(name) => ServerName::try_from(name.clone())
            .map_err(|_| Error::new(BARKER_ERR_URL, format!("{name} is not a DNS name"))),
        Host::Ipv4(address) => Ok(std::net::IpAddr::from(*address).into()),
        Host::Ipv6(address) => Ok(std::net::IpAddr::from(*address).into()),
    }
}

/// The configuration that the agents of a process share, with its roots and resumable sessions; it
/// lives as long as one of them holds it.
pub(super) fn shared_config() -> Result<Arc<ClientConfig>> {
    static SHARED: Mutex<(u32, Weak<ClientConfig>)> = Mutex::new((0, Weak::new()));
    // Not waited for: in a child, a thread that was left behind by the fork may hold it.
    let mut shared = SHARED.try_lock().ok();
    let process = process::id();
    let existing = shared.as_ref().filter(|shared| shared.0 == process);
    if let Some(config) = existing.and_then(|shared| shared.1.upgrade()) {
        return Ok(config);
    }
    let config = Arc::new(platform_config()?);
    if let Some(shared) = &mut shared {
        **shared = (process, Arc::downgrade(&config));
    }
    Ok(config)
}

fn platform_config() -> Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        let why = "this machine trusts no certificate authority: install its CA certificates \
                   (on Debian, the package ca-certificates) or set SSL_CERT_FILE";
        return Err(Error::new(BARKER_ERR_TLS, why));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::new(BARKER_ERR_TLS, error.to_string()))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
