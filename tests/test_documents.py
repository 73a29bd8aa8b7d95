"""The documents, *.md and docs/*.md, hold what they say: their code is compiled, some of it run, and
their links lead somewhere. The man pages are as generated from the header.

How the documents are written:
- A ```c block must compile without a warning as C99. One without main() is a fragment: it stands
  either at file scope or in a function, with <barker.h> and the common headers of the C library
  included, and the variables of C_WRAPPER below at hand.
- A ```cpp block is treated alike, as C++11 with <barker.hpp> and a barker::webhook named hook; a ```sh
  block must be read by `sh -n`.
- README.md's table has the header's families of functions, and a file of the tests that is named
  anywhere is there.
- <!-- run --> on the line before a block says that it is run too, and must exit with 0: a C program
  with the URL of a running `receive` (default key) as its argument; shell from the top directory,
  with that URL in $URL.
"""
import os
import re
import shutil
import subprocess

import pytest

import header
from support.build import LAYOUT, OUT, PYTHON, ROOT, run, status_of

C_INCLUDES = """#include <barker.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
"""
C_WRAPPER = """
int fragment(barker_webhook *hook, const char *url, const uint8_t *key, size_t key_len,
             const uint8_t *data, const uint8_t *body, size_t len, size_t body_len,
             const barker_header *headers, size_t header_count);
int fragment(barker_webhook *hook, const char *url, const uint8_t *key, size_t key_len,
             const uint8_t *data, const uint8_t *body, size_t len, size_t body_len,
             const barker_header *headers, size_t header_count)
{
    (void)hook, (void)url, (void)key, (void)key_len, (void)data, (void)body, (void)len;
    (void)body_len, (void)headers, (void)header_count;
    {
%s
    }
    return 0;
}
"""
CPP_INCLUDES = """#include <barker.hpp>
#include <iostream>
#include <map>
#include <string>
#include <vector>
"""
CPP_WRAPPER = """
void fragment(barker::webhook &hook);
void fragment(barker::webhook &hook)
{
    static_cast<void>(hook);
    {
%s
    }
}
"""
FRAGMENTS = {"c": (C_INCLUDES, C_WRAPPER), "cpp": (CPP_INCLUDES, CPP_WRAPPER)}
COMPILERS = {
    "c": ([os.environ.get("CC", "cc"), "-std=c99", "-D_POSIX_C_SOURCE=200809L"], ".c"),
    "cpp": ([os.environ.get("CXX", "c++"), "-std=c++11"], ".cpp"),
}
BLOCK = re.compile(r"^(?P<run><!-- run -->\n)?```(?P<language>\w*)\n(?P<code>.*?)^```$",
                   re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)|^\[[^\]]+\]:\s*(\S+)", re.MULTILINE)


DOCUMENTS = sorted(str(path.relative_to(ROOT))
                   for pattern in ("*.md", "docs/**/*.md") for path in ROOT.glob(pattern))


# ---- blocks of code ----

@pytest.fixture(scope="module")
def url():
    """Of a running `receive`."""
    with subprocess.Popen([LAYOUT / "bin/receive"], stdout=subprocess.PIPE) as receive:
        try:
            yield re.search(rb"http://\S+", receive.stdout.readline())[0].decode()
        finally:
            receive.kill()


def failure(command, **options):
    """What a command printed that fails; None if it succeeds."""
    status, printed = status_of(command, **options)
    return None if status == 0 else f"{printed}exit status {status}"


class Blocks:
    """Checks blocks of code; the methods return None, or what is wrong."""

    def __init__(self, directory, url):
        self.directory, self.url = directory, url

    def compile(self, language, code, *arguments):
        compiler, suffix = COMPILERS[language]
        source = self.directory / f"block{suffix}"
        source.write_text(code, encoding="utf-8")
        return failure([*compiler, "-Wall", "-Wextra", "-Werror", f"-I{LAYOUT}/include", source,
                        *arguments])

    def check_program(self, language, code, run):
        program = self.directory / "program"
        error = self.compile(language, code, "-o", program, f"-L{LAYOUT}/lib", "-lbarker",
                             "-lpthread", f"-Wl,-rpath,{LAYOUT}/lib")
        return failure([program, self.url]) if error is None and run else error

    def check_fragment(self, language, code, run):
        if run:
            return "a fragment cannot be run: it has no main()"
        only_compile = "-c", "-Wno-unused", "-o", self.directory / "fragment.o"
        includes, wrapper = FRAGMENTS[language]
        at_file_scope = self.compile(language, includes + code, *only_compile)
        if at_file_scope is None:
            return None
        in_function = self.compile(language, includes + wrapper % code, *only_compile)
        return in_function and f"at file scope:\n{at_file_scope}\nin a function:\n{in_function}"

    def check_shell(self, code, run):
        error = failure(["sh", "-n", "-c", code])
        return failure(["sh", "-ec", code], env={"URL": self.url}) if error is None and run else error

    def check(self, language, code, run):
        if language in COMPILERS:
            is_program = re.search(r"\bmain\s*\(", code)
            check = self.check_program if is_program else self.check_fragment
            return check(language, code, run)
        if language == "sh":
            return self.check_shell(code, run)
        return f"do not know how to run {language or 'a block without language'}" if run else None


def read(path):
    return (ROOT / path).read_text(encoding="utf-8")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_code(document, tmp_path, url):
    text = read(document)
    blocks = Blocks(tmp_path, url)
    wrong = {}
    for block in BLOCK.finditer(text):
        error = blocks.check(block["language"], block["code"], bool(block["run"]))
        if error is not None:
            wrong[text.count("\n", 0, block.start("code")) + 1] = error
    for line, error in wrong.items():
        print(f"{document}:{line}: {error}")
    assert not wrong


@pytest.mark.check
@pytest.mark.parametrize("document", DOCUMENTS)
def test_blocks_are_fenced_alike(document):
    text = read(document)
    blocks = list(BLOCK.finditer(text))
    assert len(re.findall(r"^\s*(?:```|~~~)", text, re.MULTILINE)) == 2 * len(blocks), \
        "has a block that is indented, not closed, or fenced in another way"
    assert text.count("<!-- run -->\n") == sum(bool(block["run"]) for block in blocks), \
        "<!-- run --> stands before something other than a block"


@pytest.mark.check
def test_documents_show_code():
    """That the patterns find blocks, those to run among them."""
    found = [block for document in DOCUMENTS for block in BLOCK.finditer(read(document))]
    assert {"c", "cpp", "sh"} <= {block["language"] for block in found if block["run"]}


# ---- text ----

@pytest.mark.check
@pytest.mark.parametrize("document", DOCUMENTS)
def test_links(document):
    """Links and names of files lead somewhere."""
    text = read(document)
    targets = [(link[1] or link[2]).partition("#")[0] for link in LINK.finditer(BLOCK.sub("", text))]
    local = [target for target in targets if target and not re.match(r"[a-z]+:", target)]
    assert [target for target in local if not (ROOT / document).parent.joinpath(target).exists()] == []
    named = re.findall(r"`((?:tests|benches|bindings|fuzz|include|packaging|src|tools|examples-c)/"
                       r"[\w./-]+)`", text)
    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.check
def test_table_of_functions():
    """README.md's table gives names without `barker_`, in code."""
    table = [line for line in read("README.md").splitlines() if re.match(r"\| \w+: ", line)]
    rows = []
    for family in header.load().families:
        names = ", ".join(f"`{entry.name.removeprefix('barker_')}`" for entry in family.functions)
        rows.append(f"| {family.name}: {family.about} | {names} |")
    assert table == rows


# ---- man pages ----

@pytest.mark.check
def test_man_pages_are_current():
    run([PYTHON, "tools/man.py", "--check"])


@pytest.mark.check
def test_man_pages_are_well_written():
    pages = [path for path in (ROOT / "man").glob("*.3") if not read(path).startswith(".so")]
    assert pages
    run(["mandoc", "-T", "lint", "-W", "style", *pages])


def test_man_finds_a_page():
    directory = OUT / "man"
    shutil.rmtree(directory, ignore_errors=True)
    shutil.copytree(ROOT / "man", directory / "man3")
    assert "BARKER-SENDING(3)" in run(["man", "barker_webhook_send"], env={"MANPATH": str(directory)})
