"""Webhook: what to send, to which URL and with which secrets; or what to verify with."""
from __future__ import annotations

import ctypes
from typing import Any, Callable, Dict, Iterable, List, Optional, Sequence, Set, Tuple, Union

from . import _settings
from ._declarations import TLS, Addresses, LogLevel, Scheme, Spelling, Status
from ._errors import Error, Stopped, VerificationError, error_of
from ._handle import Data, Handle, ReceivedHeaders, as_bytes, as_headers, as_number, \
    as_timestamp, check
from ._library import Buffer, Progress, quick, waiting
from ._response import Response
from ._settings import INT32_MAX, LogFunction, Secrets

ATTRIBUTES = ("url", "data", "timeout", "key", "headers", "id")
TIMESTAMP, SIGNATURE = "BARKER_TIMESTAMP", "BARKER_SIGNATURE"

# Only one thread at a time may use a C handle, but any number may read it. So a Webhook has one,
# its base, that is never changed once others may see it: signing and verifying read it, and each
# send has its own clone. A change of an attribute makes a new base. There is no lock that could be
# locked during a fork: list.pop(), list.append() and similar calls are atomic.


class Webhook:
    """A webhook. Its attributes url, data, timeout, key, headers and id can change at any time.

    url      the receiver's URL, http or https; or "unix:/run/app.sock:/hook"
    data     the body, str or bytes
    timeout  seconds that a whole send may take; None means no limit
    key      the key of the original's scheme, HMAC-MD5; "BARKER" unless this or `secrets` is set
    headers  further request headers, a dict. As in the original, a send with a key puts its
             BARKER_TIMESTAMP and BARKER_SIGNATURE there.
    id       the id that Standard Webhooks signs; None makes a new one for each message
    response the answer to the last send that was answered

    clone() changes the other settings. Each belongs to the C function that ends in its name, such
    as barker_webhook_set_tolerance(), and barker.h describes it.
    """

    def __init__(self, url: Optional[str] = None, data: Optional[Data] = None,
                 timeout: Optional[float] = 5, key: Optional[Data] = None, *,
                 headers: Optional[Dict[str, str]] = None, id: Optional[str] = None,
                 secrets: Optional[Secrets] = None, spelling: Optional[Spelling] = None,
                 tolerance: Optional[int] = None, replay_limit: Optional[int] = None,
                 max_body: Optional[int] = None, redirects: Optional[int] = None,
                 redirects_to_other_origins: Optional[bool] = None,
                 idle_limits: Optional[Tuple[int, int]] = None,
                 max_connection_age: Optional[int] = None,
                 lookup_lifetime: Optional[int] = None, proxy: Optional[str] = None,
                 proxy_from_environment: Optional[bool] = None,
                 address_policy: Optional[Addresses] = None,
                 allow_networks: Optional[Iterable[str]] = None,
                 deny_networks: Optional[Iterable[str]] = None,
                 allow_ports: Optional[Iterable[int]] = None, https_only: Optional[bool] = None,
                 ca: Optional[Data] = None, ca_file: Optional[str] = None,
                 platform_ca: Optional[bool] = None, crl: Optional[Data] = None,
                 client_certificate: Optional[Tuple[Data, Data]] = None,
                 server_name: Optional[str] = None, min_tls: Optional[TLS] = None,
                 insecure_skip_verify: Optional[bool] = None, log: Optional[LogFunction] = None,
                 log_level: Optional[LogLevel] = None) -> None:
        settings = {name: value for name, value in locals().items() if name in _settings.SETTINGS}
        self.url = url
        self.data = data
        self.timeout = timeout
        self.key = "BARKER" if key is None and secrets is None else key
        self.headers = dict(headers or {})
        self.id = id
        self._start(Handle(quick.barker_webhook_new()), settings)

    def _start(self, base: Handle, settings: Dict[str, Any]) -> None:
        """Begins with this handle, which nobody else has yet."""
        _settings.apply(base, settings)
        if settings.get("secrets") is not None:
            if self.key is not None:
                raise TypeError("give a key or secrets: a key is the secret of Scheme.BARKER")
            base.signing = (None, None)
        self.response: Optional[Response] = None
        self._base = base
        self._idle: List[Handle] = []
        self._busy: Set[Handle] = set()
        self._stopped = False

    def clone(self, **changes: Any) -> Webhook:
        """Returns a webhook with the same attributes and settings except the changes. The two share
        idle connections and, with a replay limit, the remembered messages. Settings that list
        something, such as allow_networks and ca, are extended."""
        data = self._body()
        base = self._current()
        if base.data != data:  # send_many() sends clones of this base as one message
            base = base.clone()
            base.set_data(data)
            self._base = base
        settings = {name: changes.pop(name) for name in [*changes] if name in _settings.SETTINGS}
        if settings.get("secrets") is not None:
            changes.setdefault("key", None)
        other = type(self).__new__(type(self))
        other.__dict__.update(self.__dict__, headers=dict(self.headers))
        for name, value in changes.items():
            if name not in ATTRIBUTES:
                raise TypeError(f"there is no setting {name}")
            setattr(other, name, value)
        other._start(base.clone(), settings)
        return other

    # ---- sending ----

    def send(self, data: Optional[Data] = None) -> Response:
        """Signs the data, sends it in a POST request and waits for the answer, which may have any
        HTTP status.

        Threads that share a Webhook should pass their data here, and use what is returned."""
        body = self._body(data)
        handle = self._handle()
        try:
            return self._send(handle, body)
        finally:
            self._release(handle)

    async def send_async(self, data: Optional[Data] = None) -> Response:
        """Like send(), in a thread of the running event loop's default executor. If the task is
        cancelled, the send is stopped, and the task ends when the send has ended."""
        import asyncio

        body = self._body(data)
        handle = self._handle()
        try:
            sending = asyncio.get_running_loop().run_in_executor(None, self._send, handle, body)
            try:
                return await asyncio.shield(sending)
            except asyncio.CancelledError:
                handle.origin = None
                quick.barker_webhook_set_stopped(handle.pointer, 1)
                await asyncio.wait([sending])
                sending.exception()  # marks it as seen
                raise
        finally:
            self._release(handle)

    def stop(self) -> None:
        """Called from another thread, ends the sends that are running and all that follow, with
        Stopped, until resume()."""
        self._stopped = True
        for handle in list(self._busy):
            quick.barker_webhook_set_stopped(handle.pointer, 1)

    def resume(self) -> None:
        """Allows the webhook to send again after stop()."""
        self._stopped = False

    def close_idle(self) -> None:
        """Closes the idle connections that this webhook shares with its clones."""
        handle = self._base.clone()
        handle.call(quick.barker_webhook_close_idle)

    def _body(self, data: Optional[Data] = None) -> bytes:
        if data is None:
            data = self.data
        return b"" if data is None else as_bytes(data, "data")

    def _send(self, handle: Handle, body: bytes) -> Response:
        try:
            self.response = response = handle.send(body)
            return response
        except Stopped:
            handle.origin = None
            raise
        finally:
            self._note_signature(handle)

    def _note_signature(self, handle: Handle) -> None:
        timestamp, signature = handle.signed()
        if self.key is not None and timestamp and signature:
            self.headers[TIMESTAMP] = timestamp.decode()
            self.headers[SIGNATURE] = signature.decode()

    def _current(self) -> Handle:
        """The base, which signs with the current attributes."""
        base = self._base
        if (self.key, self.id) != base.signing:
            base = base.clone()
            base.set_signing(self.key, self.id)
            self._base = base
        return base

    def _handle(self) -> Handle:
        """A clone of the base for one send; _release() it. A clone that was stopped, or that comes
        from an earlier base, has another origin."""
        base = self._current()
        try:
            handle = self._idle.pop()
        except IndexError:
            handle = base
        if handle.origin is not base:
            handle = base.clone()
            handle.origin = base
        headers = dict(self.headers)
        headers.pop(TIMESTAMP, None)
        headers.pop(SIGNATURE, None)
        handle.set_delivery(self.url, self.timeout, headers)
        self._busy.add(handle)
        if self._stopped:
            self._release(handle)
            raise error_of(Status.STOPPED)
        return handle

    def _release(self, handle: Handle) -> None:
        self._busy.discard(handle)
        if handle.origin is self._base and not self._stopped:
            self._idle.append(handle)

    # ---- verifying ----

    def verify(self, headers: ReceivedHeaders, body: Data) -> None:
        """Raises VerificationError unless the headers hold a current signature of the body.

        `headers` are all received headers, as a mapping or as pairs of names and values."""
        array, count = as_headers(headers)
        content = as_bytes(body, "body")
        check(waiting.barker_webhook_verify(
            self._current().pointer, array, count, content, len(content)))

    def forget(self, headers: ReceivedHeaders, body: Data) -> None:
        """Makes a webhook that has a replay limit accept a message once more, because it could not
        be processed."""
        array, count = as_headers(headers)
        content = as_bytes(body, "body")
        check(waiting.barker_webhook_forget(
            self._current().pointer, array, count, content, len(content)))

    def verify_hash(self) -> bool:
        """Whether `headers` hold the signature of `data` with `key`, however old it is."""
        if self.key is None:
            raise TypeError("verify_hash() needs a key: with secrets, use verify()")
        headers = {name: self.headers[name] for name in (TIMESTAMP, SIGNATURE)}
        try:
            verify(Scheme.BARKER, self.key, headers, self._body(), tolerance=0)
        except VerificationError:
            return False
        return True

    # ---- signing ----

    def sign_headers(self, data: Data, timestamp: Union[str, float, None] = None
                     ) -> Dict[str, str]:
        """The headers that sign the data, for programs that have their own HTTP client."""
        headers, content = Buffer(), as_bytes(data, "data")
        check(waiting.barker_webhook_sign_headers(
            self._current().pointer, as_timestamp(timestamp), content, len(content), headers))
        lines = headers.take().decode().splitlines()
        return dict(line.split(": ", 1) for line in lines)

    def sign(self, data: Data, timestamp: Union[str, float, None] = None) -> Tuple[str, str]:
        """Only the timestamp and the signature, under the scheme whose secret was set first."""
        stamp, signature, content = Buffer(), Buffer(), as_bytes(data, "data")
        check(waiting.barker_webhook_sign(self._current().pointer, as_timestamp(timestamp),
                                          content, len(content), stamp, signature))
        return stamp.take().decode(), signature.take().decode()


def send_many(hooks: Sequence[Webhook], max_in_flight: int = 64,
              progress: Optional[Callable[[int, Union[Response, Error]], object]] = None
              ) -> List[Union[Response, Error]]:
    """Sends the data of many webhooks at once, on this thread, and returns the outcomes in their
    order: each is a Response, or an Error that is not raised.

    `progress` is called with the index and the outcome of each delivery when it has ended. If it
    returns a true value, the batch stops. If it raises an exception, the batch stops and
    send_many() raises the exception."""
    limit = as_number(max_in_flight, "max_in_flight")
    handles: List[Handle] = []
    outcomes: Dict[int, Union[Response, Error]] = {}
    raised: List[BaseException] = []

    def ended(_: object, index: int, __: int) -> bool:
        try:
            outcomes[index] = outcome = handles[index].outcome()
            return bool(progress is not None and progress(index, outcome))
        except BaseException as error:
            raised.append(error)
            return True

    try:
        for hook in hooks:
            handles.append(hook._handle())
            handles[-1].set_data(hook._body())
        pointers = (ctypes.c_void_p * len(handles))(*(handle.pointer for handle in handles))
        status = waiting.barker_send_many(pointers, len(handles), limit,
                                          Progress(ended) if progress else Progress(), None)
    finally:
        for hook, handle in zip(hooks, handles):
            hook._busy.discard(handle)
    if raised:
        raise raised[0]
    if status != Status.STOPPED:
        check(status)
    for index, (hook, handle) in enumerate(zip(hooks, handles)):
        if index not in outcomes:
            outcomes[index] = handle.outcome()
            if progress and not isinstance(outcomes[index], Stopped):
                raise KeyboardInterrupt  # a signal came before ended() began, and Python lost it
        outcome = outcomes[index]
        hook._note_signature(handle)
        if isinstance(outcome, Response):
            hook.response = outcome
    return [outcomes[index] for index in range(len(handles))]


def verify(scheme: Scheme, secret: Data, headers: ReceivedHeaders, body: Data,
           tolerance: int = 300) -> None:
    """Like Webhook.verify(), for a program that rarely verifies."""
    text, content = as_bytes(secret, "secret"), as_bytes(body, "body")
    array, count = as_headers(headers)
    check(waiting.barker_verify(
        as_number(scheme, "scheme", INT32_MAX), text, len(text),
        as_number(tolerance, "tolerance"), array, count, content, len(content)))


def generate_secret() -> str:
    """A secret of 32 random bytes that is valid for every scheme: "whsec_" and base64."""
    secret = Buffer()
    check(quick.barker_generate_secret(secret))
    return secret.take().decode()


def generate_key_pair() -> Tuple[str, str]:
    """An Ed25519 key pair for Standard Webhooks: the private key for the sender and the public key
    for receivers."""
    private, public = Buffer(), Buffer()
    check(quick.barker_generate_key_pair(private, public))
    return private.take().decode(), public.take().decode()


def generate_id() -> str:
    """A message id: "msg_" and 32 random hexadecimal digits."""
    id = Buffer()
    check(quick.barker_generate_id(id))
    return id.take().decode()


def library_version() -> str:
    """The version of the C library that is in use, such as "0.1.0"."""
    version: bytes = quick.barker_version()
    return version.decode()
