//! A stream socket, TCP or Unix, that never raises SIGPIPE. Connecting and sending never wait;
//! receiving may.

use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use socket2::{Domain, SockAddr, Type};

use super::cancellation::Interrupt;
use super::deadline::Deadline;

/// A timeout that is already set is left, if it is not further than this from the wanted one.
const SLACK: Duration = Duration::from_millis(10);
/// The shortest timeout that is set: the system takes less than a microsecond as no timeout.
const MIN_WAIT: Duration = Duration::from_millis(1);
/// How many bytes are sent or received in a turn.
const TURN: usize = 512 * 1024;
/// The same in the last turn, after the deadline, for what came in time.
const LAST_TURN: usize = 2 * 1024 * 1024;
/// What a system call counts for at least, so that peers that send byte by byte have turns, too.
const MIN_COST: usize = 4 * 1024;

/// Tells an engine from all others of the process.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct EngineId(usize);

impl EngineId {
    pub fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        Self(NEXT.fetch_add(1, Relaxed))
    }
}

pub(crate) struct Socket {
    socket: socket2::Socket,
    /// Where it leads, unless that is a Unix socket.
    pub address: Option<SocketAddr>,
    pub opened: Instant,
    is_blocking: bool,
    /// The timeout set on the socket for receiving, if one is.
    receive_timeout: Option<Duration>,
    /// Whether a byte was sent.
    pub has_sent: bool,
    /// The engine whose poller has it, if one has.
    pub watched_by: Option<EngineId>,
    /// Bytes that are left of this turn. Then there is nothing to send or receive, as it seems, so
    /// that whoever drives the delivery looks at its deadline, and at other deliveries.
    left_of_turn: usize,
}

impl Socket {
    /// Begins to connect; [`is_connected`](Self::is_connected) says how that goes on.
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
            address: address.as_socket(),
            opened: Instant::now(),
            is_blocking: false,
            receive_timeout: None,
            has_sent: false,
            watched_by: None,
            left_of_turn: TURN,
        })
    }

    /// Begins a turn, which is the last one if the deadline has passed.
    pub fn begin_turn(&mut self, is_last: bool) {
        self.left_of_turn = if is_last { LAST_TURN } else { TURN };
    }

    /// Whether the turn ended before it was known that there is nothing more to do.
    pub fn is_spent(&self) -> bool {
        self.left_of_turn == 0
    }

    /// Counts what an operation did; without a turn it does nothing.
    fn in_turn(
        &mut self,
        operation: impl FnOnce(&mut Self) -> io::Result<usize>,
    ) -> io::Result<usize> {
        if self.is_spent() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let count = operation(self)?;
        self.left_of_turn = self.left_of_turn.saturating_sub(count.max(MIN_COST));
        Ok(count)
    }

    /// Whether it is connected by now; an error is how that failed.
    pub fn is_connected(&self) -> io::Result<bool> {
        if !self.is_ready(libc::POLLOUT)? {
            return Ok(false);
        }
        match self.socket.take_error()? {
            Some(error) => Err(error),
            None if self.leads_to_itself() => Err(io::ErrorKind::ConnectionRefused.into()),
            None => Ok(true),
        }
    }

    /// If nothing listens on a port of this machine, the system may choose that very port for this
    /// end, and connect the socket to itself.
    fn leads_to_itself(&self) -> bool {
        let here = self.socket.local_addr().ok().and_then(|address| address.as_socket());
        self.address.is_some() && here == self.address
    }

    /// Sends some of the parts, in one system call without copying them; returns how many bytes
    /// went.
    pub fn send(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        let flags = libc::MSG_NOSIGNAL | libc::MSG_DONTWAIT;
        let sent = self.in_turn(|own| own.socket.send_vectored_with_flags(parts, flags))?;
        self.has_sent |= sent > 0;
        Ok(sent)
    }

    /// Receives some bytes; none means that the peer closed. Without a deadline, or time until
    /// then, only what is there.
    pub fn receive(&mut self, buffer: &mut [u8], until: Option<&Deadline>) -> io::Result<usize> {
        self.in_turn(|own| own.receive_until(buffer, until))
    }

    fn receive_until(&mut self, buffer: &mut [u8], until: Option<&Deadline>) -> io::Result<usize> {
        let wait = until.map_or(Duration::ZERO, Deadline::left);
        let watch = match until {
            Some(deadline) if !wait.is_zero() => {
                deadline.watch(Arc::new(Descriptor(self.as_raw_fd())))
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
        let wait = wait.max(MIN_WAIT);
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
        poll_for(&mut entry, Duration::ZERO)?;
        Ok(entry[0].revents != 0)
    }

    /// For [`poll()`].
    pub fn poll_entry(&self, events: i16) -> libc::pollfd {
        libc::pollfd { fd: self.socket.as_raw_fd(), events, revents: 0 }
    }
}

impl AsRawFd for Socket {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }
}

/// Waits for one of the events, a signal or a cancellation, and not longer than that.
pub(crate) fn poll(
    entries: &mut [libc::pollfd],
    wait: Duration,
    deadline: &Deadline,
) -> io::Result<()> {
    let descriptors: Vec<_> = entries.iter().map(|entry| Descriptor(entry.fd)).collect();
    match deadline.watch(Arc::new(descriptors)) {
        Some(_watch) => poll_for(entries, wait),
        None => Ok(()),
    }
}

fn poll_for(entries: &mut [libc::pollfd], wait: Duration) -> io::Result<()> {
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

/// A socket that is waited for, and that whoever waits has open.
struct Descriptor(RawFd);

impl Interrupt for Descriptor {
    fn interrupt(&self) {
        // SAFETY: takes a number, and leaves memory alone.
        unsafe { libc::shutdown(self.0, libc::SHUT_RDWR) };
    }
}

impl Interrupt for Vec<Descriptor> {
    fn interrupt(&self) {
        self.iter().for_each(Descriptor::interrupt);
    }
}

/// What the system lacks to open a descriptor, if it does.
pub(super) fn lack_of_resources() -> Option<io::Error> {
    socket2::Socket::new(Domain::UNIX, Type::STREAM, None).err()
}

/// Whether an operation failed because there are no descriptors or no memory.
pub(crate) fn is_lack_of_resources(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE | libc::ENOMEM | libc::ENOBUFS))
}

/// Whether to try an operation again later.
pub(super) fn is_not_yet(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn a_timeout_is_never_none() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = SockAddr::from(listener.local_addr().unwrap());
        let mut socket = Socket::connect(&address).unwrap();
        for wait in [Duration::from_secs(1), Duration::from_nanos(1), Duration::from_nanos(999)] {
            socket.set_receive_timeout(wait).unwrap();
            assert!(socket.socket.read_timeout().unwrap().is_some(), "{wait:?}");
        }
    }
}
