"""Where everything is, what the tests are built with, and how a command is run.

Several workers run tests at the same time. What they share is made once per run, by the first
that asks for it, while the others wait: see `once`.
"""
import fcntl
import functools
import os
import re
import shutil
import signal
import subprocess
import sys
import traceback
import uuid
from pathlib import Path
from typing import NamedTuple

from support import limits

ROOT = Path(__file__).resolve().parents[2]
LAYOUT = ROOT / "build/demo"  # what `make build` made, laid out as if installed
OUT = ROOT / "build/tests"    # what the tests make
PYTHON = sys.executable       # build/venv/bin/python
os.environ.update(CARGO_TARGET_DIR=str(ROOT / "target"), CARGO_TERM_COLOR="never")
RUN = os.environ.setdefault("PYTEST_XDIST_TESTRUNUID", uuid.uuid4().hex)

C_FLAGS = ["-std=c11", "-g", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
_LEAKS = "definite,indirect,possible"
# Without fair scheduling one thread can keep all others waiting for a minute.
_MEMCHECK = ("valgrind", "-q", "--fair-sched=try", "--error-exitcode=99",
             "--leak-check=full", f"--errors-for-leak-kinds={_LEAKS}", f"--show-leak-kinds={_LEAKS}",
             f"--suppressions={ROOT}/tests/valgrind.supp")


def is_set_up():
    """Whether tests/setup.sh, as it is now, could install all that the tests need."""
    script, mark = ROOT / "tests/setup.sh", ROOT / "build/setup-done"
    return mark.exists() and mark.stat().st_mtime > script.stat().st_mtime


# ---- running commands ----

def run(command, **options):
    """Runs a command from ROOT and returns what it printed; the test fails if the command does.
    `env` is added to the environment. Other options are those of subprocess.Popen."""
    status, printed = status_of(command, **options)
    assert status == 0, f"{' '.join(map(str, command))}: exit status {status}"
    return printed


def status_of(command, env=None, **options):
    """Runs a command as `run` does; returns its exit status and what it printed, which pytest
    shows if the test fails. No process of it outlives a test that ends early."""
    options = {"cwd": ROOT, "stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE,
               "stderr": subprocess.STDOUT, "text": True, "errors": "replace"} | options
    process = subprocess.Popen([str(part) for part in command], start_new_session=True,
                               env=os.environ | (env or {}), **options)
    try:
        printed, _ = process.communicate()
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
    sys.stdout.write(printed or "")
    return process.returncode, printed


# ---- what is made once ----

class Locked:
    """Holds a lock that all workers share while the `with` block runs."""

    def __init__(self, name):
        self.path = OUT / "locks" / name

    def __enter__(self):
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.file = open(self.path, "a+", encoding="utf-8")
        fcntl.flock(self.file, fcntl.LOCK_EX)
        return self.file

    def __exit__(self, *_):
        self.file.close()


def once(name, make):
    """Calls make() unless a worker of this run did. If it failed there, fails here likewise."""
    with limits.suspended(), Locked(name.replace("/", "-")) as file:
        file.seek(0)
        run_id, _, error = file.read().partition("\n")
        if run_id != RUN:
            error = ""
            try:
                make()
            except Exception:
                error = traceback.format_exc()
            file.seek(0)
            file.truncate()
            file.write(f"{RUN}\n{error}")
    assert not error, f"{name} was not made:\n{error}"


# ---- the libraries ----

@functools.cache
def static_libs():
    """The linker's options for a program with libbarker.a in it."""
    text = (LAYOUT / "lib/pkgconfig/barker.pc").read_text(encoding="utf-8")
    return re.search(r"^Libs\.private: (.*)$", text, re.MULTILINE)[1].split()


@functools.cache
def host():
    return re.search(r"^host: (.*)$", run(["rustc", "-vV"]), re.MULTILINE)[1]


def cargo(command, *arguments, **options):
    """Runs one of cargo's commands, and returns what it printed."""
    return run(["cargo", command, "--quiet", "--locked", *arguments], **options)


_CARGO = {  # library: the directory in target, and cargo's options
    "checked": ("checked", ["--profile", "checked"]),
    "fault": ("debug", ["--all-features"]),
}


def _build_library(name):
    profile, options = _CARGO[name]
    directory = OUT / name
    directory.mkdir(parents=True, exist_ok=True)
    with Locked(f"target-{profile}"):
        cargo("build", "--lib", *options)
        install_library(ROOT / "target" / profile / "libbarker.so", directory)
        run(["packaging/archive.sh", f"target/{profile}", directory / "libbarker.a"])


def install_library(source, directory):
    """Copies a shared library to a directory, under the names that programs look for."""
    shutil.copy(source, directory / "libbarker.so.0")
    link = directory / "libbarker.so"
    link.unlink(missing_ok=True)
    link.symlink_to("libbarker.so.0")


@functools.cache
def library(name):
    """The directory with libbarker.so and libbarker.a of this library: `release` as `make build`
    made it; `checked` with symbols and overflow checks; `fault` with fault injection."""
    if name == "release":
        return LAYOUT / "lib"
    once(f"library-{name}", lambda: _build_library(name))
    return OUT / name


# ---- copies ----

_NOT_SOURCES = shutil.ignore_patterns("__pycache__", "*.egg-info", ".*_cache")


def _not_copied(directory, names):
    """What is made from the sources, while other tests may be making it."""
    above = {"build", "target", ".git"} if Path(directory) == ROOT else {"target"}
    return _NOT_SOURCES(directory, names) | above & set(names)


def copy_sources(directory):
    """Copies the source tree, without anything that was built."""
    shutil.copytree(ROOT, directory, symlinks=True, ignore=_not_copied, dirs_exist_ok=True)


# ---- programs in C ----

class Variant(NamedTuple):
    """How a program is built, and what runs it."""
    name: str
    library: str = "release"
    static: bool = False
    flags: tuple = ()
    command: tuple = ()  # what runs the program, such as valgrind

    @property
    def link_flags(self):
        directory = library(self.library)
        if self.static:
            return [*self.flags, str(directory / "libbarker.a"), *static_libs()]
        return [*self.flags, f"-L{directory}", "-lbarker", "-lpthread", f"-Wl,-rpath,{directory}"]


SHARED = Variant("shared")
STATIC = Variant("static", static=True)
SANITIZED = Variant("sanitized", static=True,
                    flags=("-fsanitize=address,undefined", "-fno-sanitize-recover=all"))
MEMCHECK = Variant("memcheck", "checked", command=_MEMCHECK)
# Memcheck cannot follow which bits the hand-written assembly of the ciphers defines.
MEMCHECK_TLS = Variant("memcheck", "checked", command=(*_MEMCHECK, "--undef-value-errors=no"))
FAULT = Variant("shared", "fault")
FAULT_STATIC = Variant("static", "fault", static=True)
FAULT_MEMCHECK = Variant("memcheck", "fault", command=_MEMCHECK)


@functools.cache
def compile_c(name, variant):
    """Compiles tests/c/NAME.c for the variant; returns the program's path."""
    program = OUT / "c" / f"{variant.library}-{variant.name}" / name

    def make():
        program.parent.mkdir(parents=True, exist_ok=True)
        run(["cc", *C_FLAGS, f"-I{LAYOUT}/include", f"tests/c/{name}.c", "-o", program,
             *variant.link_flags])
    once(f"c-{variant.library}-{variant.name}-{name}", make)
    return program
