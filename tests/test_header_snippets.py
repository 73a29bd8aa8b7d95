"""The code in the comments of the headers and in the man pages compiles without a warning, and runs.
barker.h can be read by all that it says, and barker.hpp warns about results that are ignored."""
import base64
import hashlib
import hmac
import json
import re
import shlex

import pytest

from support import snippets
from support.build import LAYOUT, ROOT, run, status_of
from support.receivers import Handler, Receiver

INCLUDE = ROOT / "include"
LIBRARY = LAYOUT / "lib"
LINKED = {"LD_LIBRARY_PATH": str(LIBRARY)}
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]
# In C, = {0} may leave out members; a C++ compiler warns, though it means the same.
CPP = [*WARNINGS, "-Wno-missing-field-initializers"]
COMPILERS = {
    "gcc": ["gcc", "-std=c99", *WARNINGS],
    "clang": ["clang", "-std=c99", *WARNINGS],
    "tcc": ["tcc", "-Wall", "-Werror"],
    "g++": ["g++", "-std=c++11", *CPP],
    "clang++": ["clang++", "-std=c++11", *CPP],
}
SECRET = base64.b64encode(b"a secret of 24 bytes ...").decode()
BODY = b'{"event": "dog.barked"}'


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


# ---- code in comments ----

class Thankful(Handler):
    """Answers 200 and a word, and keeps headers and bodies."""

    def do_POST(self):
        self.server.bodies.append((self.headers, self.body()))
        self.answer(200, b"thanks")


def is_signed_standard(headers, body):
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    digest = hmac.digest(base64.b64decode(SECRET), content, hashlib.sha256)
    return headers["webhook-signature"] == "v1," + base64.b64encode(digest).decode()


@pytest.mark.parametrize("compiler", COMPILERS)
def test_code_of_header(compiler, tmp_path, start):
    """All blocks of barker.h in one program, which sends and verifies."""
    suffix = ".cpp" if compiler.endswith("++") else ".c"
    source = write(tmp_path / f"blocks{suffix}", snippets.program_of_header())
    run([*COMPILERS[compiler], f"-I{INCLUDE}", source, f"-L{LIBRARY}", "-lbarker", "-o",
         tmp_path / "blocks"])
    signature = "sha256=" + hmac.new(b"github's", BODY, "sha256").hexdigest()
    receiver = start(Receiver(handler=Thankful))
    url = receiver.url()
    printed = run([tmp_path / "blocks", url, SECRET, "github's", signature], env=LINKED)
    assert printed.splitlines() == [
        f"thanks{url}: success", f"{url}: success", "notify 1",
        "is_from_github 1, changed 0", "answer_to 204, changed 401"]
    headers, body = receiver.bodies[-1]
    assert len(receiver.bodies) == 4 and json.loads(body) == {"event": "dog.barked"}
    assert headers["Content-Type"] == "application/json" and is_signed_standard(headers, body)


@pytest.mark.parametrize("compiler", ["g++", "clang++"])
@pytest.mark.parametrize("standard", ["c++11", "c++2b"])
def test_code_of_cpp_header(compiler, standard, tmp_path):
    assert len(snippets.blocks_of_cpp_header(INCLUDE / "barker.hpp")) >= 4
    source = write(tmp_path / "blocks.cpp", snippets.program_of_cpp_header(INCLUDE / "barker.hpp"))
    run([compiler, f"-std={standard}", *WARNINGS, f"-I{INCLUDE}", "-fsyntax-only", source])


def test_code_of_man_pages():
    """It is that of the header, which the tests above compile."""
    found = snippets.blocks_of_man_pages(ROOT / "man")
    assert sorted(found) == sorted(code for _, code in snippets.blocks_of_header())


# ---- what the header is ----

@pytest.mark.parametrize("name", ["barker.h", "barker.hpp"])
def test_lines_have_at_most_100_columns(name):
    lines = (INCLUDE / name).read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if len(line) > 100] == []


def test_first_function_is_within_150_lines():
    lines = (INCLUDE / "barker.h").read_text(encoding="utf-8").splitlines()
    first = next(number for number, line in enumerate(lines, 1)
                 if re.match(r"barker_\w+ \*?barker_\w+\(", line))
    assert first <= 150


def test_cpp98_reads_header(tmp_path):
    source = write(tmp_path / "program.cpp", "#include <barker.h>\nint main() { return BARKER_OK; }\n")
    run(["g++", "-std=c++98", *WARNINGS, f"-I{INCLUDE}", "-fsyntax-only", source])


def test_tcc_reads_header(tmp_path):
    """As it is: tcc has a preprocessor of its own."""
    source = write(tmp_path / "program.c", "#include <barker.h>\n"
                   "int main(void) { return barker_version_number() != BARKER_VERSION_NUMBER; }\n")
    run(["tcc", "-Wall", "-Werror", f"-I{INCLUDE}", f"-L{LIBRARY}", source, "-lbarker", "-o",
         tmp_path / "program"])
    run([tmp_path / "program"], env=LINKED)


@pytest.fixture(scope="module")
def declarations(tmp_path_factory):
    """What the command in the header's first comment prints, in a file."""
    text = (INCLUDE / "barker.h").read_text(encoding="utf-8")
    command = re.search(r"`(cc -E [^`]*)`", text)[1]
    return write(tmp_path_factory.mktemp("cdef") / "barker.cdef",
                 run(shlex.split(command), cwd=INCLUDE))


SCRIPTS = {
    "luajit": ("""
local ffi = require 'ffi'
ffi.cdef(io.open(arg[1]):read '*a')
local barker = ffi.load(arg[2])
local hook = ffi.gc(barker.barker_webhook_new(), barker.barker_webhook_free)
assert(barker.barker_webhook_set_url(hook, 'no URL') == barker.BARKER_ERR_URL)
print(barker.barker_version_number())
""", ["luajit"]),
    "php": ("""<?php
$barker = FFI::cdef(file_get_contents($argv[1]), $argv[2]);
$hook = $barker->barker_webhook_new();
if ($barker->barker_webhook_set_url($hook, 'no URL') !== $barker->BARKER_ERR_URL) exit(1);
$barker->barker_webhook_free($hook);
echo $barker->barker_version_number();
""", ["php", "-d", "ffi.enable=1"]),
    "cffi": ("""
import sys, cffi
ffi = cffi.FFI()
ffi.cdef(open(sys.argv[1]).read())
barker = ffi.dlopen(sys.argv[2])
hook = ffi.gc(barker.barker_webhook_new(), barker.barker_webhook_free)
assert barker.barker_webhook_set_url(hook, b"no URL") == barker.BARKER_ERR_URL
print(barker.barker_version_number())
""", ["/usr/bin/python3"]),
}


@pytest.mark.parametrize("language", SCRIPTS)
def test_parsers_of_declarations_read_header(language, declarations, tmp_path):
    code, interpreter = SCRIPTS[language]
    script = write(tmp_path / "script", code)
    printed = run([*interpreter, script, declarations, LIBRARY / "libbarker.so"])
    text = (INCLUDE / "barker.h").read_text(encoding="utf-8")
    major, minor, patch = re.search(r'BARKER_VERSION "(\d+)\.(\d+)\.(\d+)"', text).groups()
    assert int(printed) == int(major) * 10000 + int(minor) * 100 + int(patch)


# ---- results that are ignored ----

IGNORED = {
    "response": "hook.send(ec);",
    "signature": "hook.sign_headers(\"x\", ec);",
    "secret": "barker::generate_secret(ec);",
    "getter": "hook.status();",
    "clone": "hook.clone(ec);",
}


@pytest.mark.parametrize("compiler, standard", [("g++", "c++17"), ("g++", "c++2b"),
                                                ("clang++", "c++11"), ("clang++", "c++2b")])
def test_ignored_results_are_warned_about(compiler, standard, tmp_path):
    for statement in ["ignore(hook.send(ec));", *IGNORED.values()]:
        source = write(tmp_path / "ignored.cpp", f"""#include <barker.hpp>
template <class Result> void ignore(const Result &) {{}}
void run(barker::webhook &hook, std::error_code &ec);
void run(barker::webhook &hook, std::error_code &ec) {{ ignore(hook), ignore(ec); {statement} }}
""")
        status, printed = status_of([compiler, f"-std={standard}", *WARNINGS, f"-I{INCLUDE}",
                                     "-fsyntax-only", source])
        if statement.startswith("ignore"):
            assert status == 0
        else:
            assert "-Werror" in printed and "unused-result" in printed, statement
