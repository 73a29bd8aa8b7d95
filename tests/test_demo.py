"""What `make demo` shows."""
from support.build import run


def test_demo():
    run(["bash", "tests/demo.sh"])
