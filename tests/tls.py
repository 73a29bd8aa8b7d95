"""Sends over TLS, trusted and not: makes authorities and certificates with openssl, runs receivers
on the loopback (Python's, nginx, openssl s_server) and one program (tests/c/sender.c, given as a
command) against each.

    tls.py [--some] COMMAND...

Some are those where the sender itself judges certificates or files: not those where only what the
receiver does is another.
"""
import datetime
import os
import re
import socket
import ssl
import subprocess
import tempfile
import threading

from receivers import Nginx, Receiver, in_directory

HERE = "IP:127.0.0.1,DNS:localhost"
AUTHORITY = """
[ca]
default_ca = here
[here]
database = {name}.index
serial = {name}.serial
crlnumber = {name}.crlnumber
new_certs_dir = .
certificate = {name}.pem
private_key = {name}.key
default_md = sha256
default_crl_days = 2
unique_subject = no
copy_extensions = copy
policy = any
[any]
commonName = supplied
"""
KEYS = {
    "ec": ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
    "rsa": ["rsa:2048"],
    "ed25519": ["ed25519"],
}


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def request(name, *extensions, key="ec"):
    """The arguments that make NAME.key and ask for a certificate."""
    added = [part for extension in extensions for part in ("-addext", extension)]
    return ["req", "-newkey", *KEYS[key], "-nodes", "-subj", f"/CN={name}",
            "-keyout", f"{name}.key", *added]


def keep_books(name):
    for file, text in ("index", ""), ("serial", "01"), ("crlnumber", "01"), \
            ("cnf", AUTHORITY.format(name=name)):
        with open(f"{name}.{file}", "w") as out:
            out.write(text)


def make_authority(name):
    openssl(*request(name, "basicConstraints=critical,CA:TRUE"), "-x509", "-days", "2",
            "-out", f"{name}.pem")
    keep_books(name)


def issue(name, authority, first=-1, last=1):
    """NAME.pem for NAME.csr, valid from one day to another, counted from today."""
    day = lambda offset: (datetime.datetime.now(datetime.timezone.utc)
                          + datetime.timedelta(days=offset)).strftime("%Y%m%d%H%M%SZ")
    openssl("ca", "-batch", "-notext", "-config", f"{authority}.cnf", "-in", f"{name}.csr",
            "-out", f"{name}.pem", "-startdate", day(first), "-enddate", day(last))


def make_certificate(name, authority, names=HERE, key="ec", first=-1, last=1):
    """A certificate for these names, in NAME.pem with its key in NAME.key."""
    openssl(*request(name, f"subjectAltName={names}", "basicConstraints=critical,CA:FALSE",
                     "extendedKeyUsage=serverAuth,clientAuth", key=key), "-out", f"{name}.csr")
    issue(name, authority, first, last)


def make_between(name, authority):
    """An authority that another one vouches for."""
    openssl(*request(name, "basicConstraints=critical,CA:TRUE"), "-out", f"{name}.csr")
    issue(name, authority)
    keep_books(name)


def revoke(name, authority):
    openssl("ca", "-config", f"{authority}.cnf", "-revoke", f"{name}.pem")
    openssl("ca", "-config", f"{authority}.cnf", "-gencrl", "-out", f"{authority}.crl")


def make_self_signed(name, *extensions, days="2"):
    openssl(*request(name, f"subjectAltName={HERE}", *extensions), "-out", f"{name}.csr")
    openssl("x509", "-req", "-in", f"{name}.csr", "-signkey", f"{name}.key", "-days", days,
            "-copy_extensions", "copy", "-out", f"{name}.pem")


def append(path, *parts):
    with open(path, "a") as whole:
        for part in parts:
            with open(part) as text:
                whole.write(text.read())


class SServer:
    """openssl s_server, which is given its answer on stdin whenever a head has come."""
    ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nreceived"

    def __init__(self, certificate, *options):
        self.process = subprocess.Popen(
            ["openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", f"{certificate}.pem",
             "-key", f"{certificate}.key", *options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0)
        self.heads = 0
        port = None
        while port is None:
            line = self.process.stdout.readline()
            assert line, "openssl s_server ended"
            port = re.match(rb"ACCEPT 127\.0\.0\.1:(\d+)", line)
        self.url = f"https://127.0.0.1:{int(port[1])}/"
        threading.Thread(target=self.answer, daemon=True).start()

    def answer(self):
        seen = b""
        while chunk := self.process.stdout.read(4096):
            seen += chunk
            while b"\r\n\r\n" in seen:
                seen = seen.split(b"\r\n\r\n", 1)[1]
                self.heads += 1
                self.process.stdin.write(self.ANSWER)

    def close(self):
        self.process.kill()
        self.process.wait(60)


def write(path, *lines):
    with open(path, "w") as file:
        file.write("\n".join([*lines, ""]))
    return path


class Cases:
    """The cases, each of which the sender tells of."""

    def __init__(self, sender):
        self.check = sender.check
        self.sender = sender

    def send(self, url, status, *options, authorities="ours.pem"):
        """As the sender, on a platform that trusts these authorities."""
        return self.sender.send(url, status, *options, SSL_CERT_FILE=os.path.abspath(authorities))

    def with_s_server(self, name, certificate, status, *options, server=()):
        """Twice the same, over one connection if there is one."""
        receiver = SServer(certificate, *server)
        ok = self.send(receiver.url, status, *options)
        receiver.close()
        self.check(f"s_server: {name}", ok and receiver.heads == (2 if status == "OK" else 0))

    def against_s_server(self):
        old = ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"]
        between = ["-cert_chain", "between.pem"]
        expired, host, issuer, revoked = (
            f"ERR_CERTIFICATE_{why}" for why in ("EXPIRED", "NAME", "ISSUER", "REVOKED"))
        other_host = "name=receiver.example"
        for name, certificate, status, options, server in (
            ("trusted", "good", "OK", [], []),
            ("TLS 1.1 only", "good", "ERR_TLS", ["says=ProtocolVersion"], old),
            ("TLS 1.2 only, 1.3 wanted", "good", "ERR_TLS", ["min-tls=13", "says=ProtocolVersion"],
             ["-tls1_2"]),
            ("TLS 1.2 only", "good", "OK", ["min-tls=12"], ["-tls1_2"]),
            ("TLS 1.3 only", "good", "OK", ["min-tls=13"], ["-tls1_3"]),
            ("expired", "expired", expired, ["says=expired"], []),
            ("not yet valid", "early", expired, ["says=not valid yet"], []),
            ("another host's", "elsewhere", host, ["says=not valid for name"], []),
            ("another host's, whose name is set", "elsewhere", "OK", [other_host], []),
            ("another name is set", "good", host, [other_host], []),
            ("unknown issuer", "stranger", issuer, ["says=that issued it is unknown"], []),
            ("self-signed, expired, trusted", "stale", expired, ["ca=stale.pem"], []),
            ("revoked", "revoked", revoked, ["crl=ours.crl", "says=was revoked"], []),
            ("revoked, but no list", "revoked", "OK", [], []),
            ("revoked, in a batch", "revoked", revoked, ["crl=ours.crl", "batch=4"], []),
            ("not on the list", "good", "OK", ["crl=ours.crl"], []),
            ("on a list of another authority", "revoked", "OK", ["crl=theirs.crl"], []),
            ("through an authority between", "chained", "OK", [], between),
            ("the authority between is revoked", "chained", revoked, ["crl=ours.crl"], between),
            ("certificate wanted", "good", "ERR_TLS", ["says=CertificateRequired"],
             ["-Verify", "1", "-tls1_3"]),
            ("certificate wanted, TLS 1.2", "good", "ERR_TLS", ["says=HandshakeFailure"],
             ["-Verify", "1", "-tls1_2"]),
            ("nothing is verified", "expired", "OK", ["insecure=1"], []),
        ):
            self.with_s_server(name, certificate, status, *options, server=server)

    def self_signed(self):
        """With and without being marked as an authority's, as `openssl req -x509` does."""
        host, other_host = "ERR_CERTIFICATE_NAME", "name=receiver.example"
        for kind in "selfish", "sovereign":
            for name, status, *options in (
                ("", "ERR_CERTIFICATE_SELF_SIGNED", "says=self-signed"),
                (", trusted", "OK", f"ca={kind}.pem"),
                (", trusted, another name", host, f"ca={kind}.pem", other_host),
            ):
                self.with_s_server(f"self-signed{name}: {kind}", kind, status, *options)

    def trusted(self, name, certificate, *options, version=None, host="127.0.0.1",
                authorities="ours.pem"):
        """Three sends go over one connection, with a body larger than a TLS record."""
        receiver = Receiver(certificate, version)
        ok = self.send(receiver.url(host), "OK", "sends=3", "size=100000", *options,
                       authorities=authorities)
        self.check(name, ok and (receiver.connections, receiver.bodies) == (1, [1, 1, 100000]))

    def whom_to_trust(self):
        self.trusted("TLS 1.3", "good", version=ssl.TLSVersion.TLSv1_3)
        self.trusted("TLS 1.2", "good", version=ssl.TLSVersion.TLSv1_2)
        self.trusted("by name", "good", host="localhost")
        self.trusted("an RSA key", "rsa")
        self.trusted("an authority beside the platform's", "good", "ca=ours.pem",
                     authorities="theirs.pem")
        self.trusted("the platform's beside an authority", "good", "ca=theirs.pem")
        self.trusted("an authority in bytes", "good", "ca-bytes=ours.pem", authorities="theirs.pem")
        self.trusted("several authorities in a file", "good", "ca=both.pem", "platform=0",
                     authorities="none.pem")
        self.trusted("only an authority, none on the platform", "good", "ca=ours.pem",
                     authorities="none.pem")

        good = Receiver("good")
        for name, status, options, authorities in (
            ("no authority on the platform", "ERR_TLS", ["says=ca-certificates"], "none.pem"),
            ("no authority at all", "ERR_TLS", ["platform=0", "says=add one"], "ours.pem"),
            ("another authority", "ERR_CERTIFICATE_ISSUER", [], "theirs.pem"),
            ("not the platform's", "ERR_CERTIFICATE_ISSUER", ["platform=0", "ca=theirs.pem"],
             "ours.pem"),
            ("another authority, in a batch", "ERR_CERTIFICATE_ISSUER", ["batch=8"], "theirs.pem"),
        ):
            self.check(name, self.send(good.url(), status, *options, authorities=authorities))
        self.check("nothing was sent to the untrusted", not good.bodies)

        plain = Receiver()
        self.check("plain HTTP", self.send(plain.url().replace("http:", "https:"), "ERR_TLS",
                                           f"then={plain.url()}"))
        with socket.create_server(("127.0.0.1", 0)) as silent:
            self.check("never shakes hands", self.send(
                f"https://127.0.0.1:{silent.getsockname()[1]}/", "ERR_TIMEOUT", "timeout=500",
                "says=TLS", f"then={plain.url()}"))
        self.check("cut off", self.send(Receiver("good", cut=True).url(), "ERR_RECEIVE"))
        many = Receiver("good")
        self.check("a batch, and connections used again",
                   self.send(many.url(), "OK", "batch=16") and len(many.bodies) == 32
                   and many.connections <= 16)
        stranger = Receiver("stranger")
        self.check("a connection that was not verified serves nobody who verifies",
                   self.send(stranger.url(), "ERR_CERTIFICATE_ISSUER", "weaker=1")
                   and len(stranger.bodies) == 1)

    def redirects(self):
        """What tests/c/redirect.c cannot see: TLS on the way."""
        good, plain = Receiver("good"), Receiver()
        stranger = Receiver("stranger")
        for name, first, last, status, options in (
            ("never from https to http", Receiver("good", location=plain.url() + "a"), plain, "OK",
             ["elsewhere=9", "http=307"]),
            ("not to another port", Receiver("good", location=good.url() + "a"), good, "OK",
             ["redirects=9", "http=307"]),
            ("to another port", Receiver("good", location=good.url() + "a"), good, "OK",
             ["elsewhere=1"]),
            ("from http to https", Receiver(location=good.url() + "b"), good, "OK",
             ["elsewhere=1"]),
            ("to one who is not trusted", Receiver("good", location=stranger.url() + "a"), stranger,
             "ERR_CERTIFICATE_ISSUER", ["elsewhere=1"]),
        ):
            last.bodies.clear()
            ok = all([self.send(first.url(), status, *options, *batch)
                      for batch in ([], ["batch=8", "sends=1"])])
            arrived = 10 if status == "OK" and "http=307" not in options else 0
            self.check(f"redirect {name}", ok and len(last.bodies) == arrived)

    def bad_files(self):
        """Files that are refused, and leave the handle as it was."""
        begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
        with open("good.pem") as good:
            lines = good.read().splitlines()
        openssl("ec", "-in", "good.key", "-aes128", "-passout", "pass:x", "-out", "locked.key")
        bad = [
            "none.pem",
            write("words", "These are words."),
            write("nuls", "\0" * 5000),
            write("unended", *lines[:-1]),
            write("cut", *lines[:3], end),
            write("no-base64", begin, "*" * 64, end),
            write("no-der", begin, "QUJD" * 16, end),
            write("half", *lines, begin, "QUJD", end),
        ]
        authorities = ["good.key", "ours.crl", *bad]
        options = [f"bad-ca={path}" for path in ["missing.pem", *authorities]]
        options += [f"bad-ca-bytes={path}" for path in authorities]
        options += [f"bad-crl={path}" for path in ["good.key", "good.pem", *bad]]
        for path in authorities:
            options += [f"certificate={path}", "bad-key=good.key"]
        for path in ["rsa.key", "ours.key", "locked.key", "good.pem", *bad]:
            options += ["certificate=good.pem", f"bad-key={path}"]
        self.trusted(f"{len(options)} bad files change nothing", "good", *options)

    def with_nginx(self, server, *sends):
        """What each of the sends came to, and the lines that nginx wrote of its sessions."""
        here = os.getcwd()
        with tempfile.TemporaryDirectory() as directory:
            nginx = Nginx(directory, f"""
                ssl_certificate {here}/good.pem;
                ssl_certificate_key {here}/good.key;
                access_log {directory}/tls tls;
                location / {{ return 200 "received"; }}
                {server}""", " ssl")
            try:
                ok = all([self.send(nginx.url, *parts, authorities="ours.pem") for parts in sends])
            finally:
                nginx.close()
            with open(os.path.join(directory, "tls")) as log:
                return ok, log.read().splitlines()

    def client_certificates(self):
        wants_one = f"ssl_verify_client on; ssl_client_certificate {os.getcwd()}/ours.pem;"
        for version in "TLSv1.3", "TLSv1.2":
            for key in KEYS:
                name = f"client-{key}"
                ok, lines = self.with_nginx(
                    f"{wants_one} ssl_protocols {version};",
                    ("OK", f"certificate={name}.pem", f"key={name}.key"),
                    ("OK", f"certificate={name}.pem", f"key={name}.key", "batch=4", "sends=1"))
                shown = [line.split() for line in lines]
                self.check(f"{version}, {key} certificate of the client",
                           ok and [line[::2] for line in shown] == [[version, f"CN={name}"]] * 6)
            ok, _ = self.with_nginx(
                f"{wants_one} ssl_verify_depth 2; ssl_protocols {version};",
                ("OK", "certificate=chained.pem", "key=chained.key"),
                ("OK", "http=400"),
                ("OK", "http=400", "certificate=stranger.pem", "key=stranger.key"))
            self.check(f"{version}, with an authority between; no and another certificate", ok)

    def resumption(self):
        """The sessions of a handle are resumed, those of another trust are not."""
        for version, cache in ("TLSv1.3", "off"), ("TLSv1.2", "off"), ("TLSv1.2", "shared:tls:1m"):
            tickets = "on" if cache == "off" else "off"
            server = (f"ssl_protocols {version}; ssl_session_cache {cache}; "
                      f"ssl_session_tickets {tickets}; keepalive_timeout 0;")
            ok, lines = self.with_nginx(server, ("OK", "sends=3"), ("OK", "weaker=1", "sends=2"))
            reused = "".join(line.split()[1] for line in lines)
            # The second process sends without verifying first.
            self.check(f"{version}, tickets {tickets}: sessions are resumed: {reused}",
                       ok and reused == ".rr" + "." + ".r")


def main(sender):
    make_authority("ours")
    make_authority("theirs")
    make_between("between", "ours")
    make_certificate("good", "ours")
    make_certificate("rsa", "ours", key="rsa")
    make_certificate("elsewhere", "ours", "IP:127.0.0.2,DNS:receiver.example")
    make_certificate("stranger", "theirs")
    make_certificate("expired", "ours", first=-2, last=-1)
    make_certificate("early", "ours", first=1, last=2)
    make_certificate("revoked", "ours")
    make_certificate("chained", "between")
    append("chained.pem", "between.pem")
    for key in KEYS:
        make_certificate(f"client-{key}", "ours", key=key)
    make_self_signed("selfish", "basicConstraints=critical,CA:FALSE")
    make_self_signed("sovereign", "basicConstraints=critical,CA:TRUE")
    make_self_signed("stale", "basicConstraints=critical,CA:TRUE", days="-1")
    revoke("revoked", "ours")
    revoke("between", "ours")
    revoke("stranger", "theirs")
    write("none.pem")
    write("both.pem")
    append("both.pem", "theirs.pem", "ours.pem")

    cases = Cases(sender)
    cases.self_signed()
    cases.whom_to_trust()
    cases.bad_files()
    cases.resumption()
    if not sender.some:
        cases.against_s_server()
        cases.redirects()
        cases.client_certificates()


if __name__ == "__main__":
    in_directory(main)
