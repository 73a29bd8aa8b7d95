"""The lasting settings of a Webhook: each name with what it does to a handle."""
from __future__ import annotations

import os
from typing import Any, Callable, Dict, List, Mapping, Sequence, Union

from ._declarations import FUNCTIONS, LogLevel, Scheme, Status
from ._errors import error_of
from ._handle import Data, Handle, as_bytes, as_number, as_text
from ._library import Log, quick, waiting

INT32_MAX = 2**31 - 1

Secrets = Mapping[Scheme, Union[Data, List[str], List[bytes]]]
LogFunction = Callable[[LogLevel, str], object]
Setting = Callable[[Handle, Any, Dict[str, Any]], None]


def _set_secrets(handle: Handle, secrets: Secrets, _: Dict[str, Any]) -> None:
    if not isinstance(secrets, Mapping):
        raise TypeError("secrets must be a dict of a scheme and its secrets")
    set_or_add = quick.barker_webhook_set_secret
    for scheme, of_scheme in secrets.items():
        for secret in of_scheme if isinstance(of_scheme, list) else [of_scheme]:
            text = as_bytes(secret, "a secret")
            handle.call(set_or_add, as_number(scheme, "scheme", INT32_MAX), text, len(text))
            set_or_add = quick.barker_webhook_add_secret
    if set_or_add is quick.barker_webhook_set_secret:
        raise error_of(Status.SECRET, b"secrets is empty: give a scheme and its secret")


def _set_log(handle: Handle, function: LogFunction, settings: Dict[str, Any]) -> None:
    if not callable(function):
        raise TypeError("log must be a function of a level and a line")

    def log(_: object, level: int, line: bytes) -> None:
        function(LogLevel(level), line.decode("utf-8", "replace"))

    level = as_number(settings.get("log_level", LogLevel.INFO), "log_level", INT32_MAX)
    callback = Log(log)
    handle.call(quick.barker_webhook_set_log, level, callback, None)
    handle.log = callback


def _set_redirects(handle: Handle, maximum: int, settings: Dict[str, Any]) -> None:
    handle.call(quick.barker_webhook_set_redirects, as_number(maximum, "redirects"),
                bool(settings.get("redirects_to_other_origins")))


def _set_idle_limits(handle: Handle, limits: Sequence[int], _: Dict[str, Any]) -> None:
    connections, seconds = limits
    handle.call(quick.barker_webhook_set_idle_limits, as_number(connections, "connections"),
                as_number(seconds, "seconds"))


def _set_proxy_from_environment(handle: Handle, wanted: bool, _: Dict[str, Any]) -> None:
    if wanted:
        handle.call(quick.barker_webhook_set_proxy_from_environment)


def _set_ca_file(handle: Handle, path: Any, _: Dict[str, Any]) -> None:
    handle.call(waiting.barker_webhook_add_ca_file, as_text(os.fsdecode(path), "ca_file"))


def _set_client_certificate(handle: Handle, pair: Sequence[Data], _: Dict[str, Any]) -> None:
    pem, key = (as_bytes(part, "client_certificate") for part in pair)
    handle.call(quick.barker_webhook_set_client_certificate, pem, len(pem), key, len(key))


def _accompanies(other: str) -> Setting:
    """For a setting that changes the meaning of another one, which has already used it."""
    def refuse_alone(_: Handle, __: Any, settings: Dict[str, Any]) -> None:
        if other not in settings:
            raise TypeError(f"give {other} too")
    return refuse_alone


def _setting(function: str, what: str) -> Setting:
    """That of a function of one value, as the value's type in C says."""
    call, types = getattr(quick, function), FUNCTIONS[function][2:]

    def set_one(handle: Handle, value: Any, _: Dict[str, Any]) -> None:
        if types == ("uint32_t",):
            handle.call(call, as_number(value, what))
        elif types == ("int32_t",):
            handle.call(call, bool(value))
        elif types == ("const char *",):
            handle.call(call, as_text(value, what))
        elif types == ("const void *", "size_t"):
            content = as_bytes(value, what)
            handle.call(call, content, len(content))
        else:  # an enumeration
            handle.call(call, as_number(value, what, INT32_MAX))
    return set_one


def _each(setting: Setting) -> Setting:
    def set_each(handle: Handle, values: Any, settings: Dict[str, Any]) -> None:
        if isinstance(values, str):
            raise TypeError("give a list, also of one")
        for value in values:
            setting(handle, value, settings)
    return set_each


SETTER = "barker_webhook_set_"
# Setters of one value; but not those that attributes and methods of a Webhook call.
SIMPLE = {name[len(SETTER):] for name, types in FUNCTIONS.items()
          if name.startswith(SETTER) and len(types) == 3}
SIMPLE -= {"url", "content_type", "id", "timeout", "stopped"}

SETTINGS: Dict[str, Setting] = {
    **{name: _setting(SETTER + name, name) for name in SIMPLE},
    "secrets": _set_secrets,
    "redirects": _set_redirects,
    "redirects_to_other_origins": _accompanies("redirects"),
    "idle_limits": _set_idle_limits,
    "proxy_from_environment": _set_proxy_from_environment,
    "allow_networks": _each(_setting("barker_webhook_allow_network", "a network")),
    "deny_networks": _each(_setting("barker_webhook_deny_network", "a network")),
    "allow_ports": _each(_setting("barker_webhook_allow_port", "a port")),
    "ca": _setting("barker_webhook_add_ca", "ca"),
    "ca_file": _set_ca_file,
    "crl": _setting("barker_webhook_add_crl", "crl"),
    "client_certificate": _set_client_certificate,
    "log": _set_log,
    "log_level": _accompanies("log"),
}


def apply(handle: Handle, settings: Dict[str, Any]) -> None:
    """Settings that are None stay as they are."""
    given = {name: value for name, value in settings.items() if value is not None}
    for name, value in given.items():
        if name not in SETTINGS:
            raise TypeError(f"there is no setting {name}")
        SETTINGS[name](handle, value, given)
