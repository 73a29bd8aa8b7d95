"""A handle of the C library, and how Python's values are passed to it."""
from __future__ import annotations

import ctypes
import math
import operator
from typing import Any, Callable, Dict, Iterable, List, Mapping, NoReturn, Optional, Tuple, Union

from ._declarations import Status
from ._errors import DeliveryError, Error, error_of
from ._library import quick, waiting
from ._response import Response

Data = Union[str, bytes, bytearray, memoryview]
ReceivedHeaders = Union[Mapping[str, str], Mapping[bytes, bytes],
                        Iterable[Tuple[Union[str, bytes], Union[str, bytes]]]]


# ---- values for C ----

def as_bytes(value: Data, what: str) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, (bytearray, memoryview)):
        return bytes(value)
    raise TypeError(f"{what} must be str or bytes, not {type(value).__name__}")


def as_text(value: str, what: str) -> bytes:
    if not isinstance(value, str):
        raise TypeError(f"{what} must be str, not {type(value).__name__}")
    text = value.encode()
    if b"\0" in text:
        raise error_of(Status.UTF8, b"%s holds a NUL: leave it out" % what.encode())
    return text


def as_number(value: int, what: str, maximum: int = 2**32 - 1) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{what} must be int, not {type(value).__name__}") from None
    if not 0 <= number <= maximum:
        raise error_of(Status.RANGE, f"{what} is {number}: it must be 0 to {maximum}".encode())
    return number


def as_milliseconds(seconds: Optional[float]) -> int:
    """None means as long as the library can wait: 49 days."""
    if seconds is None:
        return 2**32 - 1
    if not isinstance(seconds, (int, float)):
        raise TypeError(f"timeout must be seconds or None, not {type(seconds).__name__}")
    if not 0 < seconds < 2**32 / 1000:
        raise error_of(Status.RANGE, f"timeout is {seconds}: it must be more than 0 seconds and "
                                     "at most 49 days, or None".encode())
    return min(math.ceil(seconds * 1000), 2**32 - 1)


def as_timestamp(value: Union[str, float, None]) -> Optional[bytes]:
    return None if value is None else as_text(str(value), "timestamp")


def as_headers(headers: ReceivedHeaders) -> Tuple[Any, int]:
    """An array of barker_header, which is two pointers each, and the number of headers."""
    pairs = headers.items() if isinstance(headers, Mapping) or hasattr(headers, "items") \
        else headers
    flat: List[bytes] = []
    for pair in pairs:
        for text in pair:
            if isinstance(text, str):
                text = text.encode("utf-8", "surrogatepass")
            elif not isinstance(text, bytes):
                raise TypeError("names and values of headers must be str or bytes, not "
                                f"{type(text).__name__}")
            if b"\0" in text:
                raise error_of(Status.HEADER_MALFORMED)
            flat.append(text)
    count = len(flat) // 2
    if len(flat) != 2 * count:
        raise TypeError("headers must be pairs of a name and a value")
    return (ctypes.c_char_p * len(flat))(*flat), count


def check(status: int) -> None:
    """For functions that leave no sentence in a handle."""
    if status:
        raise error_of(status)


# ---- the handle ----

class Handle:
    """Owns a barker_webhook. Only one thread at a time may use it, except to read it."""

    __slots__ = ("pointer", "origin", "signing", "delivery", "data", "log", "http_status",
                 "length", "name", "value")

    _free = staticmethod(quick.barker_webhook_free)

    def __init__(self, pointer: Optional[int]) -> None:
        self.pointer = pointer
        if pointer is None:
            raise MemoryError("the handle could not be made")
        self.origin: Optional[Handle] = None
        self.signing: Tuple[Optional[Data], Optional[str]] = ("BARKER", None)
        self.delivery: Tuple[Optional[str], Optional[float], Dict[str, str]] = (None, 5, {})
        self.data = b""
        self.log: Any = None
        self.http_status = ctypes.c_uint16()
        self.length = ctypes.c_size_t()

    def __del__(self) -> None:
        self._free(getattr(self, "pointer", None))

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Webhook cannot be pickled or deeply copied: make one where it is "
                        "needed, or clone() it")

    def clone(self) -> Handle:
        """A handle with all settings of this one, which is only read."""
        clone = Handle(quick.barker_webhook_clone(self.pointer))
        clone.signing, clone.delivery = self.signing, self.delivery
        clone.data, clone.log = self.data, self.log
        return clone

    def call(self, function: Callable[..., int], *arguments: Any) -> None:
        """Calls a function that leaves its sentence in the handle."""
        status = function(self.pointer, *arguments)
        if status:
            raise error_of(status, quick.barker_webhook_error(self.pointer))

    # ---- the attributes of a Webhook: only changes are passed on ----

    def set_signing(self, key: Optional[Data], id: Optional[str]) -> None:
        old_key, old_id = self.signing
        if key != old_key:
            if key is None:
                raise TypeError("key must be str or bytes, not None")
            text = as_bytes(key, "key")
            self.call(quick.barker_webhook_set_key, text, len(text))
        if id != old_id:
            self.call(quick.barker_webhook_set_id, None if id is None else as_text(id, "id"))
        self.signing = key, id

    def set_delivery(self, url: Optional[str], timeout: Optional[float],
                     headers: Dict[str, str]) -> None:
        old_url, old_timeout, old_headers = self.delivery
        if url is None:
            raise error_of(Status.URL, b"no URL was set: give the receiver's")
        if url != old_url:
            self.call(quick.barker_webhook_set_url, as_text(url, "url"))
        if timeout != old_timeout:
            self.call(quick.barker_webhook_set_timeout, as_milliseconds(timeout))
        if headers != old_headers:
            self.set_headers(headers)
        self.delivery = url, timeout, headers

    def set_data(self, data: bytes) -> None:
        if data != self.data:
            self.call(quick.barker_webhook_set_data, data, len(data))
            self.data = data

    def set_headers(self, headers: Dict[str, str]) -> None:
        self.call(quick.barker_webhook_clear_headers)
        self.call(quick.barker_webhook_set_content_type, None)
        for name, value in headers.items():
            name_text = as_text(name, "a header's name")
            value_text = as_text(value, f"the header {name}")
            if name_text.lower() == b"content-type":
                self.call(quick.barker_webhook_set_content_type, value_text)
            else:
                self.call(quick.barker_webhook_add_header, name_text, value_text)

    # ---- sending ----

    def send(self, data: bytes) -> Response:
        status = waiting.barker_webhook_send_data(
            self.pointer, data, len(data), ctypes.byref(self.http_status), None)
        if status:
            raise self.failure(status)
        return self.response(self.http_status.value)

    def outcome(self) -> Union[Response, Error]:
        """The outcome of a delivery in a batch."""
        status = quick.barker_webhook_status(self.pointer)
        if status:
            return self.failure(status)
        return self.response(quick.barker_webhook_response_status(self.pointer))

    def failure(self, status: int) -> Error:
        error = error_of(status, quick.barker_webhook_error(self.pointer))
        if isinstance(error, DeliveryError):
            error.id = (quick.barker_webhook_id(self.pointer) or b"").decode()
            http_status = quick.barker_webhook_response_status(self.pointer)
            if http_status:
                error.response = self.response(http_status)
        return error

    def signed(self) -> Tuple[Optional[bytes], Optional[bytes]]:
        """Timestamp and signature of the last send; None if it was never signed."""
        return (quick.barker_webhook_timestamp(self.pointer),
                quick.barker_webhook_signature(self.pointer))

    def response(self, http_status: int) -> Response:
        pointer = self.pointer
        headers = quick.barker_webhook_response_headers(pointer, ctypes.byref(self.length))
        pairs = [(header.name.decode("latin-1"), header.value.decode("latin-1"))
                 for header in headers[:self.length.value]]
        body = quick.barker_webhook_response_body(pointer, ctypes.byref(self.length))
        length = self.length.value
        content = ctypes.string_at(body, length) if length else b""
        timestamp, signature = self.signed()
        return Response(http_status, pairs, content, self.delivery[0] or "",
                        quick.barker_webhook_id(pointer).decode(),
                        (timestamp or b"").decode(), (signature or b"").decode())
