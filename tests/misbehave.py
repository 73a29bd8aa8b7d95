"""Plays the receivers of tests/behaviours.py to a program (tests/c/behave.c, given as a command)
that sends to them, and compares what came of it with the table.

    misbehave.py [--memory] COMMAND...

With --memory it also watches how much memory the program takes; not for a program whose sanitizer
or valgrind takes its own.
"""
import os
import re
import secrets
import select
import socket
import ssl
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time
from itertools import takewhile

from behaviours import (ANSWER, ASK, BEHAVIOURS, CLOSE, FAREWELL, FINISH, HEAD, NEXT, RESET,
                        SILENCE, TOKEN, WHOLE, Answers, Beneath, Fails, Forever, Slowly)
from tls import make_authority, make_certificate

PATIENCE = 60  # seconds: never reached
RECEIVE_BUFFER = 64 * 2**10  # bytes: what is not read fills it
# The answer's body, as it grows and twice when it is handed over, and what is received at a time.
MEMORY = 5 * 2**20
REQUEST = re.compile(rb"POST /(good|bad)/([0-9a-f]{16}) HTTP/1\.1\r\nHost: .*"
                     rb"\r\nContent-Length: (\d+)\r\n\r\n", re.DOTALL)
# At most 16 interim answers, of which 101 is none, and a final status line.
TOLD = re.compile(rb"(?:\r?\n)*(?:HTTP/1\.1 10[02-9] [^\n]*\n(?:[^\r\n]+\r?\n)*\r?\n){0,16}"
                  rb"HTTP/1\.[01] ([2-9]\d\d)(?: [^\0\r\n]*)?\r?\n")
GOOD = Answers(kept=True)


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


class Contexts:
    """The receiver's side of TLS."""

    def __init__(self):
        make_authority("ours")
        make_certificate("good", "ours", "IP:127.0.0.1")
        self.plain, self.asking = self.make(), self.make()
        self.asking.load_verify_locations("ours.pem")
        self.asking.verify_mode = ssl.CERT_REQUIRED

    @staticmethod
    def make():
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain("good.pem", "good.key")
        return context


class Over(Exception):
    """The connection has come to its end."""


class Connection:
    """One connection to a receiver, which may have TLS."""

    def __init__(self, receiver, number, sock):
        self.receiver, self.number, self.sock = receiver, number, sock
        self.received = b""
        self.unread = 0  # bytes of the last request's body
        sock.settimeout(PATIENCE)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def serve(self):
        receiver, behaviour = self.receiver, self.receiver.behaviour
        try:
            if self.number < receiver.on_connecting:
                while len(self.received) < behaviour.at:
                    self.read()
                self.play(behaviour.script, None)
                self.received = b""
            if behaviour.secure and self.number >= receiver.on_connecting:
                self.shake_hands(receiver.contexts.plain)
            while True:
                self.answer()
        except (Over, OSError):
            pass  # the sender has closed
        finally:
            self.sock.close()

    def answer(self):
        kind, token, size = self.read_head()
        self.receiver.connections[token] = self.number
        self.unread = size
        behaviour = self.receiver.behaviour
        if kind == b"good":
            self.read_body()
            self.send(ANSWER.replace(TOKEN, token))
        else:
            if behaviour.at == WHOLE:
                self.read_body()
            self.play(behaviour.script, token)

    def read(self):
        received = self.sock.recv(64 * 2**10)
        if not received:
            raise Over
        self.received += received

    def read_body(self):
        while self.unread > 0:
            if not self.received:
                self.read()
            taken = min(self.unread, len(self.received))
            self.unread -= taken
            self.received = self.received[taken:]

    def read_head(self):
        self.read_body()
        while b"\r\n\r\n" not in self.received:
            self.read()
        head = REQUEST.match(self.received)
        if not head or self.received.index(b"\r\n\r\n") + 4 != head.end():
            self.receiver.complaints.append(f"received {self.received[:300]}")
            raise Over
        self.received = self.received[head.end():]
        return head[1], head[2], int(head[3])

    def send(self, text):
        self.sock.sendall(text)

    def shake_hands(self, context):
        self.sock = context.wrap_socket(self.sock, server_side=True)

    def play(self, script, token):
        try:
            for step in script:
                self.take(step, token)
        finally:
            self.receiver.played.release()

    def take(self, step, token):
        if isinstance(step, bytes):
            self.send(step.replace(TOKEN, token or TOKEN))
        elif isinstance(step, Slowly):
            for byte in step.text.replace(TOKEN, token or TOKEN):
                self.send(bytes([byte]))
        elif isinstance(step, Forever):
            while not self.is_closed(step.pause) and not self.receiver.is_released:
                self.take(step.piece, token)
            raise Over
        elif isinstance(step, Beneath):
            os.write(self.sock.fileno(), step.text)
        elif step == ASK:
            self.shake_hands(self.receiver.contexts.asking)
            self.sock.recv(1)
        elif step == SILENCE:
            while not self.is_closed(0.01) and not self.receiver.is_released:
                pass
        elif step == NEXT:
            self.receiver.played.release()
            select.select([self.sock], [], [], PATIENCE)
        else:
            self.leave(step)

    def leave(self, step):
        if step == FINISH:
            self.sock.shutdown(socket.SHUT_WR)
            while not self.receiver.is_released:
                if select.select([self.sock], [], [], 0.01)[0] and not self.sock.recv(2**16):
                    break
        elif step == FAREWELL:
            self.sock.setblocking(False)
            try:
                self.sock.unwrap()
            except ssl.SSLWantReadError:
                pass  # it would wait for the sender's farewell
        elif step == RESET:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        else:
            assert step == CLOSE, step
        self.sock.close()
        raise Over

    def is_closed(self, pause):
        """Whether the sender closes within so many seconds."""
        poll = select.poll()
        poll.register(self.sock, select.POLLRDHUP)
        return bool(poll.poll(pause * 1000))


class Receiver:
    """A listener that misbehaves to so many sends, whether on connecting or as they ask for it."""

    def __init__(self, behaviour, contexts, sends):
        self.behaviour, self.contexts, self.sends = behaviour, contexts, sends
        self.on_connecting = sends if isinstance(behaviour.at, int) else 0
        self.connections = {}  # of each token
        self.complaints = []
        self.played = threading.Semaphore(0)
        self.is_released = False
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        number = 0
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            connection = Connection(self, number, sock)
            threading.Thread(target=connection.serve, daemon=True).start()
            number += 1

    def url(self, kind, token):
        host, port = self.listener.getsockname()
        return f"http{'s' * self.behaviour.secure}://{host}:{port}/{kind}/{token.decode()}"

    def settle(self):
        """Waits until the scripts have been played."""
        self.is_released = True
        for _ in range(self.sends):
            if not self.played.acquire(timeout=PATIENCE):
                self.complaints.append("the script was not played to its end")

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class Sender:
    """The program that sends."""

    def __init__(self, command, authorities):
        environment = dict(os.environ, SSL_CERT_FILE=authorities)
        environment.pop("SSL_CERT_DIR", None)
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        env=environment)

    def tell(self, text):
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def outcome(self):
        """Status, HTTP status, body and error of the next send."""
        line = self.process.stdout.readline()
        assert line, "the program has ended"
        status, http_status, size, error = line.decode().rstrip("\n").split(" ", 3)
        return int(status), int(http_status), self.process.stdout.read(int(size)), error

    def memory(self, name):
        with open(f"/proc/{self.process.pid}/status") as status:
            return int(re.search(rf"{name}:\s+(\d+) kB", status.read())[1]) * 1024

    def forget_peak(self):
        with open(f"/proc/{self.process.pid}/clear_refs", "w") as clear:
            clear.write("5")
        return self.memory("VmRSS")

    def finish(self):
        self.process.stdin.close()
        return self.process.wait(PATIENCE) == 0


class Trial:
    """A behaviour, and what is wrong with what came of it."""

    def __init__(self, behaviour, contexts, sender):
        self.behaviour, self.contexts, self.sender = behaviour, contexts, sender
        self.faults = []

    def line(self, receiver, kind, token):
        behaviour = self.behaviour
        timeout, size = (
            (behaviour.timeout, behaviour.size) if kind == "bad" else (PATIENCE * 1000, 4))
        return f"send {timeout} {size} {receiver.url(kind, token)}\n"

    def compare(self, kind, token, expected, outcome):
        status, http_status, body, error = outcome
        if isinstance(expected, Fails):
            is_right = (status in expected.statuses and http_status in told(self.behaviour) and
                        not body)
        else:
            wanted = (0, expected.http_status, expected.body.replace(TOKEN, token))
            is_right = (status, http_status, body) == wanted
        if not is_right:
            self.faults.append(f"{kind}: status {status}, HTTP {http_status}, "
                               f"{body[:99]}{'...' if len(body) > 99 else ''}, {error}")

    def send(self, receiver, kind):
        token = secrets.token_hex(8).encode()
        self.sender.tell(self.line(receiver, kind, token))
        expected = self.behaviour.expected if kind == "bad" else GOOD
        self.compare(kind, token, expected, self.sender.outcome())
        return token

    def alone(self):
        receiver = Receiver(self.behaviour, self.contexts, 1)
        bad = self.send(receiver, "bad")
        receiver.settle()
        good = self.send(receiver, "good")
        expected = self.behaviour.expected
        kept = receiver.connections.get(good) == receiver.connections.get(bad, 0)
        if kept != (isinstance(expected, Answers) and expected.kept):
            self.faults.append("the connection was used again" if kept else
                               "the connection was not used again")
        self.conclude(receiver)

    def batch(self):
        receiver = Receiver(self.behaviour, self.contexts, 2)
        # What happens on connecting, happens to the first two.
        kinds, at_once = (("bad", "bad", "good", "good"), 2) if receiver.on_connecting else (
            ("bad", "good", "bad", "good"), 4)
        sends = [(kind, secrets.token_hex(8).encode()) for kind in kinds]
        self.sender.tell(f"many {len(sends)} {at_once}\n" +
                         "".join(self.line(receiver, kind, token) for kind, token in sends))
        for kind, token in sends:
            expected = self.behaviour.expected if kind == "bad" else GOOD
            self.compare(f"{kind}, in a batch", token, expected, self.sender.outcome())
        receiver.settle()
        self.send(receiver, "good")
        self.conclude(receiver)

    def conclude(self, receiver):
        receiver.close()
        self.faults += receiver.complaints


def main(command, watches_memory):
    contexts = Contexts()
    sender = Sender(command, os.path.abspath("ours.pem"))
    times, growths, failures = [], [], 0
    for behaviour in BEHAVIOURS:
        trial = Trial(behaviour, contexts, sender)
        begun = time.monotonic()
        before = sender.forget_peak() if watches_memory else 0
        trial.alone()
        growths.append((sender.memory("VmHWM") - before, behaviour.name) if watches_memory else
                       (0, ""))
        times.append((time.monotonic() - begun, behaviour.name))
        trial.batch()
        if growths[-1][0] > MEMORY:
            trial.faults.append(f"took {growths[-1][0]} bytes of memory")
        for fault in trial.faults:
            print(f"{behaviour.name}: {fault}")
        failures += bool(trial.faults)
    is_clean = sender.finish()
    print(f"{len(BEHAVIOURS)} behaviours, {failures} failed; alone, each took "
          f"{statistics.median_low(times)[0]:.4f} s (median; {min(times)[0]:.4f} to "
          f"{max(times)[0]:.4f}: {max(times)[1]})")
    if watches_memory:
        print(f"most memory in one send: {max(growths)[0] // 1024} KiB ({max(growths)[1]})")
    assert len({behaviour.name for behaviour in BEHAVIOURS}) == len(BEHAVIOURS) >= 80
    return is_clean and not failures


if __name__ == "__main__":
    arguments = sys.argv[1:]
    watches_memory = arguments[:1] == ["--memory"]
    command = [os.path.abspath(part) if os.path.exists(part) else part
               for part in arguments[watches_memory:]]
    with tempfile.TemporaryDirectory() as directory:
        os.chdir(directory)
        sys.exit(0 if main(command, watches_memory) else 1)
