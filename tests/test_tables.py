"""What tools/tables.py makes of include/barker.h is committed as it makes it."""
import sys

import pytest

from support.build import run

pytestmark = pytest.mark.check


def test_tables_are_current():
    run([sys.executable, "tools/tables.py", "--check"])
