//! A connection to an origin, with TLS or without. What is not there yet is `None`; it is waited for
//! only where a deadline is given.

use std::io::{self, IoSlice};

use super::deadline::Deadline;
use super::socket::{Socket, is_not_yet};
use super::tls::Tls;
use crate::error::{Error, Result, Status};

pub(super) enum Connection {
    Plain(Socket),
    Secure(Box<Tls>),
}

impl Connection {
    /// Whether the hands are shaken: to be called until they are.
    pub fn shake_hands(&mut self, until: Option<&Deadline>) -> Result<bool> {
        match self {
            Self::Plain(_) => Ok(true),
            Self::Secure(tls) => tls.shake_hands(until),
        }
    }

    /// Sends some of the parts.
    pub fn send(&mut self, parts: &[IoSlice<'_>]) -> Result<Option<usize>> {
        match self {
            Self::Plain(socket) => sent(socket.send(parts)),
            Self::Secure(tls) => tls.send(parts),
        }
    }

    /// Sends what was taken and is still here; false if something is left.
    pub fn flush(&mut self) -> Result<bool> {
        match self {
            Self::Plain(_) => Ok(true),
            Self::Secure(tls) => tls.flush(),
        }
    }

    /// Whether there is something to send still.
    pub fn wants_write(&self) -> bool {
        match self {
            Self::Plain(_) => false,
            Self::Secure(tls) => tls.wants_write(),
        }
    }

    /// Receives some bytes; none means that the receiver closed the connection.
    pub fn receive(
        &mut self,
        buffer: &mut [u8],
        until: Option<&Deadline>,
    ) -> Result<Option<usize>> {
        match self {
            Self::Plain(socket) => received(socket.receive(buffer, until)),
            Self::Secure(tls) => tls.receive(buffer, until),
        }
    }

    /// Whether an idle connection can be used again.
    pub fn is_quiet(&mut self) -> bool {
        match self {
            Self::Plain(socket) => socket.is_quiet(),
            Self::Secure(tls) => tls.is_quiet(),
        }
    }

    pub fn socket(&mut self) -> &mut Socket {
        match self {
            Self::Plain(socket) => socket,
            Self::Secure(tls) => tls.socket(),
        }
    }
}

pub(super) fn sent(result: io::Result<usize>) -> Result<Option<usize>> {
    outcome(result, Status::Send, "sending")
}

pub(super) fn received(result: io::Result<usize>) -> Result<Option<usize>> {
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
