"""The libraries as files: what they export, how large they are, and that they can be linked."""
import re

import pytest

from support.build import C_FLAGS, LAYOUT, OUT, ROOT, Locked, cargo, run, static_libs
from support.header import declared_functions

SHARED_LIBRARY = LAYOUT / "lib/libbarker.so.0"
STATIC_LIBRARY = LAYOUT / "lib/libbarker.a"
MAX_SIZE = 2_200_000  # bytes


@pytest.mark.check
def test_shared_library_exports_what_the_header_declares():
    listed = run(["nm", "-D", "--defined-only", SHARED_LIBRARY])
    assert sorted(line.split()[-1] for line in listed.splitlines()) == declared_functions()


@pytest.mark.check
def test_static_library_exports_what_the_header_declares():
    fields = [line.split() for line in run(["nm", "-g", "--defined-only", STATIC_LIBRARY]).splitlines()]
    assert sorted(line[2] for line in fields if len(line) == 3) == declared_functions()


@pytest.mark.check
def test_soname():
    assert "soname: [libbarker.so.0]" in run(["readelf", "-d", SHARED_LIBRARY])


@pytest.mark.check
def test_shared_library_is_small():
    assert SHARED_LIBRARY.stat().st_size <= MAX_SIZE


@pytest.mark.xdist_group("cargo")
def test_flags_for_linking_statically():
    """The compiler adds -lgcc_s and -lc by itself."""
    with Locked("target-debug"):
        printed = cargo("rustc", "--all-features", "--lib", "--crate-type", "staticlib", "--",
                        "--print", "native-static-libs")
    wanted = re.search(r"native-static-libs: (.*)", printed)[1].split()
    assert wanted and set(wanted) <= {*static_libs(), "-lgcc_s", "-lc"}


@pytest.mark.parametrize("first", ["barker", "neighbour"])
def test_static_library_beside_another_in_rust(first):
    """Whichever the linker meets first."""
    directory = OUT / f"neighbour-{first}"
    directory.mkdir(parents=True, exist_ok=True)
    neighbour = directory / "libneighbour.a"
    run(["rustc", "--edition", "2024", "-O", "-D", "warnings", "--crate-type", "staticlib",
         "tests/c/neighbour.rs", "-o", neighbour])
    libraries = [STATIC_LIBRARY, neighbour] if first == "barker" else [neighbour, STATIC_LIBRARY]
    run(["cc", *C_FLAGS, f"-I{LAYOUT}/include", "tests/c/neighbour.c", *libraries, *static_libs(),
         "-o", directory / "neighbour"])
    run([directory / "neighbour"])


@pytest.mark.check
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_examples_are_c99(compiler, tmp_path):
    sources = sorted((ROOT / "examples-c").glob("*.c"))
    assert sources
    for source in sources:
        run([compiler, "-std=c99", "-O2", "-Wall", "-Wextra", "-Wpedantic", "-Werror",
             f"-I{LAYOUT}/include", source, f"-L{LAYOUT}/lib", "-lbarker", "-o", tmp_path / "example"])
