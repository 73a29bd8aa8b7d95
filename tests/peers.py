"""Exchanges signatures with code of other hands, both ways: PyPI's standardwebhooks and stripe, and
npm's standardwebhooks and @octokit/webhooks-methods (through tests/peers.mjs).

    peers.py DIRECTORY    with lib/libbarker.so.0, as `make build` lays it out

All the peers sign text. Of bytes that are not UTF-8 the Python ones raise an error, octokit throws,
and npm's standardwebhooks signs another text, in which U+FFFD stands for them. Octokit refuses an
empty body as well. Such bodies are tried too, and counted apart.
"""
import base64
import collections
import ctypes
import datetime
import json
import os
import random
import string
import subprocess
import sys
import time

import standardwebhooks
import stripe

BUILD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../build")
BODIES = {"text": 1000, "empty": 50, "binary": 50, "1 MiB": 3}  # how many of each kind, each way
MIB = 2**20


# ---- the peers: sign() gives headers, verify() whether they are right; either may refuse ----

class Refusal(Exception):
    pass


class Python:
    def close(self):
        pass


class PythonStandard(Python):
    def sign(self, secret, message_id, timestamp, body):
        when = datetime.datetime.fromtimestamp(timestamp, datetime.timezone.utc)
        signature = standardwebhooks.Webhook(secret).sign(message_id, when, body.decode())
        return {"webhook-id": message_id, "webhook-timestamp": str(timestamp),
                "webhook-signature": signature}

    def verify(self, secret, headers, body):
        try:
            standardwebhooks.Webhook(secret).verify(body, headers, json_parse=False)
        except standardwebhooks.WebhookVerificationError:
            return False
        return True


class PythonStripe(Python):
    def sign(self, secret, message_id, timestamp, body):
        header = stripe.WebhookSignature.generate_signature_header(body.decode(), secret, timestamp)
        return {"Stripe-Signature": header}

    def verify(self, secret, headers, body):
        try:
            return stripe.WebhookSignature.verify_header(
                body, headers["Stripe-Signature"], secret, stripe.Webhook.DEFAULT_TOLERANCE)
        except stripe.SignatureVerificationError:
            return False


class JavaScript:
    """One of the peers in peers.mjs, which is evaluated where their packages are installed."""

    def __init__(self, peer):
        self.peer = peer
        with open(os.path.join(os.path.dirname(__file__), "peers.mjs"), encoding="utf-8") as source:
            command = ["node", "--input-type=module", "--eval", source.read()]
        self.node = subprocess.Popen(
            command, cwd=BUILD, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")

    def call(self, name, body, **arguments):
        request = dict(arguments, peer=self.peer, call=name, body=base64.b64encode(body).decode())
        self.node.stdin.write(json.dumps(request) + "\n")
        self.node.stdin.flush()
        answer = json.loads(self.node.stdout.readline())
        if "refusal" in answer:
            raise Refusal(answer["refusal"])
        return answer["result"]

    def sign(self, secret, message_id, timestamp, body):
        return self.call("sign", body, secret=secret, id=message_id, timestamp=timestamp)

    def verify(self, secret, headers, body):
        try:
            return self.call("verify", body, secret=secret, headers=headers)
        except Refusal as refusal:
            if "WebhookVerificationError" in str(refusal):
                return False
            raise

    def close(self):
        self.node.stdin.close()
        self.node.wait(60)


def base64_secret(rng):
    encoded = base64.b64encode(rng.randbytes(rng.randint(24, 64))).decode()
    return rng.choice(["whsec_", ""]) + encoded


def stripe_secret(rng):
    return "whsec_" + "".join(rng.choices(string.ascii_letters + string.digits, k=32))


def text_secret(rng):
    return random_text(rng, rng.randint(1, 90)).strip() or "."  # barker refuses blanks around it


Peer = collections.namedtuple("Peer", "name open scheme secret several refuses")
PEERS = [  # several: whether the header holds a signature for each secret
    Peer("PyPI standardwebhooks", PythonStandard, 10, base64_secret, True, ["binary"]),
    Peer("npm standardwebhooks", lambda: JavaScript("standardwebhooks"), 10, base64_secret, True,
         ["binary"]),
    Peer("PyPI stripe", PythonStripe, 21, stripe_secret, True, ["binary"]),
    Peer("npm @octokit/webhooks-methods", lambda: JavaScript("octokit"), 20, text_secret, False,
         ["empty", "binary"]),
]


# ---- barker ----

class Header(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("value", ctypes.c_char_p)]


class Buffer(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("len", ctypes.c_size_t),
                ("capacity", ctypes.c_size_t), ("reserved", ctypes.c_size_t)]


class Barker:
    def __init__(self, directory):
        self.library = ctypes.CDLL(os.path.join(directory, "lib/libbarker.so.0"))
        handle, size = ctypes.c_void_p, ctypes.c_size_t
        secret = [handle, ctypes.c_int32, ctypes.c_char_p, size]
        for name, arguments in {
            "buffer_free": [ctypes.POINTER(Buffer)],
            "webhook_new": [],
            "webhook_set_secret": secret,
            "webhook_add_secret": secret,
            "webhook_set_id": [handle, ctypes.c_char_p],
            "webhook_sign_headers": [
                handle, ctypes.c_char_p, ctypes.c_char_p, size, ctypes.POINTER(Buffer)],
            "webhook_verify": [handle, ctypes.POINTER(Header), size, ctypes.c_char_p, size],
        }.items():
            getattr(self.library, "barker_" + name).argtypes = arguments
        self.library.barker_webhook_new.restype = handle
        self.hook = self.library.barker_webhook_new()

    def call(self, name, *arguments):
        return getattr(self.library, "barker_webhook_" + name)(self.hook, *arguments)

    def configure(self, scheme, secrets, message_id):
        for number, secret in enumerate(secrets):
            text = secret.encode()
            name = "add_secret" if number else "set_secret"
            assert self.call(name, scheme, text, len(text)) == 0, secret
        assert self.call("set_id", message_id.encode()) == 0, message_id

    def sign(self, body):
        buffer = Buffer()
        assert self.call("sign_headers", None, body, len(body), buffer) == 0
        lines = ctypes.string_at(buffer.data, buffer.len).decode()
        self.library.barker_buffer_free(buffer)
        assert lines.endswith("\r\n"), lines
        return dict(line.split(": ", 1) for line in lines.splitlines())

    def verify(self, headers, body):
        """Whether they are right; anything but that and a wrong signature is an error."""
        array = (Header * len(headers))(
            *((name.encode(), value.encode()) for name, value in headers.items()))
        status = self.call("verify", array, len(array), body, len(body))
        assert status in (0, 303), status
        return status == 0


# ---- random messages ----

def random_text(rng, length):
    """Code points of every length in UTF-8, of control characters and of no meaning too."""
    limits = rng.choices([0x80, 0x800, 0xD800, 0x110000], k=length)
    points = map(rng.randrange, limits)
    return "".join(chr(point) for point in points if not 0xD800 <= point < 0xE000) or "."


def random_body(rng, kind):
    if kind == "empty":
        return b""
    if kind == "binary":
        return rng.randbytes(rng.randint(0, 300)) + b"\xff"
    if kind == "1 MiB":
        block = random_text(rng, 1000).encode()
        return (block * (MIB // len(block))).ljust(MIB, b".")
    return random_text(rng, rng.randint(1, 300)).encode()


def random_id(rng):
    """As Standard Webhooks has it: printable ASCII without blank and dot."""
    characters = (string.ascii_letters + string.digits + string.punctuation).replace(".", "")
    return "".join(rng.choices(characters, k=rng.randint(1, 64)))


def tampered(rng, body):
    """Another body, UTF-8 if this one is."""
    places = [place for place, byte in enumerate(body[:100]) if byte < 0x80]
    if places and rng.random() < 0.5:
        place = rng.choice(places)
        return body[:place] + bytes([body[place] ^ 1]) + body[place + 1:]
    return rng.choice([body + b".", b"." + body])


# ---- one message: whether it is verified, and its forgeries are refused ----

def from_peer(peer, code, barker, rng, body):
    secret, message_id = peer.secret(rng), random_id(rng)
    headers = code.sign(secret, message_id, int(time.time()), body)
    others = [peer.secret(rng)] if rng.random() < 0.25 else []
    barker.configure(peer.scheme, others + [secret], message_id)
    verified = barker.verify(headers, body)
    refused = not barker.verify(headers, tampered(rng, body))
    barker.configure(peer.scheme, [peer.secret(rng)], message_id)
    return verified, refused and not barker.verify(headers, body)


def to_peer(peer, code, barker, rng, body):
    secret, message_id = peer.secret(rng), random_id(rng)
    others = [peer.secret(rng)] if peer.several and rng.random() < 0.25 else []
    barker.configure(peer.scheme, others + [secret], message_id)
    headers = barker.sign(body)
    verified = code.verify(secret, headers, body)
    refused = not code.verify(secret, headers, tampered(rng, body))
    return verified, refused and not code.verify(peer.secret(rng), headers, body)


# ---- all of them ----

def exchange(way, peer, code, barker, rng):
    """How many messages were verified, had their forgeries refused, and were themselves refused
    as the peer does with their kind."""
    right = wrong = unfit = 0
    for kind, number in BODIES.items():
        for _ in range(number):
            body = random_body(rng, kind)
            if kind not in peer.refuses:
                verified, refused = way(peer, code, barker, rng, body)
                right += verified
                wrong += refused
                continue
            try:
                unfit += not way(peer, code, barker, rng, body)[0]
            except (Refusal, UnicodeDecodeError):
                unfit += 1
    return right, wrong, unfit


def check(peer, barker, rng):
    """Prints the peer's line, and tells whether everything was as expected."""
    code = peer.open()
    try:
        from_it, to_it = [exchange(way, peer, code, barker, rng) for way in (from_peer, to_peer)]
    finally:
        code.close()
    unfit = sum(BODIES[kind] for kind in peer.refuses)
    fit = sum(BODIES.values()) - unfit
    columns = zip(("verified", "forged and refused", " or ".join(peer.refuses) + " and refused"),
                  from_it, to_it, (fit, fit, unfit))
    print(f"{peer.name}, from it and to it: " + "; ".join(
        f"{first} and {second} of {expected} {what}" for what, first, second, expected in columns))
    return from_it == to_it == (fit, fit, unfit)


def main():
    seed = random.randrange(2**32)
    print("seed", seed)
    rng = random.Random(seed)
    barker = Barker(sys.argv[1])
    results = [check(peer, barker, rng) for peer in PEERS]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
