"""The bindings for Ruby and Python: their own tests, and Python's lints and types."""
import pytest

from support.build import LAYOUT, OUT, PYTHON, ROOT, run

SOURCES = ROOT / "bindings/python/src"


def test_ruby():
    run(["ruby", "-w", "bindings/ruby/test/all.rb", "build/demo"])


@pytest.mark.check
def test_python_lint():
    run([PYTHON, "-m", "ruff", "check", "--no-cache", "bindings/python",
         "benches/bindings/python.py"])


@pytest.mark.check
def test_python_types():
    run([PYTHON, "-m", "mypy", "--config-file", "bindings/python/pyproject.toml",
         "--cache-dir", OUT / "mypy", SOURCES], env={"MYPYPATH": str(SOURCES)})


def test_python():
    run([PYTHON, "-W", "error", "-m", "unittest", "discover", "-s", "bindings/python/tests"],
        env={"BARKER_LIBRARY": f"{LAYOUT}/lib/libbarker.so.0", "PYTHONPATH": str(SOURCES),
             "PYTHONDONTWRITEBYTECODE": "1"})
