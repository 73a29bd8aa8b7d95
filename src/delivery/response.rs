//! Reads an HTTP/1.x response from the bytes as they come (RFC 9112), whatever carries them.

use std::mem;
use std::time::Duration;

use crate::error::{Error, Result, barker_status::*};

/// The largest head, interim responses, trailers and extensions of all chunks, each.
const MAX_HEAD: usize = 64 * 1024;
/// The most headers in a head.
const MAX_HEADERS: usize = 128;
/// The most interim (1xx) responses before the final one.
const MAX_INTERIM: usize = 16;

/// A receiver's answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status, 100 to 999.
    pub status: u16,
    /// Names and values in the order in which they came.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body, without the framing of its transfer.
    pub body: Vec<u8>,
}

impl Response {
    /// For how long the receiver says that it keeps the connection, with a second to spare for what
    /// is on its way when it closes it.
    pub(super) fn kept_for(&self) -> Option<Duration> {
        let is_keep_alive =
            |(name, _): &&(String, Vec<u8>)| name.eq_ignore_ascii_case("Keep-Alive");
        let (_, value) = self.headers.iter().find(is_keep_alive)?;
        let seconds = value.split(|&byte| byte == b',').find_map(|parameter| {
            let (name, seconds) = parameter.trim_ascii().split_at_checked("timeout=".len())?;
            name.eq_ignore_ascii_case(b"timeout=").then(|| number(seconds, 10))?
        })?;
        Some(Duration::from_secs(seconds.saturating_sub(1)))
    }
}

/// Takes bytes until they make up a response.
pub(super) struct ResponseReader {
    state: State,
    /// Received and not yet understood.
    pending: Vec<u8>,
    response: Response,
    interim: usize,
    /// Bytes of the chunks' extensions, which say nothing.
    extensions: usize,
    keep_alive: bool,
    max_body: usize,
}

/// What comes next.
#[derive(Clone, Copy)]
enum State {
    Head,
    /// So many bytes of a body of known length.
    Counted(u64),
    /// A body that ends with the connection.
    UntilClose,
    ChunkSize,
    /// So many bytes of a chunk.
    Chunk(u64),
    /// The line break after a chunk.
    ChunkEnd,
    Trailers,
    Done,
}

impl ResponseReader {
    /// For a response with a body of so many bytes at most.
    pub fn new(max_body: usize) -> Self {
        Self {
            state: State::Head,
            pending: Vec::new(),
            response: Response::default(),
            interim: 0,
            extensions: 0,
            keep_alive: false,
            max_body,
        }
    }

    /// Takes what was received. Gives the response once it is whole, and whether the connection
    /// may carry another request.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<Option<(Response, bool)>> {
        let begun = !self.pending.is_empty();
        self.pending.extend_from_slice(bytes);
        if begun && self.is_amid_line(bytes) {
            return Ok(None);
        }
        let mut input = mem::take(&mut self.pending);
        let mut used = 0;
        while let Some(taken) = self.step(&input[used..])? {
            used += taken;
            if matches!(self.state, State::Done) {
                // Bytes that no request asked for would be taken for the next answer.
                let reusable = self.keep_alive && used == input.len();
                return Ok(Some((mem::take(&mut self.response), reusable)));
            }
        }
        input.drain(..used);
        self.pending = input;
        Ok(None)
    }

    /// Status and headers of the answer, once they have come, whatever became of its body.
    pub fn head_so_far(&mut self) -> Option<Response> {
        let Response { status, headers, .. } = mem::take(&mut self.response);
        (status != 0).then_some(Response { status, headers, body: Vec::new() })
    }

    /// Whether lines are wanted and none has ended with these bytes: then there is no use in
    /// reading all of them again.
    fn is_amid_line(&self, bytes: &[u8]) -> bool {
        matches!(self.state, State::Head | State::ChunkSize | State::Trailers)
            && self.pending.len() <= MAX_HEAD
            && !bytes.contains(&b'\n')
    }

    /// The connection was closed: the response, if that is how it ends.
    pub fn end(&mut self) -> Result<Response> {
        match self.state {
            State::UntilClose => Ok(mem::take(&mut self.response)),
            State::Head if self.pending.is_empty() && self.interim == 0 => {
                Err(Error::new(BARKER_ERR_RECEIVE, "the receiver closed without an answer"))
            }
            _ => Err(Error::new(BARKER_ERR_RECEIVE, "the receiver closed amid its answer")),
        }
    }

    /// Makes out one part of the response: gives how many bytes it took, or that more are needed.
    fn step(&mut self, input: &[u8]) -> Result<Option<usize>> {
        match self.state {
            State::Head => self.read_head(input),
            State::Counted(left) => {
                let (taken, left) = self.take_body(input, left)?;
                self.state = if left == 0 { State::Done } else { State::Counted(left) };
                Ok((taken > 0 || left == 0).then_some(taken))
            }
            State::UntilClose => {
                let (taken, _) = self.take_body(input, u64::MAX)?;
                Ok((taken > 0).then_some(taken))
            }
            State::ChunkSize => self.read_chunk_size(input),
            State::Chunk(left) => {
                let (taken, left) = self.take_body(input, left)?;
                self.state = if left == 0 { State::ChunkEnd } else { State::Chunk(left) };
                Ok((taken > 0).then_some(taken))
            }
            State::ChunkEnd => match input {
                [b'\r', b'\n', ..] => {
                    self.state = State::ChunkSize;
                    Ok(Some(2))
                }
                [] | [b'\r'] => Ok(None),
                _ => Err(protocol("a chunk is longer than it says")),
            },
            State::Trailers => self.read_trailers(input),
            State::Done => Ok(None),
        }
    }

    fn read_head(&mut self, input: &[u8]) -> Result<Option<usize>> {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut head = httparse::Response::new(&mut headers);
        let taken = match head.parse(input)? {
            httparse::Status::Complete(taken) if taken <= MAX_HEAD => taken,
            httparse::Status::Partial if input.len() <= MAX_HEAD => return Ok(None),
            _ => return Err(too_large("head", MAX_HEAD)),
        };
        let status = head.code.unwrap_or_default();
        match status {
            101 => return Err(protocol("the receiver switched to a protocol nobody asked for")),
            100..200 if self.interim < MAX_INTERIM => {
                self.interim += 1;
                return Ok(Some(taken));
            }
            200..1000 => {}
            100..200 => {
                let why = format!("the answer is put off by more than {MAX_INTERIM} 1xx responses");
                return Err(Error::new(BARKER_ERR_TOO_LARGE, why));
            }
            _ => return Err(protocol("the receiver sent a status below 100")),
        }
        self.keep_alive = keeps_alive(head.version == Some(1), head.headers)
            && !(is_bodiless(status) && announces_body(head.headers));
        self.state = framing(status, head.headers)?;
        if matches!(self.state, State::Counted(length) if length > self.max_body as u64) {
            return Err(too_large("body", self.max_body));
        }
        self.response.status = status;
        self.response.headers =
            head.headers.iter().map(|h| (h.name.to_owned(), h.value.to_vec())).collect();
        Ok(Some(taken))
    }

    fn read_chunk_size(&mut self, input: &[u8]) -> Result<Option<usize>> {
        let end = match input.iter().position(|&byte| byte == b'\n') {
            Some(end) if end <= MAX_HEAD => end,
            None if input.len() <= MAX_HEAD => return Ok(None),
            _ => return Err(too_large("chunk's size", MAX_HEAD)),
        };
        // A line feed alone, or a control character in an extension, others take for something else.
        let (line, extension) = match input[..end].strip_suffix(b"\r") {
            Some(line) if !line.iter().any(|&byte| byte.is_ascii_control() && byte != b'\t') => {
                line.split_at(line.iter().position(|&byte| byte == b';').unwrap_or(line.len()))
            }
            _ => return Err(protocol("a chunk's size does not end with CR LF")),
        };
        self.extensions += extension.len();
        if self.extensions > MAX_HEAD {
            return Err(too_large("chunk extensions", MAX_HEAD));
        }
        let size = number(line.trim_ascii_end(), 16)
            .ok_or_else(|| protocol("a chunk's size is not a hexadecimal number"))?;
        if size > (self.max_body - self.response.body.len()) as u64 {
            return Err(too_large("body", self.max_body));
        }
        self.state = if size == 0 { State::Trailers } else { State::Chunk(size) };
        Ok(Some(end + 1))
    }

    /// Trailers are read and forgotten.
    fn read_trailers(&mut self, input: &[u8]) -> Result<Option<usize>> {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        match httparse::parse_headers(input, &mut headers)? {
            httparse::Status::Complete((taken, _)) if taken <= MAX_HEAD => {
                self.state = State::Done;
                Ok(Some(taken))
            }
            httparse::Status::Partial if input.len() <= MAX_HEAD => Ok(None),
            _ => Err(too_large("trailer", MAX_HEAD)),
        }
    }

    /// Moves up to `left` bytes into the body: gives how many, and how many are left.
    fn take_body(&mut self, input: &[u8], left: u64) -> Result<(usize, u64)> {
        let taken = usize::try_from(left).map_or(input.len(), |left| left.min(input.len()));
        if taken > self.max_body - self.response.body.len() {
            return Err(too_large("body", self.max_body));
        }
        self.response.body.extend_from_slice(&input[..taken]);
        Ok((taken, left - taken as u64))
    }
}

/// How the body is delimited: RFC 9112 section 6.3.
fn framing(status: u16, headers: &[httparse::Header<'_>]) -> Result<State> {
    let mut length = None;
    let mut coding = None;
    for header in headers {
        if header.name.eq_ignore_ascii_case("Content-Length") {
            let value = content_length(header.value)?;
            if length.is_some_and(|earlier| earlier != value) {
                return Err(protocol("the answer has two different Content-Lengths"));
            }
            length = Some(value);
        } else if header.name.eq_ignore_ascii_case("Transfer-Encoding")
            && coding.replace(header.value).is_some()
        {
            return Err(protocol("the answer has two Transfer-Encodings"));
        }
    }
    match (coding, length) {
        _ if is_bodiless(status) => Ok(State::Done),
        (Some(_), Some(_)) => {
            Err(protocol("the answer has both a Transfer-Encoding and a Content-Length"))
        }
        (Some(coding), None) if coding.eq_ignore_ascii_case(b"chunked") => Ok(State::ChunkSize),
        (Some(_), None) => Err(protocol("the answer's Transfer-Encoding is not chunked")),
        (None, Some(0)) => Ok(State::Done),
        (None, Some(length)) => Ok(State::Counted(length)),
        (None, None) => Ok(State::UntilClose),
    }
}

fn content_length(value: &[u8]) -> Result<u64> {
    number(value, 10).ok_or_else(|| protocol("the answer's Content-Length is not a number"))
}

/// Digits and nothing else; `u64::MAX` stands for all that is larger.
fn number(digits: &[u8], radix: u32) -> Option<u64> {
    let text = std::str::from_utf8(digits).ok()?;
    let is_number = !text.is_empty() && text.chars().all(|digit| digit.is_digit(radix));
    is_number.then(|| u64::from_str_radix(text, radix).unwrap_or(u64::MAX))
}

fn is_bodiless(status: u16) -> bool {
    status == 204 || status == 304
}

/// Whether a receiver that does not know better may send a body.
fn announces_body(headers: &[httparse::Header<'_>]) -> bool {
    headers.iter().any(|header| {
        header.name.eq_ignore_ascii_case("Transfer-Encoding")
            || header.name.eq_ignore_ascii_case("Content-Length") && header.value != b"0"
    })
}

/// HTTP/1.1 keeps a connection unless it says close; HTTP/1.0 closes: RFC 9112 section 9.3.
fn keeps_alive(is_http_1_1: bool, headers: &[httparse::Header<'_>]) -> bool {
    let says_close = headers
        .iter()
        .filter(|header| header.name.eq_ignore_ascii_case("Connection"))
        .flat_map(|header| header.value.split(|&byte| byte == b','))
        .any(|option| option.trim_ascii().eq_ignore_ascii_case(b"close"));
    is_http_1_1 && !says_close
}

impl From<httparse::Error> for Error {
    fn from(error: httparse::Error) -> Self {
        match error {
            httparse::Error::TooManyHeaders => Error::new(
                BARKER_ERR_TOO_LARGE,
                format!("the answer has more than {MAX_HEADERS} headers"),
            ),
            _ => Error::new(BARKER_ERR_PROTOCOL, format!("the answer is not HTTP/1.x: {error}")),
        }
    }
}

fn protocol(why: &'static str) -> Error {
    Error::new(BARKER_ERR_PROTOCOL, why)
}

fn too_large(what: &str, limit: usize) -> Error {
    Error::new(BARKER_ERR_TOO_LARGE, format!("the answer's {what} is over {limit} bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::barker_status;

    const MAX_BODY: usize = 1024 * 1024;

    /// The outcome, which must be the same however the bytes are cut.
    fn read(wire: &[u8]) -> std::result::Result<(u16, Vec<u8>, bool), barker_status> {
        let by = |size: usize| {
            let mut reader = ResponseReader::new(MAX_BODY);
            for piece in wire.chunks(size) {
                if let Some((response, reusable)) = reader.feed(piece).map_err(|e| e.status)? {
                    return Ok((response.status, response.body, reusable));
                }
            }
            let response = reader.end().map_err(|e| e.status)?;
            Ok((response.status, response.body, false))
        };
        let whole = by(wire.len().max(1));
        assert_eq!(by(1), whole, "cut into single bytes: {}", String::from_utf8_lossy(wire));
        whole
    }

    #[test]
    fn bodies() {
        let cases: [(&str, &[u8], bool); 7] = [
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", b"hi", true),
            ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b"", true),
            (
                "HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 2\r\n\r\nhi",
                b"hi",
                false,
            ),
            ("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", b"hi", false),
            ("HTTP/1.1 200 OK\r\n\r\nuntil the end", b"until the end", false),
            (
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\
                 Transfer-Encoding: chunked\r\n\r\n2;x=y\r\nhi\r\n1\r\n!\r\n0\r\nT: t\r\n\r\n",
                b"hi!",
                true,
            ),
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi", b"hi", true),
        ];
        for (wire, body, reusable) in cases {
            assert_eq!(read(wire.as_bytes()), Ok((200, body.to_vec(), reusable)), "{wire}");
        }
        assert_eq!(read(b"HTTP/1.1 204 No Content\r\n\r\n"), Ok((204, vec![], true)));
    }

    #[test]
    fn an_unasked_answer_ends_the_connection() {
        let mut reader = ResponseReader::new(MAX_BODY);
        let wire = b"HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\n\r\n";
        assert!(!reader.feed(wire).unwrap().unwrap().1);
    }

    #[test]
    fn a_body_where_none_may_be_ends_the_connection() {
        for (framing, reusable) in [
            ("", true),
            ("Content-Length: 0\r\n", true),
            ("Content-Length: 5\r\n", false),
            ("Transfer-Encoding: chunked\r\n", false),
        ] {
            for status in [204, 304] {
                let wire = format!("HTTP/1.1 {status} X\r\n{framing}\r\n");
                assert_eq!(read(wire.as_bytes()), Ok((status, vec![], reusable)), "{wire}");
            }
        }
    }

    #[test]
    fn sizes_of_chunks() {
        let read = |sizes: &str| {
            read(format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{sizes}").as_bytes())
        };
        let flood = format!("1;{}\r\nx\r\n", "e".repeat(MAX_HEAD / 2)).repeat(2);
        for size in ["2", "02", "00000000000000000002", "2 ", "2 ;a", "2;a=\"b\tc\";d"] {
            assert_eq!(
                read(&format!("{size}\r\nhi\r\n0\r\n\r\n")),
                Ok((200, b"hi".to_vec(), true)),
                "{size}"
            );
        }
        for (sizes, status) in [
            ("\r\n\r\n", BARKER_ERR_PROTOCOL),
            (";a\r\n\r\n", BARKER_ERR_PROTOCOL),
            (" 2\r\n", BARKER_ERR_PROTOCOL),
            ("+2\r\n", BARKER_ERR_PROTOCOL),
            ("2\n", BARKER_ERR_PROTOCOL),
            ("2;a\nhi\r\n", BARKER_ERR_PROTOCOL),
            ("2;a\rb\r\n", BARKER_ERR_PROTOCOL),
            ("ffffffffffffffff\r\n", BARKER_ERR_TOO_LARGE),
            ("10000000000000002\r\n", BARKER_ERR_TOO_LARGE),
            ("2\r\nhi\r\nfffff\r\n", BARKER_ERR_TOO_LARGE),
            (&flood, BARKER_ERR_TOO_LARGE),
        ] {
            assert_eq!(read(sizes), Err(status), "{}", &sizes[..sizes.len().min(80)]);
        }
    }

    #[test]
    fn broken_answers() {
        let endless = "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(MAX_INTERIM + 1);
        let long = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "y".repeat(MAX_HEAD));
        let large = format!("HTTP/1.1 200 OK\r\n\r\n{}", "z".repeat(MAX_BODY + 1));
        let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "X: y\r\n".repeat(MAX_HEADERS + 1));
        let cases = [
            ("", BARKER_ERR_RECEIVE),
            ("HTTP/1.1 200 OK\r\nContent-Le", BARKER_ERR_RECEIVE),
            ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi", BARKER_ERR_RECEIVE),
            ("SSH-2.0-OpenSSH\r\n", BARKER_ERR_PROTOCOL),
            ("HTTP/1.1 099 Odd\r\n\r\n", BARKER_ERR_PROTOCOL),
            ("HTTP/1.1 101 Switching Protocols\r\n\r\n", BARKER_ERR_PROTOCOL),
            ("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", BARKER_ERR_PROTOCOL),
            ("HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\nx", BARKER_ERR_PROTOCOL),
            ("HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n", BARKER_ERR_PROTOCOL),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
                BARKER_ERR_PROTOCOL,
            ),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                BARKER_ERR_PROTOCOL,
            ),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", BARKER_ERR_PROTOCOL),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxyz\r\n",
                BARKER_ERR_PROTOCOL,
            ),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", BARKER_ERR_PROTOCOL),
            ("HTTP/1.1 200 OK\r\nContent-Length: 1048577\r\n\r\n", BARKER_ERR_TOO_LARGE),
            (&endless, BARKER_ERR_TOO_LARGE),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551617\r\n\r\n",
                BARKER_ERR_TOO_LARGE,
            ),
            (&many, BARKER_ERR_TOO_LARGE),
            (&long, BARKER_ERR_TOO_LARGE),
            (&large, BARKER_ERR_TOO_LARGE),
        ];
        for (wire, status) in cases {
            assert_eq!(read(wire.as_bytes()), Err(status), "{}", &wire[..wire.len().min(80)]);
        }
    }
}
