"""Runs the example program `epoll_sender`: its clients order, a receiver misbehaves."""
import os
import signal
import socket
import subprocess
import threading

import pytest

from support import peers
from support.build import LAYOUT, MEMCHECK, SHARED
from support.receivers import Handler, Receiver

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
both = pytest.mark.parametrize("variant", [SHARED, MEMCHECK])


class Moody(Handler):
    """Answers "hang" when the test is over, "twice" with 500 at first, and all else with 200."""

    def do_POST(self):
        body = self.body()
        self.server.bodies.append((dict(self.headers), body))
        if body == b"hang":
            self.server.is_over.wait(60)
        came = [other for _, other in self.server.bodies].count(body)
        self.answer(500 if body == b"twice" and came == 1 else 200)


@pytest.fixture
def receiver(start):
    server = start(Receiver(handler=Moody))
    server.is_over = threading.Event()
    yield server
    server.is_over.set()


@pytest.fixture
def sender(variant, receiver):
    """The program, and the port that it listens on."""
    process = subprocess.Popen([*variant.command, LAYOUT / "bin/epoll_sender", "0", receiver.url()],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               env={**os.environ, "SECRET": SECRET})
    with process:
        process.port = int(process.stdout.readline().split()[-1])
        yield process
        process.kill()


def order(sender, *orders):
    """Sends orders over one connection, and returns the answers."""
    with socket.create_connection(("127.0.0.1", sender.port), timeout=60) as client:
        client.sendall(b"".join(order + b"\n" for order in orders))
        answers = client.makefile("rb")
        return [answers.readline() for _ in orders]


def end(sender):
    """Ends the program, and returns what it printed on standard error."""
    sender.send_signal(signal.SIGTERM)
    printed = sender.stderr.read()
    assert sender.wait(60) == 0, printed
    return printed


@both
def test_delivers(sender, receiver):
    orders = [b"order %d" % number for number in range(40)]
    assert order(sender, *orders) == [b"queued\n"] * 40
    printed = sorted(sender.stdout.readline() for _ in orders)
    assert printed == sorted(f"delivered: {order.decode()}\n" for order in orders)
    assert sorted(body for _, body in receiver.bodies) == sorted(orders)
    code = peers.PythonStandard()
    assert all(code.verify(SECRET, headers, body) for headers, body in receiver.bodies)
    assert len({headers["webhook-id"] for headers, _ in receiver.bodies}) == 40
    assert end(sender) == ""


@both
def test_sends_again(sender, receiver):
    """With the same id, after a delay in which others are served."""
    assert order(sender, b"twice") == [b"queued\n"]
    assert sender.stdout.readline() == "delayed: twice\n"
    assert order(sender, b"meanwhile") == [b"queued\n"]
    assert sender.stdout.readline() == "delivered: meanwhile\n"
    assert sender.stdout.readline() == "delivered: twice\n"
    ids = [headers["webhook-id"] for headers, body in receiver.bodies if body == b"twice"]
    assert len(ids) == 2 and ids[0] == ids[1]
    assert end(sender) == ""


@both
def test_receiver_that_hangs_holds_up_nobody(sender, receiver):
    assert order(sender, b"hang") == [b"queued\n"]
    for _ in range(5):
        assert order(sender, b"quick") == [b"queued\n"]
        assert sender.stdout.readline() == "delivered: quick\n"
    assert end(sender) == "not delivered: hang\n"


@both
def test_clients_that_misbehave(sender, receiver):
    with socket.create_connection(("127.0.0.1", sender.port), timeout=60) as half, \
            socket.create_connection(("127.0.0.1", sender.port), timeout=60) as endless:
        half.sendall(b"half an or")
        endless.sendall(b"x" * 16 * 1024)
        assert endless.makefile("rb").readline() == b"too long\n"
        assert order(sender, b"sound") == [b"queued\n"]
        assert sender.stdout.readline() == "delivered: sound\n"
    assert end(sender) == ""


@pytest.mark.parametrize("arguments, secret, status", [
    (["0"], SECRET, 2), (["0", "ftp://x/"], SECRET, 1), (["0", "http://127.0.0.1/"], "short", 1),
    (["0", "http://127.0.0.1/"], None, 1)])
def test_usage(arguments, secret, status):
    done = subprocess.run([LAYOUT / "bin/epoll_sender", *arguments], stderr=subprocess.PIPE,
                          env={} if secret is None else {"SECRET": secret}, timeout=60)
    assert done.returncode == status and done.stderr
