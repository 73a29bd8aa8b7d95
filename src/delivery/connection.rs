//! A connection to an origin, with TLS or without, and one exchange over it.

use std::io::IoSlice;
use std::sync::Arc;

use rustls::ClientConfig;

use super::deadline::Deadline;
use super::request::Request;
use super::resolver::resolve;
use super::response::{Response, ResponseReader};
use super::socket::Socket;
use super::target::Origin;
use super::tls::Tls;
use crate::error::{Error, Result, barker_status::*};

/// Bytes received at a time.
const CHUNK: usize = 8 * 1024;

pub(super) enum Connection {
    Plain(Socket),
    Secure(Box<Tls>),
}

impl Connection {
    /// Resolves, connects and, for https, shakes hands.
    pub fn open(
        origin: &Origin,
        tls: impl FnOnce() -> Result<Arc<ClientConfig>>,
        deadline: &Deadline,
    ) -> Result<Self> {
        let addresses = resolve(origin, deadline)?;
        let socket = Socket::connect(&addresses, origin.port, deadline)?;
        if origin.secure {
            Ok(Self::Secure(Box::new(Tls::connect(socket, &origin.host, tls()?, deadline)?)))
        } else {
            Ok(Self::Plain(socket))
        }
    }

    /// Sends the request and reads the whole answer. The flag says whether the connection may
    /// carry another request.
    pub fn exchange(
        &mut self,
        request: &Request<'_>,
        deadline: &Deadline,
    ) -> Result<(Response, bool)> {
        let sent = self.send_all(request, deadline);
        // A receiver may refuse a large body, answer and close; its answer says why.
        match (sent, self.read_response(deadline)) {
            (sent, Ok((response, reusable))) => Ok((response, reusable && sent.is_ok())),
            (Err(error), Err(_)) | (Ok(()), Err(error)) => Err(error),
        }
    }

    /// Whether an idle connection can be used again.
    pub fn is_quiet(&self) -> bool {
        match self {
            Self::Plain(socket) => socket.is_quiet(),
            Self::Secure(tls) => tls.is_quiet(),
        }
    }

    fn send_all(&mut self, request: &Request<'_>, deadline: &Deadline) -> Result<()> {
        let mut parts = [IoSlice::new(&request.head), IoSlice::new(request.body)];
        let mut unsent = &mut parts[..];
        while unsent.iter().any(|part| !part.is_empty()) {
            let sent = match self {
                Self::Plain(socket) => socket.send(unsent, deadline)?,
                Self::Secure(tls) => tls.send(unsent, deadline)?,
            };
            IoSlice::advance_slices(&mut unsent, sent);
        }
        Ok(())
    }

    fn read_response(&mut self, deadline: &Deadline) -> Result<(Response, bool)> {
        let mut reader = ResponseReader::default();
        let mut chunk = [0; CHUNK];
        loop {
            let received = match self {
                Self::Plain(socket) => socket.receive(&mut chunk, deadline)?,
                Self::Secure(tls) => tls.receive(&mut chunk, deadline)?,
            };
            if received == 0 {
                return reader.end().map(|response| (response, false));
            }
            if let Some((response, reusable)) = reader.feed(&chunk[..received])? {
                return Ok((response, reusable));
            }
        }
    }
}

impl From<httparse::Error> for Error {
    fn from(error: httparse::Error) -> Self {
        Error::new(BARKER_ERR_PROTOCOL, format!("the answer is not HTTP/1.x: {error}"))
    }
}
