"""What `make` built is installed into fresh folders. cc, CMake and meson find it there and build the
examples, shared and static, which deliver a webhook. docs/linking.md is followed to the letter."""
import os
import re
import shlex
import shutil
import subprocess

import pytest

from support.build import OUT, ROOT, once, run, status_of

INSTALL = OUT / "install"
PREFIX = INSTALL / "a prefix"
EXAMPLES = PREFIX / "share/doc/barker/examples"
PKG_CONFIG = {"PKG_CONFIG_PATH": f"{PREFIX}/lib/pkgconfig"}
C_FLAGS = "-std=c99 -Wall -Wextra -Wpedantic -Werror"
VERSION = re.search(r'^version = "(.*)"', (ROOT / "Cargo.toml").read_text(), re.MULTILINE)[1]


def make_as_root(*arguments):
    """As root has it under sudo: without Rust, and whatever is installed was built before."""
    directory = INSTALL / "no-rust"
    run(["make", "--no-print-directory", *arguments],
        env={"PATH": f"{directory}:{os.environ['PATH']}", "MAKEFLAGS": ""})


def install():
    shutil.rmtree(INSTALL, ignore_errors=True)
    (INSTALL / "no-rust").mkdir(parents=True)
    for program in "cargo", "rustc":
        path = INSTALL / "no-rust" / program
        path.write_text(f"#!/bin/sh\necho '{program} was run' >&2\nexit 1\n")
        path.chmod(0o755)
    make_as_root("install", f"PREFIX={INSTALL}/elsewhere")
    (INSTALL / "elsewhere").rename(PREFIX)  # what is installed can be moved


@pytest.fixture(autouse=True)
def installed():
    once("install", install)


@pytest.fixture
def build(request):
    """An empty directory below INSTALL."""
    directory = INSTALL / re.sub(r"\W+", "-", request.node.name).strip("-")
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    return directory


def needed(program):
    """The shared libraries that a program needs."""
    return re.findall(r"\(NEEDED\).*\[(.*)\]", run(["readelf", "-d", program]))


def check_linked(program, kind):
    libraries = needed(program)
    expected = {"shared": {"libbarker.so.0": True, "libc.so.6": True},
                "static": {"libbarker.so.0": False, "libc.so.6": True},
                "alone": {"libbarker.so.0": False, "libc.so.6": False}}[kind]
    assert {name: name in libraries for name in expected} == expected, libraries
    assert kind != "alone" or not libraries


def deliver(directory, kind, examples=EXAMPLES, env=None):
    """All examples are in the directory, linked so; `send` there delivers to `receive` there."""
    sources = list(examples.glob("*.c"))
    assert sources and [path.stem for path in sources if not os.access(directory / path.stem, os.X_OK)] == []
    check_linked(directory / "send", kind)
    with subprocess.Popen([directory / "receive", "--key", "secret", "--count", "1"], text=True,
                          stdout=subprocess.PIPE, env=os.environ | (env or {})) as receive:
        try:
            url = receive.stdout.readline().removeprefix("listening on ").strip()
            run([directory / "send", url, "--key", "secret", "at home in every build"], env=env)
            received = receive.stdout.read()
        finally:
            receive.kill()
    print(received)
    assert "22 bytes: valid" in received.splitlines()


def pkg_config(*options, env=PKG_CONFIG):
    return run(["pkg-config", *options, "barker"], env=env).strip()


# ---- what is installed ----

def test_names_of_files():
    assert pkg_config("--modversion") == VERSION
    lib = PREFIX / "lib"
    assert os.readlink(lib / f"libbarker.so.{VERSION.split('.')[0]}") == f"libbarker.so.{VERSION}"
    assert (lib / "libbarker.so").resolve() == lib / f"libbarker.so.{VERSION}"


def test_uninstall(tmp_path):
    """All goes, except what is not ours."""
    prefix = tmp_path / "a prefix"
    make_as_root("install", f"PREFIX={prefix}")
    (prefix / "include/another.h").touch()
    make_as_root("uninstall", f"PREFIX={prefix}")
    assert sorted(str(path.relative_to(prefix)) for path in prefix.rglob("*")) == \
        ["include", "include/another.h"]


def test_staged_with_directories_of_choice(tmp_path, build):
    stage = tmp_path / "stage"
    settings = [f"DESTDIR={stage}", "PREFIX=/usr", "LIBDIR=/usr/lib/some-linux-gnu",
                "INCLUDEDIR=/usr/include/barker", "MANDIR=/usr/man", "DOCDIR=/usr/doc"]
    make_as_root("install", *settings)
    libraries = stage / "usr/lib/some-linux-gnu"
    staged = {"PKG_CONFIG_PATH": f"{libraries}/pkgconfig"}
    assert pkg_config("--variable=prefix", env=staged) == "/usr"
    staged["PKG_CONFIG_SYSROOT_DIR"] = str(stage)
    build_with_cc(build, pkg_config("--cflags", "--libs", env=staged), stage / "usr/doc/examples")
    run([build / "verify", "--tolerance", "0", "1566234234.123456",
         "db1541f495c52e2985cd5744441db766", "hello"], env={"LD_LIBRARY_PATH": str(libraries)})
    make_as_root("uninstall", *settings)
    assert [path for path in stage.rglob("*") if not path.is_dir() or path.is_symlink()] == []


# ---- cc and pkg-config ----

def build_with_cc(directory, flags, examples=EXAMPLES):
    """pkg-config quotes what has a space."""
    for source in examples.glob("*.c"):
        run(["cc", *C_FLAGS.split(), source, *shlex.split(flags), "-o", directory / source.stem])


def test_cc_shared(build):
    build_with_cc(build, pkg_config("--cflags", "--libs"))
    deliver(build, "shared", env={"LD_LIBRARY_PATH": f"{PREFIX}/lib"})


def test_cc_static(build):
    flags = pkg_config("--static", "--cflags", "--libs")
    build_with_cc(build, flags.replace("-lbarker", "-l:libbarker.a"))
    deliver(build, "static")


def test_cc_all_static(build):
    build_with_cc(build, "-static " + pkg_config("--static", "--cflags", "--libs"))
    deliver(build, "alone")


# ---- CMake and meson ----

CMAKE = {"CMAKE_PREFIX_PATH": str(PREFIX), "CFLAGS": C_FLAGS,
         "CXXFLAGS": "-std=c++11 -Wall -Wextra -Werror"}
HEADERS = """cmake_minimum_required(VERSION 3.13)
project(headers CXX)
find_package(barker REQUIRED)
foreach(library barker barker_static)
    add_executable(with_${library} headers.cpp)
    target_link_libraries(with_${library} PRIVATE barker::${library})
endforeach()
"""


@pytest.mark.parametrize("kind, option", [("shared", ""), ("static", "ON")], ids=["shared", "static"])
def test_cmake(kind, option, build):
    run(["cmake", "-S", EXAMPLES, "-B", build, f"-DSTATIC={option}"], env=CMAKE)
    run(["cmake", "--build", build], env=CMAKE)
    deliver(build, kind)


def test_cmake_with_cpp(build):
    """The headers, in C++."""
    includes = "".join(f"#include <{path.name}>\n" for path in (PREFIX / "include").iterdir())
    (build / "headers.cpp").write_text(
        includes + "int main() { return barker_version()[0] != BARKER_VERSION[0]; }\n")
    (build / "CMakeLists.txt").write_text(HEADERS)
    run(["cmake", "-S", build, "-B", build / "build"], env=CMAKE)
    run(["cmake", "--build", build / "build"], env=CMAKE)
    run([build / "build/with_barker"])
    run([build / "build/with_barker_static"])


@pytest.mark.parametrize("kind, option", [("shared", "false"), ("static", "true")],
                         ids=["shared", "static"])
def test_meson(kind, option, build):
    environment = PKG_CONFIG | {"CFLAGS": C_FLAGS}
    run(["meson", "setup", build, EXAMPLES, f"-Dprefer_static={option}"], env=environment)
    run(["meson", "compile", "-C", build], env=environment)
    deliver(build, kind)


def documented(language):
    """The code in docs/linking.md."""
    text = (ROOT / "docs/linking.md").read_text(encoding="utf-8")
    return "".join(re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))


def test_as_documented(build):
    shutil.copy(ROOT / "examples-c/verify.c", build / "program.c")
    (build / "CMakeLists.txt").write_text(documented("cmake"))
    (build / "meson.build").write_text(documented("meson"))
    commands = [line for line in documented("sh").splitlines() if line.startswith("cc ")]
    assert len(commands) == 5
    (build / "build").symlink_to(ROOT / "build")  # as in the source tree
    (build / "prefix").symlink_to(PREFIX)         # the commands quote nothing
    environment = CMAKE | PKG_CONFIG
    for command in ["cmake -B cmake", "cmake --build cmake", "meson setup meson",
                    "meson compile -C meson"]:
        run(command.split(), cwd=build, env=environment)
    run(["sh", "-exc", "\n".join(commands)], cwd=build,
        env={"PKG_CONFIG_PATH": f"{build}/prefix/lib/pkgconfig"})


# ---- the wrong version ----

VERSIONS = f"""cmake_minimum_required(VERSION 3.19)
project(versions NONE)
foreach(wanted "" 0 0.0.9 0.1 {VERSION} "{VERSION};EXACT" 0.1...0.99 0.1...1.0 0.1...<1.0)
    find_package(barker ${{wanted}} REQUIRED)
endforeach()
foreach(wanted 0.99 1 1.0 0.0.9...<{VERSION} 0.0.1...0.0.9 "0.0.9;EXACT")
    find_package(barker ${{wanted}} QUIET)
    if(barker_FOUND)
        message(FATAL_ERROR "${{wanted}} is not refused")
    endif()
endforeach()
find_package(barker 99 REQUIRED)
"""


def check_refused(says, *command, env):
    status, printed = status_of(command, env=env)
    assert status != 0 and says in printed


def test_pkg_config_refuses_wrong_versions():
    check_refused("'barker >= 99'", "pkg-config", "--print-errors", "barker >= 99", env=PKG_CONFIG)


def test_cmake_refuses_wrong_versions(build):
    (build / "CMakeLists.txt").write_text(VERSIONS)
    check_refused('requested version "99"', "cmake", "-S", build, "-B", build / "build", env=CMAKE)


def test_meson_refuses_wrong_versions(build):
    (build / "meson.build").write_text(
        "project('wrong', 'c')\ndependency('barker', version: '>=99')\n")
    check_refused(f"found {VERSION} but need: '>=99'", "meson", "setup", build / "build", build,
                  env=PKG_CONFIG)
