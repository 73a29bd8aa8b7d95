"""The binding uses what _declarations.py has of barker.h, with types that C can take."""
import ctypes
import os
import re
import unittest

import barker
from barker import _library, _settings
from barker._declarations import FUNCTIONS

from support import TOP

UNNEEDED = {
    "barker_webhook_send": "send() passes the data along, which needs no copy",
    "barker_version_number": "barker_version has the text",
    "barker_webhook_url": "an attribute",
    "barker_webhook_data": "an attribute",
    "barker_webhook_timeout": "an attribute",
    "barker_webhook_tolerance": "the caller's own",
    "barker_webhook_response_header": "Headers finds them",
    "barker_webhook_preload_ca": "a thread that waits may as well read them",
    **{f"barker_engine_{name}": "sends wait in threads; there is no asyncio yet" for name in (
        "new", "free", "set_limits", "add", "fd", "timeout", "step", "next", "count", "wake")},
    "barker_retry_judge": "Retry.judge() is given what the send returned or raised",
}


class HeaderTest(unittest.TestCase):
    def test_every_function_is_used_or_unneeded(self):
        sources = os.path.dirname(barker.__file__)
        text = "quick.barker_buffer_free"  # by Buffer, which stands beside WAITING
        for name in os.listdir(sources):
            if name.endswith(".py") and name != "_library.py":
                with open(os.path.join(sources, name)) as file:
                    text += file.read()
        used = set(re.findall(r"(?:quick|waiting)\.(barker_\w+)", text))
        used |= {*re.findall(r'_setting\("(barker_\w+)"', text)}
        used |= {_settings.SETTER + name for name in _settings.SIMPLE}
        self.assertEqual(sorted(used & {*UNNEEDED}), [])
        self.assertEqual(sorted(used | {*UNNEEDED}), sorted(FUNCTIONS))

    def test_functions_wait_where_they_are_called(self):
        self.assertLessEqual(_library.WAITING, {*FUNCTIONS})
        for name in FUNCTIONS:
            library, other = _library.waiting, _library.quick
            if name not in _library.WAITING:
                library, other = other, library
            self.assertIsNotNone(getattr(library, name).argtypes, name)
            self.assertIsNone(getattr(other, name).argtypes, name)

    def test_types(self):
        """Pointers to other things than these are passed along as they are."""
        for name, types in FUNCTIONS.items():
            function = getattr(_library.waiting if name in _library.WAITING else _library.quick,
                               name)
            for type_, bound in zip(types, [function.restype, *function.argtypes]):
                self.assertEqual(bound is None, type_ == "void", name)
                size = {"uint16_t": 2, "size_t": ctypes.sizeof(ctypes.c_size_t)}.get(type_, 4)
                pointer = type_.endswith("*") or type_ in ("barker_log", "barker_progress")
                if bound is not None:
                    self.assertEqual(ctypes.sizeof(bound),
                                     ctypes.sizeof(ctypes.c_void_p) if pointer else size, name)

    def test_version(self):
        with open(os.path.join(TOP, "include/barker.h")) as file:
            version = re.search(r'BARKER_VERSION "(.*)"', file.read())[1]
        self.assertEqual(barker.library_version(), version)
        self.assertEqual(barker.__version__, version)


if __name__ == "__main__":
    unittest.main()
