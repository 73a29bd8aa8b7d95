//! Real sends through the C interface to a receiver on a Unix socket that the fuzzer plays.

use std::ffi::{CStr, CString, c_char};
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::atomic::{
    AtomicBool, AtomicUsize,
    Ordering::{self, SeqCst},
};
use std::thread;
use std::time::{Duration, Instant};

use barker::ffi::*;

/// Never reached.
const PATIENCE: Duration = Duration::from_secs(8);
/// How long a send may take to which the receiver leaves the connection open.
const SOON: u32 = 5;
/// The most that a receiver sends: a little more than the largest body.
const MAX_PLAYED: usize = (1 << 20) + (1 << 16);
/// More than this is sent only once, to be quick.
const MAX_REPLAYED: usize = 1 << 16;
const MAX_BODY: usize = 1 << 20;
const DATA: &[u8] = b"data";

/// What came of a send.
#[derive(PartialEq, Eq)]
struct Outcome {
    status: i32,
    http_status: u16,
    body: Vec<u8>,
}

/// What a receiver sends once it has the request. A `~` parts what is to be received apart, and
/// `^` with a number at the end of a part repeats that part. At the end, a `~` leaves the connection
/// open; it is closed otherwise.
///
/// Whatever it is, the send ends with one of its statuses and a body of at most 1 MiB; where it is
/// cut makes no difference to the answer; and the next request gets its own answer.
pub fn response(input: &[u8]) {
    let (wire, stays_open) = match input.strip_suffix(b"~") {
        Some(wire) => (wire, true),
        None => (input, false),
    };
    let mut room = MAX_PLAYED;
    let parts: Vec<Vec<u8>> =
        wire.split(|&byte| byte == b'~').map(|part| repeated(part, &mut room)).collect();
    let outcome = play(&parts, stays_open);
    if parts.len() > 1 && !stays_open && room > MAX_PLAYED - MAX_REPLAYED {
        let whole = play(&[parts.concat()], false);
        let is_answer = [&outcome, &whole].map(|outcome| outcome.status == BARKER_OK);
        assert_eq!(is_answer[0], is_answer[1], "cuts decide whether there is an answer");
        assert!(!is_answer[0] || outcome == whole, "cuts make another answer");
    }
}

/// The part as often as it says, as far as there is room.
fn repeated(part: &[u8], room: &mut usize) -> Vec<u8> {
    let times = part.iter().rposition(|&byte| byte == b'^').and_then(|at| {
        let times: usize = std::str::from_utf8(&part[at + 1..]).ok()?.parse().ok()?;
        Some((&part[..at], times))
    });
    let (part, times) = times.unwrap_or((part, 1));
    let repeated = part.repeat(times.min(*room / part.len().max(1)));
    *room -= repeated.len();
    repeated
}

fn play(parts: &[Vec<u8>], stays_open: bool) -> Outcome {
    let socket = socket();
    let hook = c::Hook::new();
    hook.set_url(&socket.url(b"/bad"));
    hook.set_timeout(if stays_open { SOON } else { PATIENCE.as_millis() as u32 });
    let is_over = AtomicBool::new(false);
    let (outcome, connection) = thread::scope(|scope| {
        let receiver = scope.spawn(|| socket.misbehave(parts, stays_open, &is_over));
        let outcome = hook.send(DATA);
        is_over.store(true, SeqCst);
        (outcome, receiver.join().unwrap())
    });
    let mut statuses =
        vec![BARKER_OK, BARKER_ERR_RECEIVE, BARKER_ERR_PROTOCOL, BARKER_ERR_TOO_LARGE];
    if stays_open {
        statuses.push(BARKER_ERR_TIMEOUT);
    }
    assert!(statuses.contains(&outcome.status), "{}", outcome.status);
    // The status of an answer that failed is known if its status line had come.
    let is_answer = outcome.status == BARKER_OK;
    let is_told = (200..1000).contains(&outcome.http_status);
    assert!(is_told || !is_answer && outcome.http_status == 0, "HTTP {}", outcome.http_status);
    assert!(is_answer || outcome.body.is_empty());
    assert!(outcome.body.len() <= MAX_BODY);

    hook.set_url(&socket.url(b"/good"));
    hook.set_timeout(PATIENCE.as_millis() as u32);
    let next = thread::scope(|scope| {
        let receiver = scope.spawn(|| socket.behave(connection));
        let next = hook.send(DATA);
        // Waits for its very end, lest what it takes be taken for a leak.
        receiver.join().unwrap();
        next
    });
    assert_eq!(next.status, BARKER_OK, "the handle is not usable afterwards");
    assert!(next.http_status == 299 && next.body == b"its own", "it is another answer");
    outcome
}

/// A URL's path, a Content-Type and lines of `name: value`, an empty line, and a body; and the URL
/// as a whole, which is not sent to.
///
/// The setters have no status but theirs, and what they accept is sent as one request with just
/// those headers.
pub fn request(input: &[u8]) {
    let mut lines = input.splitn(3, |&byte| byte == b'\n');
    let mut next = || lines.next().unwrap_or_default();
    let (path, content_type, rest) = (next(), next(), next());
    let hook = c::Hook::new();
    let documented = |status, own| {
        let documented = [BARKER_OK, BARKER_ERR_UTF8, own];
        assert!(documented.contains(&status), "{status} is not documented");
        status == BARKER_OK
    };
    documented(hook.set_url(&text(path)), BARKER_ERR_URL);
    let socket = socket();
    if !documented(hook.set_url(&socket.url(path)), BARKER_ERR_URL) {
        hook.set_url(&socket.url(b"/"));
    }
    let mut expected = Vec::new();
    let value = text(content_type);
    if documented(hook.set_content_type(&value), BARKER_ERR_HEADER) {
        expected.push((b"Content-Type".to_vec(), value.to_bytes().trim_ascii().to_vec()));
    }
    let mut body = rest;
    while let Some(end) = body.iter().position(|&byte| byte == b'\n') {
        let (line, after) = (&body[..end], &body[end + 1..]);
        body = after;
        if line.is_empty() {
            break;
        }
        let middle = line.iter().position(|&byte| byte == b':').unwrap_or(line.len());
        let (name, value) = (text(&line[..middle]), text(line.get(middle + 1..).unwrap_or(b"")));
        if documented(hook.add_header(&name, &value), BARKER_ERR_HEADER) {
            expected.push((name.to_bytes().to_vec(), value.to_bytes().trim_ascii().to_vec()));
        }
    }
    hook.set_timeout(PATIENCE.as_millis() as u32);
    let (outcome, received) = thread::scope(|scope| {
        let receiver = scope.spawn(|| socket.take_all());
        let outcome = hook.send(body);
        (outcome, receiver.join().unwrap())
    });
    assert_eq!(outcome.status, BARKER_OK);
    check_request(&received, &expected, body);
}

/// The bytes before the first NUL, where a text of C ends.
fn text(bytes: &[u8]) -> CString {
    CString::new(bytes.split(|&byte| byte == 0).next().unwrap_or_default()).unwrap()
}

/// Whether this is one request with these headers and barker's own, and no byte more.
fn check_request(received: &[u8], expected: &[(Vec<u8>, Vec<u8>)], body: &[u8]) {
    let end = received.windows(4).position(|four| four == b"\r\n\r\n").expect("a head that ends");
    let (head, rest) = (&received[..end], &received[end + 4..]);
    assert_eq!(rest, body);
    let head = std::str::from_utf8(head).expect("ASCII");
    let mut lines = head.split("\r\n");
    let target =
        lines.next().and_then(|line| line.strip_prefix("POST /")?.strip_suffix(" HTTP/1.1"));
    assert!(target.expect("a request line").bytes().all(|byte| byte.is_ascii_graphic()));
    let mut headers = Vec::new();
    for line in lines {
        assert!(line.bytes().all(|byte| byte == b'\t' || matches!(byte, b' '..=b'~')), "{line}");
        let (name, value) = line.split_once(": ").expect("a header");
        headers.push((name.as_bytes().to_vec(), value.as_bytes().to_vec()));
    }
    let names = |range: &[(Vec<u8>, Vec<u8>)]| -> Vec<String> {
        range.iter().map(|(name, _)| String::from_utf8(name.clone()).unwrap()).collect()
    };
    let own = ["Host", "User-Agent", "Accept", "BARKER_TIMESTAMP", "BARKER_SIGNATURE"];
    assert_eq!(names(&headers[..own.len()]), own);
    assert_eq!(headers[own.len()..headers.len() - 1], *expected);
    let length = (b"Content-Length".to_vec(), body.len().to_string().into_bytes());
    assert_eq!(*headers.last().unwrap(), length);
}

struct Socket {
    path: String,
    listener: UnixListener,
}

/// The socket of this thread: what two of them play must not get mixed up.
fn socket() -> &'static Socket {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    thread_local!(static SOCKET: &'static Socket = {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("barker-fuzz-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name).to_str().unwrap().to_owned();
        let _ = fs::remove_file(&path);
        Box::leak(Box::new(Socket { listener: UnixListener::bind(&path).unwrap(), path }))
    });
    SOCKET.with(|socket| *socket)
}

impl Socket {
    fn url(&self, path: &[u8]) -> CString {
        text(&[b"unix:", self.path.as_bytes(), b":", path].concat())
    }

    fn accept(&self) -> UnixStream {
        let (stream, _) = self.listener.accept().unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// A connection, unless the send is over before it has opened one.
    fn accept_before(&self, is_over: &AtomicBool) -> Option<UnixStream> {
        let fd = self.listener.as_raw_fd();
        let mut waiting = libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
        loop {
            let was_over = is_over.load(SeqCst);
            // SAFETY: there is one entry, and it is writable.
            match unsafe { libc::poll(&mut waiting, 1, 1) } {
                1 => return Some(self.accept()),
                _ if was_over => return None,
                _ => {}
            }
        }
    }

    /// Gives the connection if it stays open.
    fn misbehave(
        &self,
        parts: &[Vec<u8>],
        stays_open: bool,
        is_over: &AtomicBool,
    ) -> Option<UnixStream> {
        let mut stream = self.accept_before(is_over)?;
        read_request(&mut stream)?;
        stream.set_nonblocking(true).unwrap();
        for part in parts {
            if !send_apart(&stream, part, is_over) {
                return None;
            }
        }
        stream.set_nonblocking(false).unwrap();
        stays_open.then_some(stream)
    }

    /// Answers the next request, on the connection that there is or a new one.
    fn behave(&self, connection: Option<UnixStream>) {
        let mut answer: &[u8] = b"HTTP/1.1 299 OK\r\nContent-Length: 7\r\n\r\nits own";
        let kept = connection.and_then(|mut stream| read_request(&mut stream).map(|_| stream));
        let mut stream = kept.unwrap_or_else(|| {
            let mut stream = self.accept();
            read_request(&mut stream).expect("a request");
            stream
        });
        std::io::copy(&mut answer, &mut stream).unwrap();
    }

    /// All that comes, while it answers once there is a request.
    fn take_all(&self) -> Vec<u8> {
        let mut stream = self.accept();
        let mut received = read_request(&mut stream).expect("a request");
        stream.write_all(b"HTTP/1.1 204 No\r\nConnection: close\r\n\r\n").unwrap();
        // With a rest unread that closing leaves, there is a reset instead of the end.
        let _ = stream.read_to_end(&mut received);
        received
    }
}

/// None if the sender closes before the first byte.
fn read_request(stream: &mut UnixStream) -> Option<Vec<u8>> {
    let mut received = Vec::new();
    let mut buffer = [0; 65536];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) if received.is_empty() => return None,
            Ok(0) => panic!("a request that does not end"),
            Ok(count) => received.extend_from_slice(&buffer[..count]),
            Err(error) => panic!("{error}"),
        }
        if let Some(end) = received.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&received[..end]);
            let length = head.rsplit_once("\r\nContent-Length: ").unwrap().1.parse::<usize>();
            if received.len() >= end + 4 + length.unwrap() {
                return Some(received);
            }
        }
    }
}

/// Sends, and waits until it was received; false if the sender is gone.
fn send_apart(stream: &UnixStream, mut part: &[u8], is_over: &AtomicBool) -> bool {
    let begun = Instant::now();
    let may_wait = || {
        thread::yield_now();
        assert!(begun.elapsed() < PATIENCE, "nothing is received any more");
        !is_over.load(SeqCst)
    };
    while !part.is_empty() {
        let flags = libc::MSG_NOSIGNAL;
        // SAFETY: the descriptor is open, and `part` is as long as is said.
        let sent =
            unsafe { libc::send(stream.as_raw_fd(), part.as_ptr().cast(), part.len(), flags) };
        match usize::try_from(sent) {
            Ok(sent) => part = &part[sent..],
            Err(_) if std::io::Error::last_os_error().kind() != ErrorKind::WouldBlock => {
                return false;
            }
            Err(_) if may_wait() => {}
            // The rest comes to an idle connection, or to one that is closed.
            Err(_) => return false,
        }
    }
    let mut unreceived: libc::c_int = 0;
    loop {
        // SAFETY: the descriptor is open, and this request writes an int.
        unsafe { libc::ioctl(stream.as_raw_fd(), libc::TIOCOUTQ, &mut unreceived) };
        if unreceived == 0 || !may_wait() {
            return true;
        }
    }
}

/// The functions that a C program calls.
mod c {
    use super::*;

    #[repr(C)]
    #[derive(Default)]
    struct Buffer {
        data: usize,
        len: usize,
        capacity: usize,
        reserved: usize,
    }

    unsafe extern "C" {
        fn barker_webhook_new() -> *mut u8;
        fn barker_webhook_free(hook: *mut u8);
        fn barker_webhook_set_url(hook: *mut u8, url: *const c_char) -> i32;
        fn barker_webhook_set_timeout(hook: *mut u8, milliseconds: u32) -> i32;
        fn barker_webhook_set_content_type(hook: *mut u8, value: *const c_char) -> i32;
        fn barker_webhook_add_header(
            hook: *mut u8,
            name: *const c_char,
            value: *const c_char,
        ) -> i32;
        fn barker_webhook_send_data(
            hook: *mut u8,
            data: *const u8,
            len: usize,
            http_status: *mut u16,
            body: *mut Buffer,
        ) -> i32;
        fn barker_buffer_free(buffer: *mut Buffer);
    }

    /// A handle.
    pub struct Hook(*mut u8);

    impl Hook {
        pub fn new() -> Self {
            // SAFETY: nothing is asked for.
            Self(unsafe { barker_webhook_new() })
        }

        pub fn set_url(&self, url: &CStr) -> i32 {
            // SAFETY: the handle is live, and the text ends with a NUL.
            unsafe { barker_webhook_set_url(self.0, url.as_ptr()) }
        }

        pub fn set_timeout(&self, milliseconds: u32) {
            // SAFETY: the handle is live.
            assert_eq!(unsafe { barker_webhook_set_timeout(self.0, milliseconds) }, 0);
        }

        pub fn set_content_type(&self, value: &CStr) -> i32 {
            // SAFETY: the handle is live, and the text ends with a NUL.
            unsafe { barker_webhook_set_content_type(self.0, value.as_ptr()) }
        }

        pub fn add_header(&self, name: &CStr, value: &CStr) -> i32 {
            // SAFETY: the handle is live, and the texts end with a NUL.
            unsafe { barker_webhook_add_header(self.0, name.as_ptr(), value.as_ptr()) }
        }

        pub fn send(&self, data: &[u8]) -> Outcome {
            let (mut http_status, mut body) = (0, Buffer::default());
            // SAFETY: the handle is live, data as long as is said, and the rest is written to.
            unsafe {
                let status = barker_webhook_send_data(
                    self.0,
                    data.as_ptr(),
                    data.len(),
                    &mut http_status,
                    &mut body,
                );
                let bytes = match body.data {
                    0 => Vec::new(),
                    data => std::slice::from_raw_parts(data as *const u8, body.len).to_vec(),
                };
                barker_buffer_free(&mut body);
                Outcome { status, http_status, body: bytes }
            }
        }
    }

    impl Drop for Hook {
        fn drop(&mut self) {
            // SAFETY: the handle is live, and not used again.
            unsafe { barker_webhook_free(self.0) }
        }
    }
}
