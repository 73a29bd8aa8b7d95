"""Verifies webhooks in front of a WSGI application (PEP 3333)."""
from __future__ import annotations

import io
from http import HTTPStatus
from typing import Any, Callable, Dict, Iterable, Iterator, Optional, Tuple, Union

from ._judge import BAD_REQUEST, LENGTH_REQUIRED, MAX_BODY, TOO_LARGE, Answer, judge
from ._webhook import Webhook

Environ = Dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]


class VerifyWebhooks:
    """Passes on requests that verify, and answers all others itself:

    401  the signature is missing, wrong or out of date
    200  the message was accepted before (with a replay limit)
    503  there is no room to remember it (with a replay limit)
    413  the body has more than `max_body` bytes
    411  there is no Content-Length, and the server does not mark the end of the body
    400  the body is not as long as its Content-Length says

    The application finds the whole body in wsgi.input. If it raises an exception or answers 5xx,
    the message is forgotten, so that it is accepted when the sender repeats it."""

    def __init__(self, app: Application, hook: Webhook, max_body: int = MAX_BODY) -> None:
        self.app = app
        self.hook = hook
        self.max_body = max_body

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        body = self._read(environ)
        headers = {name: value for name, value in environ.items() if name.startswith("HTTP_")}
        answer = judge(self.hook, headers, body) if isinstance(body, bytes) else body
        if answer is not None:
            return _refuse(answer, start_response)
        assert isinstance(body, bytes)
        environ["wsgi.input"] = io.BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))
        return self._run(environ, start_response, headers, body)

    def _read(self, environ: Environ) -> Union[bytes, Answer]:
        """The body, or the answer that refuses it."""
        stream, length = environ["wsgi.input"], environ.get("CONTENT_LENGTH")
        if length:
            if not length.isdecimal():
                return BAD_REQUEST
            if int(length) > self.max_body:
                return TOO_LARGE
            body: bytes = stream.read(int(length))
            return body if len(body) == int(length) else BAD_REQUEST
        if environ.get("wsgi.input_terminated"):
            body = stream.read(self.max_body + 1)
            return body if len(body) <= self.max_body else TOO_LARGE
        return LENGTH_REQUIRED

    def _run(self, environ: Environ, start_response: StartResponse, headers: Dict[str, str],
             body: bytes) -> Iterator[bytes]:
        def watch(status: str, *arguments: Any) -> Any:
            if status.startswith("5"):
                self.hook.forget(headers, body)
            return start_response(status, *arguments)

        try:
            parts = self.app(environ, watch)
            try:
                yield from parts
            finally:
                close: Optional[Callable[[], None]] = getattr(parts, "close", None)
                if close is not None:
                    close()
        except Exception:
            self.hook.forget(headers, body)
            raise


def _refuse(answer: Tuple[int, bytes], start_response: StartResponse) -> Iterable[bytes]:
    status, text = answer
    start_response(f"{status} {HTTPStatus(status).phrase}",
                   [("Content-Type", "text/plain"), ("Content-Length", str(len(text)))])
    return [text]
