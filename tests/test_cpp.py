"""Compiles tests/cpp in every way that barker.hpp is for, and runs it against receivers on the
loopback: each standard, with and without exceptions, linked both ways; of these, the oldest and the
newest standard with sanitizers and under valgrind. And what must not compile.

Objects are kept in build/tests/cpp until a source changes.
"""
import hashlib
import ssl
import subprocess

import pytest

from support.build import (MEMCHECK_TLS, OUT, ROOT, SANITIZED, SHARED, STATIC, Locked, library,
                           run)
from support.receivers import Echo, Receiver

SOURCES = ROOT / "tests/cpp"
INCLUDE = ROOT / "include"
OBJECTS = OUT / "cpp"
WARNINGS = ("-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast "
            "-Wnon-virtual-dtor -Werror").split()
COMPILERS = "g++", "clang++"
STANDARDS = "11", "14", "17", "20", "2b"
STATIC_LIBRARIES = "-lpthread -ldl -lm -lgcc_s".split()
MISTAKES = (SOURCES / "wrong.cpp").read_text().count("MISTAKE == ")

every_form = pytest.mark.parametrize("form", [
    pytest.param([], id="exceptions"),
    pytest.param(["-fno-exceptions", "-fno-rtti"], id="no exceptions")])
every_compiler = pytest.mark.parametrize("compiler", COMPILERS)


@pytest.fixture(scope="module")
def urls(certificates):
    """Of a receiver, and of one over TLS that asks for a certificate."""
    with Receiver(handler=Echo) as plain, \
            Receiver(certificates.path("good"), handler=Echo) as secure:
        secure.context.load_verify_locations(certificates.path("ours.pem"))
        secure.context.verify_mode = ssl.CERT_REQUIRED
        yield plain.url(), secure.url()


class Compiler:
    """A compiler with its options."""

    def __init__(self, name, variant):
        more = [*variant.flags] if variant in (SHARED, STATIC) else ["-g", *variant.flags]
        self.command = [name, "-I", str(INCLUDE), *WARNINGS, *more]

    def compile(self, source, *options):
        """The object, compiled unless it is there and its sources are the same. Tests that link it
        differently share it."""
        command = [*self.command, *options, "-c", str(SOURCES / f"{source}.cpp")]
        target = OBJECTS / f"{hashlib.sha256(repr(command).encode()).hexdigest()[:16]}.o"
        mark = target.with_suffix(".digest")
        digest = digest_of_sources()
        with Locked(f"cpp-{target.stem}"):
            if not mark.exists() or mark.read_text() != digest:
                OBJECTS.mkdir(parents=True, exist_ok=True)
                run([*command, "-o", target])
                mark.write_text(digest)
        return target

    def link(self, *arguments):
        run([*self.command, *arguments])


def digest_of_sources():
    digest = hashlib.sha256()
    for path in sorted([*SOURCES.iterdir(), *INCLUDE.iterdir()]):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def check(compiler, variant, standard, form, urls, certificates, directory):
    """Compiles two translation units, links them, and runs the program."""
    compiler = Compiler(compiler, variant)
    first = compiler.compile("webhook", f"-std=c++{standard}", *form)
    second = compiler.compile("second", f"-std=c++{standard}", "-fno-exceptions", "-fPIC",
                              "-fvisibility=hidden", "-fvisibility-inlines-hidden")
    libraries = library(variant.library)
    program = directory / "webhook"
    if variant.static:
        compiler.link(first, second, libraries / "libbarker.a", *STATIC_LIBRARIES, "-o", program)
    else:
        link = ["-L", libraries, "-lbarker", "-lpthread", f"-Wl,-rpath,{libraries}"]
        compiler.link(second, *link, "-shared", "-o", directory / "second.so")
        compiler.link(first, directory / "second.so", *link, "-o", program)
    run([*variant.command, program, *urls], cwd=certificates.directory)


@every_compiler
@every_form
@pytest.mark.parametrize("standard", STANDARDS)
@pytest.mark.parametrize("variant", [SHARED, STATIC])
def test_cpp(compiler, variant, standard, form, urls, certificates, tmp_path):
    check(compiler, variant, standard, form, urls, certificates, tmp_path)


@every_form
@pytest.mark.parametrize("standard", [STANDARDS[0], STANDARDS[-1]])
@pytest.mark.parametrize("variant", [SANITIZED, MEMCHECK_TLS])
def test_cpp_checked(variant, standard, form, urls, certificates, tmp_path):
    check("g++", variant, standard, form, urls, certificates, tmp_path)


@every_compiler
@pytest.mark.parametrize("mistake", range(MISTAKES + 1))
def test_mistake(compiler, mistake):
    """Each mistake in wrong.cpp is one to the compiler; 0 is none."""
    done = subprocess.run(
        [compiler, f"-std=c++{STANDARDS[-1]}", "-fno-exceptions", "-I", INCLUDE, "-fsyntax-only",
         f"-DMISTAKE={mistake}", SOURCES / "wrong.cpp"], capture_output=True, text=True)
    assert (done.returncode == 0) == (mistake == 0), f"it compiled, or should:\n{done.stderr}"
