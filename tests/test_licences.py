"""What the library is built from, held to deny.toml by cargo-deny."""
import os
from pathlib import Path

import pytest

from support.build import PYTHON, ROOT, run

ADVISORIES = ROOT / "build/advisories"  # where deny.toml has `make advisories` put copies of lists


@pytest.mark.check
def test_dependencies():
    """Licences, sources and duplicates; known vulnerabilities where their list was fetched."""
    run(["cargo", "fetch", "--quiet", "--locked"])  # those of other platforms, which no build reads
    fetched = any(ADVISORIES.glob("advisory-db-*"))
    checks = ["licenses", "sources", "bans", *(["advisories"] if fetched else [])]
    path = f"{Path(PYTHON).parent}:{os.environ['PATH']}"
    run(["cargo", "deny", "--locked", "--offline", "check", "--deny", "warnings", *checks],
        env={"PATH": path})
