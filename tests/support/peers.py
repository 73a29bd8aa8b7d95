"""Code of other hands that signs and verifies: PyPI's standardwebhooks and stripe, and npm's
standardwebhooks and @octokit/webhooks-methods (through peers.mjs); and random messages for it.

All the peers sign text. Of bytes that are not UTF-8 the Python ones raise an error, octokit throws,
and npm's standardwebhooks signs another text, in which U+FFFD stands for them. Octokit refuses an
empty body as well.
"""
import base64
import datetime
import json
import string
import subprocess
from pathlib import Path
from typing import Callable, NamedTuple

import standardwebhooks
import stripe

from support.build import ROOT

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
        source = Path(__file__).with_name("peers.mjs").read_text(encoding="utf-8")
        self.node = subprocess.Popen(
            ["node", "--input-type=module", "--eval", source], cwd=ROOT / "build",
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")

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


class Peer(NamedTuple):
    name: str
    open: Callable
    scheme: int
    secret: Callable  # makes one
    several: bool     # whether the header holds a signature for each secret
    refuses: list     # kinds of bodies


PEERS = [
    Peer("PyPI standardwebhooks", PythonStandard, 10, base64_secret, True, ["binary"]),
    Peer("npm standardwebhooks", lambda: JavaScript("standardwebhooks"), 10, base64_secret, True,
         ["binary"]),
    Peer("PyPI stripe", PythonStripe, 21, stripe_secret, True, ["binary"]),
    Peer("npm @octokit/webhooks-methods", lambda: JavaScript("octokit"), 20, text_secret, False,
         ["empty", "binary"]),
]


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
