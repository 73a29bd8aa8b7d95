"""Runs the example program `retry` against receivers that misbehave before they recover, or do not."""
import email.utils
import re
import socket
import struct
import subprocess
import time

import pytest

from support import peers
from support.build import LAYOUT, MEMCHECK, SHARED
from support.proxies import dead_port
from support.receivers import Handler, Receiver

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
DELIVERED, DEAD, USAGE, GONE, OUT_OF_TIME = 0, 1, 2, 3, 75
RESET, SILENCE, CUT = "reset", "silence", "cut"
both = pytest.mark.parametrize("variant", [SHARED, MEMCHECK])


class Scripted(Handler):
    """Answers each request as the next step of the receiver's script says: with a status, or with a
    status and a function that returns the Retry-After header at that moment; or it breaks off.
    `bodies` has headers, body, and when the request came and was answered, in Unix time."""

    def do_POST(self):
        came = time.time()
        body, step = self.body(), next(self.server.script)
        status, header = step if isinstance(step, tuple) else (step, None)
        headers = {"Retry-After": header()} if header else {}
        self.server.bodies.append((dict(self.headers), body, came, time.time()))
        if isinstance(status, int):
            self.answer(status, headers=headers)
            return
        if status == CUT:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
        elif status == SILENCE:
            self.connection.recv(1)
        elif status == RESET:
            at_once = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
        self.close_connection = True


@pytest.fixture
def receiver(start):
    """A function that starts a receiver with this script."""
    def receiver(*script):
        server = start(Receiver(handler=Scripted))
        server.script = iter(script)
        return server
    return receiver


@pytest.fixture
def retry(variant):
    """Runs the program with this data as its input, and returns what it printed. It must end with
    this status."""
    def retry(status, *arguments, data=b"data", secret=SECRET):
        done = subprocess.run([*variant.command, LAYOUT / "bin/retry", *arguments], input=data,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300,
                              env={"WEBHOOK_SECRET": secret} if secret is not None else {})
        assert done.returncode == status, (
            f"{arguments}: exit status {done.returncode}, printed:\n{done.stdout.decode()}")
        return done.stdout.decode()
    return retry


def id_of(printed):
    return re.search(r"^msg_\w+$", printed, re.MULTILINE)[0]


@both
def test_delivers_at_last(receiver, retry):
    """All tries have one id; the peer of PyPI verifies each, which has a time of its own."""
    script = [500, RESET, 404, 302, 429, 503, RESET, 200]
    server, code = receiver(*script), peers.PythonStandard()
    printed = retry(DELIVERED, "--delay", "10", "--type", "text/plain", server.url())
    assert len(server.bodies) == len(script)
    for headers, body, came, _ in server.bodies:
        assert body == b"data" and headers["Content-Type"] == "text/plain"
        assert headers["webhook-id"] == id_of(printed)
        assert int(headers["webhook-timestamp"]) <= came
        assert code.verify(SECRET, headers, body)


@both
def test_id_of_an_earlier_run(receiver, retry):
    server = receiver(500, 204)
    assert retry(DELIVERED, "--delay", "1", "--id", "an-id", server.url()).startswith("an-id\n")
    assert [headers["webhook-id"] for headers, *_ in server.bodies] == ["an-id"] * 2


@both
@pytest.mark.parametrize("data", [b"", bytes(range(256)) * 5000], ids=["empty", "large"])
def test_any_data(receiver, retry, data):
    server = receiver(503, 204)
    retry(DELIVERED, "--delay", "1", server.url(), data=data)
    assert [body for _, body, *_ in server.bodies] == [data] * 2


@both
def test_retry_after_in_seconds(receiver, retry):
    server = receiver((404, lambda: "2"), 204)
    retry(DELIVERED, "--delay", "1", server.url())
    (*_, answered), (*_, came, _) = server.bodies
    assert came - answered >= 2


@both
@pytest.mark.parametrize("written", [
    pytest.param(lambda date: email.utils.formatdate(date, usegmt=True), id="IMF-fixdate"),
    pytest.param(lambda date: time.strftime("%A, %d-%b-%y %H:%M:%S GMT", time.gmtime(date)),
                 id="RFC 850"),
    pytest.param(lambda date: time.asctime(time.gmtime(date)), id="asctime")])
def test_retry_after_as_a_date(receiver, retry, written):
    dates = []

    def header():
        dates.append(int(time.time()) + 3)
        return written(dates[0])

    server = receiver((503, header), 204)
    retry(DELIVERED, "--delay", "1", server.url())
    _, (*_, came, _) = server.bodies
    assert came >= dates[0]


@both
@pytest.mark.parametrize("script, status", [
    ([410], GONE), ([500, 410], GONE), ([(410, lambda: "1")], GONE),
    ([400], DEAD), ([503, 413], DEAD), ([CUT], DELIVERED), ([RESET, CUT], DELIVERED)])
def test_ends_at_once(receiver, retry, script, status):
    server = receiver(*script)
    retry(status, "--delay", "1", server.url())
    assert len(server.bodies) == len(script)


@both
def test_receiver_that_is_down(start, retry):
    url = f"http://127.0.0.1:{start(dead_port()).getsockname()[1]}/"
    printed = retry(OUT_OF_TIME, "--for", "1", "--delay", "1", url)
    assert "no connection" in printed and id_of(printed)


@both
def test_receiver_that_says_nothing(receiver, retry):
    """The try is given up when all of the time is over."""
    server = receiver(SILENCE)
    retry(OUT_OF_TIME, "--for", "1", "--delay", "1", server.url())
    assert len(server.bodies) == 1


@both
@pytest.mark.parametrize("step", [500, (503, lambda: "3000")])
def test_does_not_wait_in_vain(receiver, retry, step):
    """It ends at once if the next try would come too late."""
    server = receiver(step)
    retry(OUT_OF_TIME, "--for", "1000", "--delay", "3000000", server.url())
    assert len(server.bodies) == 1


@both
@pytest.mark.parametrize("arguments", [["nonsense"], ["--id", "a.b", "http://127.0.0.1:1/"],
                                       ["--type", "\n", "http://127.0.0.1:1/"]])
def test_refuses(retry, arguments):
    assert retry(DEAD, *arguments).startswith("retry: ")


@both
def test_secret_of_no_form(retry):
    assert retry(DEAD, "http://127.0.0.1:1/", secret="*").startswith("retry: ")


@pytest.mark.parametrize("variant", [SHARED])
@pytest.mark.parametrize("arguments", [
    [], ["a", "b"], ["--for"], ["--for", "x", "a"], ["--for", "0", "a"], ["--for", "1x", "a"],
    ["--for", "99999999999999999999", "a"], ["--delay", "-1", "a"], ["--delay", "3600001", "a"],
    ["--nonsense", "1", "a"], ["a", "--id"]], ids=" ".join)
def test_usage(retry, arguments):
    assert retry(USAGE, *arguments).startswith("usage: ")


@pytest.mark.parametrize("variant", [SHARED])
def test_usage_without_a_secret(retry):
    assert retry(USAGE, "http://127.0.0.1:1/", secret=None).startswith("usage: ")
