"""Sends over TLS, trusted and not: makes authorities and certificates with openssl, runs receivers
on the loopback (Python's, nginx, openssl s_server) and one program (tests/c/sender.c, given as a
command) against each.

    tls.py [--some] COMMAND...

Some are those where the sender itself judges certificates or files: not those where only what the
receiver does is another.
"""
import copy
import datetime
import os
import re
import shutil
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


def request(name, *extensions, key="ec", subject=None):
    """The arguments that make NAME.key and ask for a certificate."""
    added = [part for extension in extensions for part in ("-addext", extension)]
    return ["req", "-newkey", *KEYS[key], "-nodes", "-subj", f"/CN={subject or name}",
            "-keyout", f"{name}.key", *added]


def keep_books(name):
    for file, text in ("index", ""), ("serial", "01"), ("crlnumber", "01"), \
            ("cnf", AUTHORITY.format(name=name)):
        with open(f"{name}.{file}", "w") as out:
            out.write(text)


def make_authority(name, key="ec", subject=None):
    openssl(*request(name, "basicConstraints=critical,CA:TRUE", key=key, subject=subject), "-x509",
            "-days", "2", "-out", f"{name}.pem")
    keep_books(name)


def issue(name, authority, first=-1, last=1, digest="sha256"):
    """NAME.pem for NAME.csr, valid from one day to another, counted from today."""
    day = lambda offset: (datetime.datetime.now(datetime.timezone.utc)
                          + datetime.timedelta(days=offset)).strftime("%Y%m%d%H%M%SZ")
    openssl("ca", "-batch", "-notext", "-config", f"{authority}.cnf", "-in", f"{name}.csr",
            "-out", f"{name}.pem", "-startdate", day(first), "-enddate", day(last),
            "-md", digest)


def make_certificate(name, authority, names=HERE, key="ec", first=-1, last=1):
    """A certificate for these names, in NAME.pem with its key in NAME.key."""
    openssl(*request(name, f"subjectAltName={names}", "basicConstraints=critical,CA:FALSE",
                     "extendedKeyUsage=serverAuth,clientAuth", key=key), "-out", f"{name}.csr")
    issue(name, authority, first, last)


def make_odd(name, authority, *extensions, digest="sha256"):
    """A certificate with these extensions alone."""
    openssl(*request(name, *extensions), "-out", f"{name}.csr")
    issue(name, authority, digest=digest)


def make_version_1(name, authority):
    openssl(*request(name), "-out", f"{name}.csr")
    openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{authority}.pem", "-CAkey",
            f"{authority}.key", "-set_serial", "1", "-days", "2", "-out", f"{name}.pem")
    text = subprocess.run(["openssl", "x509", "-in", f"{name}.pem", "-noout", "-text"], check=True,
                          capture_output=True, text=True)
    assert "Version: 1 " in text.stdout, "openssl makes no certificate of version 1"


def make_between(name, authority, *extensions, limit="", subject=None):
    """An authority that another one vouches for."""
    openssl(*request(name, f"basicConstraints=critical,CA:TRUE{limit}", *extensions,
                     subject=subject), "-out", f"{name}.csr")
    issue(name, authority)
    keep_books(name)


def make_chain(name, authorities):
    """A certificate with the chain of these authorities, all but the first of which is in it."""
    make_certificate(name, authorities[-1])
    append(f"{name}.pem", *(f"{authority}.pem" for authority in reversed(authorities[1:])))


def revoke(name, authority):
    openssl("ca", "-config", f"{authority}.cnf", "-revoke", f"{name}.pem")
    openssl("ca", "-config", f"{authority}.cnf", "-gencrl", "-out", f"{authority}.crl")


def make_self_signed(name, *extensions, days="2", subject=None):
    openssl(*request(name, f"subjectAltName={HERE}", *extensions, subject=subject),
            "-out", f"{name}.csr")
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


class Speaker:
    """Answers every connection's first bytes with these, and ends it."""

    def __init__(self, answer):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.answer = answer
        self.url = f"https://127.0.0.1:{self.listener.getsockname()[1]}/"
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            connection, _ = self.listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(self.answer)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65536):
                    pass


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
        strange = ["certificate=stranger.pem", "key=stranger.key"]
        strict = ["-Verify", "9", "-verify_return_error", "-CAfile", "ours.pem"]
        for name, certificate, status, options, server in (
            ("trusted", "good", "OK", [], []),
            ("TLS 1.1 only", "good", "ERR_TLS", ["says=no version of TLS"], old),
            ("TLS 1.2 only, 1.3 wanted", "good", "ERR_TLS",
             ["min-tls=13", "says=no version of TLS"], ["-tls1_2"]),
            ("TLS 1.2 only", "good", "OK", ["min-tls=12"], ["-tls1_2"]),
            ("TLS 1.3 only", "good", "OK", ["min-tls=13"], ["-tls1_3"]),
            ("expired", "expired", expired, ["says=it expired 1 day ago"], []),
            ("not yet valid", "early", expired, ["says=not valid yet"], []),
            ("another host's", "elsewhere", host, ["says=127.0.0.1, but for 127.0.0.2, rec"],
             []),
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
            ("certificate wanted", "good", "ERR_TLS", ["says=wants a client certificate, and none"],
             ["-Verify", "1", "-tls1_3"]),
            ("certificate wanted, TLS 1.2", "good", "ERR_TLS", ["says=or wants a client cert"],
             ["-Verify", "1", "-tls1_2"]),
            ("certificate of a stranger", "good", "ERR_TLS",
             [*strange, "says=does not know the authority"], [*strict, "-tls1_3"]),
            ("certificate of a stranger, TLS 1.2", "good", "ERR_TLS",
             [*strange, "says=does not know the authority"], [*strict, "-tls1_2"]),
            ("certificate expired", "good", "ERR_TLS",
             ["certificate=expired.pem", "key=expired.key", "says=client certificate has expired"],
             strict),
            ("no cipher in common", "good", "ERR_TLS", ["says=no cipher suite"],
             ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA"]),
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

    def odd_certificates(self):
        """Each says what is wrong with it."""
        issuer, own = "ERR_CERTIFICATE_ISSUER", "ERR_CERTIFICATE_SELF_SIGNED"
        weak = ["-cipher", "ALL:@SECLEVEL=0"]
        chain = lambda name: ["-cert_chain", f"{name}.pem"]
        for certificate, status, says, server in (
            ("version-1", "ERR_TLS", "X.509 version 3", []),
            ("forged", issuer, "another key signed it", []),
            ("forged-rsa", issuer, "another key signed it", []),
            ("forged-chain", issuer, "another key signed it", chain("forged-chain")),
            ("sovereign-ours", own, "self-signed", []),
            ("sha1", "ERR_TLS", "such as one with SHA-1", weak),
            ("nameless", "ERR_CERTIFICATE_NAME", "for no host at all", []),
            ("many-named", "ERR_CERTIFICATE_NAME", "n5.test and more", []),
            ("client-only", "ERR_TLS", "lacks serverAuth", []),
            ("critical", "ERR_TLS", "critical extension", []),
            ("authority", "ERR_TLS", "of an authority, not of", []),
            ("of-nobody", "ERR_TLS", "no authority", chain("of-nobody")),
            ("constrained", "ERR_TLS", "name constraints", chain("constrained")),
            ("too-long", "ERR_TLS", "longer than is allowed", chain("too-long")),
            ("deep", "ERR_TLS", "longer than is allowed", chain("deep")),
        ):
            self.with_s_server(certificate, certificate, status, f"says={says}", server=server)
        receiver = SServer("good", "-servername", "receiver.example", "-servername_fatal",
                           "-cert2", "good.pem", "-key2", "good.key")
        self.check("another host's server", self.send(
            receiver.url, "ERR_TLS", "name=localhost", "says=serves no host of this name"))
        receiver.close()

    def no_tls(self):
        """Receivers that answer the first bytes of TLS with what is none, or with an alert."""
        wrong = "what the receiver sent is not TLS"
        alert = lambda number: b"\x15\3\3\0\2\2" + bytes([number])
        for name, answer, says in (
            ("HTTP", b"HTTP/1.0 400 Bad Request\r\n\r\n", wrong),
            ("a mail server", b"220 mail.example ESMTP\r\n", wrong),
            ("a record too large", b"\x16\3\3\xff\xff" + bytes(9), wrong),
            ("nothing", b"", "closed the connection amid the TLS handshake: does"),
            ("data before hands are shaken", b"\x17\3\3\0\1x", "broke the rules of TLS"),
            *((f"alert {number}", alert(number), f"{says} (alert {number})") for number, says in (
                (10, "cannot read what reached it, or takes a signature for false"),
                (40, "or wants a client certificate"), (42, "does not take the one it got"),
                (43, "of this kind"), (44, "was revoked"), (49, "not take the client certificate"),
                (71, "stronger ciphers than are known here"), (80, "its own log may say why"),
                (112, "is the URL's host, or the server name that was set, right?"),
                (120, "speak HTTP/1.1 on this port"), (255, "not say in plain words why"))),
        ):
            self.check(f"answers TLS with {name}",
                       self.send(Speaker(answer).url, "ERR_TLS", f"says={says}", "sends=1"))

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
        self.check("plain HTTP", self.send(
            plain.url().replace("http:", "https:"), "ERR_TLS", "says=what the receiver sent is not",
            f"then={plain.url()}"))
        with socket.create_server(("127.0.0.1", 0)) as silent:
            self.check("never shakes hands", self.send(
                f"https://127.0.0.1:{silent.getsockname()[1]}/", "ERR_TIMEOUT", "timeout=500",
                "says=TLS", f"then={plain.url()}"))
        self.check("cut off",
                   self.send(Receiver("good", cut=True).url(), "ERR_RECEIVE", "told=200"))
        for how in "batch=0", "batch=2":
            self.check(f"never ends its answer, {how}", self.send(
                Receiver("good", endless=True).url(), "ERR_TIMEOUT", "timeout=1000", "sends=1",
                "max-body=4294967295", "told=200", how))
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

    def turns(self, name, url, *turns, options=(), first="ours.pem"):
        """A send, and more after each turn: the next certificates of the platform, the seconds that
        pass, the status, and perhaps how many descriptors are free."""
        shutil.copy(first, "platform.pem")
        told = []
        for number, (certificates, seconds, status, *free) in enumerate(turns):
            if certificates:
                shutil.copy(certificates, f"turn-{number}.pem")
            file = f"turn-{number}.pem" if certificates else "-"
            fields = file, seconds, self.sender.statuses[status], *free
            told.append("turn=" + ",".join(map(str, fields)))
        ok = self.send(url, "OK", *options, *told, authorities="platform.pem")
        self.check(name, ok)

    def replaced(self):
        """New certificates of the platform are noticed, but not at once."""
        issuer = "ERR_CERTIFICATE_ISSUER"
        good = Receiver("good")
        kinds = ("", []), (", with settings", ["min-tls=12"]), (
            ", beside an authority", ["ca=selfish.pem"])
        for kind, options in kinds[-1:] if self.sender.some else kinds:
            self.turns(f"replaced certificates{kind}", good.url(), ("theirs.pem", 50, "OK"),
                       (None, 20, issuer), ("both.pem", 20, issuer), (None, 50, "OK"),
                       options=options)
            self.turns(f"certificates that cannot be read, or are none{kind}", good.url(),
                       ("none.pem", 70, "OK"), ("ours.pem", 70, "OK"), ("theirs.pem", 70, "OK", 1),
                       (None, 50, "OK"), (None, 20, issuer), options=options)
        self.turns("replaced certificates, but the platform is not trusted", good.url(),
                   ("theirs.pem", 70, "OK"), options=["platform=0", "ca=ours.pem"])

    def short_of_descriptors(self):
        """That is the system's failure, and nothing is kept of what was read."""
        good = Receiver("good")
        for kind, options in ("", []), (", with settings", ["unread-ca=theirs.pem", "min-tls=12"]):
            self.turns(f"one descriptor for all{kind}", good.url(), (None, 0, "ERR_SYSTEM", 1),
                       (None, 0, "OK"),
                       options=["sends=0", "says=for want of descriptors", *options])
        os.makedirs("store", exist_ok=True)
        for name in "ours.pem", "theirs.pem":
            shutil.copy(name, "store")
        system, ok = self.sender.statuses["ERR_SYSTEM"], self.sender.statuses["OK"]
        for free in 1, 2:
            self.check(f"{free} for all, and a directory of certificates", self.sender.send(
                good.url(), "OK", "sends=0", f"turn=-,0,{system},{free}", f"turn=-,0,{ok}",
                "says=for want of descriptors", SSL_CERT_DIR=os.path.abspath("store")))

    def privileged(self):
        """A program that has more rights than its user trusts nobody whom the environment names."""
        program = shutil.copy(self.sender.command[-1], self.sender.command[-1] + "-setgid")
        group = 65534 if os.geteuid() == 0 else next(
            group for group in os.getgroups() if group != os.getegid())
        os.chown(program, -1, group)
        os.chmod(program, 0o2755)
        privileged = copy.copy(self.sender)
        privileged.command = [program]
        good = Receiver("good")
        for variable, value in ("SSL_CERT_FILE", "ours.pem"), ("SSL_CERT_DIR", "store"):
            trusting = {variable: os.path.abspath(value)}
            self.check(f"{variable} is for its user, not for who is privileged",
                       self.sender.send(good.url(), "OK", "ca=theirs.pem", **trusting)
                       and privileged.send(good.url(), "ERR_CERTIFICATE_ISSUER", "ca=theirs.pem",
                                           **trusting))
        self.check("who is privileged trusts whom the program names",
                   privileged.send(good.url(), "OK", "ca=ours.pem"))
        os.remove(program)

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
            shutil.copy("ours.pem", "again.pem")
            ok, lines = self.with_nginx(server, ("OK", "sends=3"), ("OK", "weaker=1", "sends=2"),
                                        ("OK", "sends=2", "turn=again.pem,70,0", "turn=-,0,0"))
            reused = "".join(line.split()[1] for line in lines)
            # The second process sends without verifying first; the third has new certificates amid.
            self.check(f"{version}, tickets {tickets}: sessions are resumed: {reused}",
                       ok and reused == ".rr" + "." + ".r" + ".r" + ".r")


def make_odd_ones():
    san = f"subjectAltName={HERE}"
    make_authority("impostor", subject="ours")
    make_authority("impostor-rsa", key="rsa", subject="ours")
    make_between("between-forged", "impostor")
    make_certificate("forged", "impostor")
    make_certificate("forged-rsa", "impostor-rsa")
    make_chain("forged-chain", ["impostor", "between-forged"])
    make_self_signed("sovereign-ours", "basicConstraints=critical,CA:TRUE", subject="ours")
    make_version_1("version-1", "ours")
    make_odd("sha1", "ours", san, digest="sha1")
    make_odd("nameless", "ours", "basicConstraints=CA:FALSE")
    make_certificate("many-named", "ours", ",".join(f"DNS:n{i}.test" for i in range(1, 9)))
    make_odd("client-only", "ours", san, "extendedKeyUsage=clientAuth")
    make_odd("critical", "ours", san, "1.2.3.4=critical,ASN1:UTF8String:x")
    make_odd("authority", "ours", san, "basicConstraints=critical,CA:TRUE")
    keep_books("good")
    make_chain("of-nobody", ["ours", "good"])
    make_between("of-others", "ours", "nameConstraints=critical,permitted;DNS:receiver.example")
    make_chain("constrained", ["ours", "of-others"])
    make_between("last", "ours", limit=",pathlen:0")
    make_between("beyond", "last")
    make_chain("too-long", ["ours", "last", "beyond"])
    depths = ["ours", *(f"depth-{depth}" for depth in range(8))]
    for above, below in zip(depths, depths[1:]):
        make_between(below, above)
    make_chain("deep", depths)


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
    make_odd_ones()
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
    cases.replaced()
    cases.short_of_descriptors()
    cases.bad_files()
    cases.resumption()
    if not sender.some:
        cases.against_s_server()
        cases.odd_certificates()
        cases.no_tls()
        cases.privileged()
        cases.redirects()
        cases.client_certificates()


if __name__ == "__main__":
    in_directory(main)
