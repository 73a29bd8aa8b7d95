"""Holds README.md and docs/*.md to what they say: their code is compiled, some of it run, and their
links lead somewhere.

    docs.py DIRECTORY    as `make build` lays it out

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
import glob
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, "tools")
import header  # noqa: E402

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


class Checker:
    def __init__(self, layout, scratch, url):
        self.layout, self.scratch, self.url = layout, scratch, url
        self.done = {"compiled": 0, "run": 0, "links": 0}
        self.failures = 0

    def command(self, *command, **options):
        """Runs a command; gives None, or what it printed if it failed."""
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              stdin=subprocess.DEVNULL, timeout=120, **options)
        return None if done.returncode == 0 else done.stdout + f"exit status {done.returncode}"

    def compile(self, language, code, *arguments):
        compiler, suffix = COMPILERS[language]
        path = os.path.join(self.scratch, "block" + suffix)
        with open(path, "w") as source:
            source.write(code)
        return self.command(*compiler, "-Wall", "-Wextra", "-Werror",
                            "-I", os.path.join(self.layout, "include"), path, *arguments)

    def check_program(self, language, code, run):
        program = os.path.join(self.scratch, "program")
        library = os.path.abspath(os.path.join(self.layout, "lib"))
        error = self.compile(language, code, "-o", program, "-L", library, "-lbarker", "-lpthread",
                             "-Wl,-rpath," + library)
        self.done["compiled"] += 1
        if error is None and run:
            self.done["run"] += 1
            error = self.command(program, self.url)
        return error

    def check_fragment(self, language, code, run):
        if run:
            return "a fragment cannot be run: it has no main()"
        only_compile = "-c", "-Wno-unused", "-o", os.path.join(self.scratch, "fragment.o")
        self.done["compiled"] += 1
        includes, wrapper = FRAGMENTS[language]
        at_file_scope = self.compile(language, includes + code, *only_compile)
        if at_file_scope is None:
            return None
        in_function = self.compile(language, includes + wrapper % code, *only_compile)
        return in_function and f"at file scope:\n{at_file_scope}\nin a function:\n{in_function}"

    def check_block(self, language, code, run):
        if language in COMPILERS:
            is_program = re.search(r"\bmain\s*\(", code)
            check = self.check_program if is_program else self.check_fragment
            return check(language, code, run)
        if language == "sh":
            error = self.command("sh", "-n", "-c", code)
            if error is None and run:
                self.done["run"] += 1
                error = self.command("sh", "-ec", code, env=dict(os.environ, URL=self.url))
            return error
        return f"do not know how to run {language or 'a block without language'}" if run else None

    def check_links(self, path, text):
        for link in LINK.finditer(BLOCK.sub("", text)):
            target = (link[1] or link[2]).partition("#")[0]
            if not target or re.match(r"[a-z]+:", target):
                continue
            self.done["links"] += 1
            if not os.path.exists(os.path.join(os.path.dirname(path), target)):
                self.fail(path, f"the link to {target} leads nowhere")

    def check_functions(self, path):
        """The table gives names without `barker_`, in code."""
        with open(path, encoding="utf-8") as document:
            table = [line.rstrip("\n") for line in document if re.match(r"\| \w+: ", line)]
        rows = []
        for family in header.load().families:
            names = ", ".join(f"`{entry.name.removeprefix('barker_')}`" for entry in family.functions)
            rows.append(f"| {family.name}: {family.about} | {names} |")
        if table != rows:
            self.fail(path, "the table of functions must be:\n" + "\n".join(rows))

    def check_document(self, path):
        with open(path, encoding="utf-8") as document:
            text = document.read()
        for block in BLOCK.finditer(text):
            error = self.check_block(block["language"], block["code"], bool(block["run"]))
            if error is not None:
                line = text.count("\n", 0, block.start("code")) + 1
                self.fail(f"{path}:{line}", error)
        blocks = list(BLOCK.finditer(text))
        if len(re.findall(r"^\s*(?:```|~~~)", text, re.MULTILINE)) != 2 * len(blocks):
            self.fail(path, "has a block that is indented, unended or fenced in another way")
        if text.count("<!-- run -->\n") != sum(bool(block["run"]) for block in blocks):
            self.fail(path, "<!-- run --> stands before something else than a block")
        self.check_links(path, text)
        for name in re.findall(r"`((?:tests|benches|fuzz|src|examples-c)/[\w./-]+)`", text):
            if not os.path.exists(name):
                self.fail(path, f"there is no {name}")

    def fail(self, where, why):
        self.failures += 1
        print(f"{where}: {why}")


def main():
    layout = sys.argv[1]
    receive = subprocess.Popen([os.path.join(layout, "bin/receive")], stdout=subprocess.PIPE)
    try:
        url = re.search(rb"http://\S+", receive.stdout.readline())[0].decode()
        with tempfile.TemporaryDirectory() as scratch:
            checker = Checker(layout, scratch, url)
            for path in ["README.md", *sorted(glob.glob("docs/**/*.md", recursive=True))]:
                checker.check_document(path)
            checker.check_functions("README.md")
    finally:
        receive.kill()
        receive.wait()
    print(", ".join(f"{count} {what}" for what, count in checker.done.items()))
    if checker.done["compiled"] == 0:
        checker.fail("README.md", "shows no C at all")
    sys.exit(1 if checker.failures else 0)


if __name__ == "__main__":
    main()
