"""Receivers that misbehave, as the table in support/behaviours.py says."""
import contextlib
import os
import re
import select
import socket
import ssl
import struct
import subprocess
import tempfile
import threading

from support.behaviours import (ANSWER, ASK, CLOSE, FAREWELL, FINISH, NEXT, RESET, SILENCE, TOKEN,
                                WHOLE, Beneath, Forever, Slowly)

PATIENCE = 60  # seconds: never reached
HARDLY = 100   # milliseconds, in which a request may not arrive on a busy machine
RECEIVE_BUFFER = 64 * 2**10  # bytes: what is not read fills it
REQUEST = re.compile(rb"POST /(good|bad)/([0-9a-f]{16}) HTTP/1\.1\r\nHost: .*"
                     rb"\r\nContent-Length: (\d+)\r\n\r\n", re.DOTALL)


class Contexts:
    """The receiver's side of TLS."""

    def __init__(self, certificates):
        self.plain, self.asking = self.make(certificates), self.make(certificates)
        self.asking.load_verify_locations(certificates.path("ours.pem"))
        self.asking.verify_mode = ssl.CERT_REQUIRED

    @staticmethod
    def make(certificates):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificates.path("good.pem"), certificates.path("good.key"))
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


class Misbehaving:
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

    def keeps(self, bad, good):
        """Whether both sends, of these tokens, came over one connection."""
        of_bad = 0 if self.on_connecting else self.connections.get(bad)
        return of_bad is not None and of_bad == self.connections.get(good)

    def url(self, kind, token):
        host, port = self.listener.getsockname()
        return f"http{'s' * self.behaviour.secure}://{host}:{port}/{kind}/{token.decode()}"

    def settle(self):
        """Waits until the scripts have been played. Who hardly waits may not even have asked."""
        self.is_released = True
        for _ in range(self.sends if self.behaviour.timeout > HARDLY else 0):
            if not self.played.acquire(timeout=PATIENCE):
                self.complaints.append("the script was not played to its end")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class Behave:
    """The program tests/c/behave.c, which sends to them, from one trial to the next."""

    def __init__(self, command, authorities):
        self.command = command
        self.environment = dict(os.environ, SSL_CERT_FILE=authorities)
        self.environment.pop("SSL_CERT_DIR", None)
        self.process = None

    @contextlib.contextmanager
    def trial(self):
        """What is sent within this block. The program may print no complaint. After an error it is
        ended, and the next trial starts it anew."""
        if self.process is None:
            self.start()
        try:
            yield
            printed = self.printed()
            assert not printed, f"the program printed:\n{printed}"
        except BaseException:
            self.end()
            raise

    def start(self):
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=self.errors, env=self.environment)

    def end(self):
        process, self.process = self.process, None
        process.kill()
        process.communicate()

    def tell(self, text):
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def outcome(self):
        """Status, HTTP status, body and error of the next send."""
        line = self.process.stdout.readline()
        assert line, f"the program has ended, and printed:\n{self.printed()}"
        status, http_status, size, error = line.decode().rstrip("\n").split(" ", 3)
        return int(status), int(http_status), self.process.stdout.read(int(size)), error

    def printed(self):
        """What it printed on standard error."""
        size = os.fstat(self.errors.fileno()).st_size
        return os.pread(self.errors.fileno(), size, 0).decode(errors="replace")

    def memory(self, name):
        """A figure of the kernel's in bytes, such as VmHWM."""
        with open(f"/proc/{self.process.pid}/status") as status:
            return int(re.search(rf"{name}:\s+(\d+) kB", status.read())[1]) * 1024

    def forget_peak(self):
        with open(f"/proc/{self.process.pid}/clear_refs", "w") as clear:
            clear.write("5")
        return self.memory("VmRSS")

    def finish(self):
        """Ends it as it wants to be ended, and fails unless all its checks held."""
        if self.process is None:
            return
        self.process.stdin.close()
        status = self.process.wait(PATIENCE)
        assert status == 0, f"exit status {status}, printed:\n{self.printed()}"
