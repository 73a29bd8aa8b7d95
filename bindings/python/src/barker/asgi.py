"""Verifies webhooks in front of an ASGI application."""
from __future__ import annotations

from typing import Any, Awaitable, Callable, Dict, List, MutableMapping, Optional, Tuple

from ._judge import MAX_BODY, TOO_LARGE, Answer, judge
from ._webhook import Webhook

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class VerifyWebhooks:
    """Like barker.wsgi.VerifyWebhooks. A WebSocket carries no webhook, so it is refused."""

    def __init__(self, app: Application, hook: Webhook, max_body: int = MAX_BODY) -> None:
        self.app = app
        self.hook = hook
        self.max_body = max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)
        else:
            await send({"type": "websocket.close"})

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = list(scope["headers"])
        body, more = bytearray(), True
        while more and len(body) <= self.max_body:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
        answer = judge(self.hook, headers, bytes(body)) if len(body) <= self.max_body \
            else TOO_LARGE
        if answer is not None:
            await _refuse(answer, send)
        else:
            await self._run(scope, receive, send, headers, bytes(body))

    async def _run(self, scope: Scope, receive: Receive, send: Send,
                   headers: List[Tuple[bytes, bytes]], body: bytes) -> None:
        rest: Optional[Dict[str, Any]] = {"type": "http.request", "body": body}

        async def replay() -> Message:
            nonlocal rest
            if rest is None:
                return await receive()
            message, rest = rest, None
            return message

        async def watch(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] >= 500:
                self.hook.forget(headers, body)
            await send(message)

        try:
            await self.app(scope, replay, watch)
        except Exception:
            self.hook.forget(headers, body)
            raise


async def _refuse(answer: Answer, send: Send) -> None:
    status, text = answer
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(text))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text})
