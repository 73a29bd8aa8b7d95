"""Retry: when a message is sent again, and when it is given up."""
from __future__ import annotations

import ctypes
import math
from typing import Any, Callable, Iterable, NamedTuple, NoReturn, Optional, Union

from ._declarations import Status, Verdict
from ._errors import Error, HTTPError, error_of
from ._handle import as_number, check
from ._library import quick
from ._response import Response


def _milliseconds(seconds: float, what: str) -> int:
    if not isinstance(seconds, (int, float)):
        raise TypeError(f"{what} must be seconds, not {type(seconds).__name__}")
    if not 0 <= seconds < 2**32 / 1000:
        why = f"{what} is {seconds}: it must be 0 seconds to 49 days"
        raise error_of(Status.RANGE, why.encode())
    return min(math.ceil(seconds * 1000), 2**32 - 1)


class Judgement(NamedTuple):
    """What Retry.judge() returns."""
    verdict: Verdict
    wait: float
    """Seconds to wait before the message is sent again; 0 unless the verdict is RETRY."""


class Retry:
    """A retry policy. Without arguments it is the policy that Standard Webhooks suggests;
    barker_retry in barker.h says what that is, and after which outcomes the receiver may have the
    message. Nothing changes a policy, and any number of threads may use it at once.

    delays          seconds to wait after each try that failed, at most 100 of them; if the try
                    after the last one fails as well, the message is dead
    jitter          how far waits are varied at random: 0 to 100 percent, 20 by default
    retry_after     how many seconds longer a Retry-After header may make a wait: 7200 by default;
                    0 ignores the header
    overload_delay  the shortest wait, in seconds, after 429, 502, 503, 504 and a Timeout: 60 by
                    default
    final_statuses  HTTP statuses after which a message is not sent again, such as 400 and 413: none
                    by default; 410 is always GONE
    """

    _free = staticmethod(quick.barker_retry_free)

    def __init__(self, delays: Optional[Iterable[float]] = None, *, jitter: Optional[int] = None,
                 retry_after: Optional[int] = None, overload_delay: Optional[float] = None,
                 final_statuses: Optional[Iterable[int]] = None) -> None:
        self._pointer: Optional[int] = quick.barker_retry_new()
        if self._pointer is None:
            raise MemoryError("the retry policy could not be made")
        if delays is not None:
            numbers = [_milliseconds(delay, "a delay") for delay in delays]
            self._set(quick.barker_retry_set_delays, (ctypes.c_uint32 * len(numbers))(*numbers),
                      len(numbers))
        if jitter is not None:
            self._set(quick.barker_retry_set_jitter, as_number(jitter, "jitter"))
        if retry_after is not None:
            self._set(quick.barker_retry_set_retry_after, as_number(retry_after, "retry_after"))
        if overload_delay is not None:
            self._set(quick.barker_retry_set_overload_delay,
                      _milliseconds(overload_delay, "overload_delay"))
        if final_statuses is not None:
            numbers = [as_number(status, "a final status", 2**16 - 1) for status in final_statuses]
            self._set(quick.barker_retry_set_final_statuses,
                      (ctypes.c_uint16 * len(numbers))(*numbers), len(numbers))

    def __del__(self) -> None:
        self._free(getattr(self, "_pointer", None))

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Retry cannot be pickled or copied: make one where it is needed")

    def _set(self, function: Callable[..., int], *arguments: Any) -> None:
        check(function(self._pointer, *arguments))

    def judge(self, outcome: Union[Response, Error], tries: int) -> Judgement:
        """Says what to do with a message after a try whose outcome was this: the Response, or the
        Error that was raised. `tries` is how often the message was sent so far, this time
        included."""
        response: Optional[Response]
        if isinstance(outcome, Response):
            status, response = int(Status.OK), outcome
        elif isinstance(outcome, Error) and not isinstance(outcome, HTTPError):
            status, response = outcome.status, getattr(outcome, "response", None)
        else:
            raise TypeError("the outcome must be a Response or the Error of a send, not "
                            f"{type(outcome).__name__}")
        http_status, retry_after = 0, None
        if response is not None:
            http_status = response.status_code
            header = response.headers.get("retry-after")
            retry_after = None if header is None else header.encode("latin-1")
        wait = ctypes.c_uint32()
        verdict = quick.barker_retry_judge_outcome(
            self._pointer, status, http_status, retry_after, as_number(tries, "tries"),
            ctypes.byref(wait))
        return Judgement(Verdict(verdict), wait.value / 1000)
