"""The programs of tests/c, each built and run in several ways."""
import pytest

from support import tsan
from support.build import (C_FLAGS, FAULT, FAULT_MEMCHECK, FAULT_STATIC, LAYOUT, MEMCHECK, OUT, ROOT,
                           SANITIZED, SHARED, STATIC, library, once, run)

# They time what they call, so they do not run beside each other.
TIMED = {"deadline", "turns", "scarce"}


def programs(*names):
    return [pytest.param(name, marks=pytest.mark.alone) if name in TIMED else name for name in names]


@pytest.mark.parametrize("variant", [SHARED, STATIC, SANITIZED, MEMCHECK])
@pytest.mark.parametrize("name", programs("handle", "abuse", "verify", "schemes", "wire", "batch",
                                          "policy", "redirect", "log", "inputs", "engine",
                                          "retry"))
def test_program(name, variant, program):
    run(program(name))


@pytest.mark.parametrize("variant", [SHARED, MEMCHECK])
@pytest.mark.parametrize("name", programs("deadline", "turns", "scarce", "stop", "reuse", "lookups",
                                          "threads"))
def test_program_that_waits(name, variant, program):
    run(program(name))


@pytest.mark.parametrize("variant", [SHARED])
def test_signals(variant, program):
    run(program("signals"))


@pytest.mark.alone
@pytest.mark.parametrize("variant", [SHARED])
def test_clock(variant, program):
    run(program("clock"))


# Not under the sanitizers or memcheck: their allocators keep what is freed.
@pytest.mark.parametrize("variant", [SHARED, STATIC])
def test_wiped(variant, program):
    run(program("wiped"))


@pytest.mark.parametrize("variant", [FAULT, FAULT_STATIC, FAULT_MEMCHECK])
def test_panic(variant, program):
    run(program("panic"))


@pytest.mark.parametrize("variant", [SHARED, MEMCHECK])
def test_unload(variant):
    """Without the C library's own cache of freed memory, which would hide what is used after."""
    unload = OUT / "unload"
    once("unload", lambda: run(["cc", *C_FLAGS, f"-I{LAYOUT}/include", "tests/c/unload.c", "-o",
                                unload, "-rdynamic", "-lpthread", "-ldl"]))
    run([*variant.command, unload, library(variant.library) / "libbarker.so.0"],
        env={"GLIBC_TUNABLES": "glibc.malloc.tcache_count=0"})


@pytest.mark.alone
@pytest.mark.parametrize("name", ["threads", "stop", "turns", "lookups", "retry"])
def test_thread_sanitizer(name):
    run([tsan.compile_c(name)], env={"TSAN_OPTIONS": f"suppressions={ROOT}/tests/tsan.supp"})
