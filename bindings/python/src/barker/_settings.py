"""The lasting settings of a Webhook: each name with what it does to a handle."""
from __future__ import annotations

import enum
import os
from typing import Any, Callable, Dict, List, Mapping, Sequence, Union

from ._errors import Status, error_of
from ._handle import Data, Handle, as_bytes, as_number, as_text
from ._library import Log, quick, waiting

INT32_MAX = 2**31 - 1


class Scheme(enum.IntEnum):
    """barker_scheme: how a message is signed."""
    BARKER = 0
    BARKER_SHA256 = 1
    BARKER_SHA512 = 2
    STANDARD = 10
    SVIX = 11
    GITHUB = 20
    STRIPE = 21
    SLACK = 22
    SHOPIFY = 23


class Spelling(enum.IntEnum):
    """barker_spelling: how header names that contain underscores are spelled when sending."""
    UNDERSCORE = 0
    DASH = 1
    BOTH = 2


class Addresses(enum.IntEnum):
    """barker_addresses: which addresses a message may be sent to."""
    ANY = 0
    PUBLIC = 1
    LISTED = 2


class TLS(enum.IntEnum):
    """barker_tls: the oldest version of TLS that is accepted."""
    TLS_1_2 = 12
    TLS_1_3 = 13


class LogLevel(enum.IntEnum):
    """barker_log_level: how important a line of the log is."""
    OFF = 0
    ERROR = 1
    INFO = 2
    DEBUG = 3


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


def _number(what: str, function: Any, maximum: int = 2**32 - 1) -> Setting:
    return lambda handle, value, _: handle.call(function, as_number(value, what, maximum))


def _flag(function: Any) -> Setting:
    return lambda handle, value, _: handle.call(function, bool(value))


def _text(what: str, function: Any) -> Setting:
    return lambda handle, value, _: handle.call(function, as_text(value, what))


def _pem(what: str, function: Any) -> Setting:
    def set_pem(handle: Handle, value: Data, _: Dict[str, Any]) -> None:
        pem = as_bytes(value, what)
        handle.call(function, pem, len(pem))
    return set_pem


def _each(setting: Setting) -> Setting:
    def set_each(handle: Handle, values: Any, settings: Dict[str, Any]) -> None:
        if isinstance(values, str):
            raise TypeError("give a list, also of one")
        for value in values:
            setting(handle, value, settings)
    return set_each


SETTINGS: Dict[str, Setting] = {
    "secrets": _set_secrets,
    "spelling": _number("spelling", quick.barker_webhook_set_spelling, INT32_MAX),
    "tolerance": _number("tolerance", quick.barker_webhook_set_tolerance),
    "replay_limit": _number("replay_limit", quick.barker_webhook_set_replay_limit),
    "max_body": _number("max_body", quick.barker_webhook_set_max_body),
    "redirects": _set_redirects,
    "redirects_to_other_origins": _accompanies("redirects"),
    "idle_limits": _set_idle_limits,
    "max_connection_age": _number("max_connection_age",
                                  quick.barker_webhook_set_max_connection_age),
    "lookup_lifetime": _number("lookup_lifetime", quick.barker_webhook_set_lookup_lifetime),
    "proxy": _text("proxy", quick.barker_webhook_set_proxy),
    "proxy_from_environment": _set_proxy_from_environment,
    "address_policy": _number("address_policy", quick.barker_webhook_set_address_policy,
                              INT32_MAX),
    "allow_networks": _each(_text("a network", quick.barker_webhook_allow_network)),
    "deny_networks": _each(_text("a network", quick.barker_webhook_deny_network)),
    "allow_ports": _each(_number("a port", quick.barker_webhook_allow_port)),
    "https_only": _flag(quick.barker_webhook_set_https_only),
    "ca": _pem("ca", quick.barker_webhook_add_ca),
    "ca_file": _set_ca_file,
    "platform_ca": _flag(quick.barker_webhook_set_platform_ca),
    "crl": _pem("crl", quick.barker_webhook_add_crl),
    "client_certificate": _set_client_certificate,
    "server_name": _text("server_name", quick.barker_webhook_set_server_name),
    "min_tls": _number("min_tls", quick.barker_webhook_set_min_tls, INT32_MAX),
    "insecure_skip_verify": _flag(quick.barker_webhook_set_insecure_skip_verify),
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
