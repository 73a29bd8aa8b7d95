"""Exchanges webhooks with the Python original, both ways on the loopback."""
import json

import pytest

from support import original
from support.library import Webhook
from support.receivers import Keeper, Receive, Receiver

MESSAGES = 300
KEYS = 12
ALPHABETS = ["abcXYZ 019-_.", "äöüßéñ€", "漢字かな", "🐕🦴👍🏽", "\x00\x01\r\n\t\x7f",
             '{}[]":,;\\%&=', "؟עב"]


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")  # the original sends through requests


def random_text(rng, limit):
    alphabet = "".join(rng.sample(ALPHABETS, rng.randint(1, len(ALPHABETS))))
    return "".join(rng.choice(alphabet) for _ in range(rng.randint(0, limit)))


def random_key(rng):
    return random_text(rng, 90).replace("\x00", "")  # it goes through a command line


def random_body(rng, number):
    if number % 10 == 0:
        return ""
    if number % 10 == 1:
        return json.dumps({"text": random_text(rng, 200), "number": number}, ensure_ascii=False)
    return random_text(rng, 60000 if number % 50 == 2 else 300)


@pytest.mark.parametrize("number", range(KEYS))
def test_from_the_original(rng, number):
    """The example program `receive` answers 204 to what it verifies, and 401 to all else."""
    key = random_key(rng)
    bodies = [random_body(rng, i) for i in range(MESSAGES // KEYS)]
    with Receive(key, len(bodies) + 4) as receive:
        for body in bodies:
            answer = original.Webhook(receive.url, body, key=key).send()
            assert answer.status_code == 204, f"key {key!r}, body {body!r}"
        for change in "body", "timestamp", "signature":
            hook = original.Tampering(change, url=receive.url, data="tampered with", key=key)
            assert hook.send().status_code == 401, f"key {key!r}, another {change}"
        answer = original.Webhook(receive.url, "x", key=key + "?").send()
        assert answer.status_code == 401, f"key {key!r}, another key"
        assert receive.finish().count(b": valid\n") == len(bodies)


def test_to_the_original(start, rng):
    receiver = start(Receiver(handler=Keeper))
    hook = start(Webhook())
    hook.set_url(receiver.url())
    for number in range(MESSAGES):
        key, body = random_text(rng, 90), random_body(rng, number)
        hook.set_key(key)
        assert hook.send(body.encode()) == 204
        headers, received = receiver.bodies.pop()
        headers, message = dict(headers.items()), f"message {number}, key {key!r}, body {body!r}"
        assert received == body.encode(), message
        assert original.verifies(headers, received, key), message
        assert not original.verifies(headers, received + b".", key), message
        assert not original.verifies(headers, received, key + "?"), message
