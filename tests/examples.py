"""Runs one of the example programs against real peers on the loopback.

    examples.py DIRECTORY EXAMPLE [COMMAND...]

DIRECTORY has the programs in bin, as `make build` lays it out. The command, if any, runs them, such as
valgrind; then of cases like others only a few are tried.
"""
import hashlib
import hmac
import os
import random
import re
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

from receivers import Handler, Nginx, Receiver

KEY = "a shared secret"


def sign(body, key=KEY, timestamp=None):
    """The two headers of the Barker protocol."""
    timestamp = timestamp or f"{time.time():.6f}"
    message = timestamp.encode() + b";" + body
    return {"BARKER_TIMESTAMP": timestamp,
            "BARKER_SIGNATURE": hmac.new(key.encode(), message, hashlib.md5).hexdigest()}


class Keeper(Handler):
    """Answers with the server's status, and keeps the headers and bodies."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.bodies.append((self.headers, body))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()


def keeper(status):
    receiver = Receiver(handler=Keeper)
    receiver.status = status
    return receiver


class Programs:
    def __init__(self, directory, command):
        self.bin = os.path.abspath(os.path.join(directory, "bin"))
        self.command = command
        self.failed = 0

    def path(self, program, *arguments):
        return [*self.command, os.path.join(self.bin, program), *arguments]

    def few(self, cases):
        return list(cases)[:2] if self.command else list(cases)

    def usage(self, program, *cases):
        """Each of these command lines is wrong."""
        for arguments in self.few(cases):
            self.ends(f"usage: {arguments}", 2, "^usage: ", program, *arguments)

    def run(self, program, *arguments):
        """The exit status and what was printed; what went to standard error too."""
        done = subprocess.run(self.path(program, *arguments), stdout=subprocess.PIPE, timeout=120,
                              stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True)
        return done.returncode, done.stdout

    def check(self, name, holds, *seen):
        print("ok  " if holds else "FAIL", name, *(seen if not holds else ()), flush=True)
        self.failed += not holds

    def ends(self, name, status, says, program, *arguments):
        """Ends with this status, and prints a text that matches this."""
        got = self.run(program, *arguments)
        self.check(name, got[0] == status and re.search(says, got[1], re.DOTALL), got)
        return got[1]


# ---- fanout ----

def fanout(programs):
    data = '{"event": "dog.barked"}'
    good, other, busy = keeper(204), keeper(200), keeper(503)
    with socket.socket() as down:
        down.bind(("127.0.0.1", 0))  # nobody listens
        nobody = f"http://127.0.0.1:{down.getsockname()[1]}/"
        urls = [good.url(), nobody, busy.url(), other.url()]
        lines = programs.ends("one is down, one is busy", 1, "2 of 4 accepted it\n$", "fanout",
                              "--key", KEY, "--type", "application/json", data, *urls)
    programs.check("a line for each", sorted(line.split(" ", 1)[0] for line in
                                             lines.splitlines()[:-1]) == sorted(u + ":" for u in urls)
                   and f"{nobody}: no connection" in lines and f"{busy.url()}: HTTP 503" in lines,
                   lines)
    messages = good.bodies + other.bodies + busy.bodies
    programs.check("one message arrived at three", len(messages) == 3 and all(
        body == data.encode() and headers["Content-Type"] == "application/json" and
        headers["BARKER_SIGNATURE"] == sign(body, KEY, headers["BARKER_TIMESTAMP"])[
            "BARKER_SIGNATURE"] for headers, body in messages))
    arrived = 0
    for at_once in programs.few("017"):
        programs.ends(f"{at_once} at once", 0, "100 of 100 accepted it\n$", "fanout", "--at-once",
                      at_once, "data", *[good.url(), other.url()] * 50)
        arrived += 50
    programs.check("all arrived", len(good.bodies) == len(other.bodies) == 1 + arrived)
    programs.ends("no URL", 1, "^fanout: no URL: ", "fanout", "data", "no URL")
    programs.ends("a Content-Type that cannot be sent", 1, "^fanout: ", "fanout", "--type", "\n",
                  "data", good.url())
    programs.usage("fanout", [], ["data"], ["--key"], ["--at-once", "x", "data", good.url()],
                   ["--nonsense", "x", "data", good.url()])


# ---- mtls ----

def mtls(programs):
    import tls

    for authority in "ours", "theirs":
        tls.make_authority(authority)
    for name, authority in ("good", "ours"), ("client", "ours"), ("stranger", "theirs"):
        tls.make_certificate(name, authority)
    tls.append("one-file", "client.pem", "client.key")
    tls.write("empty")

    def with_files(url, *, ca="ours.pem", certificate="client.pem", private_key="client.key"):
        return ["mtls", "--ca", ca, "--certificate", certificate, "--private-key", private_key,
                "--key", KEY, url, "data"]

    wants_one = ["-Verify", "1", "-CAfile", "ours.pem", "-verify_return_error"]
    for name, status, says, heads, server, files in (
        ("shown", 0, "^HTTP 200\nreceived\n$", 1, "good", {}),
        ("in one file with its key", 0, "^HTTP 200\n", 1, "good",
         {"certificate": "one-file", "private_key": "one-file"}),
        ("of another authority", 1, "^mtls: .*", 0, "good",
         {"certificate": "stranger.pem", "private_key": "stranger.key"}),
        ("not shown to a stranger", 1, "^mtls: .*issued", 0, "stranger", {}),
        ("not shown, another authority is trusted", 1, "^mtls: .*issued", 0, "good",
         {"ca": "theirs.pem"}),
    ):
        receiver = tls.SServer(server, *wants_one)
        programs.ends(f"s_server, the certificate is {name}", status, says,
                      *with_files(receiver.url, **files))
        receiver.close()
        programs.check(f"s_server, {heads} arrived", receiver.heads == heads)

    here = os.getcwd()
    with tempfile.TemporaryDirectory() as directory:
        nginx = Nginx(directory, f"""
            ssl_certificate {here}/good.pem;
            ssl_certificate_key {here}/good.key;
            ssl_verify_client on;
            ssl_client_certificate {here}/ours.pem;
            location / {{ return 200 $ssl_client_s_dn; }}""", " ssl")
        try:
            programs.ends("nginx", 0, "^HTTP 200\nCN=client\n$", *with_files(nginx.url))
            programs.ends("nginx, of another authority", 1, "^HTTP 400\n", *with_files(
                nginx.url, certificate="stranger.pem", private_key="stranger.key"))
        finally:
            nginx.close()

    for name, files in programs.few((
        ("no authority", {"ca": "missing"}), ("an empty authority", {"ca": "empty"}),
        ("no certificate", {"certificate": "missing"}), ("an empty one", {"certificate": "empty"}),
        ("no key", {"private_key": "missing"}), ("a directory", {"private_key": "."}),
        ("another's key", {"private_key": "stranger.key"}),
    )):
        programs.ends(name, 1, "^mtls: ", *with_files("https://127.0.0.1:1/", **files))
    programs.ends("not over http", 1, "^mtls: .*https", *with_files("http://127.0.0.1:1/"))
    programs.usage("mtls", [], ["https://127.0.0.1:1/"], ["--nonsense"], ["--ca"],
                   with_files("https://127.0.0.1:1/")[1:] + ["more"])


# ---- standard_webhooks ----

def standard_webhooks(programs):
    import peers

    name = "standard_webhooks"
    others = {"PyPI": peers.PythonStandard(), "npm": peers.JavaScript("standardwebhooks")}
    make = lambda what: programs.run(name, what)[1].split()
    secrets = lambda *texts: [part for text in texts for part in ("--secret", text)]
    data, message_id = '{"event": "café"}', "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W"

    def signed(*texts):
        lines = programs.ends("signs", 0, "^webhook-id: ", name, "sign", *secrets(*texts), "--id",
                              message_id, data)
        return dict(line.split(": ", 1) for line in lines.splitlines())

    def verify(headers, *texts, data=data):
        return [name, "verify", *secrets(*texts), headers["webhook-id"],
                headers["webhook-timestamp"], headers["webhook-signature"], data]

    (new,), (old,), (private, public) = make("secret"), make("secret"), make("key-pair")
    programs.check("two secrets differ", new != old and new.startswith("whsec_"))
    for peer, code in list(others.items())[:1 if programs.command else 2]:
        theirs = code.sign(new, message_id, int(time.time()), data.encode())
        programs.ends(f"{peer}'s is valid", 0, "^valid\n$", *verify(theirs, new))
        programs.ends(f"{peer}'s is valid while the secret changes", 0, "^valid\n$",
                      *verify(theirs, old, new))
        programs.ends(f"{peer}'s, another secret", 1, "not match\n$", *verify(theirs, old))
        programs.ends(f"{peer}'s, another body", 1, "not match\n$",
                      *verify(theirs, new, data="forged"))
        late = code.sign(new, message_id, int(time.time()) - 1000, data.encode())
        programs.ends(f"{peer}'s is old", 1, "too old\n$", *verify(late, new))
        ours = signed(new, old)
        programs.check(f"{peer} verifies under both secrets", all(
            code.verify(secret, ours, data.encode()) for secret in (new, old)))
        programs.check(f"{peer} refuses a forgery", not code.verify(new, ours, b"forged"))

    receiver = keeper(204)
    send = lambda *arguments: [name, "send", *secrets(new, old), *arguments, receiver.url(), data]
    first = programs.ends("sends", 0, "^HTTP 204\nwebhook-id: msg_", *send())
    first_id = first.split()[-1]
    programs.ends("sends again", 0, first_id, *send("--id", first_id))
    programs.check("PyPI verifies what arrived", [headers["webhook-id"] for headers, _ in
                                                  receiver.bodies] == [first_id] * 2 and all(
        others["PyPI"].verify(secret, dict(headers), body) and body == data.encode()
        for headers, body in receiver.bodies for secret in (new, old)))
    receiver.status = 500
    programs.ends("the receiver fails", 1, "^HTTP 500", *send())

    by_key = signed(private)
    programs.check("v1a", by_key["webhook-signature"].startswith("v1a,"))
    programs.ends("the public key verifies", 0, "^valid\n$", *verify(by_key, public))
    programs.ends("another public key does not", 1, "not match\n$",
                  *verify(by_key, make("key-pair")[1]))
    programs.ends("the public key does not sign", 1, "^standard_webhooks: ", name, "sign",
                  *secrets(public), data)
    programs.ends("no secret of this form", 1, "^standard_webhooks: ", name, "sign", "--secret", "*",
                  data)
    programs.ends("no id", 1, "^standard_webhooks: ", name, "sign", *secrets(new), "--id", "a.b",
                  data)
    programs.ends("no URL", 1, "^standard_webhooks: ", name, "send", *secrets(new), "no URL", data)
    programs.usage(name, [], ["nonsense"], ["secret", "more"], ["nonsense", *secrets(new)],
                   ["sign", data], ["sign", *secrets(new)], ["sign", data, "--secret"],
                   ["sign", *secrets(new), data, "more"],
                   ["sign", *secrets(new), "--nonsense", data],
                   ["verify", *secrets(new), "1", "2", "3", "4", "5"])
    for code in others.values():
        code.close()


# ---- select_loop_receiver ----

class Loop:
    """The receiver, running until it has served so many requests."""

    def __init__(self, programs, *options):
        self.process = subprocess.Popen(programs.path("select_loop_receiver", *options),
                                        stdout=subprocess.PIPE, text=True)
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

    def close(self):
        """Its exit status, and what it printed."""
        status = self.process.wait(60)
        self.reader.join(60)
        return status, "".join(self.lines)


def post(body, headers, length=None):
    lines = [f"{name}: {value}" for name, value in headers.items()]
    if length is None:
        lines.append(f"Content-Length: {len(body)}")
    elif length:
        lines.append(length)
    return "\r\n".join(["POST / HTTP/1.1", "Host: x", *lines, "", ""]).encode() + body


def select_loop_receiver(programs):
    rng = random.Random(1)
    body, large = b'{"event": "dog.barked"}', rng.randbytes(1024 * 1024)
    valid, forged = post(body, sign(body)), post(body, sign(body, "a guess"))
    asked = [
        ("valid", 204, valid, 1), ("forged", 401, forged, 1), ("unsigned", 401, post(body, {}), 1),
        ("valid, a byte at a time", 204, valid, len(valid)), ("empty", 204, post(b"", sign(b"")), 1),
        ("1 MiB", 204, post(large, sign(large)), 100), ("larger", 413, post(large + b".", {}), 1),
        ("two in one", 204, valid + valid, 1),
        ("chunked", 411, post(body, {}, "Transfer-Encoding: chunked"), 1),
        ("without length", 411, post(body, {}, ""), 1),
        ("two lengths", 400, post(body, {"Content-Length": 1}), 1),
        ("a negative length", 400, post(body, {}, "Content-Length: -1"), 1),
        ("no length", 400, post(body, {}, "Content-Length: "), 1),
        ("an immense length", 413, post(body, {}, "Content-Length: " + "9" * 40), 1),
        ("a NUL", 400, post(body, {"X": "a\0b"}), 1), ("a control", 400, post(body, {"X": "\x01"}), 1),
        ("no colon", 400, post(body, {}, "nonsense"), 1), ("no name", 400, post(body, {}, ": x"), 1),
        ("a folded header", 400, post(body, {"X": "a\r\n b"}), 1),
        ("not HTTP", 400, b"nonsense\r\n\r\n", 1), ("a large head", 413, b"x" * 17000, 1),
        ("many headers", 413, post(body, {f"X-{i}": "y" for i in range(100)}), 1),
        ("the head as large as may be", 204, None, 1),
    ]
    padding = 16 * 1024 - len(post(b"", {**sign(b""), "X": ""}))
    full = post(b"", {**sign(b""), "X": "y" * padding})
    asked[-1] = (*asked[-1][:2], full, 1)

    together = 40
    loop = Loop(programs, "--key", KEY, "--count", str(2 * len(asked) + together))
    silent = [loop.connect() for _ in range(8)]
    for client in silent[4:]:
        client.sendall(valid[:rng.randrange(1, len(valid))])
    stop = threading.Event()
    trickle = threading.Thread(target=trickle_into, args=(silent[-1], stop))
    trickle.start()
    for name, status, request, pieces in asked:
        got = loop.ask(request, pieces)
        programs.check(f"{name}: {status}", got == status, got)

    got = [None] * len(asked)
    def ask(number):
        got[number] = loop.ask(*asked[number][2:])
    threads = [threading.Thread(target=ask, args=(number,)) for number in range(len(asked))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    programs.check("all of them at once", got == [status for _, status, _, _ in asked], got)

    for _ in range(20):  # who resets the connection, amid the request or before the answer
        with loop.connect() as client:
            client.sendall(valid[:rng.randrange(1, len(valid))])
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    crowd = [loop.connect() for _ in range(100)]  # more than it takes at once
    for client in crowd:
        client.close()
    if not programs.command:
        programs.check("those who are silent are closed", all(map(is_closed, silent)))
    stop.set()
    trickle.join(60)
    for client in silent:
        client.close()
    programs.ends(f"{together} webhooks at once, from fanout", 0, f"{together} of {together}",
                  "fanout", "--key", KEY, "--at-once", str(together), "data", *[loop.url] * together)
    status, output = loop.close()
    expected = 2 * sum(status == 204 for _, status, _, _ in asked) + together
    programs.check("it told of each", status == 0 and output.count(": valid\n") == expected and
                   output.count(": the signature does not match\n") == 2, status, output[-2000:])
    programs.usage("select_loop_receiver", ["nonsense"], ["--key"], ["--count", "x"], ["1", "2"],
                   ["65536"])


def trickle_into(client, stop):
    """Sends a byte now and then, which earns it no more time."""
    try:
        while not stop.wait(0.2):
            client.sendall(b"x")
    except OSError:
        pass


def is_closed(client):
    client.settimeout(60)
    try:
        return client.recv(1) == b""
    except ConnectionError:
        return True
    except TimeoutError:
        return False


EXAMPLES = {run.__name__: run for run in (fanout, mtls, standard_webhooks, select_loop_receiver)}


def main():
    directory, example, *command = sys.argv[1:]
    programs = Programs(directory, command)
    with tempfile.TemporaryDirectory() as scratch:
        os.chdir(scratch)
        EXAMPLES[example](programs)
        os.chdir("/")
    sys.exit(1 if programs.failed else 0)


if __name__ == "__main__":
    main()
