//! A blocking TCP socket whose every wait ends with the deadline, and which never raises SIGPIPE.

use std::io::{self, IoSlice};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::os::fd::AsRawFd;
use std::time::Duration;

use super::deadline::Deadline;
use crate::error::{Error, Result, barker_status::*};

/// A timeout that is already set is left, if it is not further than this from the wanted one.
const SLACK: Duration = Duration::from_millis(10);

pub(super) struct Socket {
    stream: TcpStream,
    /// The timeout set on the socket, for sending and receiving each.
    send_timeout: Duration,
    receive_timeout: Duration,
}

impl Socket {
    /// Tries the addresses in turn. Each may take its share of the time that is left, so that a
    /// silent one does not eat it all.
    pub fn connect(addresses: &[IpAddr], port: u16, deadline: &Deadline) -> Result<Self> {
        const PHASE: &str = "connecting";
        let mut last = None;
        for (tried, &address) in addresses.iter().enumerate() {
            let share = deadline.remaining(PHASE)? / (addresses.len() - tried) as u32;
            let address = SocketAddr::new(address, port);
            match TcpStream::connect_timeout(&address, share.max(Duration::from_millis(1))) {
                Ok(stream) => return Self::new(stream),
                Err(error) => last = Some((address, error)),
            }
        }
        deadline.remaining(PHASE)?;
        let (address, error) = last.expect("a resolved host has an address");
        Err(Error::new(BARKER_ERR_CONNECT, format!("no connection to {address}: {error}")))
    }

    fn new(stream: TcpStream) -> Result<Self> {
        let failed = |error| Error::new(BARKER_ERR_CONNECT, format!("no connection: {error}"));
        stream.set_nodelay(true).map_err(failed)?;
        Ok(Self { stream, send_timeout: Duration::ZERO, receive_timeout: Duration::ZERO })
    }

    /// Sends some of the parts, in one system call without copying them; gives how much went.
    pub fn send(&mut self, parts: &[IoSlice<'_>], deadline: &Deadline) -> Result<usize> {
        const PHASE: &str = "sending";
        loop {
            let left = deadline.remaining(PHASE)?;
            let sent = self.set_send_timeout(left).and_then(|()| self.send_parts(parts));
            match sent {
                Err(error) if is_retryable(&error) => {}
                other => return other.map_err(|error| broke(BARKER_ERR_SEND, PHASE, &error)),
            }
        }
    }

    /// Receives some bytes; none means that the receiver closed the connection.
    pub fn receive(&mut self, buffer: &mut [u8], deadline: &Deadline) -> Result<usize> {
        const PHASE: &str = "waiting for the answer";
        loop {
            let left = deadline.remaining(PHASE)?;
            let received = self
                .set_receive_timeout(left)
                .and_then(|()| io::Read::read(&mut &self.stream, buffer));
            match received {
                Err(error) if is_retryable(&error) => {}
                other => return other.map_err(|error| broke(BARKER_ERR_RECEIVE, PHASE, &error)),
            }
        }
    }

    /// Whether the receiver left the idle connection open and sent nothing unasked.
    pub fn is_quiet(&self) -> bool {
        let mut byte = 0u8;
        // SAFETY: the descriptor is open as long as `self.stream`; one byte is writable at `byte`.
        let received = unsafe {
            libc::recv(
                self.stream.as_raw_fd(),
                (&raw mut byte).cast(),
                1,
                libc::MSG_PEEK | libc::MSG_DONTWAIT,
            )
        };
        received < 0 && io::Error::last_os_error().kind() == io::ErrorKind::WouldBlock
    }

    /// Like `write_vectored`, but an answerless peer gives an error in place of a signal.
    fn send_parts(&self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        // SAFETY: all zeros is a valid msghdr: no name, no parts, no control data.
        let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
        message.msg_iov = parts.as_ptr().cast::<libc::iovec>().cast_mut();
        message.msg_iovlen = parts.len() as _;
        // SAFETY: IoSlice has the layout of iovec on Unix; `message` points to `parts.len()` of
        // them, which sendmsg only reads, and the descriptor is open as long as `self.stream`.
        let sent = unsafe {
            libc::sendmsg(self.stream.as_raw_fd(), &raw const message, libc::MSG_NOSIGNAL)
        };
        usize::try_from(sent).map_err(|_| io::Error::last_os_error())
    }

    fn set_send_timeout(&mut self, left: Duration) -> io::Result<()> {
        if self.send_timeout.abs_diff(left) > SLACK {
            self.stream.set_write_timeout(Some(left))?;
            self.send_timeout = left;
        }
        Ok(())
    }

    fn set_receive_timeout(&mut self, left: Duration) -> io::Result<()> {
        if self.receive_timeout.abs_diff(left) > SLACK {
            self.stream.set_read_timeout(Some(left))?;
            self.receive_timeout = left;
        }
        Ok(())
    }
}

/// A signal came, or the socket's timeout passed: the deadline decides whether to go on.
fn is_retryable(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock)
}

fn broke(status: crate::error::barker_status, phase: &str, error: &io::Error) -> Error {
    Error::new(status, format!("the connection broke while {phase}: {error}"))
}
