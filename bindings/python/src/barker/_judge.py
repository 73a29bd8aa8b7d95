"""What a middleware answers to a message that it does not pass on."""
from __future__ import annotations

from typing import Optional, Tuple

from ._errors import Replayed, ReplayFull, VerificationError
from ._handle import ReceivedHeaders
from ._webhook import Webhook

MAX_BODY = 1024 * 1024

Answer = Tuple[int, bytes]

BAD_REQUEST: Answer = (400, b"the body is not as long as its Content-Length says\n")
LENGTH_REQUIRED: Answer = (411, b"send a Content-Length\n")
TOO_LARGE: Answer = (413, b"the body is too large\n")


def judge(hook: Webhook, headers: ReceivedHeaders, body: bytes) -> Optional[Answer]:
    """None for a message that verifies for the first time."""
    try:
        hook.verify(headers, body)
    except Replayed:
        return 200, b"accepted before\n"
    except ReplayFull as error:
        return 503, f"{error}\n".encode()
    except VerificationError as error:
        return 401, f"{error}\n".encode()
    return None
