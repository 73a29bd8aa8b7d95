"""Authorities, certificates, keys and revocation lists, which openssl makes in one directory."""
import datetime
import os
import shutil
import subprocess

from support.build import OUT, once

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


def request(name, *extensions, key="ec", subject=None):
    """The arguments that make NAME.key and ask for a certificate."""
    added = [part for extension in extensions for part in ("-addext", extension)]
    return ["req", "-newkey", *KEYS[key], "-nodes", "-subj", f"/CN={subject or name}",
            "-keyout", f"{name}.key", *added]


def day(offset):
    """Days from now, as openssl writes a time."""
    now = datetime.datetime.now(datetime.timezone.utc)
    return (now + datetime.timedelta(days=offset)).strftime("%Y%m%d%H%M%SZ")


class Certificates:
    """A directory of files: a certificate is in NAME.pem, its key in NAME.key. An authority keeps
    its books beside them."""

    def __init__(self, directory):
        self.directory = str(directory)

    def path(self, name):
        return os.path.join(self.directory, name)

    def write(self, name, *lines):
        with open(self.path(name), "w") as file:
            file.write("\n".join([*lines, ""]))
        return name

    def append(self, name, *parts):
        with open(self.path(name), "a") as whole:
            for part in parts:
                with open(self.path(part)) as text:
                    whole.write(text.read())

    def openssl(self, *arguments):
        done = subprocess.run(["openssl", *arguments], cwd=self.directory, capture_output=True,
                              text=True, timeout=60)
        assert done.returncode == 0, f"openssl {' '.join(arguments)}\n{done.stderr}"
        return done.stdout

    def keep_books(self, name):
        self.write(f"{name}.cnf", AUTHORITY.format(name=name))
        self.write(f"{name}.serial", "01")
        self.write(f"{name}.crlnumber", "01")
        open(self.path(f"{name}.index"), "w").close()

    def authority(self, name, key="ec", subject=None):
        self.openssl(*request(name, "basicConstraints=critical,CA:TRUE", key=key, subject=subject),
                     "-x509", "-days", "2", "-out", f"{name}.pem")
        self.keep_books(name)

    def issue(self, name, authority, first=-1, last=1, digest="sha256"):
        """NAME.pem for NAME.csr, valid from one day to another, counted from today."""
        self.openssl("ca", "-batch", "-notext", "-config", f"{authority}.cnf",
                     "-in", f"{name}.csr", "-out", f"{name}.pem", "-startdate", day(first),
                     "-enddate", day(last), "-md", digest)

    def certificate(self, name, authority, names=HERE, key="ec", first=-1, last=1):
        """A certificate for these names."""
        self.openssl(*request(name, f"subjectAltName={names}", "basicConstraints=critical,CA:FALSE",
                              "extendedKeyUsage=serverAuth,clientAuth", key=key),
                     "-out", f"{name}.csr")
        self.issue(name, authority, first, last)

    def odd(self, name, authority, *extensions, digest="sha256"):
        """A certificate with these extensions alone."""
        self.openssl(*request(name, *extensions), "-out", f"{name}.csr")
        self.issue(name, authority, digest=digest)

    def version_1(self, name, authority):
        """A certificate of the first version of X.509."""
        self.openssl(*request(name), "-out", f"{name}.csr")
        self.openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{authority}.pem", "-CAkey",
                     f"{authority}.key", "-set_serial", "1", "-days", "2", "-out", f"{name}.pem")
        assert "Version: 1 " in self.openssl("x509", "-in", f"{name}.pem", "-noout", "-text"), \
            "openssl makes no certificate of version 1"

    def between(self, name, authority, *extensions, limit="", subject=None):
        """An authority that another one vouches for."""
        self.openssl(*request(name, f"basicConstraints=critical,CA:TRUE{limit}", *extensions,
                              subject=subject), "-out", f"{name}.csr")
        self.issue(name, authority)
        self.keep_books(name)

    def chain(self, name, authorities):
        """A certificate with the chain of these authorities, all but the first of which is in
        it."""
        self.certificate(name, authorities[-1])
        self.append(f"{name}.pem", *(f"{authority}.pem" for authority in reversed(authorities[1:])))

    def revoke(self, name, authority):
        """NAME.pem is on the list AUTHORITY.crl."""
        self.openssl("ca", "-config", f"{authority}.cnf", "-revoke", f"{name}.pem")
        self.openssl("ca", "-config", f"{authority}.cnf", "-gencrl", "-out", f"{authority}.crl")

    def self_signed(self, name, *extensions, days="2", subject=None):
        self.openssl(*request(name, f"subjectAltName={HERE}", *extensions, subject=subject),
                     "-out", f"{name}.csr")
        self.openssl("x509", "-req", "-in", f"{name}.csr", "-signkey", f"{name}.key",
                     "-days", days, "-copy_extensions", "copy", "-out", f"{name}.pem")


def make_usual(certificates):
    """What most tests use: the authority `ours`, which the sender trusts, with certificates of a
    receiver (good), a client (client), and one that it has revoked (revoked); and the authority
    `theirs`, with a certificate of its own (stranger)."""
    certificates.authority("ours")
    certificates.authority("theirs")
    for name in "good", "client", "revoked":
        certificates.certificate(name, "ours")
    certificates.certificate("stranger", "theirs")
    certificates.revoke("revoked", "ours")


def make_all_kinds(certificates):
    """What the tests of TLS use beside that."""
    certificates.between("between", "ours")
    certificates.certificate("rsa", "ours", key="rsa")
    certificates.certificate("elsewhere", "ours", "IP:127.0.0.2,DNS:receiver.example")
    certificates.certificate("expired", "ours", first=-2, last=-1)
    certificates.certificate("early", "ours", first=1, last=2)
    certificates.certificate("chained", "between")
    certificates.append("chained.pem", "between.pem")
    for key in KEYS:
        certificates.certificate(f"client-{key}", "ours", key=key)
    certificates.self_signed("selfish", "basicConstraints=critical,CA:FALSE")
    certificates.self_signed("sovereign", "basicConstraints=critical,CA:TRUE")
    make_odd_kinds(certificates)
    certificates.self_signed("stale", "basicConstraints=critical,CA:TRUE", days="-1")
    certificates.revoke("between", "ours")
    certificates.revoke("stranger", "theirs")
    certificates.write("none.pem")
    certificates.write("both.pem")
    certificates.append("both.pem", "theirs.pem", "ours.pem")
    certificates.openssl("ec", "-in", "good.key", "-aes128", "-passout", "pass:x",
                         "-out", "locked.key")
    make_no_certificates(certificates)


def make_odd_kinds(certificates):
    names = f"subjectAltName={HERE}"
    certificates.authority("impostor", subject="ours")
    certificates.authority("impostor-rsa", key="rsa", subject="ours")
    certificates.between("between-forged", "impostor")
    certificates.certificate("forged", "impostor")
    certificates.certificate("forged-rsa", "impostor-rsa")
    certificates.chain("forged-chain", ["impostor", "between-forged"])
    certificates.self_signed("sovereign-ours", "basicConstraints=critical,CA:TRUE", subject="ours")
    certificates.version_1("version-1", "ours")
    certificates.odd("sha1", "ours", names, digest="sha1")
    certificates.odd("nameless", "ours", "basicConstraints=CA:FALSE")
    certificates.certificate("many-named", "ours", ",".join(f"DNS:n{i}.test" for i in range(1, 9)))
    certificates.odd("client-only", "ours", names, "extendedKeyUsage=clientAuth")
    certificates.odd("critical", "ours", names, "1.2.3.4=critical,ASN1:UTF8String:x")
    certificates.odd("authority", "ours", names, "basicConstraints=critical,CA:TRUE")
    certificates.keep_books("good")
    certificates.chain("of-nobody", ["ours", "good"])
    certificates.between("of-others", "ours",
                         "nameConstraints=critical,permitted;DNS:receiver.example")
    certificates.chain("constrained", ["ours", "of-others"])
    certificates.between("last", "ours", limit=",pathlen:0")
    certificates.between("beyond", "last")
    certificates.chain("too-long", ["ours", "last", "beyond"])
    depths = ["ours", *(f"depth-{depth}" for depth in range(8))]
    for above, below in zip(depths, depths[1:]):
        certificates.between(below, above)
    certificates.chain("deep", depths)


NO_CERTIFICATES = ["none.pem", "words", "nuls", "unended", "cut", "no-base64", "no-der", "half"]


def make_no_certificates(certificates):
    """Files that are neither certificates nor keys."""
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    with open(certificates.path("good.pem")) as good:
        lines = good.read().splitlines()
    certificates.write("words", "These are words.")
    certificates.write("nuls", "\0" * 5000)
    certificates.write("unended", *lines[:-1])
    certificates.write("cut", *lines[:3], end)
    certificates.write("no-base64", begin, "*" * 64, end)
    certificates.write("no-der", begin, "QUJD" * 16, end)
    certificates.write("half", *lines, begin, "QUJD", end)


# ---- for all workers ----

def usual():
    """The usual certificates."""
    return _made("certificates", make_usual)


def all_kinds():
    """The usual ones and all other kinds."""
    return _made("certificates-of-all-kinds", make_usual, make_all_kinds)


def _made(name, *makers):
    directory = OUT / name

    def make():
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        for maker in makers:
            maker(Certificates(directory))
    once(name, make)
    return Certificates(directory)
