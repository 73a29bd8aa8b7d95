"""Sends over TLS, trusted and not, to receivers on the loopback: Python's, nginx, openssl s_server.

The tests in which the sender itself judges certificates or files run in every way it is built.
Those in which only the receiver behaves differently run with the shared library alone.
"""
import os
import shutil
import socket
import ssl

import pytest

from support.build import SHARED
from support.certificates import KEYS, NO_CERTIFICATES, Certificates, all_kinds
from support.parameters import SLOWLY_BUILT, cases, every_variant, shared_alone
from support.receivers import Nginx, Receiver, Speaker, SServer
from support.sender import Sender

EXPIRED, NAME, ISSUER, REVOKED, SELF_SIGNED = (
    f"ERR_CERTIFICATE_{why}" for why in ("EXPIRED", "NAME", "ISSUER", "REVOKED", "SELF_SIGNED"))


@pytest.fixture(scope="session")
def certificates():
    return all_kinds()


@pytest.fixture
def sender(program, certificates):
    return Sender(program("sender"), certificates)


@pytest.fixture
def send(sender):
    """sender.send() on a platform that trusts these authorities."""
    def send(url, status, *options, authorities="ours.pem"):
        sender.send(url, status, *options, SSL_CERT_FILE=sender.certificates.path(authorities))
    return send


@pytest.fixture
def good(start, certificates):
    """A receiver whom the sender trusts."""
    return start(Receiver(certificates.path("good")))


@pytest.fixture
def own(program, certificates, scratch):
    """A sender in a directory of its own, where certificates may change."""
    copied = shutil.copytree(certificates.directory, os.path.join(scratch, "certificates"))
    return Sender(program("sender"), Certificates(copied))


# ---- openssl s_server ----

@pytest.fixture
def send_to_s_server(send, certificates):
    """Twice the same, over one connection if there is one."""
    def send_to_s_server(certificate, status, *options, server=()):
        with SServer(certificates, certificate, *server) as receiver:
            send(receiver.url, status, *options)
        expected = 2 if status == "OK" else 0
        assert receiver.heads == expected, f"{receiver.heads} requests came, not {expected}"
    return send_to_s_server


@every_variant
@pytest.mark.parametrize("certificate", [
    pytest.param("selfish", id="no authority's"),
    pytest.param("sovereign", id="an authority's"),  # as `openssl req -x509` makes them
])
@pytest.mark.parametrize("status, options", cases(
    ("unknown", SELF_SIGNED, ["says=self-signed"]),
    ("trusted", "OK", ["ca={certificate}.pem"]),
    ("trusted, another name", NAME, ["ca={certificate}.pem", "name=receiver.example"]),
))
def test_self_signed(send_to_s_server, certificate, status, options):
    send_to_s_server(certificate, status,
                     *(option.format(certificate=certificate) for option in options))


OTHER_HOST = "name=receiver.example"
STRANGER = ["certificate=stranger.pem", "key=stranger.key", "says=does not know the authority"]
OLD = ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"]
BETWEEN = ["-cert_chain", "between.pem"]
STRICT = ["-Verify", "9", "-verify_return_error", "-CAfile", "ours.pem"]


@shared_alone
@pytest.mark.parametrize("certificate, status, options, server", cases(
    ("trusted", "good", "OK", [], []),
    ("TLS 1.1 only", "good", "ERR_TLS", ["says=no version of TLS"], OLD),
    ("TLS 1.2 only, 1.3 wanted", "good", "ERR_TLS", ["min-tls=13", "says=no version of TLS"],
     ["-tls1_2"]),
    ("TLS 1.2 only", "good", "OK", ["min-tls=12"], ["-tls1_2"]),
    ("TLS 1.3 only", "good", "OK", ["min-tls=13"], ["-tls1_3"]),
    ("expired", "expired", EXPIRED, ["says=it expired 1 day ago"], []),
    ("not yet valid", "early", EXPIRED, ["says=not valid yet"], []),
    ("another host's", "elsewhere", NAME, ["says=it is for 127.0.0.2, rec"], []),
    ("another host's, whose name is set", "elsewhere", "OK", [OTHER_HOST], []),
    ("another name is set", "good", NAME, [OTHER_HOST], []),
    ("unknown issuer", "stranger", ISSUER, ["says=that issued it is unknown"], []),
    ("self-signed, expired, trusted", "stale", EXPIRED, ["ca=stale.pem"], []),
    ("revoked", "revoked", REVOKED, ["crl=ours.crl", "says=was revoked"], []),
    ("revoked, but no list", "revoked", "OK", [], []),
    ("revoked, in a batch", "revoked", REVOKED, ["crl=ours.crl", "batch=4"], []),
    ("not on the list", "good", "OK", ["crl=ours.crl"], []),
    ("on a list of another authority", "revoked", "OK", ["crl=theirs.crl"], []),
    ("through an authority between", "chained", "OK", [], BETWEEN),
    ("the authority between is revoked", "chained", REVOKED, ["crl=ours.crl"], BETWEEN),
    ("certificate wanted", "good", "ERR_TLS", ["says=requires a client certificate, and none"],
     ["-Verify", "1", "-tls1_3"]),
    ("certificate wanted, TLS 1.2", "good", "ERR_TLS", ["says=or requires a client cert"],
     ["-Verify", "1", "-tls1_2"]),
    ("certificate of a stranger", "good", "ERR_TLS", STRANGER, [*STRICT, "-tls1_3"]),
    ("certificate of a stranger, TLS 1.2", "good", "ERR_TLS", STRANGER, [*STRICT, "-tls1_2"]),
    ("certificate expired", "good", "ERR_TLS",
     ["certificate=expired.pem", "key=expired.key", "says=client certificate has expired"], STRICT),
    ("no cipher in common", "good", "ERR_TLS", ["says=no cipher suite"],
     ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA"]),
    ("nothing is verified", "expired", "OK", ["insecure=1"], []),
))
def test_s_server(send_to_s_server, certificate, status, options, server):
    send_to_s_server(certificate, status, *options, server=server)


def chain(name):
    return ["-cert_chain", f"{name}.pem"]


ODD = {  # certificate: (status, what is said, options of the server)
    "version-1": ("ERR_TLS", "X.509 version 3", []),
    "forged": (ISSUER, "another key signed it", []),
    "forged-rsa": (ISSUER, "another key signed it", []),
    "forged-chain": (ISSUER, "another key signed it", chain("forged-chain")),
    "sovereign-ours": (SELF_SIGNED, "self-signed", []),
    "sha1": ("ERR_TLS", "such as one with SHA-1", ["-cipher", "ALL:@SECLEVEL=0"]),
    "nameless": (NAME, "for no host at all", []),
    "many-named": (NAME, "n5.test and more", []),
    "client-only": ("ERR_TLS", "lacks serverAuth", []),
    "critical": ("ERR_TLS", "critical extension", []),
    "authority": ("ERR_TLS", "of an authority, not of", []),
    "of-nobody": ("ERR_TLS", "not an authority", chain("of-nobody")),
    "constrained": ("ERR_TLS", "name constraints", chain("constrained")),
    "too-long": ("ERR_TLS", "longer than allowed", chain("too-long")),
    "deep": ("ERR_TLS", "longer than allowed", chain("deep")),
}


@shared_alone
@pytest.mark.parametrize("certificate", ODD)
def test_odd_certificate(send_to_s_server, certificate):
    """Each failure says what is wrong with the certificate."""
    status, says, server = ODD[certificate]
    send_to_s_server(certificate, status, f"says={says}", server=server)


@shared_alone
def test_server_of_another_host(start, send, certificates):
    receiver = start(SServer(certificates, "good", "-servername", "receiver.example",
                             "-servername_fatal", "-cert2", "good.pem", "-key2", "good.key"))
    send(receiver.url, "ERR_TLS", "name=localhost", "says=serves no host of this name")


# ---- what is not TLS ----

NO_TLS = "the receiver's answer is not TLS"
ALERTS = [
    (10, "could not decode a message, or considers a signature invalid"),
    (40, "or requires a client certificate"), (42, "does not accept the one that it got"),
    (43, "of this kind"), (44, "was revoked"), (49, "not accept the client certificate"),
    (71, "stronger ciphers than this library supports"), (80, "its log may say why"),
    (112, "is the URL's host, or the server name that was set, right?"),
    (120, "support HTTP/1.1 on this port"), (255, "gives no clear reason"),
]


@shared_alone
@pytest.mark.parametrize("answer, says", cases(
    ("HTTP", b"HTTP/1.0 400 Bad Request\r\n\r\n", NO_TLS),
    ("a mail server", b"220 mail.example ESMTP\r\n", NO_TLS),
    ("a record too large", b"\x16\3\3\xff\xff" + bytes(9), NO_TLS),
    ("nothing", b"", "closed the connection during the TLS handshake: does"),
    ("data before hands are shaken", b"\x17\3\3\0\1x", "violated the TLS protocol"),
    *((f"alert {number}", b"\x15\3\3\0\2\2" + bytes([number]), f"{says} (alert {number})")
      for number, says in ALERTS),
))
def test_answer_to_first_bytes(start, send, answer, says):
    send(start(Speaker(answer)).url, "ERR_TLS", f"says={says}", "sends=1")


@every_variant
def test_plain_http(start, send):
    plain = start(Receiver()).url()
    send(plain.replace("http:", "https:"), "ERR_TLS", f"says={NO_TLS}", f"then={plain}")


@every_variant
def test_never_shakes_hands(start, send, within):
    silent = start(socket.create_server(("127.0.0.1", 0)))
    url, then = f"https://127.0.0.1:{silent.getsockname()[1]}/", start(Receiver()).url()
    within(lambda timeout: send(url, "ERR_TIMEOUT", f"timeout={timeout}", "says=TLS",
                                f"then={then}"))


@every_variant
def test_cut_off(start, send, certificates):
    send(start(Receiver(certificates.path("good"), cut=True)).url(), "ERR_RECEIVE", "told=200")


@every_variant
@pytest.mark.parametrize("how", ["batch=0", "batch=2"])
def test_never_ends_its_answer(start, send, certificates, how, within):
    url = start(Receiver(certificates.path("good"), endless=True)).url()
    within(lambda timeout: send(url, "ERR_TIMEOUT", f"timeout={timeout}", "sends=1",
                                "max-body=4294967295", "told=200", how))


# ---- whom to trust ----

def check_trusted(receiver, send, *options, host="127.0.0.1", authorities="ours.pem"):
    """Three sends go over one connection, with a body larger than a TLS record."""
    send(receiver.url(host), "OK", "sends=3", "size=100000", *options, authorities=authorities)
    arrived = receiver.connections, receiver.bodies
    assert arrived == (1, [1, 1, 100000])


@every_variant
@pytest.mark.parametrize("certificate, version, host, authorities, options", cases(
    ("TLS 1.3", "good", ssl.TLSVersion.TLSv1_3, "127.0.0.1", "ours.pem", []),
    ("TLS 1.2", "good", ssl.TLSVersion.TLSv1_2, "127.0.0.1", "ours.pem", []),
    ("by name", "good", None, "localhost", "ours.pem", []),
    ("an RSA key", "rsa", None, "127.0.0.1", "ours.pem", []),
    ("an authority beside the platform's", "good", None, "127.0.0.1", "theirs.pem",
     ["ca=ours.pem"]),
    ("the platform's beside an authority", "good", None, "127.0.0.1", "ours.pem",
     ["ca=theirs.pem"]),
    ("an authority in bytes", "good", None, "127.0.0.1", "theirs.pem", ["ca-bytes=ours.pem"]),
    ("several authorities in a file", "good", None, "127.0.0.1", "none.pem",
     ["ca=both.pem", "platform=0"]),
    ("only an authority, none on the platform", "good", None, "127.0.0.1", "none.pem",
     ["ca=ours.pem"]),
))
def test_trusted(start, send, certificates, certificate, version, host, authorities, options):
    receiver = start(Receiver(certificates.path(certificate), version))
    check_trusted(receiver, send, *options, host=host, authorities=authorities)


@every_variant
@pytest.mark.parametrize("status, options, authorities", cases(
    ("no authority on the platform", "ERR_TLS", ["says=ca-certificates"], "none.pem"),
    ("no authority at all", "ERR_TLS", ["platform=0", "says=add one"], "ours.pem"),
    ("another authority", ISSUER, [], "theirs.pem"),
    ("not the platform's", ISSUER, ["platform=0", "ca=theirs.pem"], "ours.pem"),
    ("another authority, in a batch", ISSUER, ["batch=8"], "theirs.pem"),
))
def test_untrusted(good, send, status, options, authorities):
    send(good.url(), status, *options, authorities=authorities)
    assert not good.bodies, "something was sent to the untrusted"


@every_variant
def test_batch_uses_connections_again(good, send):
    send(good.url(), "OK", "batch=16")
    assert len(good.bodies) == 32
    assert good.connections <= 16


@every_variant
def test_unverified_connection_serves_nobody_who_verifies(start, send, certificates):
    stranger = start(Receiver(certificates.path("stranger")))
    send(stranger.url(), ISSUER, "weaker=1")
    assert len(stranger.bodies) == 1


@every_variant
def test_bad_files_change_nothing(good, send):
    """Files that are refused leave the handle as it was."""
    authorities = ["good.key", "ours.crl", *NO_CERTIFICATES]
    options = [f"bad-ca={path}" for path in ["missing.pem", *authorities]]
    options += [f"bad-ca-bytes={path}" for path in authorities]
    options += [f"bad-crl={path}" for path in ["good.key", "good.pem", *NO_CERTIFICATES]]
    for path in authorities:
        options += [f"certificate={path}", "bad-key=good.key"]
    for path in ["rsa.key", "ours.key", "locked.key", "good.pem", *NO_CERTIFICATES]:
        options += ["certificate=good.pem", f"bad-key={path}"]
    check_trusted(good, send, *options)


@shared_alone
@pytest.mark.parametrize("variable, value", [
    ("SSL_CERT_FILE", "ours.pem"), ("SSL_CERT_DIR", "store")])
def test_privileged_program_trusts_nobody_of_the_environment(
        good, sender, privileged, store, variable, value):
    trusting = {variable: sender.certificates.path(value) if value == "ours.pem" else store}
    sender.send(good.url(), "OK", "ca=theirs.pem", **trusting)
    privileged.send(good.url(), ISSUER, "ca=theirs.pem", **trusting)


@shared_alone
def test_privileged_program_trusts_whom_it_names(good, privileged):
    privileged.send(good.url(), "OK", "ca=ours.pem")


@pytest.fixture
def privileged(sender, certificates):
    """The sender with the rights of a group that is not its user's."""
    path = sender.command[-1]
    program = shutil.copy(path, f"{path}-setgid-{os.getpid()}")
    group = 65534 if os.geteuid() == 0 else next(
        group for group in os.getgroups() if group != os.getegid())
    os.chown(program, -1, group)
    os.chmod(program, 0o2755)
    yield Sender([program], certificates)
    os.remove(program)


@pytest.fixture
def store(certificates, tmp_path):
    """A directory of authorities."""
    for name in "ours.pem", "theirs.pem":
        shutil.copy(certificates.path(name), tmp_path)
    return str(tmp_path)


# ---- certificates of the platform that change, or cannot be read ----

@pytest.fixture
def take_turns(own):
    """A send, and more after each turn: the next certificates of the platform, the seconds that
    pass, the status, and perhaps how many descriptors are free."""
    path = own.certificates.path

    def take_turns(url, *turns, options=()):
        shutil.copy(path("ours.pem"), path("platform.pem"))
        turn_options = []
        for number, (file, seconds, status, *free) in enumerate(turns):
            if file:
                shutil.copy(path(file), path(f"turn-{number}.pem"))
            fields = f"turn-{number}.pem" if file else "-", seconds, own.statuses[status], *free
            turn_options.append("turn=" + ",".join(map(str, fields)))
        own.send(url, "OK", *options, *turn_options, SSL_CERT_FILE=path("platform.pem"))
    return take_turns


SETTINGS = {
    "plain": [],
    "with settings": ["min-tls=12"],
    "beside an authority": ["ca=selfish.pem"],
}
every_setting = pytest.mark.parametrize("variant, settings", [
    *((SHARED, settings) for settings in SETTINGS),
    *((variant, "beside an authority") for variant in SLOWLY_BUILT)])


@every_setting
def test_replaced_certificates_are_noticed_but_not_at_once(good, take_turns, settings):
    take_turns(good.url(), ("theirs.pem", 50, "OK"), (None, 20, ISSUER), ("both.pem", 20, ISSUER),
               (None, 50, "OK"), options=SETTINGS[settings])


@every_setting
def test_certificates_that_cannot_be_read_or_are_none(good, take_turns, settings):
    take_turns(good.url(), ("none.pem", 70, "OK"), ("ours.pem", 70, "OK"),
               ("theirs.pem", 70, "OK", 1), (None, 50, "OK"), (None, 20, ISSUER),
               options=SETTINGS[settings])


@every_variant
def test_replaced_certificates_of_an_untrusted_platform(good, take_turns):
    take_turns(good.url(), ("theirs.pem", 70, "OK"), options=["platform=0", "ca=ours.pem"])


@every_variant
@pytest.mark.parametrize("options", cases(
    ("plain", []), ("with settings", ["unread-ca=theirs.pem", "min-tls=12"])))
def test_one_descriptor_for_all(good, take_turns, options):
    """That is the system's failure, and nothing is kept of what was read."""
    take_turns(good.url(), (None, 0, "ERR_SYSTEM", 1), (None, 0, "OK"),
               options=["sends=0", "says=there are no descriptors", *options])


@every_variant
@pytest.mark.parametrize("free", [1, 2])
def test_few_descriptors_and_a_directory_of_certificates(good, sender, store, free):
    system, ok = sender.statuses["ERR_SYSTEM"], sender.statuses["OK"]
    sender.send(good.url(), "OK", "sends=0", f"turn=-,0,{system},{free}", f"turn=-,0,{ok}",
                "says=there are no descriptors", SSL_CERT_DIR=store)


# ---- redirects ----

@shared_alone
@pytest.mark.parametrize("first, last, status, options, arrive", cases(
    ("never from https to http", "good", None, "OK", ["elsewhere=9", "http=307"], 0),
    ("not to another port", "good", "good", "OK", ["redirects=9", "http=307"], 0),
    ("to another port", "good", "good", "OK", ["elsewhere=1"], 10),
    ("from http to https", None, "good", "OK", ["elsewhere=1"], 10),
    ("to one who is not trusted", "good", "stranger", ISSUER, ["elsewhere=1"], 0),
))
def test_redirect(start, send, certificates, first, last, status, options, arrive):
    """What tests/c/redirect.c cannot see: TLS on the way."""
    def receiver(certificate, **more):
        return start(Receiver(certificate and certificates.path(certificate), **more))

    last = receiver(last)
    first = receiver(first, location=last.url() + "a")
    for batch in [], ["batch=8", "sends=1"]:
        send(first.url(), status, *options, *batch)
    assert len(last.bodies) == arrive


# ---- nginx: client certificates, and sessions that are resumed ----

@pytest.fixture
def sessions_of_nginx(own, tmp_path):
    """Makes each of the sends, and returns what nginx logged of each: the version, whether the
    session was resumed, and the client's name."""
    path = own.certificates.path

    def sessions_of_nginx(server, *sends):
        with Nginx(tmp_path, f"""
                ssl_certificate {path("good.pem")};
                ssl_certificate_key {path("good.key")};
                access_log {tmp_path}/tls tls;
                location / {{ return 200 "received"; }}
                {server}""", " ssl") as nginx:
            for status, *options in sends:
                own.send(nginx.url, status, *options, SSL_CERT_FILE=path("ours.pem"))
        return [line.split() for line in (tmp_path / "tls").read_text().splitlines()]
    return sessions_of_nginx


@pytest.fixture
def wants_certificate(certificates):
    return f"ssl_verify_client on; ssl_client_certificate {certificates.path('ours.pem')};"


every_version = pytest.mark.parametrize("version", ["TLSv1.3", "TLSv1.2"])


@shared_alone
@every_version
@pytest.mark.parametrize("key", KEYS)
def test_client_certificate(sessions_of_nginx, wants_certificate, version, key):
    shown = [f"certificate=client-{key}.pem", f"key=client-{key}.key"]
    sessions = sessions_of_nginx(f"{wants_certificate} ssl_protocols {version};",
                                 ("OK", *shown), ("OK", *shown, "batch=4", "sends=1"))
    assert [[version, subject] for version, _, subject in sessions] == \
        [[version, f"CN=client-{key}"]] * 6


@shared_alone
@every_version
@pytest.mark.parametrize("options", cases(
    ("with an authority between", ["certificate=chained.pem", "key=chained.key"]),
    ("none", ["http=400"]),
    ("of another authority", ["http=400", "certificate=stranger.pem", "key=stranger.key"]),
))
def test_other_client_certificate(sessions_of_nginx, wants_certificate, version, options):
    sessions_of_nginx(f"{wants_certificate} ssl_verify_depth 2; ssl_protocols {version};",
                      ("OK", *options))


@every_variant
@pytest.mark.parametrize("version, cache", [
    ("TLSv1.3", "off"), ("TLSv1.2", "off"), ("TLSv1.2", "shared:tls:1m")])
def test_resumption(sessions_of_nginx, own, version, cache):
    """The sessions of a handle are resumed, those of another trust are not."""
    shutil.copy(own.certificates.path("ours.pem"), own.certificates.path("again.pem"))
    tickets = "on" if cache == "off" else "off"
    sessions = sessions_of_nginx(
        f"ssl_protocols {version}; ssl_session_cache {cache}; ssl_session_tickets {tickets}; "
        "keepalive_timeout 0;",
        ("OK", "sends=3"), ("OK", "weaker=1", "sends=2"),
        ("OK", "sends=2", "turn=again.pem,70,0", "turn=-,0,0"))
    # The second process sends without verifying first; the third has new certificates after two.
    assert "".join(resumed for _, resumed, _ in sessions) == ".rr" + "." + ".r" + ".r" + ".r"
