"""Runs the programs of docs/ffi.md as they stand there. PHP, LuaJIT (also within nginx), Perl and
Node.js send to `receive` and to a server that answers with bytes of every value, receive what
`send` sends, and call the library many thousand times without growing."""
import http.client
import re
import shutil
import subprocess

import pytest

from support import ffi_page
from support.build import LAYOUT, ROOT
from support.receivers import Echo, Receiver

KEY = "kéy & key"
ALL_BYTES = bytes(range(256))
ROUNDS = 10000
GROWTH = 1.08  # a handle or a buffer of each round that is not freed comes to more

CALLERS = {
    "PHP": ["php", "calls.php"],
    "LuaJIT": ["luajit", "calls.lua"],
    "Perl": ["perl", "-I.", "calls.pl"],
    "Node.js": ["node", "--expose-gc", "--max-semi-space-size=1", "calls.mjs"],
}
every_language = pytest.mark.parametrize("language", ffi_page.SENDERS)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The directory with the page's files and those of tests/ffi."""
    directory = tmp_path_factory.mktemp("ffi")
    ffi_page.extract(directory)
    shutil.copytree(ROOT / "tests/ffi", directory, dirs_exist_ok=True)
    return str(directory)


# ---- the page itself ----

@pytest.fixture(scope="module")
def header():
    return (LAYOUT / "include/barker.h").read_text(encoding="utf-8")


@pytest.mark.check
def test_page_has_the_schemes_of_the_header(header):
    schemes = dict(re.findall(r"BARKER_SCHEME_(\w+) = (\d+)", header))
    tables = re.findall(r"\bSCHEMES?\b = [{(](.*?)[)}];", ffi_page.text(), re.DOTALL)
    assert [dict(re.findall(r"(\w+)(?:: | => )(\d+)", table)) for table in tables] == [schemes] * 2


@pytest.mark.check
def test_page_has_the_functions_of_the_header(header):
    known = set(re.findall(r"\bbarker_\w+", header))
    assert set(re.findall(r"\bbarker_\w+(?=\()", ffi_page.text())) - known == set()


# ---- sending ----

@pytest.fixture(scope="module")
def receive(page):
    with ffi_page.running([str(LAYOUT / "bin/receive"), "--key", KEY], r"(http://\S+)",
                          page) as url:
        yield url


@pytest.fixture(scope="module")
def echo():
    with Receiver(handler=Echo) as receiver:
        yield receiver.url()


def right(body=b"", status=204):
    return 0, b"HTTP %d\n" % status + body, ""


SENDS = {  # name: (arguments, data, exit status, output, pattern of what is printed as an error)
    **{f"{len(data)} bytes": (["{receive}", "--key", KEY, "-"], data, *right())
       for data in (b"", "höund".encode(), ALL_BYTES, ALL_BYTES * 4096)},
    "no data": (["{receive}", "--key", KEY], b"", *right()),
    "text": (["{receive}", "--key", KEY, "höund"], b"", *right()),
    "other key": (["{receive}", "höund"], b"", 1, b"HTTP 401\n", ""),
    "answer": (["{echo}", "-"], ALL_BYTES, *right(ALL_BYTES, 200)),
    "no URL": (["dog"], b"", 1, b"", r"send\.\w+: the URL must begin with .+\n"),
    "nobody there": (["http://127.0.0.1:1/"], b"", 1, b"",
                     r"send\.\w+: no connection to 127\.0\.0\.1:1: .+\n"),
    "usage": ([], b"", 2, b"", r"usage: send\.\w+ URL .+\n"),
}


@every_language
@pytest.mark.parametrize("case", SENDS)
def test_sends(page, receive, echo, language, case):
    arguments, data, expected, expected_output, pattern = SENDS[case]
    arguments = [part.format(receive=receive, echo=echo) for part in arguments]
    status, output, error = ffi_page.run([*ffi_page.SENDERS[language], *arguments], data, cwd=page,
                                         env=ffi_page.environment())
    assert (status, output) == (expected, expected_output), error
    assert re.fullmatch(pattern, error, re.DOTALL)


def test_overlapping_sends_of_node(page):
    assert ffi_page.run(["node", "overlap.mjs"], cwd=page, env=ffi_page.environment()) == \
        (0, b"", "")


# ---- receiving ----

@pytest.fixture(scope="module", params=ffi_page.RECEIVERS)
def receiver(request, page):
    """Its name and URL."""
    with ffi_page.RECEIVERS[request.param](page, KEY) as url:
        yield request.param, url


REFUSED = 1, b"HTTP 401\nthe signature does not match", ""
ACCEPTED = 0, b"HTTP 204", ""


def sends(url, *arguments, data=b""):
    """What `send` printed, without the lines with headers."""
    status, output, error = ffi_page.run([LAYOUT / "bin/send", url, *arguments], data)
    first, *rest = output.split(b"\n")
    return status, b"\n".join([first, *rest[2:]]).strip(), error


@pytest.mark.parametrize("size", [0, 6, 256, 256 * 2048])
def test_receives(receiver, size):
    data = "höund".encode() if size == 6 else ALL_BYTES * (size // 256)
    _, url = receiver
    assert sends(url, "--key", KEY, "-", data=data) == ACCEPTED
    assert sends(url, "--key", "other", "-", data=data) == REFUSED


def test_receives_no_signature(receiver):
    port = int(re.search(r":(\d+)", receiver[1])[1])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("POST", "/", b"dog")
        assert connection.getresponse().status == 401
    finally:
        connection.close()


def test_receives_form(receiver):
    """PHP takes a form apart unless it is set up as under php_preloaded()."""
    name, url = receiver
    form = "multipart/form-data; boundary=dog"
    assert sends(url, "--key", KEY, "--type", form, "dog") == (
        REFUSED if name == "PHP" else ACCEPTED)


# ---- many calls ----

@pytest.fixture(scope="module")
def draining(tmp_path_factory):
    """The URL of the benchmarks' receiver, which answers 204 to all as fast as can be."""
    program = tmp_path_factory.mktemp("draining") / "receiver"
    subprocess.run(["cc", "-O2", ROOT / "benches/receiver.c", "-o", program], check=True)
    process = subprocess.Popen([program, "0"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    yield "http://127.0.0.1:%d/" % int(process.stdout.readline())
    process.stdin.close()
    process.wait(60)
    process.stdout.close()


def resident(process):
    with open(f"/proc/{process.pid}/status") as status:
        return int(re.search(r"VmRSS:\s+(\d+)", status.read())[1])


@every_language
def test_memory(page, draining, language):
    """A program that has made its calls needs no more memory to make as many again."""
    sizes = []
    with subprocess.Popen([*CALLERS[language], draining, str(ROUNDS)], cwd=page,
                          env=ffi_page.environment(), stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as process:
        try:
            while process.stdout.readline() == b"done\n":
                sizes.append(resident(process))
                process.stdin.write(b"\n")
                process.stdin.flush()
            assert process.wait(60) == 0
        finally:
            process.kill()
    print(f"{sizes} KiB after each {ROUNDS} rounds")
    assert len(sizes) == 3 and sizes[2] < GROWTH * sizes[1]
