"""The example program `select_loop_receiver`, and requests for it."""
import re
import socket
import subprocess
import threading
import time

from support.receivers import Reading


class Loop(Reading):
    """The program, which ends once it has served so many requests."""

    def __init__(self, command, count):
        self.process = subprocess.Popen([*command, "--count", str(count)], stdout=subprocess.PIPE,
                                        text=True)
        self.url = re.match(r"listening on (\S+)\n", self.process.stdout.readline())[1]
        self.address = "127.0.0.1", int(self.url.split(":")[2].strip("/"))
        self.lines = []
        self.reader = threading.Thread(target=lambda: self.lines.extend(self.process.stdout),
                                       daemon=True)
        self.reader.start()

    def connect(self):
        client = socket.create_connection(self.address, timeout=60)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return client

    def ask(self, request, pieces=1):
        """The answer's status; None if there is none. The request is sent in so many pieces."""
        with self.connect() as client:
            size = -(-len(request) // pieces)
            try:
                for at in range(0, len(request), size):
                    client.sendall(request[at:at + size])
                    if pieces > 1:
                        time.sleep(0.001)
                answer = b""
                while chunk := client.recv(4096):
                    answer += chunk
            except ConnectionError:
                return None
            status = re.match(rb"HTTP/1.1 (\d+) .*\r\n\r\n$", answer, re.DOTALL)
            return status and int(status[1])

    def finish(self):
        """What it printed, once it has served them all."""
        status = self.process.wait(60)
        self.reader.join(60)
        output = "".join(self.lines)
        assert status == 0, f"exit status {status}, printed:\n{output[-2000:]}"
        return output


class Silent:
    """Clients who never end their request, until the end of the block: some send nothing, some a
    part, and the last one a byte now and then, which earns it no more time."""

    def __init__(self, loop, request, rng):
        self.clients = [loop.connect() for _ in range(8)]
        for client in self.clients[4:-1]:
            client.sendall(request[:rng.randrange(1, len(request))])
        # A part of the head, so that what trickles after it never makes a whole request.
        self.clients[-1].sendall(request[:rng.randrange(1, request.index(b"\r\n\r\n"))])
        self.stop = threading.Event()
        self.trickle = threading.Thread(target=self.trickle_into, args=(self.clients[-1],))
        self.trickle.start()

    def trickle_into(self, client):
        try:
            while not self.stop.wait(0.2):
                client.sendall(b"x")
        except OSError:
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.trickle.join(60)
        for client in self.clients:
            client.close()


def is_closed(client):
    """Whether the other side closes the connection."""
    client.settimeout(60)
    try:
        return client.recv(1) == b""
    except ConnectionError:
        return True
    except TimeoutError:
        return False


def post(body, headers, length=None):
    """A request with these headers. Its length is as it should be, unless a header says it, or this
    line stands in its place."""
    lines = [f"{name}: {value}" for name, value in headers.items()]
    if length is None:
        lines.append(f"Content-Length: {len(body)}")
    elif length:
        lines.append(length)
    return "\r\n".join(["POST / HTTP/1.1", "Host: x", *lines, "", ""]).encode() + body
