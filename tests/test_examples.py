"""Runs the example programs against real peers on the loopback; also under valgrind, with only a few
of the cases that are alike."""
import hashlib
import hmac
import random
import re
import socket
import struct
import subprocess
import threading
import time
from pathlib import Path

import pytest

from support import peers
from support.build import LAYOUT, MEMCHECK, MEMCHECK_TLS, SHARED
from support.loop import Loop, Silent, is_closed, post
from support.proxies import dead_port
from support.receivers import Keeper, Nginx, Receiver, SServer

KEY = "a shared secret"
both = pytest.mark.parametrize("variant", [SHARED, MEMCHECK])
both_tls = pytest.mark.parametrize("variant", [SHARED, MEMCHECK_TLS])


def few(*values, memcheck=MEMCHECK):
    """The parameters `variant` and `case`: the first two of the cases for valgrind."""
    chosen = [(SHARED, value) for value in values] + [(memcheck, value) for value in values[:2]]
    return pytest.mark.parametrize("variant, case", chosen)


@pytest.fixture
def command(variant):
    """A function that returns the command of an example program with its arguments."""
    return lambda name, *arguments: [*variant.command, str(LAYOUT / "bin" / name), *arguments]


@pytest.fixture
def ends(command, tmp_path):
    """Runs a program, and returns what it printed, on standard error too. It must end with this
    status, and print a text that matches the pattern."""
    def ends(status, pattern, program, *arguments, cwd=tmp_path):
        done = subprocess.run(command(program, *arguments), stdout=subprocess.PIPE, timeout=300,
                              stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True,
                              cwd=cwd)
        assert done.returncode == status and re.search(pattern, done.stdout, re.DOTALL), (
            f"{program} {arguments}: expected exit status {status} and {pattern!r}; came "
            f"{done.returncode} and:\n{done.stdout}")
        return done.stdout
    return ends


def sign(body, key=KEY, timestamp=None):
    """The two headers of the Barker protocol."""
    timestamp = timestamp or f"{time.time():.6f}"
    message = timestamp.encode() + b";" + body
    return {"BARKER_TIMESTAMP": timestamp,
            "BARKER_SIGNATURE": hmac.new(key.encode(), message, hashlib.md5).hexdigest()}


@pytest.fixture
def keeper(start):
    """A function that starts a receiver that answers with this status."""
    return lambda status: start(Receiver(handler=Keeper, status=status))


# ---- fanout ----

@both
def test_fanout_with_one_down_and_one_busy(start, ends, keeper):
    data = '{"event": "dog.barked"}'
    good, other, busy = keeper(204), keeper(200), keeper(503)
    down = f"http://127.0.0.1:{start(dead_port()).getsockname()[1]}/"
    urls = [good.url(), down, busy.url(), other.url()]
    lines = ends(1, "2 of 4 accepted it\n$", "fanout", "--key", KEY, "--type", "application/json",
                 data, *urls)
    assert sorted(line.split(": ")[0] for line in lines.splitlines()[:-1]) == sorted(urls)
    assert f"{down}: no connection" in lines and f"{busy.url()}: HTTP 503" in lines
    messages = good.bodies + other.bodies + busy.bodies
    assert [body for _, body in messages] == [data.encode()] * 3
    for headers, body in messages:
        assert headers["Content-Type"] == "application/json"
        signed = sign(body, KEY, headers["BARKER_TIMESTAMP"])
        assert headers["BARKER_SIGNATURE"] == signed["BARKER_SIGNATURE"]


@few("0", "1", "7")
def test_fanout_at_once(ends, keeper, case):
    good, other = keeper(204), keeper(200)
    ends(0, "100 of 100 accepted it\n$", "fanout", "--at-once", case, "data",
         *[good.url(), other.url()] * 50)
    assert (len(good.bodies), len(other.bodies)) == (50, 50)


@both
def test_fanout_without_a_url(ends):
    ends(1, "^fanout: no URL: ", "fanout", "data", "no URL")


@both
def test_fanout_content_type_that_cannot_be_sent(ends, keeper):
    ends(1, "^fanout: ", "fanout", "--type", "\n", "data", keeper(204).url())


NOBODY = "http://127.0.0.1:1/"


@few([], ["data"], ["--key"], ["--at-once", "x", "data", NOBODY],
     ["--nonsense", "x", "data", NOBODY])
def test_fanout_usage(ends, case):
    ends(2, "^usage: ", "fanout", *case)


# ---- mtls ----

def mtls(url, *, ca="ours.pem", certificate="client.pem", private_key="client.key"):
    return ["mtls", "--ca", ca, "--certificate", certificate, "--private-key", private_key,
            "--key", KEY, url, "data"]


STRANGER = {"certificate": "stranger.pem", "private_key": "stranger.key"}


@pytest.fixture
def ends_there(ends, certificates, tmp_path):
    """As `ends`, where the certificates are. {here} is a directory with two files more: `one-file`,
    which has the certificate and its key, and `empty`."""
    parts = [Path(certificates.path(name)).read_text() for name in ("client.pem", "client.key")]
    (tmp_path / "one-file").write_text("".join(parts))
    (tmp_path / "empty").touch()

    def ends_there(status, pattern, url, **files):
        files = {option: name.format(here=tmp_path) for option, name in files.items()}
        ends(status, pattern, *mtls(url, **files), cwd=certificates.directory)
    return ends_there


@both_tls
@pytest.mark.parametrize("status, pattern, heads, server, files", [
    pytest.param(0, "^HTTP 200\nreceived\n$", 1, "good", {}, id="shown"),
    pytest.param(0, "^HTTP 200\n", 1, "good",
                 {"certificate": "{here}/one-file", "private_key": "{here}/one-file"},
                 id="in one file with its key"),
    pytest.param(1, "^mtls: .*", 0, "good", STRANGER, id="of another authority"),
    pytest.param(1, "^mtls: .*issued", 0, "stranger", {}, id="not shown to a stranger"),
    pytest.param(1, "^mtls: .*issued", 0, "good", {"ca": "theirs.pem"},
                 id="not shown, another authority is trusted"),
])
def test_mtls_certificate(certificates, ends_there, status, pattern, heads, server, files):
    with SServer(certificates, server, "-Verify", "1", "-CAfile", "ours.pem",
                 "-verify_return_error") as receiver:
        ends_there(status, pattern, receiver.url, **files)
    assert receiver.heads == heads


@both_tls
@pytest.mark.parametrize("status, pattern, files", [
    pytest.param(0, "^HTTP 200\nCN=client\n$", {}, id="shown"),
    pytest.param(1, "^HTTP 400\n", STRANGER, id="of another authority")])
def test_mtls_to_nginx(start, certificates, ends_there, tmp_path, status, pattern, files):
    nginx = start(Nginx(tmp_path, f"""
        ssl_certificate {certificates.path("good.pem")};
        ssl_certificate_key {certificates.path("good.key")};
        ssl_verify_client on;
        ssl_client_certificate {certificates.path("ours.pem")};
        location / {{ return 200 $ssl_client_s_dn; }}""", " ssl"))
    ends_there(status, pattern, nginx.url, **files)


@few({"ca": "missing"}, {"ca": "{here}/empty"}, {"certificate": "missing"},
     {"certificate": "{here}/empty"}, {"private_key": "missing"}, {"private_key": "."},
     {"private_key": "stranger.key"}, memcheck=MEMCHECK_TLS)
def test_mtls_bad_file(ends_there, case):
    ends_there(1, "^mtls: ", "https://127.0.0.1:1/", **case)


@both_tls
def test_mtls_over_http(ends_there):
    ends_there(1, "^mtls: .*https", "http://127.0.0.1:1/")


@few([], ["https://127.0.0.1:1/"], ["--nonsense"], ["--ca"],
     [*mtls("https://127.0.0.1:1/")[1:], "more"], memcheck=MEMCHECK_TLS)
def test_mtls_usage(ends, case):
    ends(2, "^usage: ", "mtls", *case)


# ---- standard_webhooks ----

STANDARD = "standard_webhooks"
DATA, MESSAGE_ID = '{"event": "café"}', "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W"
PEERS = {"PyPI": peers.PythonStandard, "npm": lambda: peers.JavaScript("standardwebhooks")}


def secrets(*texts):
    return [part for text in texts for part in ("--secret", text)]


def verify(headers, *texts, data=DATA):
    """The arguments that verify these headers."""
    return [STANDARD, "verify", *secrets(*texts), headers["webhook-id"],
            headers["webhook-timestamp"], headers["webhook-signature"], data]


@pytest.fixture
def make(ends):
    """A function that has the program make secrets of a kind."""
    return lambda kind: ends(0, "", STANDARD, kind).split()


@pytest.fixture
def new_and_old(make):
    """Two secrets."""
    (new,), (old,) = make("secret"), make("secret")
    assert new != old and new.startswith("whsec_")
    return new, old


@pytest.fixture
def key_pair(make):
    """A private and a public key."""
    private, public = make("key-pair")
    return private, public


@pytest.fixture
def signed(ends):
    """A function that has the program sign, and returns the headers."""
    def signed(*texts):
        lines = ends(0, "^webhook-id: ", STANDARD, "sign", *secrets(*texts), "--id", MESSAGE_ID,
                     DATA)
        return dict(line.split(": ", 1) for line in lines.splitlines())
    return signed


@pytest.fixture
def code(request):
    """A peer."""
    code = PEERS[request.param]()
    yield code
    code.close()


with_peers = pytest.mark.parametrize(
    "variant, code", [(SHARED, "PyPI"), (SHARED, "npm"), (MEMCHECK, "PyPI")], indirect=["code"])


@with_peers
def test_standard_webhooks_verifies_a_peer(ends, code, new_and_old):
    new, old = new_and_old
    theirs = code.sign(new, MESSAGE_ID, int(time.time()), DATA.encode())
    ends(0, "^valid\n$", *verify(theirs, new))
    ends(0, "^valid\n$", *verify(theirs, old, new))  # while the secret changes
    ends(1, "not match\n$", *verify(theirs, old))
    ends(1, "not match\n$", *verify(theirs, new, data="forged"))
    late = code.sign(new, MESSAGE_ID, int(time.time()) - 1000, DATA.encode())
    ends(1, "too old\n$", *verify(late, new))


@with_peers
def test_standard_webhooks_is_verified_by_a_peer(code, signed, new_and_old):
    ours = signed(*new_and_old)
    for secret in new_and_old:
        assert code.verify(secret, ours, DATA.encode())
    assert not code.verify(new_and_old[0], ours, b"forged")


@both
def test_standard_webhooks_sends(ends, keeper, new_and_old):
    """Again, with the same id, too; the peer of PyPI verifies what arrived."""
    receiver, code = keeper(204), peers.PythonStandard()

    def send(*arguments):
        return [STANDARD, "send", *secrets(*new_and_old), *arguments, receiver.url(), DATA]

    message_id = ends(0, "^HTTP 204\nwebhook-id: msg_", *send()).split()[-1]
    ends(0, message_id, *send("--id", message_id))
    assert [headers["webhook-id"] for headers, _ in receiver.bodies] == [message_id] * 2
    for headers, body in receiver.bodies:
        assert body == DATA.encode()
        for secret in new_and_old:
            assert code.verify(secret, dict(headers), body)
    receiver.status = 500
    ends(1, "^HTTP 500", *send())


@both
def test_standard_webhooks_key_pair(ends, make, signed, key_pair):
    private, public = key_pair
    headers = signed(private)
    assert headers["webhook-signature"].startswith("v1a,")
    ends(0, "^valid\n$", *verify(headers, public))
    ends(1, "not match\n$", *verify(headers, make("key-pair")[1]))
    ends(1, "^standard_webhooks: ", STANDARD, "sign", *secrets(public), DATA)


@both
@pytest.mark.parametrize("arguments", [
    pytest.param(["sign", "--secret", "*", DATA], id="no secret of this form"),
    pytest.param(["sign", "--secret", "{new}", "--id", "a.b", DATA], id="no id"),
    pytest.param(["send", "--secret", "{new}", "no URL", DATA], id="no URL")])
def test_standard_webhooks_refuses(ends, new_and_old, arguments):
    ends(1, "^standard_webhooks: ", STANDARD,
         *(new_and_old[0] if part == "{new}" else part for part in arguments))


@few([], ["nonsense"], ["secret", "more"], ["nonsense", "--secret", "{new}"], ["sign", DATA],
     ["sign", "--secret", "{new}"], ["sign", DATA, "--secret"],
     ["sign", "--secret", "{new}", DATA, "more"],
     ["sign", "--secret", "{new}", "--nonsense", DATA],
     ["verify", "--secret", "{new}", "1", "2", "3", "4", "5"])
def test_standard_webhooks_usage(ends, make, case):
    secret, = make("secret")
    ends(2, "^usage: ", STANDARD, *(secret if part == "{new}" else part for part in case))


# ---- select_loop_receiver ----

LOOP = "select_loop_receiver"
BODY, LARGE = b'{"event": "dog.barked"}', random.Random(1).randbytes(1024 * 1024)
TOGETHER = 40


def full_head():
    """A request whose head is as large as may be."""
    padding = 16 * 1024 - len(post(b"", {**sign(b""), "X": ""}))
    return post(b"", {**sign(b""), "X": "y" * padding})


def requests():
    """Name, the answer's status, the request, and in how many pieces it is sent."""
    valid = post(BODY, sign(BODY))
    return [
        ("valid", 204, valid, 1), ("forged", 401, post(BODY, sign(BODY, "a guess")), 1),
        ("unsigned", 401, post(BODY, {}), 1), ("valid, a byte at a time", 204, valid, len(valid)),
        ("empty", 204, post(b"", sign(b"")), 1),
        ("1 MiB", 204, post(LARGE, sign(LARGE)), 100), ("larger", 413, post(LARGE + b".", {}), 1),
        ("two in one", 204, valid + valid, 1),
        ("chunked", 411, post(BODY, {}, "Transfer-Encoding: chunked"), 1),
        ("without length", 411, post(BODY, {}, ""), 1),
        ("two lengths", 400, post(BODY, {"Content-Length": 1}), 1),
        ("a negative length", 400, post(BODY, {}, "Content-Length: -1"), 1),
        ("no length", 400, post(BODY, {}, "Content-Length: "), 1),
        ("an immense length", 413, post(BODY, {}, "Content-Length: " + "9" * 40), 1),
        ("a NUL", 400, post(BODY, {"X": "a\0b"}), 1),
        ("a control", 400, post(BODY, {"X": "\x01"}), 1),
        ("no colon", 400, post(BODY, {}, "nonsense"), 1),
        ("no name", 400, post(BODY, {}, ": x"), 1),
        ("a folded header", 400, post(BODY, {"X": "a\r\n b"}), 1),
        ("not HTTP", 400, b"nonsense\r\n\r\n", 1), ("a large head", 413, b"x" * 17000, 1),
        ("many headers", 413, post(BODY, {f"X-{i}": "y" for i in range(100)}), 1),
        ("the head as large as may be", 204, full_head(), 1),
    ]


@pytest.fixture
def loop(start, command):
    """A function that starts the program, which ends after so many requests."""
    return lambda count: start(Loop(command(LOOP, "--key", KEY), count))


@pytest.fixture
def silent(start, rng):
    """A function that connects clients who never end their request."""
    return lambda loop: start(Silent(loop, post(BODY, sign(BODY)), rng))


def check_printed(output, asked):
    """A line for each request whose signature it looked at."""
    statuses = [status for _, status, _, _ in asked]
    assert output.count(": valid\n") == statuses.count(204), output[-2000:]
    assert output.count(": the signature does not match\n") == 1, output[-2000:]


@both
def test_loop_one_after_the_other(loop, silent):
    asked = requests()
    server = loop(len(asked))
    silent(server)
    got = {name: server.ask(request, pieces) for name, _, request, pieces in asked}
    assert got == {name: status for name, status, _, _ in asked}
    check_printed(server.finish(), asked)


@both
def test_loop_all_at_once(loop, silent):
    asked = requests()
    server, got = loop(len(asked)), {}
    silent(server)

    def ask(name, _, request, pieces):
        got[name] = server.ask(request, pieces)

    threads = [threading.Thread(target=ask, args=arguments) for arguments in asked]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert got == {name: status for name, status, _, _ in asked}
    check_printed(server.finish(), asked)


@both
def test_loop_in_a_crowd(loop, silent, ends, rng):
    """Some clients reset the connection within the request or before the answer, and more clients
    come than it takes at once. It serves those who come after them."""
    server, valid = loop(TOGETHER), post(BODY, sign(BODY))
    silent(server)
    for _ in range(20):
        with server.connect() as client:
            client.sendall(valid[:rng.randrange(1, len(valid))])
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    crowd = [server.connect() for _ in range(100)]
    for client in crowd:
        client.close()
    ends(0, f"{TOGETHER} of {TOGETHER}", "fanout", "--key", KEY, "--at-once", str(TOGETHER), "data",
         *[server.url] * TOGETHER)
    assert server.finish().count(": valid\n") == TOGETHER


@pytest.mark.parametrize("variant", [SHARED])
def test_loop_closes_the_silent(loop, silent):
    assert [is_closed(client) for client in silent(loop(1)).clients] == [True] * 8


@few(["nonsense"], ["--key"], ["--count", "x"], ["1", "2"], ["65536"])
def test_loop_usage(ends, case):
    ends(2, "^usage: ", LOOP, *case)
