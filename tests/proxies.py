"""Sends through proxies: tinyproxy (HTTP CONNECT), microsocks (SOCKS5), and some that misbehave,
each on the loopback, with one program (tests/c/sender.c, given as a command).

    proxies.py [--some] COMMAND...

Some are those over TLS by name; of the failures, those in a batch; and nothing of the environment.
"""
import contextlib
import itertools
import os
import shutil
import socket
import subprocess
import threading

from receivers import Receiver, in_directory
from tls import make_authority, make_certificate

TINYPROXY = """
Port {port}
Listen 127.0.0.1
Timeout 60
MaxClients 64
LogFile "{name}.log"
LogLevel Connect
{setting}
"""
USER, PASSWORD, IN_URL = "joe", "p@ss/w:rd", "joe:p%40ss%2Fw%3Ard"
WRONG = "joe:wr0ngpass"


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


# Nobody listens there, nor does anybody else get the port.
DEAD = socket.socket()
DEAD.bind(("127.0.0.1", 0))
DEAD_PORT = DEAD.getsockname()[1]


@contextlib.contextmanager
def running(*command, port):
    """The program, from when it listens at this port until the end of the block."""
    found = shutil.which(command[0], path=os.environ["PATH"] + ":/usr/sbin")
    assert found, f"{command[0]} is not installed"
    process = subprocess.Popen([found, *command[1:]], stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(600):
            with contextlib.suppress(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", port), 60).close()
                break
            assert process.poll() is None, f"{command[0]} ended"
            threading.Event().wait(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(60)


def tinyproxy(name, setting=""):
    port = free_port()
    with open(f"{name}.conf", "w") as configuration:
        configuration.write(TINYPROXY.format(port=port, name=name, setting=setting))
    return running("tinyproxy", "-d", "-c", f"{name}.conf", port=port)


def microsocks(*options):
    port = free_port()
    return running("microsocks", "-i", "127.0.0.1", "-p", str(port), *options, port=port)


class Peer:
    """Whatever it is asked for, a proxy that says this and closes; with nothing to say, it resets
    the connection."""

    def __init__(self, *answers):
        self.answers = answers
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            client, _ = self.listener.accept()
            with client, contextlib.suppress(OSError):
                client.settimeout(60)
                for answer in self.answers:
                    client.recv(4096)
                    client.sendall(answer)
                if not self.answers:
                    client.recv(4096)
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


class Cases:
    """The cases, each of which the sender tells of."""

    def __init__(self, sender):
        self.check = sender.check
        self.sender = sender
        self.plain = Receiver()

    def send(self, url, status, *options, **environment):
        return self.sender.send(url, status, "ca=ours.pem", "platform=0", *options, **environment)

    def some_of(self, ways):
        return list(ways)[-1:] if self.sender.some else ways

    def delivers(self, name, proxy, *options):
        """By address and by name, with and without TLS: over one connection, and in a batch."""
        ways = itertools.product([None, "good"], ["127.0.0.1", "localhost"])
        for certificate, host in self.some_of(ways):
            receiver = Receiver(certificate)
            url = receiver.url(host)
            ok = self.send(url, "OK", f"proxy={proxy}", "sends=3", "size=100000",
                           f"hides={PASSWORD}", *options)
            once = (receiver.connections, receiver.bodies) == (1, [1, 1, 100000])
            ok = ok and self.send(url, "OK", f"proxy={proxy}", "sends=1", "batch=8", *options)
            self.check(f"{name}: {url.split('//')[0]} {host}",
                       ok and once and len(receiver.bodies) == 11)

    def fails(self, name, proxy, says, *options, status="ERR_PROXY", url=None, hides=PASSWORD):
        """Each of the sends, alone and in a batch; the receiver gets nothing, and then all is well
        without the proxy."""
        receivers = Receiver(), Receiver("good")
        ways = itertools.product(receivers, [[], ["batch=4", "sends=1"]])
        ok = all([self.send(url or receiver.url(), status, f"proxy={proxy}", f"says={says}",
                            f"hides={hides}", f"then={self.plain.url()}", *options, *batch)
                  for receiver, batch in self.some_of(ways)])
        self.check(f"{name}: {says}",
                   ok and not any(receiver.connections for receiver in receivers))

    def through_http(self):
        with tinyproxy("open") as port:
            self.delivers("HTTP", f"http://127.0.0.1:{port}")
            self.delivers("HTTP, with a password nobody asks for",
                          f"http://{IN_URL}@127.0.0.1:{port}")
            self.fails("HTTP, dead receiver", f"127.0.0.1:{port}", "answered 5",
                       url=f"http://127.0.0.1:{DEAD_PORT}/")
            self.fails("HTTP, no such host", f"127.0.0.1:{port}", "answered 5",
                       url="https://nowhere.invalid/")
            with open("open.log") as log:
                asked = log.read()
            self.check("HTTP: names are left to the proxy",
                       "CONNECT localhost:" in asked and "CONNECT nowhere.invalid:443" in asked)
        with tinyproxy("closed", f"BasicAuth {USER} secr3t") as port:
            self.delivers("HTTP, password", f"http://{USER}:secr3t@127.0.0.1:{port}",
                          "hides=secr3t")
            self.fails("HTTP, wrong password", f"http://{WRONG}@127.0.0.1:{port}", "40",
                       hides="wr0ngpass")
            self.fails("HTTP, no password", f"http://127.0.0.1:{port}", "(407)")
        with tinyproxy("picky", "ConnectPort 1") as port:
            self.fails("HTTP, refusing", f"http://127.0.0.1:{port}", "answered 403")

    def through_socks(self):
        with microsocks() as port:
            self.delivers("SOCKS5", f"socks5://127.0.0.1:{port}")
            self.delivers("SOCKS5, with a password nobody asks for",
                          f"socks5h://{IN_URL}@127.0.0.1:{port}")
            self.fails("SOCKS5, dead receiver", f"socks5://127.0.0.1:{port}", "(SOCKS5: 5)",
                       url=f"http://127.0.0.1:{DEAD_PORT}/")
            self.fails("SOCKS5, no such host", f"socks5://127.0.0.1:{port}", "(SOCKS5: ",
                       url="https://nowhere.invalid/")
            self.fails("HTTP to one of SOCKS5", f"http://127.0.0.1:{port}", "the proxy")
        with microsocks("-u", USER, "-P", PASSWORD) as port:
            self.delivers("SOCKS5, password", f"socks5://{IN_URL}@127.0.0.1:{port}")
            self.fails("SOCKS5, wrong password", f"socks5://{WRONG}@127.0.0.1:{port}",
                       "neither user name nor password", hides="wr0ngpass")
            self.fails("SOCKS5, no password", f"socks5://127.0.0.1:{port}",
                       "wants a user name and a password")

    def misbehaving(self):
        tunnel = b"HTTP/1.1 200 Connection established\r\n\r\n"
        for name, scheme, says, answers in (
            ("hangs up", "http", "", []),
            ("hangs up", "socks5", "", []),
            ("garbage", "http", "does not speak HTTP", [b"\0\1garbage\r\n\r\n"]),
            ("garbage", "socks5", "does not speak SOCKS5", [b"\0\1garbage\r\n\r\n"]),
            ("half an answer", "http", "closed", [b"HTTP/1.1 200 Conn"]),
            ("half an answer", "socks5", "closed", [b"\5"]),
            ("endless", "http", "does not end", [b"HTTP/1.1 200 OK\r\nX: " + b"x" * 20000]),
            ("too much", "http", "more than was asked for", [tunnel + b"HTTP/1.1 200 OK\r\n\r\n"]),
            ("redirect", "http", "answered 302",
             [b"HTTP/1.1 302 Go\r\nLocation: http://a/\r\n\r\n"]),
            ("refusal in old forms", "http", "answered 502",
             [b"HTTP/1.1 502 Bad Gateway\r\nX : y\r\n z\r\n\r\n"]),
            ("interim", "http", "answered 100", [b"HTTP/1.1 100 Continue\r\n\r\n"]),
            ("unknown method", "socks5", "wants a user name", [b"\5\xff"]),
            ("method not offered", "socks5", "wants a user name", [b"\5\2"]),
            ("too much", "socks5", "more than was asked for", [b"\5\0\5\0"]),
            ("refusal", "socks5", "(SOCKS5: 2)", [b"\5\0", b"\5\2\0\1\0\0\0\0\0\0"]),
            ("unknown kind of address", "socks5", "does not speak SOCKS5",
             [b"\5\0", b"\5\0\0\7\0\0\0\0\0\0"]),
            ("half a reply", "socks5", "closed", [b"\5\0", b"\5\0\0\1\0"]),
        ):
            peer = Peer(*answers)
            self.fails(f"misbehaving, {scheme}, {name}", f"{scheme}://127.0.0.1:{peer.port}", says)
        for scheme in "http", "socks5":
            self.fails(f"{scheme}, dead", f"{scheme}://{IN_URL}@127.0.0.1:{DEAD_PORT}", "",
                       status="ERR_CONNECT")
            self.fails(f"{scheme}, unknown", f"{scheme}://{IN_URL}@nowhere.invalid:1", "",
                       status="ERR_RESOLVE")
            with socket.create_server(("127.0.0.1", 0)) as silent:
                self.fails(f"{scheme}, silent", f"{scheme}://127.0.0.1:{silent.getsockname()[1]}",
                           "asking the proxy", "timeout=300", "sends=1", status="ERR_TIMEOUT")

    def from_environment(self):
        with tinyproxy("environment") as port, microsocks() as socks:
            proxy, dead = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{DEAD_PORT}"
            socks = f"socks5://127.0.0.1:{socks}"
            everything = {name: dead for name in ("http_proxy", "https_proxy", "HTTPS_PROXY",
                                                  "all_proxy", "ALL_PROXY")}
            for name, secure, reads, variables in (
                ("not asked for", False, False, everything),
                ("not asked for", True, False, everything),
                ("http", False, True, {**everything, "http_proxy": proxy}),
                ("https", True, True, {**everything, "https_proxy": proxy}),
                ("HTTPS", True, True, {"HTTPS_PROXY": proxy, "all_proxy": dead}),
                ("all", False, True, {"all_proxy": socks, "ALL_PROXY": dead}),
                ("ALL", True, True, {"ALL_PROXY": socks}),
                ("HTTP_PROXY is a header", False, True, {"HTTP_PROXY": dead}),
                ("empty", True, True, {"https_proxy": "", "http_proxy": dead}),
                ("no_proxy", True, True, {"all_proxy": dead, "no_proxy": " x.example, 127.0.0.1"}),
                ("NO_PROXY", False, True, {"all_proxy": dead, "NO_PROXY": "*"}),
                ("no_proxy of others", False, True, {"all_proxy": proxy, "no_proxy": "7.0.0.1,"}),
                ("network", False, True, {"all_proxy": dead, "no_proxy": "::1 127.0.0.0/8\tx"}),
                ("port", True, True, {"all_proxy": dead, "no_proxy": "127.0.0.1:{port}"}),
                ("port of others", False, True, {"all_proxy": proxy, "no_proxy": "127.0.0.1:1"}),
                ("unusable for others", True, True, {"http_proxy": "socks4://x",
                                                     "https_proxy": proxy}),
                ("unusable for others", False, True, {"https_proxy": "https://x"}),
                ("unusable, but excepted", False, True, {"all_proxy": "not a proxy",
                                                         "no_proxy": "127.0.0.1"}),
            ):
                receiver = Receiver("good" if secure else None)
                variables = {name: value.format(port=receiver.server_port)
                             for name, value in variables.items()}
                options = ["proxy=environment"] if reads else []
                self.check(f"environment: {name}", self.send(
                    receiver.url(), "OK", *options, **variables) and len(receiver.bodies) == 2)
            self.unusable()
            self.check("environment: dead proxy", self.send(
                self.plain.url(), "ERR_CONNECT", "proxy=environment", http_proxy=dead))
            self.check("environment: an exception does not hold for others", self.send(
                self.plain.url(), "ERR_CONNECT", "proxy=environment", http_proxy=dead,
                no_proxy="27.0.0.1,localhost,.0.0.1.example"))


    def unusable(self):
        """A variable that names no proxy fails the sends that would use it, those on a redirect
        too."""
        secure = Receiver("good")
        first = Receiver(location=secure.url())
        ways = (("http_proxy", self.plain.url(), []), ("HTTPS_PROXY", secure.url(), ["batch=4"]),
                ("ALL_PROXY", secure.url(), []), ("https_proxy", first.url(), ["elsewhere=1"]),
                ("all_proxy", self.plain.url(), ["batch=4"]))
        for value in (f"https://{IN_URL}@127.0.0.1:1", f"socks4://{IN_URL}@127.0.0.1:1",
                      f"http://{IN_URL}@", f"http:\\\\{IN_URL}@127.0.0.1", f"{IN_URL}@0x7f.1:1",
                      f"http://{IN_URL}@127.0.0.1:1\udcff"):
            self.check(f"environment: not a proxy: {value!a}", all([
                self.send(url, "ERR_PROXY", "proxy=environment", "hides=p%40ss",
                          f"says=the environment variable {name} ", *options, **{name: value})
                for name, url, options in ways]))
        self.check("environment: what is not a proxy leads nowhere",
                   secure.connections == 0 and first.connections > 0 and not first.bodies)


def main(sender):
    make_authority("ours")
    make_certificate("good", "ours")
    cases = Cases(sender)
    cases.through_http()
    cases.through_socks()
    cases.misbehaving()
    if not sender.some:
        cases.from_environment()


if __name__ == "__main__":
    in_directory(main)
