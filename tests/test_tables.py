"""What tools/tables.py makes of include/barker.h is committed as it makes it."""
import os
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def test_tables_are_current():
    done = subprocess.run([sys.executable, "tools/tables.py", "--check"], cwd=TOP, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout
