"""What can go wrong: the numbers of barker_status, and an exception for each kind.

    Error                     .status: the Status
    +- UsageError             1xx: the call was wrong, nothing was sent; a ValueError
    |  +- Unsendable          the URL or a header; also an OSError, like those of `requests`
    +- DeliveryError          2xx: no complete answer came from the receiver; an OSError
    |  +- Timeout             also a TimeoutError
    |  +- ConnectError        the receiver was not reached, nothing was sent; also a ConnectionError
    |  +- BrokenConnection    it broke during the exchange; also a ConnectionError
    |  +- TLSError            the receiver is not to be trusted
    |  +- BadAnswer           the answer is not HTTP/1.x, or is too large
    |  +- Refused             the address policy forbids it; also a PermissionError
    |  +- Stopped             by stop(), a cancelled send_async() or the end of a batch
    +- VerificationError      3xx: the received message must not be trusted; a ValueError
    |  +- Replayed            it was accepted before
    |  +- ReplayFull          there is no room to remember it
    +- SystemFailure          9xx: the system or the library failed
    +- HTTPError              raised only by Response.raise_for_status()
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Dict, Optional, Type

from ._declarations import Status
from ._library import quick

if TYPE_CHECKING:
    from ._response import Response


class Error(Exception):
    """All exceptions of this package except TypeError."""
    status: int = Status.OK


class UsageError(Error, ValueError):
    """The call was wrong; nothing was changed and nothing was sent."""


class Unsendable(UsageError, OSError):
    """The URL or a request header cannot be used."""


class DeliveryError(Error, OSError):
    """No complete answer came from the receiver."""
    id: str = ""
    """The id of the message, to send the same message again; empty if the scheme has none."""
    response: Optional[Response] = None
    """The part of the answer that came before it broke off or became too large: its status, its
    headers if all of them came, no content. A receiver that answered 200 has the webhook. None if
    no status came."""


class Timeout(DeliveryError, TimeoutError):
    """The timeout expired. The receiver may have the webhook."""


class ConnectError(DeliveryError, ConnectionError):
    """The receiver was not reached."""


class BrokenConnection(DeliveryError, ConnectionError):
    """The connection broke during the exchange. The receiver may have the webhook."""


class TLSError(DeliveryError):
    """The TLS handshake failed, or the receiver's certificate must not be trusted."""


class BadAnswer(DeliveryError):
    """The answer is not HTTP/1.x, or is too large. The receiver may have the webhook."""


class Refused(DeliveryError, PermissionError):
    """The address policy does not allow the receiver. Nothing was sent."""


class Stopped(DeliveryError):
    """The send was stopped. If it had begun, the receiver may have the webhook."""


class VerificationError(Error, ValueError):
    """The received message must not be trusted."""


class Replayed(VerificationError):
    """The message is genuine and current, but was accepted before."""


class ReplayFull(VerificationError):
    """The message is genuine and current, but there is no room to remember it."""


class SystemFailure(Error, RuntimeError):
    """The system lacks something that the call needs, or there is a bug in barker."""


class HTTPError(Error, OSError):
    """The receiver answered with a status of 400 or more."""


_CLASSES: Dict[int, Type[Error]] = {
    Status.URL: Unsendable,
    Status.HEADER: Unsendable,
    Status.RESOLVE: ConnectError,
    Status.CONNECT: ConnectError,
    Status.PROXY: ConnectError,
    Status.RESOLVE_AGAIN: ConnectError,
    Status.TLS: TLSError,
    Status.CERTIFICATE_EXPIRED: TLSError,
    Status.CERTIFICATE_NAME: TLSError,
    Status.CERTIFICATE_ISSUER: TLSError,
    Status.CERTIFICATE_SELF_SIGNED: TLSError,
    Status.CERTIFICATE_REVOKED: TLSError,
    Status.SEND: BrokenConnection,
    Status.RECEIVE: BrokenConnection,
    Status.TIMEOUT: Timeout,
    Status.PROTOCOL: BadAnswer,
    Status.TOO_LARGE: BadAnswer,
    Status.STOPPED: Stopped,
    Status.REFUSED: Refused,
    Status.REPLAYED: Replayed,
    Status.REPLAY_FULL: ReplayFull,
}
_RANGES: Dict[int, Type[Error]] = {1: UsageError, 2: DeliveryError, 3: VerificationError}


def error_of(status: int, sentence: Optional[bytes] = None) -> Error:
    """The exception for a status, with the sentence of the status unless another one is passed."""
    kind = _CLASSES.get(status) or _RANGES.get(status // 100, SystemFailure)
    error = kind((sentence or quick.barker_status_string(status)).decode())
    try:
        error.status = Status(status)
    except ValueError:  # from a library that is newer than this package
        error.status = status
    return error
