//! A stream socket, TCP or Unix, that never raises SIGPIPE. Connecting and sending never wait;
//! receiving may.

use std::ffi::CString;
use std::io::{self, IoSlice};
use std::net::IpAddr;
use std::os::fd::{AsRawFd, RawFd};
use std::time::Duration;

use socket2::{Domain, SockAddr, Type};

use super::deadline::Deadline;
use super::stop::Awaited;

/// A timeout that is already set is left, if it is not further than this from the wanted one.
const SLACK: Duration = Duration::from_millis(10);

pub(super) struct Socket {
    socket: socket2::Socket,
    /// Where it leads, unless that is a Unix socket.
    pub address: Option<IpAddr>,
    is_blocking: bool,
    /// The timeout set on the socket for receiving, if one is.
    receive_timeout: Option<Duration>,
    /// Whether a byte was sent.
    pub has_sent: bool,
    /// Whether a batch is told of its events.
    pub is_watched: bool,
}

impl Socket {
    /// Begins to connect; [`is_connected`](Self::is_connected) tells how that goes on.
    pub fn connect(address: &SockAddr) -> io::Result<Self> {
        let socket = socket2::Socket::new(address.domain(), Type::STREAM.nonblocking(), None)?;
        if address.domain() != Domain::UNIX {
            socket.set_tcp_nodelay(true)?;
        }
        match socket.connect(address) {
            Err(error) if error.raw_os_error() != Some(libc::EINPROGRESS) => return Err(error),
            _ => {}
        }
        Ok(Self {
            socket,
            address: address.as_socket().map(|address| address.ip()),
            is_blocking: false,
            receive_timeout: None,
            has_sent: false,
            is_watched: false,
        })
    }

    /// Whether it is connected by now; an error is how that failed.
    pub fn is_connected(&self) -> io::Result<bool> {
        if !self.is_ready(libc::POLLOUT)? {
            return Ok(false);
        }
        match self.socket.take_error()? {
            Some(error) => Err(error),
            None => Ok(true),
        }
    }

    /// Sends some of the parts, in one system call without copying them; gives how much went.
    pub fn send(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        let flags = libc::MSG_NOSIGNAL | libc::MSG_DONTWAIT;
        let sent = self.socket.send_vectored_with_flags(parts, flags)?;
        self.has_sent |= sent > 0;
        Ok(sent)
    }

    /// Receives some bytes; none means that the peer closed. Without a deadline, or time until then,
    /// only what is there.
    pub fn receive(&mut self, buffer: &mut [u8], until: Option<&Deadline>) -> io::Result<usize> {
        let wait = until.map_or(Duration::ZERO, Deadline::left);
        let watch = match until {
            Some(deadline) if !wait.is_zero() => {
                deadline.watch(Awaited::Sockets(vec![self.as_raw_fd()]))
            }
            _ => None,
        };
        if watch.is_none() {
            return self.receive_with(buffer, libc::MSG_DONTWAIT);
        }
        self.set_receive_timeout(wait)?;
        self.receive_with(buffer, 0)
    }

    /// Whether the peer left the connection open and sent nothing.
    pub fn is_quiet(&self) -> bool {
        let received = self.receive_with(&mut [0], libc::MSG_PEEK | libc::MSG_DONTWAIT);
        received.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }

    fn receive_with(&self, buffer: &mut [u8], flags: i32) -> io::Result<usize> {
        let fd = self.socket.as_raw_fd();
        // SAFETY: the descriptor is open, and `buffer` is writable for the whole of its length.
        let received = unsafe { libc::recv(fd, buffer.as_mut_ptr().cast(), buffer.len(), flags) };
        usize::try_from(received).map_err(|_| io::Error::last_os_error())
    }

    fn set_receive_timeout(&mut self, wait: Duration) -> io::Result<()> {
        if !self.is_blocking {
            self.socket.set_nonblocking(false)?;
            self.is_blocking = true;
        }
        if self.receive_timeout.is_none_or(|set| set.abs_diff(wait) > SLACK) {
            self.socket.set_read_timeout(Some(wait))?;
            self.receive_timeout = Some(wait);
        }
        Ok(())
    }

    fn is_ready(&self, events: i16) -> io::Result<bool> {
        let mut entry = [self.poll_entry(events)];
        poll(&mut entry, Duration::ZERO)?;
        Ok(entry[0].revents != 0)
    }

    /// For [`poll`].
    pub fn poll_entry(&self, events: i16) -> libc::pollfd {
        libc::pollfd { fd: self.socket.as_raw_fd(), events, revents: 0 }
    }
}

impl AsRawFd for Socket {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }
}

/// Waits for one of the events, or a signal, and not longer than that.
pub(super) fn poll(entries: &mut [libc::pollfd], wait: Duration) -> io::Result<()> {
    // Rounded up: too early would be a busy wait for the rest.
    let milliseconds = wait.as_nanos().div_ceil(1_000_000).try_into().unwrap_or(i32::MAX);
    // SAFETY: `entries` is as long as is said.
    let ready = unsafe { libc::poll(entries.as_mut_ptr(), entries.len() as _, milliseconds) };
    match usize::try_from(ready) {
        Ok(_) => Ok(()),
        Err(_) => match io::Error::last_os_error() {
            error if error.kind() == io::ErrorKind::Interrupted => Ok(()),
            error => Err(error),
        },
    }
}

/// Ends whatever waits for this socket, which somebody else has open.
pub(super) fn shut_down(socket: RawFd) {
    // SAFETY: takes a number, and leaves memory alone.
    unsafe { libc::shutdown(socket, libc::SHUT_RDWR) };
}

/// Whether an operation is to be tried again later.
pub(super) fn is_not_yet(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}

/// The number of a network interface, which is given by its name or as a number already.
pub(super) fn interface_number(zone: &str) -> io::Result<Option<u32>> {
    let name = CString::new(zone)?;
    // SAFETY: the name ends with a NUL, and is only read.
    let number = unsafe { libc::if_nametoindex(name.as_ptr()) };
    if number != 0 {
        return Ok(Some(number));
    }
    match io::Error::last_os_error() {
        error if error.raw_os_error() != Some(libc::ENODEV) => Err(error),
        _ if !zone.bytes().all(|byte| byte.is_ascii_digit()) => Ok(None),
        _ => Ok(zone.parse().ok().filter(|number| *number != 0)),
    }
}
