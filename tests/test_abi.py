"""The header and the library keep to the recorded ABI, packaging/abi.h, and whatever breaks the
record is refused: see docs/abi.md."""
import os
import re
import subprocess

import pytest

import abi
from support.build import LAYOUT

HEADER, LIBRARY = str(LAYOUT / "include/barker.h"), str(LAYOUT / "lib/libbarker.so")

# What must be refused: what of the header is replaced, by what, and what the refusal names.
BREAKS = [
    (r"const char \*barker_version\(void\);", "", "barker_version"),
    (r"barker_verify\(barker_scheme scheme", "barker_verify(int64_t scheme", "barker_verify"),
    (r"uint32_t tolerance, *\n", "\n", "barker_verify"),
    (r"const char \*barker_version", "char *barker_version", "barker_version"),
    (r"(BARKER_ERR_REPLAYED) = 306", r"\1 = 308", "BARKER_ERR_REPLAYED is not 306"),
    (r"BARKER_ERR_REPLAYED = 306,", "", "BARKER_ERR_REPLAYED"),
    (r"BARKER_ERR_REPLAYED = 306,", r"\g<0> BARKER_ERR_AGAIN = 306,",
     "BARKER_ERR_AGAIN has the number of BARKER_ERR_REPLAYED"),
    (r"typedef int32_t barker_scheme", "typedef int16_t barker_scheme", "barker_scheme is not"),
    (r"size_t reserved;", r"\g<0> size_t another;", "barker_buffer has another size"),
    (r"size_t reserved;", "", "barker_buffer has another size"),
    (r"size_t len;(.*?)size_t capacity;", r"size_t capacity;\1size_t len;",
     "barker_buffer.len is at another place"),
    (r"uint8_t \*data;", "char *data;", "barker_buffer.data has another type"),
    (r"\(\*barker_log\)\(void \*user, ", "(*barker_log)(", "barker_log has another prototype"),
]


def changed_header(pattern, replacement, directory):
    text, count = re.subn(pattern, replacement, abi.read(HEADER), count=1, flags=re.DOTALL)
    assert count == 1, f"the header has no {pattern}"
    path = os.path.join(directory, "barker.h")
    abi.write(path, text)
    return path


@pytest.mark.check
def test_abi_is_as_recorded():
    assert abi.flaws(HEADER, LIBRARY) == ""


@pytest.mark.check
@pytest.mark.parametrize("pattern, replacement, named", BREAKS)
def test_break_is_refused(pattern, replacement, named, tmp_path):
    assert named in abi.breaks(changed_header(pattern, replacement, tmp_path), LIBRARY)


@pytest.mark.check
def test_addition_is_named(tmp_path):
    header = changed_header(r"const char \*barker_version\(void\);",
                            r"\g<0> void barker_new_function(int32_t count);", tmp_path)
    assert list(abi.additions(header, abi.read(abi.RECORD))) == [
        f'FUNCTION("{abi.version()}", barker_new_function, void, (int32_t count))']


@pytest.mark.check
def test_library_without_a_function_is_refused(tmp_path):
    source = os.path.join(tmp_path, "less.c")
    library = os.path.join(tmp_path, "libless.so")
    names = abi.exported(LIBRARY) - {"barker_verify"}
    abi.write(source, "".join(f"int {name}; " for name in names))
    subprocess.run([abi.CC, "-shared", "-fPIC", source, "-o", library], check=True)
    assert "barker_verify" in abi.breaks(HEADER, library)
