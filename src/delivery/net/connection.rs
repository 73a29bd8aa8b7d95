//! What an exchange needs of a connection, with TLS or without. What is not there yet is `None`; a
//! call waits for it only if it has a deadline.

use std::io::{self, IoSlice};

use super::deadline::Deadline;
use super::socket::{Socket, is_not_yet};
use crate::error::{Error, Result, Status};

/// A connection to an origin. Idle ones are shared by threads.
pub(crate) trait Connection: Send {
    /// Makes it ready to send: to be called until it returns true.
    fn handshake(&mut self, until: Option<&Deadline>) -> Result<bool>;

    /// Sends some of the parts.
    fn send(&mut self, parts: &[IoSlice<'_>]) -> Result<Option<usize>>;

    /// Sends what was accepted but not sent yet; false if something is left.
    fn flush(&mut self) -> Result<bool>;

    /// Whether there is still something to send.
    fn wants_write(&self) -> bool;

    /// Receives some bytes; none means that the receiver closed the connection.
    fn receive(&mut self, buffer: &mut [u8], until: Option<&Deadline>) -> Result<Option<usize>>;

    /// Whether it can be used again after it was idle.
    fn is_quiet(&mut self) -> bool;

    fn socket(&mut self) -> &mut Socket;
}

/// A connection without TLS.
pub(crate) struct Plain(pub Socket);

impl Connection for Plain {
    fn handshake(&mut self, _: Option<&Deadline>) -> Result<bool> {
        Ok(true)
    }

    fn send(&mut self, parts: &[IoSlice<'_>]) -> Result<Option<usize>> {
        sent(self.0.send(parts))
    }

    fn flush(&mut self) -> Result<bool> {
        Ok(true)
    }

    fn wants_write(&self) -> bool {
        false
    }

    fn receive(&mut self, buffer: &mut [u8], until: Option<&Deadline>) -> Result<Option<usize>> {
        received(self.0.receive(buffer, until))
    }

    fn is_quiet(&mut self) -> bool {
        self.0.is_quiet()
    }

    fn socket(&mut self) -> &mut Socket {
        &mut self.0
    }
}

pub(crate) fn sent(result: io::Result<usize>) -> Result<Option<usize>> {
    outcome(result, Status::Send, "sending")
}

pub(crate) fn received(result: io::Result<usize>) -> Result<Option<usize>> {
    outcome(result, Status::Receive, "waiting for the answer")
}

fn outcome(result: io::Result<usize>, status: Status, phase: &str) -> Result<Option<usize>> {
    match result {
        Ok(count) => Ok(Some(count)),
        Err(error) if is_not_yet(&error) => Ok(None),
        Err(error) => {
            Err(Error::new(status, format!("the connection broke while {phase}: {error}")))
        }
    }
}
