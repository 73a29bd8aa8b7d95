"""The shared library that `make build` made, for tests in Python."""
import ctypes
import functools

from support.build import LAYOUT


class Header(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("value", ctypes.c_char_p)]


class Buffer(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("len", ctypes.c_size_t),
                ("capacity", ctypes.c_size_t), ("reserved", ctypes.c_size_t)]


@functools.cache
def load():
    library = ctypes.CDLL(str(LAYOUT / "lib/libbarker.so.0"))
    handle, text, size, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_int32
    for name, arguments, result in (
        ("buffer_free", [ctypes.POINTER(Buffer)], None),
        ("webhook_new", [], handle),
        ("webhook_free", [handle], None),
        ("webhook_error", [handle], text),
        ("webhook_set_url", [handle, text], number),
        ("webhook_set_key", [handle, text, size], number),
        ("webhook_set_spelling", [handle, number], number),
        ("webhook_set_secret", [handle, number, text, size], number),
        ("webhook_add_secret", [handle, number, text, size], number),
        ("webhook_set_id", [handle, text], number),
        ("webhook_sign_headers", [handle, text, text, size, ctypes.POINTER(Buffer)], number),
        ("webhook_verify", [handle, ctypes.POINTER(Header), size, text, size], number),
        ("webhook_send_data", [handle, text, size, ctypes.POINTER(ctypes.c_uint16), handle],
         number),
    ):
        function = getattr(library, "barker_" + name)
        function.argtypes, function.restype = arguments, result
    return library


class Webhook:
    """A handle, until the end of its `with` block."""
    SIGNATURE_MISMATCH = 303

    def __enter__(self):
        self.library = load()
        self.hook = self.library.barker_webhook_new()
        return self

    def __exit__(self, *_):
        self.library.barker_webhook_free(self.hook)

    def call(self, name, *arguments, expected=(0,)):
        """The status, which must be one of those expected."""
        status = getattr(self.library, "barker_webhook_" + name)(self.hook, *arguments)
        assert status in expected, (
            f"barker_webhook_{name} returned {status}, not one of {expected}: "
            f"{self.library.barker_webhook_error(self.hook)}")
        return status

    def set_url(self, url):
        self.call("set_url", url.encode())

    def set_key(self, key):
        self.call("set_key", key.encode(), len(key.encode()))

    def set_spelling(self, spelling):
        self.call("set_spelling", spelling)

    def set_secrets(self, scheme, secrets):
        for number, secret in enumerate(secrets):
            text = secret.encode()
            self.call("add_secret" if number else "set_secret", scheme, text, len(text))

    def set_id(self, message_id):
        self.call("set_id", message_id.encode())

    def sign(self, body):
        """The headers."""
        buffer = Buffer()
        self.call("sign_headers", None, body, len(body), buffer)
        lines = ctypes.string_at(buffer.data, buffer.len).decode()
        self.library.barker_buffer_free(buffer)
        assert lines.endswith("\r\n"), lines
        return dict(line.split(": ", 1) for line in lines.splitlines())

    def verify(self, headers, body):
        """Whether they are right; anything but that and a wrong signature is an error."""
        array = (Header * len(headers))(
            *((name.encode(), value.encode()) for name, value in headers.items()))
        status = self.call("verify", array, len(array), body, len(body),
                           expected=(0, self.SIGNATURE_MISMATCH))
        return status == 0

    def send(self, body):
        """The HTTP status that answers."""
        http_status = ctypes.c_uint16()
        self.call("send_data", body, len(body), ctypes.byref(http_status), None)
        return http_status.value
