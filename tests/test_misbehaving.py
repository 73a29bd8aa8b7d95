"""Sends to every receiver of support/behaviours.py, and compares what came of it with the table."""
import re
import secrets
import time
from itertools import takewhile

import pytest

from support.behaviours import (ANSWER, BEHAVIOURS, TIMEOUT, TOKEN, Answers, Behaviour, Beneath,
                                Fails)
from support.build import MEMCHECK_TLS, SANITIZED, SHARED, STATIC, compile_c
from support.misbehaving import HARDLY, PATIENCE, Behave, Contexts, Misbehaving

# The answer's body, as it grows and twice when it is handed over, and what is received at a time.
MEMORY = 5 * 2**20
# At most 16 interim answers, of which 101 is none, and a final status line.
TOLD = re.compile(rb"(?:\r?\n)*(?:HTTP/1\.1 10[02-9] [^\n]*\n(?:[^\r\n]+\r?\n)*\r?\n){0,16}"
                  rb"HTTP/1\.[01] ([2-9]\d\d)(?: [^\0\r\n]*)?\r?\n")
GOOD = Answers(kept=True)


@pytest.fixture(scope="module")
def contexts(certificates):
    return Contexts(certificates)


@pytest.fixture(scope="module")
def behave(request, certificates):
    """The program, which goes on from test to test."""
    variant = request.param
    program = Behave([*variant.command, compile_c("behave", variant)],
                     certificates.path("ours.pem"))
    # A sanitizer and valgrind take memory of their own.
    program.watches_memory = variant in (SHARED, STATIC)
    yield program
    program.finish()


def told(behaviour):
    """The HTTP statuses that may be known when an answer fails; 0 is none."""
    sent = b"".join(takewhile(lambda step: isinstance(step, bytes), behaviour.script))
    line = TOLD.match(sent)
    if not line or behaviour.secure and behaviour.at == 1:
        return {0}
    # It may come too late, or with what ends the connection.
    is_certain = behaviour.timeout > 1000 and not any(
        isinstance(step, Beneath) for step in behaviour.script)
    return {int(line[1])} if is_certain else {int(line[1]), 0}


class Trial:
    """Sends to a receiver, and keeps what is wrong with what came of it."""

    def __init__(self, behaviour, receiver, program):
        self.behaviour, self.receiver, self.program = behaviour, receiver, program
        self.timeout = self.find_timeout()
        self.faults = []

    def find_timeout(self):
        """In milliseconds. One that is to pass leaves the request the time to arrive, as measured
        with others, for the program may be slow and the machine busy."""
        behaviour = self.behaviour
        if behaviour.expected != TIMEOUT or behaviour.timeout <= HARDLY:
            return behaviour.timeout
        # The first delivery of all may wait for the program to start.
        taken = min(self.time_delivery() for _ in range(2))
        return max(behaviour.timeout, int(10 * 1000 * taken))

    def time_delivery(self):
        usual = Behaviour("answers", [ANSWER], GOOD, size=self.behaviour.size,
                          secure=self.behaviour.secure)
        with Misbehaving(usual, self.receiver.contexts, 1) as receiver:
            begun = time.monotonic()
            Trial(usual, receiver, self.program).send("bad")
            return time.monotonic() - begun

    def line(self, kind, token):
        timeout, size = (self.timeout, self.behaviour.size) if kind == "bad" else (
            PATIENCE * 1000, 4)
        return f"send {timeout} {size} {self.receiver.url(kind, token)}\n"

    def compare(self, kind, token):
        expected = self.behaviour.expected if kind == "bad" else GOOD
        status, http_status, body, error = self.program.outcome()
        if isinstance(expected, Fails):
            known = told(self.behaviour)
            is_right = status in expected.statuses and http_status in known and not body
            wanted = f"one of the statuses {expected.statuses}, HTTP one of {known}, no body"
        else:
            whole = expected.body.replace(TOKEN, token)
            is_right = (status, http_status, body) == (0, expected.http_status, whole)
            wanted = f"status 0, HTTP {expected.http_status}, {len(whole)} bytes {whole[:99]}"
        if not is_right:
            self.faults.append(f"{kind}: expected {wanted}; came: status {status}, HTTP "
                               f"{http_status}, {len(body)} bytes {body[:99]}, {error}")

    def send(self, kind):
        token = secrets.token_hex(8).encode()
        self.program.tell(self.line(kind, token))
        self.compare(kind, token)
        return token

    def send_many(self, at_once, kinds):
        sends = [(kind, secrets.token_hex(8).encode()) for kind in kinds]
        self.program.tell(f"many {len(sends)} {at_once}\n" +
                          "".join(self.line(kind, token) for kind, token in sends))
        for kind, token in sends:
            self.compare(kind, token)

    def check(self):
        faults = self.faults + self.receiver.complaints
        assert not faults, "\n".join(faults)


every_behaviour = pytest.mark.parametrize(
    "behaviour", BEHAVIOURS, ids=[behaviour.name for behaviour in BEHAVIOURS])
every_variant = pytest.mark.parametrize(
    "behave", [SHARED, STATIC, SANITIZED, MEMCHECK_TLS], indirect=True)


@every_variant
@every_behaviour
def test_alone(behave, behaviour, contexts):
    """Then the receiver answers as it should, over the same connection if it is kept."""
    with Misbehaving(behaviour, contexts, 1) as receiver, behave.trial():
        before = behave.forget_peak() if behave.watches_memory else None
        trial = Trial(behaviour, receiver, behave)
        bad = trial.send("bad")
        receiver.settle()
        good = trial.send("good")
        trial.check()
        kept = receiver.keeps(bad, good)
        expected = isinstance(behaviour.expected, Answers) and behaviour.expected.kept
        assert kept == expected, f"the connection was used again: {kept}, not {expected}"
        if behave.watches_memory:
            raised = behave.memory("VmHWM") - before
            assert raised <= MEMORY, f"took {raised} bytes of memory, more than {MEMORY}"


@every_variant
@every_behaviour
def test_in_a_batch(behave, behaviour, contexts):
    """To two of four; then the receiver answers as it should."""
    with Misbehaving(behaviour, contexts, 2) as receiver, behave.trial():
        trial = Trial(behaviour, receiver, behave)
        # What happens on connecting, happens to the first two.
        if receiver.on_connecting:
            trial.send_many(2, ["bad", "bad", "good", "good"])
        else:
            trial.send_many(4, ["bad", "good", "bad", "good"])
        receiver.settle()
        trial.send("good")
        trial.check()


def test_table():
    """Each name stands once, and the table has what it should."""
    assert len({behaviour.name for behaviour in BEHAVIOURS}) == len(BEHAVIOURS) >= 80
