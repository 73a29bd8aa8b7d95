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

import pytest

from support import build, limits
from support.certificates import usual as usual_certificates


# Whoever starts the tests in the background has these signals ignored; programs under test expect
# the default.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGQUIT, signal.SIG_DFL)
# Who ends the run with SIGTERM ends the programs under test, too.
signal.signal(signal.SIGTERM, signal.default_int_handler)
os.chdir(build.ROOT)


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
def scratch(tmp_path, monkeypatch):
    """A directory of the test's own, which is the current one while the test runs."""
    with monkeypatch.context() as patch:
        patch.chdir(tmp_path)
        yield str(tmp_path)


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
    """A function that calls a check with a timeout in milliseconds, within which the program must
    have come to wait for its receiver. Valgrind on a busy machine may need longer, so there a check
    that fails is made again with longer timeouts."""
    timeouts = [2000, 10000, 60000] if variant.command else [2000]

    def within(check):
        for timeout in timeouts[:-1]:
            with contextlib.suppress(AssertionError):
                return check(timeout)
        return check(timeouts[-1])
    return within


# ---- what runs beside what ----

def pytest_make_parametrize_id(val):
    return val.name if isinstance(val, build.Variant) else None


PROGRAMS = {"test_c", "test_cpp", "test_examples"}  # about half of what runs under valgrind


def group_of(item):
    """The tests of a group run one after the other, on one worker. So at most two programs run under
    valgrind at once, and those that a busy machine disturbs do not disturb each other."""
    parameters = item.callspec.params.values() if hasattr(item, "callspec") else ()
    if any(isinstance(value, build.Variant) and value.command for value in parameters):
        return "memcheck of programs" if item.module.__name__ in PROGRAMS else "memcheck of sends"
    return "alone" if item.get_closest_marker("alone") else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        group = group_of(item)
        if group and not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(group))


# ---- limits ----

@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    limits.start(item.name)
    try:
        return (yield)
    finally:
        limits.stop()


def fail_unless_run(report):
    """A test that is skipped, or expected to fail, is one that fails."""
    if report.skipped or hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"nothing may be skipped or expected to fail: {report.longrepr}"
        vars(report).pop("wasxfail", None)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport():
    return fail_unless_run((yield))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report():
    return fail_unless_run((yield))


# ---- the count ----

class Count:
    """Prints how many tests passed and failed as the very last line."""

    def __init__(self):
        self.ended, self.failed = set(), set()  # names of tests

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self.failed.add(report.nodeid)
        elif report.when == "teardown":
            self.ended.add(report.nodeid)

    def pytest_collectreport(self, report):
        if report.failed:
            self.failed.add(report.nodeid)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session, exitstatus):
        result = yield
        passed, failed = len(self.ended - self.failed), len(self.failed)
        writer = session.config.get_terminal_writer()
        if not build.is_set_up():
            failed += 1
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
            writer.line("FAILED setup: tests/setup.sh says what this machine lacks")
        if session.exitstatus != 0 and failed == 0:
            failed = 1  # nothing ran, or it was interrupted
        writer.line(f"{passed} passed, {failed} failed")
        return result


def pytest_configure(config):
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Count())
