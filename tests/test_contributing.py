"""Places that a new scheme or setter must not leave out, where no other test names them: see
CONTRIBUTING.md."""
import re

import pytest

import header as model
from support.build import ROOT
from support.header import declared_functions


def read(path):
    return (ROOT / path).read_text(encoding="utf-8")


@pytest.mark.check
def test_guide_has_every_scheme():
    """The table of docs/verifying.md has a name of each scheme, in code."""
    rows = [line for line in read("docs/verifying.md").splitlines() if line.startswith("| `")]
    named = re.findall(r"`(?:BARKER_SCHEME|…)_(\w+)`", "\n".join(rows))
    schemes = next(entry for entry in model.load().entries() if entry.name == "barker_scheme")
    assert named == [value.name.removeprefix("BARKER_SCHEME_") for value in schemes.members]


@pytest.mark.check
def test_cpp_calls_every_setter():
    """tests/cpp/webhook.cpp calls it."""
    setters = [name[1] for name in map(
        re.compile(r"barker_webhook_((?:add|allow|clear|deny|set)_\w+)").fullmatch,
        declared_functions()) if name]
    assert setters
    program = read("tests/cpp/webhook.cpp")
    assert [name for name in setters if not re.search(rf"\bhook\.{name}\b", program)] == []
