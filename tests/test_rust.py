"""The Rust sources: formatting, lints, and their own tests."""
import pytest

from support.build import Locked, cargo, run

pytestmark = pytest.mark.xdist_group("cargo")


@pytest.mark.check
def test_formatting():
    run(["cargo", "fmt", "--check"])


@pytest.mark.check
def test_clippy():
    cargo("clippy", "--all-targets", "--all-features", "--", "-D", "warnings")


def test_unit_tests():
    with Locked("target-debug"):
        cargo("test", "--all-features", "--no-run")
    cargo("test", "--all-features")
