"""The C library for ctypes: where it is found, and every function of barker.h.

`waiting` holds the functions that may take long: while they run, other threads do. `quick` holds
the others, which keep the interpreter's lock, because releasing it would take longer than they do.
"""
from __future__ import annotations

import ctypes
import os
from ctypes import (CFUNCTYPE, POINTER, c_char_p, c_int32, c_size_t, c_uint16, c_uint32, c_void_p)
from typing import Any, Dict, Tuple

SONAME = "libbarker.so.0"


class Buffer(ctypes.Structure):
    """barker_buffer."""
    _fields_ = [("data", c_void_p), ("len", c_size_t), ("capacity", c_size_t),
                ("reserved", c_size_t)]

    def take(self) -> bytes:
        """Returns the contents and releases them."""
        content = ctypes.string_at(self.data, self.len) if self.data else b""
        quick.barker_buffer_free(ctypes.byref(self))
        return content


class Header(ctypes.Structure):
    """barker_header."""
    _fields_ = [("name", c_char_p), ("value", c_char_p)]


Log = CFUNCTYPE(None, c_void_p, c_int32, c_char_p)
Progress = CFUNCTYPE(c_int32, c_void_p, c_size_t, c_int32)

_BUFFER = POINTER(Buffer)
# Pointers to bytes are c_char_p, which takes bytes without a copy; arrays of headers are c_void_p.
_BYTES: Tuple[Any, Any] = (c_char_p, c_size_t)
_HEADERS: Tuple[Any, Any] = (c_void_p, c_size_t)

WAITING: Dict[str, Tuple[Any, ...]] = {  # name: (result, arguments...)
    "barker_webhook_send_data": (c_int32, c_void_p, *_BYTES, POINTER(c_uint16), _BUFFER),
    "barker_send_many": (c_int32, POINTER(c_void_p), c_size_t, c_uint32, Progress, c_void_p),
    "barker_webhook_sign": (c_int32, c_void_p, c_char_p, *_BYTES, _BUFFER, _BUFFER),
    "barker_webhook_sign_headers": (c_int32, c_void_p, c_char_p, *_BYTES, _BUFFER),
    "barker_webhook_verify": (c_int32, c_void_p, *_HEADERS, *_BYTES),
    "barker_webhook_forget": (c_int32, c_void_p, *_HEADERS, *_BYTES),
    "barker_verify": (c_int32, c_int32, *_BYTES, c_uint32, *_HEADERS, *_BYTES),
    "barker_webhook_add_ca_file": (c_int32, c_void_p, c_char_p),
}

QUICK: Dict[str, Tuple[Any, ...]] = {
    "barker_version": (c_char_p,),
    "barker_status_string": (c_char_p, c_int32),
    "barker_buffer_free": (None, _BUFFER),
    "barker_webhook_new": (c_void_p,),
    "barker_webhook_clone": (c_void_p, c_void_p),
    "barker_webhook_free": (None, c_void_p),
    "barker_webhook_status": (c_int32, c_void_p),
    "barker_webhook_error": (c_char_p, c_void_p),
    "barker_webhook_set_url": (c_int32, c_void_p, c_char_p),
    "barker_webhook_set_data": (c_int32, c_void_p, *_BYTES),
    "barker_webhook_set_secret": (c_int32, c_void_p, c_int32, *_BYTES),
    "barker_webhook_add_secret": (c_int32, c_void_p, c_int32, *_BYTES),
    "barker_webhook_set_key": (c_int32, c_void_p, *_BYTES),
    "barker_webhook_set_spelling": (c_int32, c_void_p, c_int32),
    "barker_webhook_set_id": (c_int32, c_void_p, c_char_p),
    "barker_webhook_set_replay_limit": (c_int32, c_void_p, c_uint32),
    "barker_webhook_set_tolerance": (c_int32, c_void_p, c_uint32),
    "barker_webhook_set_content_type": (c_int32, c_void_p, c_char_p),
    "barker_webhook_add_header": (c_int32, c_void_p, c_char_p, c_char_p),
    "barker_webhook_clear_headers": (c_int32, c_void_p),
    "barker_webhook_set_stopped": (c_int32, c_void_p, c_int32),
    "barker_webhook_set_timeout": (c_int32, c_void_p, c_uint32),
    "barker_webhook_set_idle_limits": (c_int32, c_void_p, c_uint32, c_uint32),
    "barker_webhook_set_max_connection_age": (c_int32, c_void_p, c_uint32),
    "barker_webhook_close_idle": (c_int32, c_void_p),
    "barker_webhook_set_lookup_lifetime": (c_int32, c_void_p, c_uint32),
    "barker_webhook_set_max_body": (c_int32, c_void_p, c_uint32),
    "barker_webhook_set_redirects": (c_int32, c_void_p, c_uint32, c_int32),
    "barker_webhook_set_proxy": (c_int32, c_void_p, c_char_p),
    "barker_webhook_set_proxy_from_environment": (c_int32, c_void_p),
    "barker_webhook_set_log": (c_int32, c_void_p, c_int32, Log, c_void_p),
    "barker_webhook_set_address_policy": (c_int32, c_void_p, c_int32),
    "barker_webhook_allow_network": (c_int32, c_void_p, c_char_p),
    "barker_webhook_deny_network": (c_int32, c_void_p, c_char_p),
    "barker_webhook_allow_port": (c_int32, c_void_p, c_uint32),
    "barker_webhook_set_https_only": (c_int32, c_void_p, c_int32),
    "barker_webhook_add_ca": (c_int32, c_void_p, *_BYTES),
    "barker_webhook_set_platform_ca": (c_int32, c_void_p, c_int32),
    "barker_webhook_add_crl": (c_int32, c_void_p, *_BYTES),
    "barker_webhook_set_client_certificate": (c_int32, c_void_p, *_BYTES, *_BYTES),
    "barker_webhook_set_server_name": (c_int32, c_void_p, c_char_p),
    "barker_webhook_set_min_tls": (c_int32, c_void_p, c_int32),
    "barker_webhook_set_insecure_skip_verify": (c_int32, c_void_p, c_int32),
    "barker_webhook_id": (c_char_p, c_void_p),
    "barker_webhook_timestamp": (c_char_p, c_void_p),
    "barker_webhook_signature": (c_char_p, c_void_p),
    "barker_webhook_response_status": (c_uint16, c_void_p),
    "barker_webhook_response_body": (c_void_p, c_void_p, POINTER(c_size_t)),
    "barker_webhook_response_headers": (POINTER(Header), c_void_p, POINTER(c_size_t)),
    "barker_generate_secret": (c_int32, _BUFFER),
    "barker_generate_key_pair": (c_int32, _BUFFER, _BUFFER),
    "barker_generate_id": (c_int32, _BUFFER),
}


def _path() -> str:
    """The file that BARKER_LIBRARY names, else the one next to this file, else the system's."""
    beside = os.path.join(os.path.dirname(os.path.abspath(__file__)), SONAME)
    return os.environ.get("BARKER_LIBRARY") or (beside if os.path.exists(beside) else SONAME)


def _load() -> Tuple[ctypes.CDLL, ctypes.PyDLL]:
    path = _path()
    try:
        waiting = ctypes.CDLL(path)
    except OSError as error:
        raise ImportError(f"cannot load the C library barker ({error}): install it, or name its "
                          "file in the environment variable BARKER_LIBRARY") from None
    quick = ctypes.PyDLL(path, handle=waiting._handle)
    for library, functions in ((waiting, WAITING), (quick, QUICK)):
        for name, (result, *arguments) in functions.items():
            try:
                function = getattr(library, name)
            except AttributeError:
                raise ImportError(f"{path} has no function {name}(): it is older than this "
                                  "package") from None
            function.restype, function.argtypes = result, arguments
    return waiting, quick


waiting, quick = _load()
