"""Sends through proxies: tinyproxy (HTTP CONNECT), microsocks (SOCKS5), and some that misbehave.

A program that is slow because of how it was built is tried over TLS by name alone, and its failures
only in a batch.
"""
import socket

import pytest

from support.build import SHARED
from support.parameters import SLOWLY_BUILT, cases, every_variant, shared_alone
from support.proxies import MicroSocks, Peer, TinyProxy, dead_port
from support.receivers import Receiver
from support.sender import Sender

USER, PASSWORD, IN_URL = "joe", "p@ss/w:rd", "joe:p%40ss%2Fw%3Ard"
WRONG = "joe:wr0ngpass"

every_way = pytest.mark.parametrize("variant, way", [
    *((SHARED, way) for way in ("http 127.0.0.1", "http localhost", "https 127.0.0.1")),
    *((variant, "https localhost") for variant in [SHARED, *SLOWLY_BUILT])])


# ---- the proxies, by the name in the sender's URL ----

@pytest.fixture(scope="module")
def dead():
    """A port where nobody listens."""
    with dead_port() as bound:
        yield bound.getsockname()[1]


def tinyproxy(setting=""):
    @pytest.fixture(scope="module")
    def proxy(tmp_path_factory):
        with TinyProxy(tmp_path_factory.mktemp("tinyproxy"), setting) as proxy:
            yield proxy
    return proxy


def microsocks(*options):
    @pytest.fixture(scope="module")
    def proxy():
        with MicroSocks(*options) as proxy:
            yield proxy
    return proxy


http_open = tinyproxy()
http_closed = tinyproxy(f"BasicAuth {USER} secr3t")
http_picky = tinyproxy("ConnectPort 1")
socks_open = microsocks()
socks_closed = microsocks("-u", USER, "-P", PASSWORD)


@pytest.fixture
def proxy_url(request):
    """Puts the port of the proxy's fixture into a URL such as http://{http_open}."""
    def proxy_url(text):
        name = text[text.index("{") + 1:text.index("}")]
        return text.replace("{%s}" % name, f"127.0.0.1:{request.getfixturevalue(name).port}")
    return proxy_url


# ---- sending ----

@pytest.fixture
def send(program, certificates):
    sender = Sender(program("sender"), certificates)

    def send(url, status, *options, **environment):
        sender.send(url, status, "ca=ours.pem", "platform=0", *options, **environment)
    return send


@pytest.fixture
def plain(start):
    return start(Receiver())


@pytest.fixture
def fails(start, send, plain, variant, certificates):
    """Each of the sends, alone and in a batch, to http and https; the receiver gets nothing, and
    then all is well without the proxy."""
    def fails(proxy, says, *options, status="ERR_PROXY", url=None, hides=PASSWORD):
        receivers = [start(Receiver()), start(Receiver(certificates.path("good")))]
        batches = [], ["batch=4", "sends=1"]
        ways = [(receiver, batch) for receiver in receivers for batch in batches]
        for receiver, batch in ways if variant == SHARED else ways[-1:]:
            send(url or receiver.url(), status, f"proxy={proxy}", f"says={says}", f"hides={hides}",
                 f"then={plain.url()}", *options, *batch)
        assert [receiver.connections for receiver in receivers] == [0, 0]
    return fails


@every_way
@pytest.mark.parametrize("proxy, hides", cases(
    ("HTTP", "http://{http_open}", PASSWORD),
    ("HTTP, with a password nobody asks for", f"http://{IN_URL}@{{http_open}}", PASSWORD),
    ("HTTP, password", f"http://{USER}:secr3t@{{http_closed}}", "secr3t"),
    ("SOCKS5", "socks5://{socks_open}", PASSWORD),
    ("SOCKS5, with a password nobody asks for", f"socks5h://{IN_URL}@{{socks_open}}", PASSWORD),
    ("SOCKS5, password", f"socks5://{IN_URL}@{{socks_closed}}", PASSWORD),
))
def test_delivers(start, send, proxy_url, certificates, proxy, way, hides):
    """Over one connection, and in a batch."""
    scheme, host = way.split()
    receiver = start(Receiver(certificates.path("good") if scheme == "https" else None))
    url, proxy = receiver.url(host), proxy_url(proxy)
    send(url, "OK", f"proxy={proxy}", "sends=3", "size=100000", f"hides={hides}")
    assert (receiver.connections, receiver.bodies) == (1, [1, 1, 100000])
    send(url, "OK", f"proxy={proxy}", "sends=1", "batch=8", f"hides={hides}")
    assert len(receiver.bodies) == 11


@every_variant
@pytest.mark.parametrize("proxy, says, hides", cases(
    ("HTTP, wrong password", f"http://{WRONG}@{{http_closed}}", "40", "wr0ngpass"),
    ("HTTP, no password", "http://{http_closed}", "(407)", PASSWORD),
    ("HTTP, refusing", "http://{http_picky}", "answered 403", PASSWORD),
    ("HTTP to one of SOCKS5", "http://{socks_open}", "the proxy", PASSWORD),
    ("SOCKS5, wrong password", f"socks5://{WRONG}@{{socks_closed}}",
     "neither user name nor password", "wr0ngpass"),
    ("SOCKS5, no password", "socks5://{socks_closed}", "requires a user name and a password",
     PASSWORD),
))
def test_refused(fails, proxy_url, proxy, says, hides):
    fails(proxy_url(proxy), says, hides=hides)


@every_variant
@pytest.mark.parametrize("proxy, says", [
    pytest.param("{http_open}", "answered 5", id="HTTP"),
    pytest.param("socks5://{socks_open}", "(SOCKS5: 5)", id="SOCKS5")])
def test_dead_receiver(fails, proxy_url, dead, proxy, says):
    fails(proxy_url(proxy), says, url=f"http://127.0.0.1:{dead}/")


@every_variant
@pytest.mark.parametrize("proxy, says", [
    pytest.param("{http_open}", "answered 5", id="HTTP"),
    pytest.param("socks5://{socks_open}", "(SOCKS5: ", id="SOCKS5")])
def test_no_such_host(fails, proxy_url, proxy, says):
    fails(proxy_url(proxy), says, url="https://nowhere.invalid/")


@every_variant
def test_names_are_left_to_the_proxy(start, send, fails, tmp_path, certificates):
    proxy = start(TinyProxy(tmp_path))
    receiver = start(Receiver(certificates.path("good")))
    send(receiver.url("localhost"), "OK", f"proxy=http://127.0.0.1:{proxy.port}")
    fails(f"127.0.0.1:{proxy.port}", "answered 5", url="https://nowhere.invalid/")
    with open(proxy.log) as log:
        asked = log.read()
    assert "CONNECT localhost:" in asked and "CONNECT nowhere.invalid:443" in asked


TUNNEL = b"HTTP/1.1 200 Connection established\r\n\r\n"


@every_variant
@pytest.mark.parametrize("scheme, says, answers", [
    pytest.param(*row[1:], id=f"{row[0]}, {row[1]}") for row in (
        ("hangs up", "http", "", []),
        ("hangs up", "socks5", "", []),
        ("garbage", "http", "does not speak HTTP", [b"\0\1garbage\r\n\r\n"]),
        ("garbage", "socks5", "does not speak SOCKS5", [b"\0\1garbage\r\n\r\n"]),
        ("half an answer", "http", "closed", [b"HTTP/1.1 200 Conn"]),
        ("half an answer", "socks5", "closed", [b"\5"]),
        ("endless", "http", "does not end", [b"HTTP/1.1 200 OK\r\nX: " + b"x" * 20000]),
        ("too much", "http", "sent more than its answer", [TUNNEL + b"HTTP/1.1 200 OK\r\n\r\n"]),
        ("redirect", "http", "answered 302",
         [b"HTTP/1.1 302 Go\r\nLocation: http://a/\r\n\r\n"]),
        ("refusal in old forms", "http", "answered 502",
         [b"HTTP/1.1 502 Bad Gateway\r\nX : y\r\n z\r\n\r\n"]),
        ("interim", "http", "answered 100", [b"HTTP/1.1 100 Continue\r\n\r\n"]),
        ("unknown method", "socks5", "requires a user name", [b"\5\xff"]),
        ("method not offered", "socks5", "requires a user name", [b"\5\2"]),
        ("too much", "socks5", "sent more than its answer", [b"\5\0\5\0"]),
        ("refusal", "socks5", "(SOCKS5: 2)", [b"\5\0", b"\5\2\0\1\0\0\0\0\0\0"]),
        ("unknown kind of address", "socks5", "does not speak SOCKS5",
         [b"\5\0", b"\5\0\0\7\0\0\0\0\0\0"]),
        ("half a reply", "socks5", "closed", [b"\5\0", b"\5\0\0\1\0"]))])
def test_misbehaving(start, fails, scheme, says, answers):
    fails(f"{scheme}://127.0.0.1:{start(Peer(*answers)).port}", says)


every_scheme = pytest.mark.parametrize("scheme", ["http", "socks5"])


@every_variant
@every_scheme
def test_dead_proxy(fails, dead, scheme):
    fails(f"{scheme}://{IN_URL}@127.0.0.1:{dead}", "", status="ERR_CONNECT")


@every_variant
@every_scheme
def test_unknown_proxy(fails, scheme):
    fails(f"{scheme}://{IN_URL}@nowhere.invalid:1", "", status="ERR_RESOLVE")


@every_variant
@every_scheme
def test_silent_proxy(start, fails, within, scheme):
    silent = start(socket.create_server(("127.0.0.1", 0)))
    url = f"{scheme}://127.0.0.1:{silent.getsockname()[1]}"
    within(lambda timeout: fails(url, "asking the proxy", f"timeout={timeout}", "sends=1",
                                 status="ERR_TIMEOUT"))


# ---- proxies of the environment ----

EVERY_VARIABLE = {name: "http://{dead}" for name in (
    "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")}


@shared_alone
@pytest.mark.parametrize("scheme, reads, variables", [
    pytest.param(*row[1:], id=f"{row[0]}, {row[1]}") for row in (
        ("not asked for", "http", False, EVERY_VARIABLE),
        ("not asked for", "https", False, EVERY_VARIABLE),
        ("http", "http", True, EVERY_VARIABLE | {"http_proxy": "http://{proxy}"}),
        ("https", "https", True, EVERY_VARIABLE | {"https_proxy": "http://{proxy}"}),
        ("HTTPS", "https", True, {"HTTPS_PROXY": "http://{proxy}", "all_proxy": "http://{dead}"}),
        ("all", "http", True, {"all_proxy": "socks5://{socks}", "ALL_PROXY": "http://{dead}"}),
        ("ALL", "https", True, {"ALL_PROXY": "socks5://{socks}"}),
        ("HTTP_PROXY is a header", "http", True, {"HTTP_PROXY": "http://{dead}"}),
        ("empty", "https", True, {"https_proxy": "", "http_proxy": "http://{dead}"}),
        ("no_proxy", "https", True, {"all_proxy": "http://{dead}",
                                     "no_proxy": " x.example, 127.0.0.1"}),
        ("NO_PROXY", "http", True, {"all_proxy": "http://{dead}", "NO_PROXY": "*"}),
        ("no_proxy of others", "http", True, {"all_proxy": "http://{proxy}",
                                              "no_proxy": "7.0.0.1,"}),
        ("network", "http", True, {"all_proxy": "http://{dead}",
                                   "no_proxy": "::1 127.0.0.0/8\tx"}),
        ("port", "https", True, {"all_proxy": "http://{dead}", "no_proxy": "{receiver}"}),
        ("port of others", "http", True, {"all_proxy": "http://{proxy}",
                                          "no_proxy": "127.0.0.1:1"}),
        ("unusable for others", "https", True, {"http_proxy": "socks4://x",
                                                "https_proxy": "http://{proxy}"}),
        ("unusable for others", "http", True, {"https_proxy": "https://x"}),
        ("unusable, but excepted", "http", True, {"all_proxy": "not a proxy",
                                                  "no_proxy": "127.0.0.1"}))])
def test_environment(start, send, certificates, http_open, socks_open, dead, scheme, reads,
                     variables):
    receiver = start(Receiver(certificates.path("good") if scheme == "https" else None))
    ports = {"proxy": http_open.port, "socks": socks_open.port, "dead": dead,
             "receiver": receiver.server_port}
    addresses = {name: f"127.0.0.1:{port}" for name, port in ports.items()}
    send(receiver.url(), "OK", *(["proxy=environment"] if reads else []),
         **{name: value.format(**addresses) for name, value in variables.items()})
    assert len(receiver.bodies) == 2


@shared_alone
@pytest.mark.parametrize("exceptions", [{}, {"no_proxy": "27.0.0.1,localhost,.0.0.1.example"}],
                         ids=["alone", "beside exceptions for others"])
def test_dead_proxy_of_the_environment(send, plain, dead, exceptions):
    send(plain.url(), "ERR_CONNECT", "proxy=environment", http_proxy=f"http://127.0.0.1:{dead}",
         **exceptions)


@shared_alone
@pytest.mark.parametrize("value", [
    f"https://{IN_URL}@127.0.0.1:1", f"socks4://{IN_URL}@127.0.0.1:1", f"http://{IN_URL}@",
    f"http:\\\\{IN_URL}@127.0.0.1", f"{IN_URL}@0x7f.1:1", f"http://{IN_URL}@127.0.0.1:1\udcff"],
    ids=ascii)
def test_variable_that_names_no_proxy(start, send, plain, certificates, value):
    """It fails the sends that would use it, those on a redirect too."""
    secure = start(Receiver(certificates.path("good")))
    first = start(Receiver(location=secure.url()))
    for name, url, options in (
        ("http_proxy", plain.url(), []), ("HTTPS_PROXY", secure.url(), ["batch=4"]),
        ("ALL_PROXY", secure.url(), []), ("https_proxy", first.url(), ["elsewhere=1"]),
        ("all_proxy", plain.url(), ["batch=4"]),
    ):
        send(url, "ERR_PROXY", "proxy=environment", "hides=p%40ss",
             f"says=the environment variable {name} ", *options, **{name: value})
    assert secure.connections == 0
    assert first.connections > 0 and not first.bodies
