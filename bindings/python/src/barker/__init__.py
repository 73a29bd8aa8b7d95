"""Sends signed webhooks and verifies received ones, with the C library barker.

    from barker import Webhook
    response = Webhook("https://receiver.example/hook", '{"event": "dog.barked"}', key="…").send()

`Webhook` replaces the class of PyPI's barker 0.1. The middleware for receivers is in barker.wsgi
and barker.asgi.
"""
from ._declarations import TLS, Addresses, LogLevel, Scheme, Spelling, Status, Verdict
from ._errors import (BadAnswer, BrokenConnection, ConnectError, DeliveryError, Error, HTTPError,
                      Refused, Replayed, ReplayFull, Stopped, SystemFailure, Timeout, TLSError,
                      Unsendable, UsageError, VerificationError)
from ._response import Headers, Response
from ._retry import Judgement, Retry
from ._webhook import (Webhook, generate_id, generate_key_pair, generate_secret, library_version,
                       send_many, verify)

__version__ = "0.1.0"

__all__ = [
    "Addresses", "BadAnswer", "BrokenConnection", "ConnectError", "DeliveryError", "Error",
    "HTTPError", "Headers", "Judgement", "LogLevel", "Refused", "ReplayFull", "Replayed",
    "Response", "Retry", "Scheme", "Spelling", "Status", "Stopped", "SystemFailure", "TLS",
    "TLSError", "Timeout", "Unsendable", "UsageError", "Verdict", "VerificationError",
    "Webhook", "generate_id", "generate_key_pair", "generate_secret", "library_version",
    "send_many", "verify",
]
