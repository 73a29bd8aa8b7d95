"""How receivers misbehave: the table that tests/test_misbehaving.py plays.

To add a behaviour, add a row: its name, its script, and what must come of it. Every behaviour is
played twice on a listener of its own: to a send alone, and to two sends in a batch with two others.
Then the same listener answers as it should, and each of those requests must get its own answer.

A script is bytes to send and steps such as RESET. When it is at its end and the connection still
open, the next request on it is read. TOKEN stands for the token of the request that is answered.
"""
import gzip
import os
from typing import NamedTuple, Union

# ---- what a script is made of ----

TOKEN = b"<its own token!>"  # 16 bytes, as every token
OK = b"HTTP/1.1 200 OK\r\n"
ANSWER = OK + b"Content-Length: 16\r\n\r\n" + TOKEN
OTHER = OK + b"Content-Length: 16\r\n\r\nsomebody else's."

RESET = "reset"        # ends the connection with a TCP reset
CLOSE = "close"        # closes it; over TLS without close_notify
FAREWELL = "farewell"  # sends close_notify and closes
FINISH = "finish"      # ends its own side, then reads what comes, until the send is over
SILENCE = "silence"    # does nothing, until the send is over
NEXT = "next"          # waits for the sender to send more, or to close
ASK = "ask"            # does a TLS handshake that asks for a client's certificate


class Forever(NamedTuple):
    """Sends the piece again and again, after so many seconds each, until the send is over."""
    piece: Union[bytes, "Beneath"]
    pause: float = 0


class Slowly(NamedTuple):
    """Sends byte by byte."""
    text: bytes


class Beneath(NamedTuple):
    """Sends beneath TLS, not encrypted."""
    text: bytes


# ---- when it is played: once so many bytes of a new connection have come, or a request ----

HEAD, WHOLE = "head", "whole"

# ---- what must come of it ----


class Fails(NamedTuple):
    """One of these statuses; the connection is not used again. The HTTP status is known if the
    script sends it."""
    statuses: tuple


class Answers(NamedTuple):
    """BARKER_OK with this HTTP status and body; whether the next request uses the connection."""
    http_status: int = 200
    body: bytes = TOKEN
    kept: bool = False


CONNECT, TLS, SEND, RECEIVE = Fails((201,)), Fails((202,)), Fails((203,)), Fails((204,))
TIMEOUT, PROTOCOL, TOO_LARGE = Fails((205,)), Fails((206,)), Fails((207,))
# The reset may come while the sender connects, sends or receives.
ANYTIME = Fails(CONNECT.statuses + SEND.statuses + RECEIVE.statuses)
KEPT = Answers(kept=True)


class Behaviour(NamedTuple):
    name: str
    script: list
    expected: Union[Fails, Answers]
    at: Union[int, str] = WHOLE
    size: int = 4          # bytes of the request's body
    timeout: int = 60000   # milliseconds: never reached but where TIMEOUT is expected
    secure: bool = False   # over TLS; a script for a new connection is beneath it


B = Behaviour
SOON = 300  # milliseconds
KIB, MIB = 2**10, 2**20
LARGE = 8 * MIB  # more than the system takes before the receiver reads
BOMB = gzip.compress(bytes(64 * MIB))
NOISE = os.urandom(MIB + 1)
PADDING = b"X: " + b"y" * 16 * KIB + b"\r\n"


def chunked(body, head=b"Transfer-Encoding: chunked"):
    return OK + head + b"\r\n\r\n" + body


def counted(length, body=TOKEN):
    return OK + b"Content-Length: " + length + b"\r\n\r\n" + body


def with_header(line):
    return OK + line + b"\r\nContent-Length: 16\r\n\r\n" + TOKEN


WHOLE_CHUNKS = b"10;a=b\r\n" + TOKEN + b"\r\n0\r\n\r\n"

BEHAVIOURS = [
    # As it should be, to know that the rows below fail for what they say.
    B("answers", [ANSWER], KEPT),
    B("answers in chunks", [chunked(b"4\r\nself\r\n" + WHOLE_CHUNKS)],
      Answers(body=b"self" + TOKEN, kept=True)),
    B("answers until it closes", [OK + b"\r\n" + TOKEN, CLOSE], Answers()),
    B("answers byte by byte", [Slowly(ANSWER)], KEPT),
    B("answers in chunks byte by byte", [Slowly(chunked(WHOLE_CHUNKS))], KEPT),
    B("announces that it closes", [with_header(b"Connection: keep-alive, CLOSE")], Answers()),

    # Ends of the connection, from the first moment to the last.
    B("resets at once", [RESET], ANYTIME, at=0),
    B("closes at once", [CLOSE], RECEIVE, at=0),
    B("closes at once and politely", [FINISH], RECEIVE, at=0),
    B("resets within the request's head", [RESET], RECEIVE, at=10),
    B("resets within the request's body", [RESET], SEND, at=HEAD, size=LARGE),
    B("closes within the request's body", [CLOSE], SEND, at=HEAD, size=LARGE),
    B("resets after the request", [RESET], RECEIVE),
    B("closes after the request", [CLOSE], RECEIVE),
    B("resets within the head", [b"HTTP/1.1 200 OK\r\nConte", RESET], RECEIVE),
    B("closes within the status line", [b"HTTP/1.", CLOSE], RECEIVE),
    B("closes within the head", [b"HTTP/1.1 200 OK\r\nConte", CLOSE], RECEIVE),
    B("closes before the empty line", [OK + b"Content-Length: 0\r\n", CLOSE], RECEIVE),
    B("resets after the head", [counted(b"16", b""), RESET], RECEIVE),
    B("closes after the head", [counted(b"16", b""), CLOSE], RECEIVE),
    B("resets within the body", [counted(b"16", TOKEN[:9]), RESET], RECEIVE),
    B("closes within the body", [counted(b"17"), CLOSE], RECEIVE),
    B("resets within a body without length", [OK + b"\r\n" + TOKEN, RESET], RECEIVE),
    B("closes after an interim answer", [b"HTTP/1.1 100 Continue\r\n\r\n", CLOSE], RECEIVE),
    B("resets after the answer", [ANSWER, RESET], Answers()),
    B("closes after the answer", [ANSWER, CLOSE], Answers()),

    # Never ending, or too much.
    B("never reads nor answers", [SILENCE], TIMEOUT, at=0, size=LARGE, timeout=SOON),
    B("never answers", [SILENCE], TIMEOUT, timeout=SOON),
    B("never answers, and is hardly waited for", [SILENCE], TIMEOUT, timeout=5),
    B("stops within the head", [b"HTTP/1.1 200 OK\r\nX", SILENCE], TIMEOUT, timeout=SOON),
    B("stops within the body", [counted(b"17"), SILENCE], TIMEOUT, timeout=SOON),
    B("stops within a chunk", [chunked(b"11\r\n" + TOKEN), SILENCE], TIMEOUT, timeout=SOON),
    B("a head that trickles", [OK + b"X: ", Forever(b"y", 0.02)], TIMEOUT, timeout=SOON),
    B("a body that trickles", [OK + b"\r\n", Forever(b"y", 0.02)], TIMEOUT, timeout=SOON),
    B("chunks that trickle", [chunked(b""), Forever(b"1\r\ny\r\n", 0.02)], TIMEOUT, timeout=SOON),
    B("endless header line", [OK + b"X: ", Forever(b"y" * 9999)], TOO_LARGE),
    B("endless header name", [OK, Forever(b"y" * 9999)], TOO_LARGE),
    B("endless status line", [b"HTTP/1.1 200 ", Forever(b"y" * 9999)], TOO_LARGE),
    B("endless headers", [OK, Forever(b"X: " + b"y" * 999 + b"\r\n")], TOO_LARGE),
    B("many short headers", [OK + b"X: y\r\n" * 129 + b"\r\n"], TOO_LARGE),
    B("a head of 65 KiB", [with_header(b"X: " + b"y" * 65 * KIB)], TOO_LARGE),
    B("endless empty lines", [Forever(b"\r\n" * 4999)], TOO_LARGE),
    B("endless interim answers", [Forever(b"HTTP/1.1 100 Continue\r\n\r\n")], TOO_LARGE),
    B("endless body without length", [OK + b"\r\n", Forever(b"y" * 9999)], TOO_LARGE),
    B("endless body with length", [counted(b"9000000000000000000"), Forever(b"y" * 9999)],
      TOO_LARGE),
    B("endless body in chunks", [chunked(b""), Forever(b"270f\r\n" + b"y" * 9999 + b"\r\n")],
      TOO_LARGE),
    B("endless chunk", [chunked(b"ffffffffffffffff\r\n"), Forever(b"y" * 9999)], TOO_LARGE),
    B("a body of just 1 MiB", [counted(b"1048576", NOISE[:-1])], Answers(200, NOISE[:-1], True)),
    B("a body of 1 MiB and a byte", [OK + b"\r\n" + NOISE, CLOSE], TOO_LARGE),
    B("a chunk of 1 MiB and a byte", [chunked(b"100001\r\n" + NOISE + b"\r\n0\r\n\r\n")],
      TOO_LARGE),

    # Content-Length.
    B("length too small", [counted(b"16", TOKEN + b"rest")], Answers()),
    B("length zero with a body", [counted(b"0", OTHER)], Answers(body=b"")),
    B("length too small, the rest while idle", [ANSWER, b"rest"], Answers()),
    B("negative length", [counted(b"-16")], PROTOCOL),
    B("length with a plus", [counted(b"+16")], PROTOCOL),
    B("hexadecimal length", [counted(b"0x10")], PROTOCOL),
    B("length with a fraction", [counted(b"16.0")], PROTOCOL),
    B("length in two words", [counted(b"1 6")], PROTOCOL),
    B("length in other digits", [counted("１６".encode())], PROTOCOL),
    B("empty length", [counted(b"")], PROTOCOL),
    B("length with zeros before it", [counted(b"00016")], KEPT),
    B("length in two lines", [counted(b"1\r\n 6")], PROTOCOL),
    B("list of equal lengths", [counted(b"16, 16")], KEPT),
    B("list of different lengths", [counted(b"16, 17")], PROTOCOL),
    B("list with an empty length", [counted(b"16,")], PROTOCOL),
    B("equal lengths", [with_header(b"content-length: 16")], KEPT),
    B("different lengths", [with_header(b"Content-Length: 17")], PROTOCOL),
    B("different lengths, one of zero", [with_header(b"Content-Length: 0")], PROTOCOL),
    B("length beyond 64 bits", [counted(b"18446744073709551632")], TOO_LARGE),
    B("length of 1 MiB and a byte", [counted(b"1048577")], TOO_LARGE),

    # Transfer-Encoding.
    B("chunked in capitals", [chunked(WHOLE_CHUNKS, b"TRANSFER-ENCODING: \t CHUNKED ")], KEPT),
    B("chunked and a length", [chunked(WHOLE_CHUNKS, b"Content-Length: 16\r\n"
                                       b"Transfer-Encoding: chunked")], PROTOCOL),
    B("a length and chunked", [chunked(WHOLE_CHUNKS, b"Transfer-Encoding: chunked\r\n"
                                       b"Content-Length: 16")], PROTOCOL),
    B("chunked twice", [chunked(WHOLE_CHUNKS, b"Transfer-Encoding: chunked\r\n"
                                b"Transfer-Encoding: chunked")], PROTOCOL),
    B("list of chunked twice", [chunked(WHOLE_CHUNKS, b"Transfer-Encoding: chunked, chunked")],
      PROTOCOL),
    B("identity", [chunked(TOKEN, b"Transfer-Encoding: identity"), CLOSE], PROTOCOL),
    B("gzip as transfer", [chunked(BOMB, b"Transfer-Encoding: gzip"), CLOSE], PROTOCOL),
    B("gzip and chunked", [chunked(WHOLE_CHUNKS, b"Transfer-Encoding: gzip, chunked")], PROTOCOL),
    B("chunked and gzip", [chunked(WHOLE_CHUNKS, b"Transfer-Encoding: chunked, gzip")], PROTOCOL),
    B("empty coding", [chunked(WHOLE_CHUNKS, b"Transfer-Encoding:")], PROTOCOL),
    B("chunked with a parameter", [chunked(WHOLE_CHUNKS, b"Transfer-Encoding: chunked;a=b")],
      PROTOCOL),
    B("chunked in quotes", [chunked(WHOLE_CHUNKS, b'Transfer-Encoding: "chunked"')], PROTOCOL),
    B("chunked behind a vertical tab", [chunked(WHOLE_CHUNKS, b"Transfer-Encoding: \vchunked")],
      PROTOCOL),

    B("chunked with a blank before the colon", [chunked(WHOLE_CHUNKS,
                                                        b"Transfer-Encoding : chunked")], KEPT),
    B("chunked in a folded line", [chunked(WHOLE_CHUNKS, b"Transfer-Encoding:\r\n chunked")], KEPT),
    B("chunked in a folded line and a length", [
        chunked(WHOLE_CHUNKS, b"Transfer-Encoding:\r\n chunked\r\nContent-Length: 16")], PROTOCOL),
    B("chunked and a length with a blank before the colon", [
        chunked(WHOLE_CHUNKS, b"Transfer-Encoding: chunked\r\nContent-Length : 16")], PROTOCOL),

    # Chunks.
    B("chunk size is no number", [chunked(b"xyz\r\n")], PROTOCOL),
    B("chunk size is empty", [chunked(b"\r\n\r\n")], PROTOCOL),
    B("chunk size is only an extension", [chunked(b";a=b\r\n\r\n")], PROTOCOL),
    B("negative chunk size", [chunked(b"-10\r\n" + TOKEN)], PROTOCOL),
    B("chunk size with a plus", [chunked(b"+10\r\n" + TOKEN)], PROTOCOL),
    B("chunk size with 0x", [chunked(b"0x10\r\n" + TOKEN)], PROTOCOL),
    B("blank before the chunk size", [chunked(b" 10\r\n" + TOKEN)], PROTOCOL),
    B("blank within the chunk size", [chunked(b"1 0\r\n" + TOKEN)], PROTOCOL),
    B("blank after the chunk size", [chunked(b"10 \r\n" + TOKEN + b"\r\n0\r\n\r\n")], KEPT),
    B("huge chunk size", [chunked(b"7fffffffffffffff\r\n" + TOKEN)], TOO_LARGE),
    B("chunk size beyond 64 bits", [chunked(b"10000000000000010\r\n" + TOKEN)], TOO_LARGE),
    B("endless chunk size", [chunked(b""), Forever(b"0" * 999)], TOO_LARGE),
    B("endless extension", [chunked(b"10;"), Forever(b"x" * 999)], TOO_LARGE),
    B("flood of extensions", [chunked(b""), Forever(b"1;" + b"x" * 999 + b"\r\ny\r\n")],
      TOO_LARGE),
    B("flood of zeros", [chunked(b""), Forever(b"0" * 999 + b"1\r\ny\r\n")], TOO_LARGE),
    B("flood of blanks", [chunked(b""), Forever(b"1" + b" " * 999 + b"\r\ny\r\n")], TOO_LARGE),
    B("flood of zeros, byte by byte", [chunked(b""), Forever(Slowly(b"000000001\r\ny\r\n"))],
      TOO_LARGE),
    B("padding everywhere", [b"HTTP/1.1 103 Hints\r\n" + PADDING + b"\r\n" + OK + PADDING +
                             b"Transfer-Encoding: chunked\r\n\r\n10;" + PADDING +
                             TOKEN + b"\r\n0\r\n" + PADDING + b"\r\n"], TOO_LARGE),
    B("chunks of one byte", [chunked(b"1\r\ny\r\n" * 64 * KIB + b"0\r\n\r\n")],
      Answers(body=b"y" * 64 * KIB, kept=True)),
    B("line feed alone after the chunk size", [chunked(b"10\n" + TOKEN + b"\r\n0\r\n\r\n")],
      PROTOCOL),
    B("line feed alone in an extension", [chunked(b"10;a\n" + TOKEN + b"\r\n0\r\n\r\n")],
      PROTOCOL),
    B("return alone after the chunk size", [chunked(b"10\r" + TOKEN + b"\r\n0\r\n\r\n")],
      PROTOCOL),
    B("NUL in an extension", [chunked(b"10;\0\r\n" + TOKEN + b"\r\n0\r\n\r\n")], PROTOCOL),
    B("line feed alone after a chunk", [chunked(b"10\r\n" + TOKEN + b"\n0\r\n\r\n")], PROTOCOL),
    B("nothing after a chunk", [chunked(b"10\r\n" + TOKEN + b"0\r\n\r\n")], PROTOCOL),
    B("chunk longer than it says", [chunked(b"f\r\n" + TOKEN + b"\r\n0\r\n\r\n")], PROTOCOL),
    B("chunk shorter than it says", [chunked(b"11\r\n" + TOKEN + b"\r\n0\r\n\r\n")], PROTOCOL),
    B("closes within a chunk", [chunked(b"11\r\n" + TOKEN), CLOSE], RECEIVE),
    B("no last chunk", [chunked(b"10\r\n" + TOKEN + b"\r\n"), CLOSE], RECEIVE),
    B("closes before the end of the trailers", [chunked(b"10\r\n" + TOKEN + b"\r\n0\r\n"), CLOSE],
      RECEIVE),
    B("trailers", [chunked(b"10\r\n" + TOKEN + b"\r\n0\r\nContent-Length: 9\r\nA: b\r\n\r\n")],
      KEPT),
    B("folded trailers", [chunked(b"10\r\n" + TOKEN + b"\r\n0\r\nA : b\r\n\tc\r\n\r\n")], KEPT),
    B("trailer without a colon", [chunked(b"0\r\nAb\r\n\r\n")], PROTOCOL),
    B("endless trailers", [chunked(b"0\r\n"), Forever(b"X: " + b"y" * 999 + b"\r\n")], TOO_LARGE),
    B("many short trailers", [chunked(b"0\r\n" + b"X: y\r\n" * 129 + b"\r\n")], TOO_LARGE),
    B("an answer after the last chunk", [chunked(WHOLE_CHUNKS + OTHER)], Answers()),

    # The status line.
    B("garbage", [b"\x16\xff\0\x80 garbage\r\n\r\n", CLOSE], PROTOCOL),
    B("another protocol", [b"SSH-2.0-OpenSSH_9.2p1\r\n", CLOSE], PROTOCOL),
    B("HTTP/0.9", [TOKEN, CLOSE], PROTOCOL),
    B("HTTP/1.0", [b"HTTP/1.0 200 OK\r\n\r\n" + TOKEN, CLOSE], Answers()),
    B("HTTP/1.0 that keeps the connection", [b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n"
                                             b"Content-Length: 16\r\n\r\n" + TOKEN], Answers()),
    B("HTTP/1.0 in chunks", [b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" +
                             WHOLE_CHUNKS], Answers()),
    B("HTTP/1.2", [ANSWER.replace(b"/1.1", b"/1.2")], PROTOCOL),
    B("HTTP/2 preface", [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"], PROTOCOL),
    B("HTTP/2 settings", [bytes.fromhex("000000040000000000") + b"\r\n"], PROTOCOL),
    B("HTTP/2 in words", [ANSWER.replace(b"/1.1", b"/2")], PROTOCOL),
    B("HTTP/3.0", [ANSWER.replace(b"/1.1", b"/3.0")], PROTOCOL),
    B("http in small letters", [ANSWER.replace(b"HTTP", b"http")], PROTOCOL),
    B("blank before the status line", [b" " + ANSWER], PROTOCOL),
    B("two blanks before the status", [ANSWER.replace(b" 200", b"  200")], PROTOCOL),
    B("status of two digits", [ANSWER.replace(b"200", b"20")], PROTOCOL),
    B("status of four digits", [ANSWER.replace(b"200", b"2000")], PROTOCOL),
    B("negative status", [ANSWER.replace(b"200", b"-20")], PROTOCOL),
    B("status 000", [ANSWER.replace(b"200", b"000")], PROTOCOL),
    B("status 999", [ANSWER.replace(b"200", b"999")], Answers(999, kept=True)),
    B("NUL in the reason", [ANSWER.replace(b"OK", b"O\0K")], PROTOCOL),
    B("no reason", [ANSWER.replace(b" OK", b"")], KEPT),
    # RFC 9112 section 2.2 lets a recipient take a line feed alone for the end of a line, and some
    # receivers send an empty line after the body before.
    B("empty line before the status line", [b"\r\n" + ANSWER], KEPT),
    B("line feeds alone", [ANSWER.replace(b"\r\n", b"\n")], KEPT),

    # Headers.
    B("NUL in a name", [with_header(b"X\0Y: z")], PROTOCOL),
    B("NUL in a value", [with_header(b"X: y\0z")], PROTOCOL),
    B("return alone in a value", [with_header(b"X: y\rContent-Length: 0")], PROTOCOL),
    B("returns alone", [ANSWER.replace(b"\r\n", b"\r")], PROTOCOL),
    B("line feed alone in a value", [with_header(b"X: y\nContent-Length: 0")], PROTOCOL),
    B("folded line", [with_header(b"X: y\r\n z")], KEPT),
    B("folded line byte by byte", [Slowly(with_header(b"X:\r\n \r\n\ty\r\n z"))], KEPT),
    B("folded length", [OK + b"Content-Length:\r\n 16\r\n\r\n" + TOKEN], KEPT),
    B("length within a folded line", [with_header(b"X: y\r\n Content-Length: 0")], KEPT),
    B("NUL in a folded line", [with_header(b"X: y\r\n \0z")], PROTOCOL),
    B("return alone in a folded line", [with_header(b"X: y\r\n z\rContent-Length: 0")], PROTOCOL),
    B("return instead of a fold", [with_header(b"X: y\r z")], PROTOCOL),
    B("endless folded line", [OK + b"X: y", Forever(b"\r\n y" * 999)], TOO_LARGE),
    B("blank before the first header", [OK + b" X: y\r\nContent-Length: 16\r\n\r\n" + TOKEN],
      PROTOCOL),
    B("blank in a name", [with_header(b"X Y: z")], PROTOCOL),
    B("no colon", [with_header(b"Xy")], PROTOCOL),
    B("no name", [with_header(b": y")], PROTOCOL),
    B("blank before the colon", [with_header(b"X : y")], KEPT),
    B("length with a blank before the colon", [OK + b"Content-Length \t: 16\r\n\r\n" + TOKEN],
      KEPT),
    B("different length with a blank before the colon", [with_header(b"Content-Length : 17")],
      PROTOCOL),
    B("close in a folded line", [with_header(b"Connection : x,\r\n close")], Answers()),
    B("name that is no token", [with_header("Ä: y".encode())], PROTOCOL),
    B("value that is not ASCII", [with_header("X: ä".encode())], KEPT),

    # Answers that are not asked for, come early, or have no body.
    B("a second answer at once", [ANSWER + OTHER], Answers()),
    B("a second answer while idle", [ANSWER, OTHER], Answers()),
    B("half of an answer while idle", [ANSWER, b"HTTP/1.1 2"], Answers()),
    B("an interim answer while idle", [ANSWER, b"HTTP/1.1 100 Continue\r\n\r\n"], Answers()),
    B("an empty line while idle", [ANSWER, b"\r\n"], Answers()),
    B("100 before the answer", [b"HTTP/1.1 100 Continue\r\n\r\n", ANSWER], KEPT),
    B("sixteen interim answers", [b"HTTP/1.1 103 Hints\r\nLink: x\r\n\r\n" * 16 + ANSWER], KEPT),
    B("seventeen interim answers", [b"HTTP/1.1 103 Hints\r\nLink: x\r\n\r\n" * 17 + ANSWER],
      TOO_LARGE),
    B("an interim answer with a length", [b"HTTP/1.1 100 Continue\r\nContent-Length: 4\r\n\r\n",
                                          b"body", ANSWER], PROTOCOL),
    B("101", [b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n" + ANSWER], PROTOCOL),
    B("417", [ANSWER.replace(b"200 OK", b"417 No")], Answers(417, kept=True)),
    B("204", [b"HTTP/1.1 204 No Content\r\n\r\n"], Answers(204, b"", True)),
    B("204 with a body", [b"HTTP/1.1 204 No Content\r\n\r\n" + OTHER], Answers(204, b"")),
    B("204 with a body that comes while idle", [b"HTTP/1.1 204 No Content\r\n\r\n", OTHER],
      Answers(204, b"")),
    B("204 with a length and a late body", [
        b"HTTP/1.1 204 No\r\nContent-Length: 54\r\n\r\n", NEXT, OTHER], Answers(204, b"")),
    B("204 with chunks and a late body", [
        b"HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n", NEXT, OTHER], Answers(204, b"")),
    B("204 with a length that is none", [b"HTTP/1.1 204 No\r\nContent-Length:\r\n\r\n"],
      Answers(204, b"")),
    B("204 with a length and chunks", [b"HTTP/1.1 204 No\r\nContent-Length: 54\r\n"
                                       b"Transfer-Encoding: chunked\r\n\r\n"], Answers(204, b"")),
    B("304 with a negative length", [b"HTTP/1.1 304 No\r\nContent-Length: -1\r\n\r\n"],
      Answers(304, b"")),
    B("304 with different lengths", [b"HTTP/1.1 304 No\r\nContent-Length: 1, 2\r\n\r\n"],
      Answers(304, b"")),
    B("304 with a body", [b"HTTP/1.1 304 No\r\n\r\n" + OTHER], Answers(304, b"")),
    B("304 with a length and a late body", [
        b"HTTP/1.1 304 No\r\nContent-Length: 54\r\n\r\n", NEXT, OTHER], Answers(304, b"")),
    B("refuses at once and closes", [
        b"HTTP/1.1 503 No\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno", FINISH],
      Answers(503, b"no"), at=0),
    B("refuses a large body and closes", [ANSWER.replace(b"200", b"413"), FINISH],
      Answers(413), at=HEAD, size=LARGE),
    B("refuses a large body and resets", [ANSWER.replace(b"200", b"413"), RESET],
      Answers(413), at=HEAD, size=LARGE),
    B("refuses a large body and reads no more", [ANSWER.replace(b"200", b"413"), SILENCE],
      Answers(413), at=HEAD, size=LARGE),
    B("answers before it has read a small body", [ANSWER], KEPT, at=HEAD),
    B("breaks off its early answer", [counted(b"17"), FINISH], RECEIVE, at=HEAD, size=LARGE),
    B("continues before it has read the body", [b"HTTP/1.1 100 Continue\r\n\r\n", ANSWER], KEPT,
      at=HEAD),

    # No body is decoded.
    B("gzip bomb", [OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB) +
                    BOMB], Answers(body=BOMB, kept=True)),
    B("endless gzip", [OK + b"Content-Encoding: gzip\r\n\r\n", Forever(BOMB)], TOO_LARGE),
    B("gzip that is none", [with_header(b"Content-Encoding: gzip")], KEPT),

    # TLS. Records are type, version, length and content.
    B("TLS: answers", [ANSWER], KEPT, secure=True),
    B("TLS: answers byte by byte", [Slowly(ANSWER)], KEPT, secure=True),
    B("TLS: closes after the answer, unannounced", [ANSWER, CLOSE], Answers(), secure=True),
    B("TLS: says farewell after the answer", [ANSWER, FAREWELL], Answers(), secure=True),
    B("TLS: farewell ends the body", [OK + b"\r\n" + TOKEN, FAREWELL], Answers(), secure=True),
    B("TLS: a cut ends the body", [OK + b"\r\n" + TOKEN, CLOSE], RECEIVE, secure=True),
    B("TLS: farewell within the body", [counted(b"17"), FAREWELL], RECEIVE, secure=True),
    B("TLS: a cut within the body", [counted(b"17"), CLOSE], RECEIVE, secure=True),
    B("TLS: resets within the body", [counted(b"17"), RESET], RECEIVE, secure=True),
    B("TLS: resets within the request", [RESET], SEND, at=HEAD, size=LARGE, secure=True),
    B("TLS: a second answer while idle", [ANSWER, OTHER], Answers(), secure=True),
    B("TLS: no answer", [SILENCE], TIMEOUT, timeout=SOON, secure=True),
    B("TLS: endless body", [OK + b"\r\n", Forever(b"y" * 9999)], TOO_LARGE, secure=True),
    B("TLS: refuses a large body", [ANSWER.replace(b"200", b"413"), SILENCE],
      Answers(413), at=HEAD, size=LARGE, secure=True),
    B("TLS: garbage beneath it", [counted(b"17"), Beneath(b"\x17\3\3\0\x20" + bytes(32))], TLS,
      secure=True),
    B("TLS: plain answer beneath it", [Beneath(ANSWER)], TLS, secure=True),
    B("TLS: plain alert beneath it", [Beneath(b"\x15\3\3\0\2\2\x50")], TLS, secure=True),
    B("TLS: wants a certificate", [ASK], TLS, at=0, secure=True),
    B("TLS: resets at once", [RESET], Fails(CONNECT.statuses + TLS.statuses), at=0, secure=True),
    B("TLS: closes at once", [CLOSE], TLS, at=0, secure=True),
    B("TLS: resets within the handshake", [RESET], TLS, at=1, secure=True),
    B("TLS: closes within the handshake", [b"\x16\3\3\0\x7a\2", CLOSE], TLS, at=1, secure=True),
    B("TLS: alert of failure", [b"\x15\3\3\0\2\2\x28"], TLS, at=1, secure=True),
    B("TLS: alert of an unknown name", [b"\x15\3\3\0\2\2\x70"], TLS, at=1, secure=True),
    B("TLS: alert that closes", [b"\x15\3\3\0\2\1\0", CLOSE], TLS, at=1, secure=True),
    B("TLS: endless warnings", [Forever(b"\x15\3\3\0\2\1\x5a" * 99)], TLS, at=1, secure=True),
    B("TLS: plain HTTP", [ANSWER.replace(b"200", b"400")], TLS, at=1, secure=True),
    B("TLS: huge record", [b"\x16\3\3\xff\xff", Forever(bytes(999))], TLS, at=1, secure=True),
    B("TLS: huge message", [Forever(b"\x16\3\3\4\0\2\xff\xff\xff" + bytes(1020))], TLS, at=1,
      secure=True),
    B("TLS: endless empty records", [Forever(b"\x16\3\3\0\0" * 99)], TLS, at=1, secure=True),
    B("TLS: endless garbage", [Forever(b"garbage" * 99)], TLS, at=1, secure=True),
    B("TLS: no handshake", [SILENCE], TIMEOUT, at=1, timeout=SOON, secure=True),
    B("TLS: a handshake that trickles", [b"\x16\3\3\4\0\2\0\4\0", Forever(b"\0", 0.02)], TIMEOUT,
      at=1, timeout=SOON, secure=True),
    B("TLS: a record that trickles", [Beneath(b"\x17\3\3\x40\0"), Forever(Beneath(b"\0"), 0.02)],
      TIMEOUT, timeout=SOON, secure=True),
    B("TLS on a plain port", [b"\x15\3\1\0\2\2\x46", CLOSE], PROTOCOL, at=1),
]
