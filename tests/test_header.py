"""include/barker.h is what the sources say, and every compiler takes it. So does barker.hpp wrap
all of it."""
import re
import shutil
import subprocess

import pytest

from support.build import OUT, ROOT, cargo, copy_sources, run
from support.header import declared_functions

HEADER = ROOT / "include/barker.h"


@pytest.fixture(scope="module")
def generated():
    """The header as generated from a copy of the sources."""
    copy = OUT / "drift"
    shutil.rmtree(copy, ignore_errors=True)
    copy_sources(copy)
    (copy / "include/barker.h").unlink()
    cargo("check", "--manifest-path", copy / "Cargo.toml")
    return (copy / "include/barker.h").read_text(encoding="utf-8")


def committed():
    """The header as committed, or as it came if this is no working copy."""
    shown = subprocess.run(["git", "show", ":./include/barker.h"], cwd=ROOT, capture_output=True,
                           text=True)
    if shown.returncode == 0:
        return shown.stdout
    return (ROOT / "build/shipped.h").read_text(encoding="utf-8")


@pytest.mark.check
@pytest.mark.xdist_group("cargo")
def test_header_is_current(generated):
    assert HEADER.read_text(encoding="utf-8") == generated
    assert committed() == generated


@pytest.mark.check
def test_header_defines_only_its_own():
    """No constant of some module is among its macros."""
    macros = re.findall(r"#define (\w+)", HEADER.read_text(encoding="utf-8"))
    assert macros and all(name.startswith("BARKER_") for name in macros)


@pytest.mark.check
@pytest.mark.parametrize("compiler, language, standards", [
    ("gcc", "c", ["c99", "c11", "c17", "c2x"]),
    ("clang", "c", ["c99", "c11", "c17", "c2x"]),
    ("g++", "c++", ["c++11", "c++17", "c++20"]),
    ("clang++", "c++", ["c++11", "c++17", "c++20"]),
], ids=["gcc", "clang", "g++", "clang++"])
def test_header_compiles(compiler, language, standards):
    for standard in standards:
        run([compiler, "-x", language, f"-std={standard}", "-Wall", "-Wextra", "-Wpedantic",
             "-Werror", "-fsyntax-only", HEADER])


@pytest.mark.check
def test_cpp_has_every_function_and_constant():
    """barker.hpp calls each function, and has a constant for each of barker.h's."""
    wrapper = (ROOT / "include/barker.hpp").read_text(encoding="utf-8")
    constants = re.findall(r"\b(BARKER_[A-Z0-9_]*) = -?[0-9]", HEADER.read_text(encoding="utf-8"))
    assert constants
    assert [name for name in declared_functions() if not re.search(rf"\b{name}\(", wrapper)] == []
    assert [name for name in constants if f"= {name},\n" not in wrapper] == []
