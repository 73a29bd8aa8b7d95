"""Exchanges signatures with code of other hands, both ways."""
import time

import pytest

from support.library import Webhook
from support.peers import PEERS, Refusal, random_body, random_id, tampered

BODIES = {"text": 1000, "empty": 50, "binary": 50, "1 MiB": 3}  # how many of each kind, each way
every_kind = pytest.mark.parametrize("kind", BODIES)


@pytest.fixture(scope="module", params=PEERS, ids=[peer.name for peer in PEERS])
def peer(request):
    return request.param


@pytest.fixture(scope="module")
def code(peer):
    code = peer.open()
    yield code
    code.close()


@pytest.fixture
def hook(start):
    return start(Webhook())


def from_peer(peer, code, hook, rng, body):
    """Whether a message is verified, and whether its forgeries are refused."""
    secret, message_id = peer.secret(rng), random_id(rng)
    headers = code.sign(secret, message_id, int(time.time()), body)
    others = [peer.secret(rng)] if rng.random() < 0.25 else []
    hook.set_secrets(peer.scheme, others + [secret])
    verified = hook.verify(headers, body)
    refused = not hook.verify(headers, tampered(rng, body))
    hook.set_secrets(peer.scheme, [peer.secret(rng)])
    return verified, refused and not hook.verify(headers, body)


def to_peer(peer, code, hook, rng, body):
    """The same the other way."""
    secret, message_id = peer.secret(rng), random_id(rng)
    others = [peer.secret(rng)] if peer.several and rng.random() < 0.25 else []
    hook.set_secrets(peer.scheme, others + [secret])
    hook.set_id(message_id)
    headers = hook.sign(body)
    verified = code.verify(secret, headers, body)
    refused = not code.verify(secret, headers, tampered(rng, body))
    return verified, refused and not code.verify(peer.secret(rng), headers, body)


def outcome(way, peer, code, hook, rng, body):
    try:
        return way(peer, code, hook, rng, body)
    except (Refusal, UnicodeDecodeError):
        return False, True


def exchange(way, peer, code, hook, rng, kind):
    """Every message must be verified and its forgeries refused. If the peer refuses its kind, the
    message itself must be refused."""
    for number in range(BODIES[kind]):
        body = random_body(rng, kind)
        if kind in peer.refuses:
            verified, _ = outcome(way, peer, code, hook, rng, body)
            assert not verified, f"message {number} is verified: {body[:200]}"
        else:
            verified, refused = way(peer, code, hook, rng, body)
            assert verified, f"message {number} is not verified: {body[:200]}"
            assert refused, f"a forgery of message {number} is verified: {body[:200]}"


@every_kind
def test_from_peer(peer, code, hook, rng, kind):
    exchange(from_peer, peer, code, hook, rng, kind)


@every_kind
def test_to_peer(peer, code, hook, rng, kind):
    exchange(to_peer, peer, code, hook, rng, kind)
