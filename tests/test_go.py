"""The Go binding: its lints and tests, and programs that use it. Whatever Go makes lies in build/go."""
import concurrent.futures
import contextlib
import functools
import json
import os
import re
import shutil
import subprocess

import pytest

from support.build import LAYOUT, ROOT, run, status_of

OUT = ROOT / "build/go"
BINDING = ROOT / "bindings/go"
BENCHMARK = ROOT / "benches/bindings/go"
NEWEST_GO = ROOT / "build/venv/bin/go"
ENVIRONMENT = {
    "PKG_CONFIG_PATH": f"{LAYOUT}/lib/pkgconfig", "LD_LIBRARY_PATH": f"{LAYOUT}/lib",
    "GOCACHE": f"{OUT}/cache", "GOPATH": f"{OUT}/path", "GOENV": "off", "GOPROXY": "off",
    "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=mod", "CGO_ENABLED": "1",
}
NEWEST_ENVIRONMENT = {"GOCACHE": f"{OUT}/cache-newest", "GOEXPERIMENT": "cgocheck2"}


def go(*command, cwd=BINDING, **more):
    """Runs a command as Go's commands are run; `more` is added to the environment."""
    OUT.mkdir(parents=True, exist_ok=True)
    return run(command, cwd=cwd, env=ENVIRONMENT | more)


def go_test(*options, program="go", **more):
    go(program, "test", "-count=1", "-timeout=300s", *options, ".", **more)


# ---- lints ----

@pytest.mark.check
def test_formatting():
    assert go("gofmt", "-d", BINDING, BENCHMARK) == ""


def test_vet():
    go("go", "vet", "./...")
    go("go", "vet", "./...", cwd=BENCHMARK)
    go(NEWEST_GO, "vet", "./...", **NEWEST_ENVIRONMENT)


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_c_parts_compile_without_warnings(compiler):
    objects = OUT / f"cgo-{compiler}"
    objects.mkdir(parents=True, exist_ok=True)
    flags = go("pkg-config", "--cflags", "barker").split()
    files = go("go", "list", "-f", '{{join .CgoFiles " "}}', ".").split()
    go("go", "tool", "cgo", "-objdir", objects, "--", *flags, "-I.", *files)
    go(compiler, "-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", *flags, "-I.",
       f"-I{objects}", "-c", "glue.c", "-o", objects / "glue.o")
    go("go", "build", ".", CC=compiler, CGO_CFLAGS="-O2 -g -Wall -Werror")


# ---- the binding's own tests ----

def test_binding():
    go_test()


# cgocheck looks at which pointers C may have.
@pytest.mark.parametrize("option", [[], ["-race"]], ids=["pointers", "race"])
def test_binding_checked(option):
    go_test(*option, "-short", GODEBUG="cgocheck=2")


def test_binding_with_address_sanitizer():
    go_test("-asan", "-short")


def test_binding_with_newest_go():
    go(NEWEST_GO, "version")
    go_test(program=NEWEST_GO, **NEWEST_ENVIRONMENT)


# ---- programs ----

MAIN = """package main

import "barker.example/barker"

func main() { println(barker.Version()) }
"""


def test_readme_commands():
    """A program of somebody else's, made as README.md says."""
    module = OUT / "module"
    shutil.rmtree(module, ignore_errors=True)
    module.mkdir(parents=True)
    go("go", "mod", "init", "example.com/module", cwd=module)
    readme = (BINDING / "README.md").read_text(encoding="utf-8")
    commands = "".join(re.findall(r"^```sh\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL))
    assert commands
    (module / "main.go").write_text(MAIN)
    go("sh", "-exc", commands, cwd=module, BARKER=f"{BINDING}/../..")
    go("go", "run", ".", cwd=module)


@functools.cache
def examples():
    """The directory with the programs send and receive of the binding."""
    directory = OUT / "examples"
    directory.mkdir(parents=True, exist_ok=True)
    go("go", "build", "-o", f"{directory}/", "./examples/send", "./examples/receive")
    return directory


@contextlib.contextmanager
def receiving(*command):
    """Runs a receiver. Gives its process, its URL, and a future with what else it prints."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool, subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env=os.environ | ENVIRONMENT) as process:
        try:
            url = process.stdout.readline().removeprefix("listening on ").strip()
            yield process, url, pool.submit(process.stdout.read)
        finally:
            process.kill()


def exit_status(*command):
    return status_of(command, env=ENVIRONMENT)[0]


@pytest.mark.xdist_group("go-examples")
@pytest.mark.parametrize("receiver", ["Go", "C"])
def test_examples(receiver):
    """Go's own receiver and sender, and each of them with the other of C."""
    send, c_send = examples() / "send", LAYOUT / "bin/send"
    receive = examples() / "receive" if receiver == "Go" else LAYOUT / "bin/receive"
    with receiving(receive, "--key", "key", "--count", "4") as (process, url, output):
        assert exit_status(send, url, "--key", "key", "data") == 0
        assert exit_status(c_send, url, "--key", "key", "data") == 0
        assert exit_status(send, url, "--key", "key") == 0
        assert exit_status(send, url, "data") == 1
        assert process.wait() == 0
        print(output.result())
    lines = output.result().splitlines()
    assert sum(line in ("0 bytes: valid", "4 bytes: valid") for line in lines) == 3
    assert lines.count("4 bytes: the signature does not match") == 1
    assert sum(line.startswith("BARKER_TIMESTAMP: ") for line in lines) == 4
    assert exit_status(send, url, "data") == 1  # nobody is there any more


@pytest.mark.xdist_group("go-examples")
def test_wrong_command_lines():
    assert exit_status(examples() / "send") == 2
    assert exit_status(examples() / "send", "--what") == 2
    assert exit_status(examples() / "receive", "1", "2") == 2


@pytest.mark.xdist_group("go-examples")
def test_benchmark():
    """In a few sends over the real thing; `make bench` has the many."""
    benchmark = OUT / "benchmark"
    go("go", "build", "-o", benchmark, ".", cwd=BENCHMARK)
    with receiving(examples() / "receive", "--key", "BARKER") as (process, url, output):
        for method in "barker", "native":
            figures = json.loads(go(benchmark, url, "10", method))
            assert set(figures) == {"wall_us", "cpu_us", "rss_kib"}
        process.terminate()
    assert output.result().splitlines().count("1024 bytes: valid") == 120
