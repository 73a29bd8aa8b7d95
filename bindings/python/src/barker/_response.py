"""The answer to a webhook."""
from __future__ import annotations

import http
import json
from typing import Any, Dict, Iterator, List, Mapping, Tuple

from ._errors import HTTPError


class Headers(Mapping[str, str]):
    """Headers by their names, in upper or lower case. Values of a name that came twice are joined
    by ", "."""

    def __init__(self, pairs: List[Tuple[str, str]]) -> None:
        self.pairs = pairs
        self._values: Dict[str, Tuple[str, str]] = {}
        for name, value in pairs:
            key = name.lower()
            first = self._values.get(key)
            self._values[key] = (name, value) if first is None else \
                (first[0], f"{first[1]}, {value}")

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()][1]

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._values.values())

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return repr(dict(self.items()))


class Response:
    """An answer with any HTTP status. The attributes that it shares with the class of this name in
    `requests` behave like those, and so does its truth value: it is true if the status is less than
    400."""

    __slots__ = ("status_code", "content", "url", "id", "timestamp", "signature", "_pairs")

    def __init__(self, status_code: int, pairs: List[Tuple[str, str]], content: bytes, url: str,
                 id: str, timestamp: str, signature: str) -> None:
        self.status_code = status_code
        self.content = content
        self.url = url
        self.id = id
        self.timestamp = timestamp
        self.signature = signature
        self._pairs = pairs

    @property
    def headers(self) -> Headers:
        return Headers(self._pairs)

    @property
    def reason(self) -> str:
        """The name of the status in HTTP."""
        try:
            return http.HTTPStatus(self.status_code).phrase
        except ValueError:
            return ""

    @property
    def ok(self) -> bool:
        return self.status_code < 400

    @property
    def encoding(self) -> str:
        """The charset of the Content-Type, else UTF-8."""
        for parameter in self.headers.get("content-type", "").split(";")[1:]:
            name, _, value = parameter.partition("=")
            if name.strip().lower() == "charset":
                return value.strip().strip("\"'")
        return "utf-8"

    @property
    def text(self) -> str:
        try:
            return self.content.decode(self.encoding, "replace")
        except LookupError:
            return self.content.decode("utf-8", "replace")

    def json(self, **options: Any) -> Any:
        """The body as JSON; the options are those of json.loads()."""
        return json.loads(self.content, **options)

    def raise_for_status(self) -> None:
        """Raises HTTPError if the status is 400 or more."""
        if not self.ok:
            raise HTTPError(f"the receiver answered {self.status_code} {self.reason}".rstrip())

    def __bool__(self) -> bool:
        return self.ok

    def __repr__(self) -> str:
        return f"<Response [{self.status_code}]>"
