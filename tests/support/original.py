"""The Python original, PyPI's barker 0.1, whose Webhook is here."""
import hmac
import types

import barker
from barker import Webhook

# It was written when MD5 was the default of hmac.new(); Python 3.8 asks for it by name.
barker.hmac = types.SimpleNamespace(
    new=lambda key, digestmod="md5": hmac.new(key, digestmod=digestmod),
    compare_digest=hmac.compare_digest)


class Tampering(Webhook):
    """Signs one thing and sends another."""

    def __init__(self, change, **arguments):
        super().__init__(**arguments)
        self.change = change

    def _calculate_hash(self):
        super()._calculate_hash()
        if self.change == "body":
            self.data += "."
        elif self.change == "timestamp":
            self.headers["BARKER_TIMESTAMP"] += "1"
        else:
            first = self.headers["BARKER_SIGNATURE"][0]
            self.headers["BARKER_SIGNATURE"] = (
                ("1" if first == "0" else "0") + self.headers["BARKER_SIGNATURE"][1:])


def verifies(headers, body, key):
    """Whether the original verifies them."""
    hook = Webhook(data=body.decode(), key=key)
    hook.headers = headers  # the original looks names up as they are spelled
    return hook.verify_hash()
