"""What include/barker.h declares, as the C compiler reads it."""
import functools
import re

from support.build import ROOT, run


@functools.cache
def declared_functions():
    """Sorted."""
    text = run(["cc", "-E", ROOT / "include/barker.h"])
    names = sorted(set(re.findall(r"\b(barker_\w*)\(", text)))
    assert names
    return names
