"""The C library for ctypes: where it is found, and every function of barker.h.

`waiting` holds the functions that may take long: while they run, other threads do. `quick` holds
the others, which keep the interpreter's lock, because releasing it would take longer than they do.
"""
from __future__ import annotations

import ctypes
import os
from ctypes import (CFUNCTYPE, POINTER, c_char_p, c_int32, c_size_t, c_uint16, c_uint32, c_void_p)
from typing import Any, Dict, Tuple

from ._declarations import FUNCTIONS

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

WAITING = {
    "barker_webhook_send", "barker_webhook_send_data", "barker_send_many", "barker_webhook_sign",
    "barker_webhook_sign_headers", "barker_webhook_verify", "barker_webhook_forget",
    "barker_verify", "barker_webhook_add_ca_file",
}

TYPES: Dict[str, Any] = {
    "void": None, "int32_t": c_int32, "uint16_t": c_uint16, "uint32_t": c_uint32,
    "size_t": c_size_t, "uint16_t *": POINTER(c_uint16), "size_t *": POINTER(c_size_t),
    "const char *": c_char_p,
    "const void *": c_char_p,  # takes bytes without a copy
    "barker_buffer *": POINTER(Buffer),
    "barker_webhook *const *": POINTER(c_void_p),
    "barker_log": Log, "barker_progress": Progress,
}


def _type(name: str) -> Any:
    if name not in TYPES and name.endswith("*"):
        return c_void_p
    if name not in TYPES and name.startswith("barker_"):
        return c_int32  # an enumeration
    return TYPES[name]


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
    for name, (result, *parameters) in FUNCTIONS.items():
        try:
            function = getattr(waiting if name in WAITING else quick, name)
        except AttributeError:
            raise ImportError(f"{path} has no function {name}(): it is older than this "
                              "package") from None
        is_array = result == "const barker_header *"
        function.restype = POINTER(Header) if is_array else _type(result)
        function.argtypes = [_type(parameter) for parameter in parameters]
    return waiting, quick


waiting, quick = _load()
