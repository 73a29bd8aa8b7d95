"""Fixtures for all tests, and how tests are spread over workers and counted.

A test that is built in several ways has the parameter `variant`, with values of support.build:

    @pytest.mark.parametrize("variant", [SHARED, MEMCHECK])
    def test_sending(variant, program):
        run([*program("sender"), "argument"])
"""
import contextlib
import os
import random
import signal
import tempfile

import pytest

from support import build
from support.certificates import usual as usual_certificates

# Whoever starts the tests in the background has these signals ignored; programs under test expect
# the default.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGQUIT, signal.SIG_DFL)


# ---- fixtures ----

@pytest.fixture(scope="session")
def layout():
    """The directory with include, lib and bin, as `make build` lays them out."""
    return build.LAYOUT


@pytest.fixture
def program(variant):
    """A function that compiles tests/c/NAME.c for the test's variant; returns the command that
    runs it, to which arguments can be added."""
    return lambda name: [*variant.command, str(build.compile_c(name, variant))]


@pytest.fixture
def scratch(monkeypatch):
    """A directory of the test's own, which is the current one while the test runs."""
    with tempfile.TemporaryDirectory() as directory:
        with monkeypatch.context() as patch:
            patch.chdir(directory)
            yield directory


@pytest.fixture
def rng():
    """Randomness whose seed is printed, which SEED in the environment repeats."""
    seed = int(os.environ.get("SEED") or random.randrange(2**32))
    print("seed", seed)
    return random.Random(seed)


# ---- servers ----

@pytest.fixture
def start():
    """A function that starts a server, to be closed at the end of the test: start(Receiver())."""
    with contextlib.ExitStack() as servers:
        yield servers.enter_context


@pytest.fixture(scope="session")
def certificates():
    return usual_certificates()


@pytest.fixture
def within(variant):
    """A function that calls a check with a timeout in milliseconds, in which a program comes to wait
    for its receiver. Under valgrind on a busy machine that can take long, so that there longer ones
    are tried if the check fails."""
    timeouts = [2000, 10000, 60000] if variant.command else [2000]

    def within(check):
        for timeout in timeouts[:-1]:
            with contextlib.suppress(AssertionError):
                return check(timeout)
        return check(timeouts[-1])
    return within


# ---- parameters and workers ----

def pytest_make_parametrize_id(val):
    return val.name if isinstance(val, build.Variant) else None
