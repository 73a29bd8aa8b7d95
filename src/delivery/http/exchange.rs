//! One request and its answer, on one connection.

use std::io::IoSlice;

use super::request::Request;
use super::response::{Response, ResponseReader};
use crate::delivery::net::{Connection, Deadline};
use crate::error::{Error, Result};

/// Bytes received at a time.
const CHUNK: usize = 8 * 1024;
/// The most of a body that is handed to the system at a time: while a fast receiver reads, the
/// system would take all of a large one in a single call.
const PIECE: usize = 4 * 1024 * 1024;

pub(crate) struct Exchange {
    pub connection: Box<dyn Connection>,
    /// Whether the connection carried a request before.
    is_reused: bool,
    is_handshake_done: bool,
    /// Bytes of the request that the connection has taken.
    taken: usize,
    is_sent: bool,
    send_failure: Option<Error>,
    reader: ResponseReader,
}

/// What is known of the receiving side.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Incoming {
    /// Nothing; it may be waited for.
    Awaited,
    /// There is something.
    There,
    /// There is nothing.
    NotYet,
}

impl Incoming {
    /// Until when receiving may wait, if it may.
    pub fn until(self, deadline: &Deadline) -> Option<&Deadline> {
        (self == Self::Awaited).then_some(deadline)
    }
}

impl Exchange {
    /// Over a connection that is fresh or was idle. The answer's body has at most `max_body` bytes.
    pub fn new(mut connection: Box<dyn Connection>, is_reused: bool, max_body: usize) -> Box<Self> {
        let socket = connection.socket();
        socket.has_sent = false;
        Box::new(Self {
            connection,
            is_reused,
            is_handshake_done: false,
            taken: 0,
            is_sent: false,
            send_failure: None,
            reader: ResponseReader::new(max_body),
        })
    }

    /// Whether the receiver cannot have seen any of the request: it closed the connection before.
    pub fn may_start_over(&mut self) -> bool {
        self.is_reused && !self.connection.socket().has_sent
    }

    /// Whether it continues only when something comes.
    pub fn only_receives(&self) -> bool {
        self.is_sent || !self.is_handshake_done && !self.connection.wants_write()
    }

    pub fn phase(&self) -> &'static str {
        if !self.is_handshake_done {
            "shaking hands over TLS"
        } else if !self.is_sent {
            "sending"
        } else {
            "waiting for the answer"
        }
    }

    /// Returns the answer once it is whole, and whether the connection may carry another request.
    pub fn advance(
        &mut self,
        request: &Request<'_>,
        deadline: &Deadline,
        incoming: Incoming,
    ) -> Result<Option<(Response, bool)>> {
        if !self.is_handshake_done {
            if !self.connection.handshake(incoming.until(deadline))? {
                return Ok(None);
            }
            self.is_handshake_done = true;
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
        self.receive_answer(deadline, incoming)
    }

    /// The answer; if none comes, the reason may already be known.
    fn receive_answer(
        &mut self,
        deadline: &Deadline,
        incoming: Incoming,
    ) -> Result<Option<(Response, bool)>> {
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
        let (head, body) = (&request.head[..], &request.body[..]);
        while self.taken < head.len() + body.len() {
            let piece = &body[..body.len().min(self.taken + PIECE)];
            let mut parts = [IoSlice::new(head), IoSlice::new(piece)];
            let mut unsent = &mut parts[..];
            IoSlice::advance_slices(&mut unsent, self.taken);
            let Some(taken) = self.connection.send(unsent)? else { return Ok(false) };
            self.taken += taken;
        }
        self.connection.flush()
    }

    /// The answer, if the whole of it has come: for a last look when the time is over.
    pub fn take_what_came(&mut self, deadline: &Deadline) -> Result<Option<(Response, bool)>> {
        if self.taken == 0 {
            return Ok(None);
        }
        self.receive_answer(deadline, Incoming::There)
    }

    /// Status and headers of an incomplete answer.
    pub fn head_so_far(&mut self) -> Option<Response> {
        self.reader.head_so_far()
    }

    fn receive(
        &mut self,
        deadline: &Deadline,
        incoming: Incoming,
    ) -> Result<Option<(Response, bool)>> {
        let mut chunk = [0; CHUNK];
        loop {
            let until = incoming.until(deadline);
            let Some(received) = self.connection.receive(&mut chunk, until)? else {
                return Ok(None);
            };
            if received == 0 {
                // What a cancellation cut off has not come to its end.
                deadline.check_cancelled(self.phase())?;
                return self.reader.end().map(|response| Some((response, false)));
            }
            if let Some((response, is_reusable)) = self.reader.feed(&chunk[..received])? {
                return Ok(Some((response, is_reusable && self.is_sent)));
            }
        }
    }
}
