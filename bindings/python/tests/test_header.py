"""The binding declares what barker.h does: each function with its types, each number."""
import ctypes
import os
import re
import unittest

import barker
from barker import _library

from support import TOP

UNNEEDED = {
    "barker_webhook_send": "send() passes the data along, which needs no copy",
    "barker_version_number": "barker_version has the text",
    "barker_webhook_url": "an attribute",
    "barker_webhook_data": "an attribute",
    "barker_webhook_timeout": "an attribute",
    "barker_webhook_tolerance": "the caller's own",
    "barker_webhook_response_header": "Headers finds them",
}
TYPES = {
    "void": None, "int32_t": ctypes.c_int32, "uint16_t": ctypes.c_uint16,
    "uint32_t": ctypes.c_uint32, "size_t": ctypes.c_size_t,
    **{f"barker_{name}": ctypes.c_int32
       for name in ("status", "scheme", "spelling", "addresses", "tls", "log_level")},
    "barker_log": _library.Log, "barker_progress": _library.Progress,
    "const char *": ctypes.c_char_p, "const void *": ctypes.c_char_p,
    "const uint8_t *": ctypes.c_void_p, "const barker_header *": ctypes.c_void_p,
    "uint16_t *": ctypes.POINTER(ctypes.c_uint16), "size_t *": ctypes.POINTER(ctypes.c_size_t),
    "const char **": ctypes.POINTER(ctypes.c_char_p), "void *": ctypes.c_void_p,
    "barker_buffer *": ctypes.POINTER(_library.Buffer),
    "barker_webhook *": ctypes.c_void_p, "const barker_webhook *": ctypes.c_void_p,
    "barker_webhook *const *": ctypes.POINTER(ctypes.c_void_p),
}
ENUMS = {
    "status": barker.Status, "scheme": barker.Scheme, "spelling": barker.Spelling,
    "addresses": barker.Addresses, "log_level": barker.LogLevel, "tls": barker.TLS,
}


def header():
    with open(os.path.join(TOP, "include/barker.h")) as file:
        return re.sub(r"/\*.*?\*/", "", file.read(), flags=re.DOTALL)


def type_of(declaration):
    """Without the name of the parameter or function."""
    text = re.sub(r"\w+$", "", declaration.strip()) if declaration.strip() != "void" else "void"
    return TYPES[" ".join(text.split())]


def declared():
    functions = {}
    for result, name, parameters in re.findall(
            r"^([\w ]+[ *]+)(barker_\w+)\(([^)]*)\);", header(), re.MULTILINE):
        arguments = [] if parameters == "void" else parameters.split(",")
        functions[name] = (type_of(result + name), *map(type_of, arguments))
    return functions


class HeaderTest(unittest.TestCase):
    def test_every_function_is_bound_or_unneeded(self):
        bound = {*_library.QUICK, *_library.WAITING}
        self.assertEqual(sorted(bound & {*UNNEEDED}), [])
        self.assertEqual(sorted({*declared()} - {*UNNEEDED}), sorted(bound))

    def test_types(self):
        known = declared()
        for name, types in {**_library.QUICK, **_library.WAITING}.items():
            wanted = known[name]
            if name == "barker_webhook_response_headers":
                wanted = (ctypes.POINTER(_library.Header), *wanted[1:])
            self.assertEqual(list(types), list(wanted), name)

    def test_every_bound_function_is_used(self):
        sources = os.path.dirname(barker.__file__)
        text = ""
        for name in os.listdir(sources):
            if name.endswith(".py") and name != "_library.py":
                with open(os.path.join(sources, name)) as file:
                    text += file.read()
        text += "quick.barker_buffer_free"  # by Buffer, which stands beside the declarations
        used = set(re.findall(r"(?:quick|waiting)\.(barker_\w+)", text))
        self.assertEqual(sorted(used), sorted({*_library.QUICK, *_library.WAITING}))

    def test_numbers(self):
        text = header()
        for name, enum in ENUMS.items():
            prefix = {"status": "(?:ERR_|(?=OK))", "log_level": "LOG_",
                      "tls": "(?=TLS_)"}.get(name, name.upper() + "_")
            wanted = {member: int(number) for member, number in
                      re.findall(rf"\bBARKER_{prefix}(\w+) = (\d+)", text)}
            self.assertEqual({member.name: member.value for member in enum}, wanted, name)

    def test_version(self):
        version = re.search(r'BARKER_VERSION "(.*)"', header())[1]
        self.assertEqual(barker.library_version(), version)
        self.assertEqual(barker.__version__, version)


if __name__ == "__main__":
    unittest.main()
