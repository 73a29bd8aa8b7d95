"""The programs of tests/c, each built and run in several ways."""
import pytest

from support.build import FAULT, FAULT_MEMCHECK, FAULT_STATIC, MEMCHECK, SANITIZED, SHARED, STATIC, run


@pytest.mark.parametrize("variant", [SHARED, STATIC, SANITIZED, MEMCHECK])
@pytest.mark.parametrize("name", ["handle", "abuse", "verify", "schemes", "wire", "batch", "policy",
                                  "redirect", "log", "inputs"])
def test_c(name, variant, program):
    run(program(name))


@pytest.mark.parametrize("variant", [FAULT, FAULT_STATIC, FAULT_MEMCHECK])
def test_panic(variant, program):
    run(program("panic"))
