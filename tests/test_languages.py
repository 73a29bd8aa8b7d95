"""Sends webhooks from every language to every other: from C, Go, Ruby, Python, PHP, LuaJIT, Perl,
Node.js and PyPI's barker 0.1, the Python original, to receivers in all of them.

The programs are those of examples-c, bindings/*/examples and docs/ffi.md. Bodies go through
standard input. The original knows no bytes: as a sender it gets the bytes that are text, and as a
receiver Python's hmac stands in for it when the body is not UTF-8.
"""
import hashlib
import hmac
import re
import shutil

import pytest

from support import ffi_page, original
from support.build import LAYOUT, OUT, ROOT, once, run
from support.receivers import Handler, Receiver

KEY = "kéy & key"
CASES = {  # name: (key, body, the answer)
    "text": (KEY, '{"dog": "🐕"}\r\n'.encode(), 204),
    "other key": ("other", b"dog", 401),
    "empty": (KEY, b"", 204),
    "bytes": (KEY, bytes(range(256)) * 5, 204),
}
GO = OUT / "go-examples"
# Where the languages find the library and their bindings.
ENVIRONMENT = ffi_page.environment(
    RUBYLIB=str(ROOT / "bindings/ruby/lib"), PYTHONPATH=str(ROOT / "bindings/python/src"),
    PYTHONDONTWRITEBYTECODE="1", LD_LIBRARY_PATH=str(LAYOUT / "lib"),
    PKG_CONFIG_PATH=str(LAYOUT / "lib/pkgconfig"), GOCACHE=str(ROOT / "build/go/cache"),
    GOENV="off", GOPROXY="off")


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The directory with the files of docs/ffi.md."""
    directory = tmp_path_factory.mktemp("languages")
    ffi_page.extract(directory)
    return str(directory)


@pytest.fixture(scope="module")
def go():
    """The examples in Go, in the directory GO."""
    def build():
        shutil.rmtree(GO, ignore_errors=True)
        GO.mkdir(parents=True)
        run(["go", "build", "-o", f"{GO}/", "./examples/..."], cwd=ROOT / "bindings/go",
            env=ENVIRONMENT)
    once("go-examples", build)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")  # the original sends through requests


def binding(language, name):
    return str(ROOT / "bindings" / language / "examples" / name)


# ---- senders: the HTTP status that answers a body under a key ----

SENDERS = {
    "C": [str(LAYOUT / "bin/send")],
    "Go": [str(GO / "send")],
    "Ruby": ["ruby", binding("ruby", "send.rb")],
    "Python": ["python3", binding("python", "send.py")],
    **ffi_page.SENDERS,
    "original": None,
}


def send(sender, page, url, key, body):
    if sender == "original":
        text = body.decode(errors="ignore")
        return original.Webhook(url, text, key=key).send().status_code
    command = [*SENDERS[sender], url, "--key", key, "-"]
    status, output, error = ffi_page.run(command, body, cwd=page, env=ENVIRONMENT)
    answer = re.match(rb"HTTP (\d+)\n", output)
    assert answer, f"{sender}: exit status {status}, printed {output} and {error}"
    assert status == (not 200 <= int(answer[1]) <= 299), f"{sender}: exit status {status}, {output}"
    return int(answer[1])


# ---- receivers: a context with the URL ----

class Verifying(Handler):
    """Verifies with the original, and that the body is one of those that were sent."""
    bodies = [variant for _, body, _ in CASES.values()
              for variant in (body, body.decode(errors="ignore").encode())]

    def do_POST(self):
        body = self.body()
        valid = body in self.bodies and self.verifies(dict(self.headers.items()), body)
        self.answer(204 if valid else 401)

    def verifies(self, headers, body):
        try:
            return original.verifies(headers, body, KEY)
        except UnicodeDecodeError:
            signed = headers["BARKER_TIMESTAMP"].encode() + b";" + body
            expected = hmac.new(KEY.encode(), signed, hashlib.md5).hexdigest()
            return hmac.compare_digest(headers["BARKER_SIGNATURE"], expected)


def example(*command):
    return lambda directory, key: ffi_page.running(
        [*command, "--key", key], r"listening on (\S+)", directory, env=ENVIRONMENT)


RECEIVERS = {
    "C": example(str(LAYOUT / "bin/receive")),
    "Go": example(str(GO / "receive")),
    "Ruby": example("ruby", binding("ruby", "receive.rb")),
    "Python": example("python3", binding("python", "receive.py")),
    "PHP": ffi_page.php_preloaded,
    "LuaJIT": ffi_page.nginx,
    "Perl": ffi_page.perl,
    "Node.js": ffi_page.node,
    "original": None,
}


@pytest.fixture(scope="module", params=RECEIVERS)
def receiver(request, page, go):
    """The URL."""
    if request.param == "original":
        with Receiver(handler=Verifying) as receiver:
            yield receiver.url()
    else:
        with RECEIVERS[request.param](page, KEY) as url:
            yield url


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("sender", SENDERS)
def test_languages(page, go, receiver, sender, case):
    key, body, expected = CASES[case]
    assert send(sender, page, receiver, key, body) == expected
