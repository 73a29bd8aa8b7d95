//! Reads an HTTP/1.x response from the bytes as they come (RFC 9112), whatever carries them.

use std::borrow::Cow;
use std::mem::{self, MaybeUninit};
use std::time::Duration;

use crate::error::{Error, Result, Status};

/// The most bytes of an answer in addition to its body: its head, what comes before that, padding
/// of chunk sizes, and trailers.
const MAX_OVERHEAD: usize = 64 * 1024;
/// The most headers in a head.
const MAX_HEADERS: usize = 128;
/// The most interim (1xx) responses before the final one.
const MAX_INTERIM: usize = 16;
/// The longest line with a chunk's size that has no padding: the digits of 64 bits, and CR LF.
const CHUNK_SIZE_LINE: usize = 18;

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
    pub(crate) fn kept_for(&self) -> Option<Duration> {
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
    /// Received and not yet parsed.
    pending: Vec<u8>,
    /// The length of `pending` when it was last parsed.
    looked_at: usize,
    /// The status is 0 until a status line has come.
    response: Response,
    interim: usize,
    /// Bytes so far that are not the body's.
    overhead: usize,
    keep_alive: bool,
    max_body: usize,
}

/// What comes next.
#[derive(Clone, Copy)]
enum State {
    Head,
    /// This many bytes of a body of known length.
    Counted(u64),
    /// A body that ends with the connection.
    UntilClose,
    ChunkSize,
    /// This many bytes of a chunk.
    Chunk(u64),
    /// The line break after a chunk.
    ChunkEnd,
    Trailers,
    Done,
}

impl ResponseReader {
    /// For a response with a body of at most `max_body` bytes.
    pub fn new(max_body: usize) -> Self {
        Self {
            state: State::Head,
            pending: Vec::new(),
            looked_at: 0,
            response: Response::default(),
            interim: 0,
            overhead: 0,
            keep_alive: false,
            max_body,
        }
    }

    /// Adds received bytes. Returns the response when it is complete, and whether the connection
    /// may carry another request.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<Option<(Response, bool)>> {
        let mut pending = mem::take(&mut self.pending);
        let known = pending.len();
        let input = if known == 0 {
            bytes
        } else {
            pending.extend_from_slice(bytes);
            &pending
        };
        if !self.is_worth_a_look(input, known) {
            self.pending = pending;
            return Ok(None);
        }
        let mut used = 0;
        while let Some(taken) = self.step(&input[used..])? {
            used += taken;
            if matches!(self.state, State::Done) {
                // Bytes that no request asked for would be taken for the next answer.
                let reusable = self.keep_alive && used == input.len();
                return Ok(Some((mem::take(&mut self.response), reusable)));
            }
        }
        if known == 0 {
            pending.extend_from_slice(&bytes[used..]);
        } else {
            pending.drain(..used);
        }
        self.looked_at = pending.len();
        self.pending = pending;
        Ok(None)
    }

    /// Whether something has ended with the bytes beyond the known ones, or there is twice as much
    /// as at the last look. So the work grows with the bytes, however few come at a time.
    fn is_worth_a_look(&self, input: &[u8], known: usize) -> bool {
        let is_amid_headers =
            self.response.status != 0 && matches!(self.state, State::Head | State::Trailers);
        let fresh = &input[known.saturating_sub(2)..];
        let ends = |line_breaks: &[u8]| fresh.windows(line_breaks.len()).any(|w| w == line_breaks);
        input.len() >= 2 * self.looked_at
            || self.overhead + input.len() > MAX_OVERHEAD
            || if is_amid_headers { ends(b"\n\n") || ends(b"\n\r\n") } else { ends(b"\n") }
    }

    /// The connection was closed: the response, if that is how it ends.
    pub fn end(&mut self) -> Result<Response> {
        match self.state {
            State::UntilClose => Ok(mem::take(&mut self.response)),
            State::Head if self.pending.is_empty() && self.interim == 0 => Err(Error::new(
                Status::Receive,
                "the receiver closed the connection without an answer",
            )),
            _ => {
                // The bytes that were not parsed yet may be malformed.
                self.looked_at = 0;
                self.feed(b"")?;
                Err(Error::new(
                    Status::Receive,
                    "the receiver closed the connection in the middle of its answer",
                ))
            }
        }
    }

    /// Takes the known part of an answer that will not become complete, for whatever reason: its
    /// status if a final status line has come, and its headers if all of them have. The body is
    /// left out.
    pub fn head_so_far(&mut self) -> Option<Response> {
        let known = mem::take(&mut self.response);
        (known.status >= 200).then(|| Response { body: Vec::new(), ..known })
    }

    /// Parses one part of the response: returns how many bytes it used, or that more are needed.
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
        if let Some(taken) = line_break(input) {
            return self.spend(taken).map(|()| Some(taken));
        }
        let mut headers = [MaybeUninit::uninit(); MAX_HEADERS];
        let mut head = httparse::Response::new(&mut []);
        let seen = self.affordable(input);
        let parsed = parse_head(&mut head, seen, &mut headers);
        if let (Some(status), Some(_)) = (head.code, head.reason) {
            if status < 100 {
                return Err(protocol("the receiver sent a status below 100"));
            }
            self.response.status = status;
        }
        let taken = match parsed? {
            httparse::Status::Complete(taken) => taken,
            httparse::Status::Partial if seen.len() == input.len() => return Ok(None),
            httparse::Status::Partial => return Err(too_much_overhead()),
        };
        self.spend(taken)?;
        if self.response.status < 200 {
            return self.pass_interim().map(|()| Some(taken));
        }
        self.take_head(head.version == Some(1), head.headers)?;
        Ok(Some(taken))
    }

    /// An interim response says nothing.
    fn pass_interim(&mut self) -> Result<()> {
        self.interim += 1;
        match mem::take(&mut self.response.status) {
            101 => Err(protocol("the receiver switched to another protocol without being asked")),
            _ if self.interim > MAX_INTERIM => {
                let why = format!("more than {MAX_INTERIM} 1xx responses came before the answer");
                Err(Error::new(Status::TooLarge, why))
            }
            _ => Ok(()),
        }
    }

    /// The headers are kept before they are checked.
    fn take_head(&mut self, is_http_1_1: bool, headers: &[httparse::Header<'_>]) -> Result<()> {
        self.response.headers = headers
            .iter()
            .map(|header| (header.name.to_owned(), unfolded(header.value).into_owned()))
            .collect();
        let (status, headers) = (self.response.status, &self.response.headers);
        self.state = framing(status, headers)?;
        self.keep_alive =
            keeps_alive(is_http_1_1, headers) && !(is_bodiless(status) && announces_body(headers));
        match self.state {
            State::Counted(length) if length > self.max_body as u64 => {
                Err(too_large("body", self.max_body))
            }
            _ => Ok(()),
        }
    }

    fn read_chunk_size(&mut self, input: &[u8]) -> Result<Option<usize>> {
        let longest = MAX_OVERHEAD - self.overhead + CHUNK_SIZE_LINE;
        let seen = &input[..input.len().min(longest)];
        let end = match seen.iter().position(|&byte| byte == b'\n') {
            Some(end) => end,
            None if seen.len() < longest => return Ok(None),
            None => return Err(too_much_overhead()),
        };
        // Other parsers read a lone line feed, or a control character in an extension, differently.
        let line = match input[..end].strip_suffix(b"\r") {
            Some(line) if !line.iter().any(|&byte| byte.is_ascii_control() && byte != b'\t') => {
                line
            }
            _ => return Err(protocol("a chunk's size does not end with CR LF")),
        };
        let extension = line.iter().position(|&byte| byte == b';').unwrap_or(line.len());
        let digits = line[..extension].trim_ascii_end();
        let size = number(digits, 16)
            .ok_or_else(|| protocol("a chunk's size is not a hexadecimal number"))?;
        let zeros = digits.iter().take_while(|&&digit| digit == b'0').count();
        self.spend(line.len() - digits.len() + zeros)?;
        if size > (self.max_body - self.response.body.len()) as u64 {
            return Err(too_large("body", self.max_body));
        }
        self.state = if size == 0 { State::Trailers } else { State::Chunk(size) };
        Ok(Some(end + 1))
    }

    /// Trailers are read and forgotten. They are written as the headers of a head, which the parser
    /// reads only below a status line.
    fn read_trailers(&mut self, input: &[u8]) -> Result<Option<usize>> {
        const STATUS_LINE: &[u8] = b"HTTP/1.1 200\n";
        let taken = match line_break(input) {
            Some(taken) => taken,
            None => {
                let seen = self.affordable(input);
                let head = [STATUS_LINE, seen].concat();
                let mut headers = [MaybeUninit::uninit(); MAX_HEADERS];
                match parse_head(&mut httparse::Response::new(&mut []), &head, &mut headers)? {
                    httparse::Status::Complete(taken) => taken - STATUS_LINE.len(),
                    httparse::Status::Partial if seen.len() == input.len() => return Ok(None),
                    httparse::Status::Partial => return Err(too_much_overhead()),
                }
            }
        };
        self.spend(taken)?;
        self.state = State::Done;
        Ok(Some(taken))
    }

    /// Moves up to `left` bytes into the body: returns how many, and how many are left.
    fn take_body(&mut self, input: &[u8], left: u64) -> Result<(usize, u64)> {
        let taken = usize::try_from(left).map_or(input.len(), |left| left.min(input.len()));
        if taken > self.max_body - self.response.body.len() {
            return Err(too_large("body", self.max_body));
        }
        self.response.body.extend_from_slice(&input[..taken]);
        Ok((taken, left - taken as u64))
    }

    /// Counts bytes that are not the body's.
    fn spend(&mut self, bytes: usize) -> Result<()> {
        if bytes > MAX_OVERHEAD - self.overhead {
            return Err(too_much_overhead());
        }
        self.overhead += bytes;
        Ok(())
    }

    /// As much of the input as may be spent.
    fn affordable<'a>(&self, input: &'a [u8]) -> &'a [u8] {
        &input[..input.len().min(MAX_OVERHEAD - self.overhead)]
    }
}

/// Parses a head, which may have folded lines and blanks between a name and its colon.
pub(crate) fn parse_head<'h, 'b>(
    head: &mut httparse::Response<'h, 'b>,
    input: &'b [u8],
    headers: &'h mut [MaybeUninit<httparse::Header<'b>>],
) -> httparse::Result<usize> {
    httparse::ParserConfig::default()
        .allow_obsolete_multiline_headers_in_responses(true)
        .allow_spaces_after_header_name_in_responses(true)
        .parse_response_with_uninit_headers(head, input, headers)
}

/// The length of the line break that the input begins with.
fn line_break(input: &[u8]) -> Option<usize> {
    match input {
        [b'\n', ..] => Some(1),
        [b'\r', b'\n', ..] => Some(2),
        _ => None,
    }
}

/// A header's value in one line: RFC 9112 section 5.2.
fn unfolded(value: &[u8]) -> Cow<'_, [u8]> {
    if !value.contains(&b'\n') {
        return value.into();
    }
    let lines = value.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join(&b' ').into()
}

/// How the body is delimited: RFC 9112 section 6.3.
fn framing(status: u16, headers: &[(String, Vec<u8>)]) -> Result<State> {
    if is_bodiless(status) {
        return Ok(State::Done);
    }
    let mut length = None;
    let mut coding = None;
    for (name, value) in headers {
        if name.eq_ignore_ascii_case("Content-Length") {
            for value in value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii) {
                let value = content_length(value)?;
                if length.replace(value).is_some_and(|earlier| earlier != value) {
                    return Err(protocol("the answer has two different Content-Lengths"));
                }
            }
        } else if name.eq_ignore_ascii_case("Transfer-Encoding") && coding.replace(value).is_some()
        {
            return Err(protocol("the answer has two Transfer-Encodings"));
        }
    }
    match (coding, length) {
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

/// Only digits; `u64::MAX` stands for any larger number.
fn number(digits: &[u8], radix: u32) -> Option<u64> {
    let append = |number: u64, &digit: &u8| {
        let digit = char::from(digit).to_digit(radix)?;
        Some(number.saturating_mul(radix.into()).saturating_add(digit.into()))
    };
    digits.iter().try_fold(0, append).filter(|_| !digits.is_empty())
}

fn is_bodiless(status: u16) -> bool {
    status == 204 || status == 304
}

/// Whether a receiver may send a body by mistake.
fn announces_body(headers: &[(String, Vec<u8>)]) -> bool {
    headers.iter().any(|(name, value)| {
        name.eq_ignore_ascii_case("Transfer-Encoding")
            || name.eq_ignore_ascii_case("Content-Length") && value != b"0"
    })
}

/// HTTP/1.1 keeps a connection unless it says close; HTTP/1.0 closes: RFC 9112 section 9.3.
fn keeps_alive(is_http_1_1: bool, headers: &[(String, Vec<u8>)]) -> bool {
    let says_close = headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("Connection"))
        .flat_map(|(_, value)| value.split(|&byte| byte == b','))
        .any(|option| option.trim_ascii().eq_ignore_ascii_case(b"close"));
    is_http_1_1 && !says_close
}

impl From<httparse::Error> for Error {
    fn from(error: httparse::Error) -> Self {
        protocol(match error {
            httparse::Error::TooManyHeaders => {
                let why = format!("the answer has more than {MAX_HEADERS} headers");
                return Error::new(Status::TooLarge, why);
            }
            httparse::Error::Version => "the answer does not begin with HTTP/1.0 or HTTP/1.1",
            httparse::Error::HeaderName => "the answer has a header without a name or a colon",
            httparse::Error::HeaderValue => "the answer has a header with a control character",
            httparse::Error::NewLine => "the answer has a carriage return without a line feed",
            _ => "the answer's status line is malformed",
        })
    }
}

fn protocol(why: &'static str) -> Error {
    Error::new(Status::Protocol, why)
}

fn too_large(what: &str, limit: usize) -> Error {
    Error::new(Status::TooLarge, format!("the answer's {what} is larger than {limit} bytes"))
}

fn too_much_overhead() -> Error {
    let why = format!("the answer has more than {MAX_OVERHEAD} bytes in addition to its body");
    Error::new(Status::TooLarge, why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Status;

    const MAX_BODY: usize = 1024 * 1024;

    /// The outcome, which must be the same however the bytes are cut.
    fn read(wire: &[u8]) -> std::result::Result<(u16, Vec<u8>, bool), Status> {
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

    /// What is known of an answer that fails with this status.
    fn known_of(wire: &str, status: Status) -> Option<(u16, usize)> {
        let by = |size: usize| {
            let mut reader = ResponseReader::new(MAX_BODY);
            let mut fed = wire.as_bytes().chunks(size).map(|piece| reader.feed(piece));
            let failure = fed.find_map(|result| result.map(|whole| assert_eq!(whole, None)).err());
            let failure = failure.unwrap_or_else(|| reader.end().unwrap_err());
            assert_eq!(failure.status, status, "{wire}: {failure}");
            let head = reader.head_so_far()?;
            assert_eq!(head.body, b"");
            assert_eq!(reader.head_so_far(), None);
            Some((head.status, head.headers.len()))
        };
        let whole = by(wire.len());
        assert_eq!(by(1), whole, "cut into single bytes: {wire}");
        whole
    }

    #[test]
    fn the_head_of_a_failed_answer_is_known() {
        let large = "HTTP/1.1 200 OK\r\n\r\n".to_owned() + &"z".repeat(MAX_BODY + 1);
        for (fields, count, status) in [
            ("A: b\r\nContent-Length: 3\r\n\r\nhi", 2, Status::Receive),
            ("A: b\r\nContent-Length: 1048577\r\n\r\n", 2, Status::TooLarge),
            ("A: b\r\nContent-Length: -1\r\n\r\n", 2, Status::Protocol),
            ("Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 2, Status::Protocol),
            ("Transfer-Encoding: gzip\r\n\r\n", 1, Status::Protocol),
            ("Transfer-Encoding: chunked\r\n\r\nxyz\r\n", 1, Status::Protocol),
            ("Transfer-Encoding: chunked\r\n\r\n2\r\nhi", 1, Status::Receive),
            ("Transfer-Encoding: chunked\r\n\r\n0\r\nA b\r\n\r\n", 1, Status::Protocol),
            // The status has come, but not all of the headers.
            ("", 0, Status::Receive),
            ("A: b\r\nContent-Len", 0, Status::Receive),
            ("A: b\r\nC\0: d\r\n\r\n", 0, Status::Protocol),
        ] {
            let interim = "\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\n";
            let wire = format!("{interim}HTTP/1.1 418 Teapot\r\n{fields}");
            assert_eq!(known_of(&wire, status), Some((418, count)), "{wire}");
        }
        assert_eq!(known_of(&large, Status::TooLarge), Some((200, 0)));
        for (wire, status) in [
            ("HTTP/1.1 20", Status::Receive),
            ("HTTP/1.1 200 O", Status::Receive),
            ("HTTP/1.1 200 O\0K\r\n\r\n", Status::Protocol),
            ("HTTP/1.1 2000 OK\r\n\r\n", Status::Protocol),
            ("HTTP/1.1 000 OK\r\n\r\n", Status::Protocol),
            ("HTTP/1.1 101 Switching Protocols\r\n\r\n", Status::Protocol),
            ("HTTP/1.1 100 Continue\r\nA: b\r\n", Status::Receive),
        ] {
            assert_eq!(known_of(wire, status), None, "{wire}");
        }
    }

    #[test]
    fn nothing_is_known_of_an_answer_that_was_handed_over() {
        let mut reader = ResponseReader::new(MAX_BODY);
        assert!(reader.feed(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap().is_some());
        assert_eq!(reader.head_so_far(), None);
    }

    #[test]
    fn headers_in_old_forms() {
        for (field, name, value) in [
            ("X: a\r\n b", "X", "a b"),
            ("X: a \r\n\t b\r\n  c", "X", "a b c"),
            ("X: a  \t b", "X", "a  \t b"),
            ("X: a\r\n \r\n\t\r\n b", "X", "a b"),
            ("X: a\n b", "X", "a b"),
            ("X: a\r\n Content-Length: 3", "X", "a Content-Length: 3"),
            ("X:\r\n a", "X", "a"),
            ("X: a \r\n ", "X", "a"),
            ("X:\r\n ", "X", ""),
            ("X : a", "X", "a"),
            ("X \t: a", "X", "a"),
        ] {
            let wire = format!("HTTP/1.1 200 OK\r\n{field}\r\nContent-Length: 0\r\n\r\n");
            let mut reader = ResponseReader::new(MAX_BODY);
            let (response, reusable) = reader.feed(wire.as_bytes()).unwrap().unwrap();
            let length = ("Content-Length".to_owned(), b"0".to_vec());
            assert_eq!(response.headers, [(name.to_owned(), value.into()), length], "{wire}");
            assert!(reusable);
            let trailers = format!(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n{field}\r\n\r\n"
            );
            assert_eq!(read(trailers.as_bytes()), Ok((200, vec![], true)), "{trailers}");
        }
    }

    #[test]
    fn framing_in_old_forms() {
        for field in [
            "Content-Length: 2, 2",
            "Content-Length: 2 ,2\t,02\r\nContent-Length: 2",
            "Content-Length: 2,\r\n 2",
            "Content-Length:\r\n 2",
            "Content-Length : 2",
        ] {
            let wire = format!("HTTP/1.1 200 OK\r\n{field}\r\n\r\nhi");
            assert_eq!(read(wire.as_bytes()), Ok((200, b"hi".to_vec(), true)), "{wire}");
        }
        for field in ["Transfer-Encoding \t: chunked", "Transfer-Encoding:\r\n chunked"] {
            let wire = format!("HTTP/1.1 200 OK\r\n{field}\r\n\r\n2\r\nhi\r\n0\r\n\r\n");
            assert_eq!(read(wire.as_bytes()), Ok((200, b"hi".to_vec(), true)), "{wire}");
        }
        let closes = "HTTP/1.1 200 OK\r\nConnection : x,\r\n close\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(read(closes.as_bytes()), Ok((200, vec![], false)));
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_refused() {
        for fields in [
            "Content-Length: 2, 3",
            "Content-Length: 2,",
            "Content-Length: , 2",
            "Content-Length: 2 2",
            "Content-Length: 2\r\n 2",
            "Content-Length : 2\r\nContent-Length: 3",
            "Content-Length: 2, 2\r\nContent-Length: 3",
            "Content-Length : 2\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding : chunked\r\nContent-Length: 2",
            "Transfer-Encoding:\r\n chunked\r\nContent-Length: 2",
            "Transfer-Encoding : chunked\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: chunked\r\n , chunked",
            "Transfer-Encoding: chunked,\r\n gzip",
            "Transfer-Encoding : gzip",
            " X: a",
            "\tContent-Length: 2",
            "X Y: a",
            "X\r\n : a",
            " : a",
            ": a",
            "X: a\rContent-Length: 2",
            "X: a\r Content-Length: 2",
            "X: a\r\n\rContent-Length: 2",
            "X: a\r\n b\rContent-Length: 2",
            "X: a\0b",
            "X: a\r\n \0b",
            "X: a\x7fb",
            "X\0: a",
        ] {
            let chunks = "2\r\nhi\r\n0\r\n\r\n";
            let wire = format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\n{chunks}");
            assert_eq!(read(wire.as_bytes()), Err(Status::Protocol), "{wire:?}");
        }
    }

    #[test]
    fn all_beside_the_body_has_one_bound() {
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        let end = "0\r\n\r\n";
        let room = MAX_OVERHEAD - head.len() - "0\r\n".len();
        let half = room / 2;
        let [zeros, blanks, signs] = ["0", " ", "e"].map(|byte| byte.repeat(room + 1));
        // Each has `more` bytes beyond what there is room for.
        let answers = |more: usize| {
            let room = room + more;
            [
                format!("{head}{}1\r\nx\r\n{end}", &zeros[..room]),
                format!("{head}1{}\r\nx\r\n{end}", &blanks[..room]),
                format!("{head}1;{}\r\nx\r\n{end}", &signs[..room - 1]),
                format!(
                    "{head}1{}\r\nx\r\n{}1\r\nx\r\n{end}",
                    &blanks[..half],
                    &zeros[..room - half]
                ),
                format!("{head}0\r\nX: {}\r\n\r\n", &signs[..room - 5]),
                format!("{}{head}{end}", "\n".repeat(room)),
                format!("HTTP/1.1 103\nX: {}\n\n{head}{end}", &signs[..room - 18]),
                format!(
                    "HTTP/1.1 103\nX: {}\n\n{head}1;{}\r\nx\r\n{end}",
                    &signs[..half],
                    &signs[..room - half - 19]
                ),
            ]
        };
        for wire in answers(0) {
            let outcome = read(wire.as_bytes());
            assert_eq!(outcome.map(|(status, ..)| status), Ok(200), "{:?}", &wire[..80]);
        }
        for wire in answers(1) {
            assert_eq!(read(wire.as_bytes()), Err(Status::TooLarge), "{:?}", &wire[..80]);
        }
    }

    #[test]
    fn a_body_may_come_in_chunks_of_one_byte() {
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        let wire = format!("{head}{}0\r\n\r\n", "1\r\nx\r\n".repeat(MAX_BODY));
        let mut reader = ResponseReader::new(MAX_BODY);
        let mut outcomes = wire.as_bytes().chunks(8192).map(|piece| reader.feed(piece).unwrap());
        let (response, reusable) = outcomes.find_map(|outcome| outcome).unwrap();
        assert!(reusable && response.body == vec![b'x'; MAX_BODY]);
    }

    /// Whatever trickles in, each byte is looked at a few times at most.
    #[test]
    fn work_grows_with_the_bytes() {
        let head = "HTTP/1.1 200 OK\r\n";
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        let folds = "\n ".repeat(MAX_OVERHEAD / 4);
        for wire in [
            "\r\n".repeat(MAX_OVERHEAD / 4),
            format!("{head}X: {}", "y".repeat(MAX_OVERHEAD / 2)),
            format!("{head}X: y{folds}"),
            format!("HTTP/1.1 103 Hints\r\nX: y{folds}"),
            format!("{head}{}", "X:\n".repeat(MAX_HEADERS)),
            format!("{chunked}0\r\nX: y{folds}"),
            format!("{chunked}1{}", " ".repeat(MAX_OVERHEAD / 2)),
            format!("{chunked}{}", "1\r\nx\r\n".repeat(10_000)),
            format!("{chunked}{}", "1;a=b\r\nx\r\n".repeat(10_000)),
        ] {
            let mut reader = ResponseReader::new(MAX_BODY);
            let mut work = 0;
            for byte in wire.as_bytes().chunks(1) {
                let there = reader.pending.len() + 1;
                assert_eq!(reader.feed(byte), Ok(None));
                let is_looked_at = reader.pending.len() != there || reader.looked_at == there;
                work += if is_looked_at { there } else { 1 };
            }
            assert!(work <= 5 * wire.len(), "{work} for {} bytes: {:?}", wire.len(), &wire[..60]);
        }
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
            ("Content-Length:\r\n", false),
            ("Content-Length: -1\r\n", false),
            ("Content-Length: 1048577\r\n", false),
            ("Content-Length: 1\r\nContent-Length: 2\r\n", false),
            ("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", false),
            ("Transfer-Encoding: chunked\r\n", false),
            ("Transfer-Encoding : gzip\r\n", false),
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
        let flood = format!("1;{}\r\nx\r\n", "e".repeat(MAX_OVERHEAD / 2)).repeat(2);
        for size in ["2", "02", "00000000000000000002", "2 ", "2 ;a", "2;a=\"b\tc\";d"] {
            assert_eq!(
                read(&format!("{size}\r\nhi\r\n0\r\n\r\n")),
                Ok((200, b"hi".to_vec(), true)),
                "{size}"
            );
        }
        for (sizes, status) in [
            ("\r\n\r\n", Status::Protocol),
            (";a\r\n\r\n", Status::Protocol),
            (" 2\r\n", Status::Protocol),
            ("+2\r\n", Status::Protocol),
            ("2\n", Status::Protocol),
            ("2;a\nhi\r\n", Status::Protocol),
            ("2;a\rb\r\n", Status::Protocol),
            ("ffffffffffffffff\r\n", Status::TooLarge),
            ("10000000000000002\r\n", Status::TooLarge),
            ("2\r\nhi\r\nfffff\r\n", Status::TooLarge),
            (&flood, Status::TooLarge),
        ] {
            assert_eq!(read(sizes), Err(status), "{}", &sizes[..sizes.len().min(80)]);
        }
    }

    #[test]
    fn broken_answers() {
        let endless = "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(MAX_INTERIM + 1);
        let long = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "y".repeat(MAX_OVERHEAD));
        let large = format!("HTTP/1.1 200 OK\r\n\r\n{}", "z".repeat(MAX_BODY + 1));
        let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "X: y\r\n".repeat(MAX_HEADERS + 1));
        let cases = [
            ("", Status::Receive),
            ("HTTP/1.1 200 OK\r\nContent-Le", Status::Receive),
            ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi", Status::Receive),
            ("HTTP/1.1 200 OK\r\nA: b\r\nC d", Status::Protocol),
            ("SSH-2.0-OpenSSH\r\n", Status::Protocol),
            ("HTTP/1.1 099 Odd\r\n\r\n", Status::Protocol),
            ("HTTP/1.1 101 Switching Protocols\r\n\r\n", Status::Protocol),
            ("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", Status::Protocol),
            ("HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\nx", Status::Protocol),
            ("HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n", Status::Protocol),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
                Status::Protocol,
            ),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                Status::Protocol,
            ),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", Status::Protocol),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxyz\r\n", Status::Protocol),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", Status::Protocol),
            ("HTTP/1.1 200 OK\r\nContent-Length: 1048577\r\n\r\n", Status::TooLarge),
            (&endless, Status::TooLarge),
            ("HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551617\r\n\r\n", Status::TooLarge),
            (&many, Status::TooLarge),
            (&long, Status::TooLarge),
            (&large, Status::TooLarge),
        ];
        for (wire, status) in cases {
            assert_eq!(read(wire.as_bytes()), Err(status), "{}", &wire[..wire.len().min(80)]);
        }
    }
}
