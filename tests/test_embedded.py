"""Runs the C programs that behave as old servers do, which fork and have small stacks, each against
receivers on the loopback: over plain connections and over TLS, by address and by name."""
import itertools

import pytest

from support.build import SHARED, run
from support.receivers import Handler, Receiver

FORKS = 60
# While other threads hold locks: plain, and over TLS.
MANY_FORKS = {"http": 2000, "https": 600}
BY_CHILD = 4

pytestmark = pytest.mark.parametrize("variant", [SHARED])
every_scheme = pytest.mark.parametrize("scheme", ["http", "https"])
every_host = pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])


class Recorder(Handler):
    """Answers 204, and keeps the bodies of each connection."""

    def setup(self):
        super().setup()
        self.bodies = []
        self.server.bodies.append(self.bodies)

    def do_POST(self):
        self.bodies.append(self.body().decode())
        self.wfile.write(b"HTTP/1.1 204 No Content\r\n\r\n")


@pytest.fixture
def receiver(start, certificates, scheme):
    return start(Receiver(certificates.path("good") if scheme == "https" else None,
                          handler=Recorder))


@pytest.fixture
def run_program(program, certificates, monkeypatch):
    """A function that runs a program and returns what it printed."""
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", certificates.path("ours.pem"))
    return lambda name, *arguments: run([*program(name), *arguments])


@every_scheme
@every_host
@pytest.mark.parametrize("how", ["quiet", "busy"])
def test_fork(run_program, receiver, host, how):
    """Each message arrives once, and no connection carries those of two processes."""
    output = run_program("fork", receiver.url(host), FORKS, how)
    bodies = list(itertools.chain(*receiver.bodies))
    assert len(bodies) == len(set(bodies)), "messages arrived more than once"
    assert len(bodies) == int(output) + FORKS * BY_CHILD
    owners = [{body.split()[0] for body in connection} for connection in receiver.bodies]
    assert [owner for owner in owners if len(owner) > 1] == [], "connections are shared"
    if how == "quiet":
        assert owners.count(owners[0]) == 1, "the parent has more connections than one"


@every_scheme
@every_host
def test_small_stack(run_program, receiver, host):
    """64 KiB are enough."""
    run_program("stack", receiver.url(host))


@every_scheme
def test_fork_while_locks_are_held(run_program, receiver, certificates, scheme):
    """No child waits for what a thread that it lacks has locked."""
    run_program("forks", receiver.url("localhost"), certificates.path("ours.pem"),
                MANY_FORKS[scheme])
