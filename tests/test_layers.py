"""The sources hold to the layers of docs/design.md: no circles, no layer that knows one above it,
and `unsafe` only where C calls in or the system is called."""
from pathlib import Path

import pytest

from support.rust import Crate, code_of

pytestmark = pytest.mark.check

SOURCES = Path(__file__).parent.parent / "src"

# What the files of a layer may use beside each other. A file belongs to the longest name that its
# path begins with.
LAYERS = {
    "error.rs": [],
    "delivery/net/": ["error.rs"],
    "delivery/tls/": ["delivery/net/", "error.rs"],
    "delivery/http/": ["delivery/net/", "error.rs"],
    "delivery/": ["delivery/", "error.rs"],
    # It knows no network, but shares what it remembers with threads and children of fork().
    "signature/": ["delivery/net/fork.rs", "error.rs"],
    "webhook.rs": ["signature/", "delivery/", "error.rs"],
    "queue/": ["webhook.rs", "signature/", "delivery/", "error.rs"],
    "ffi/": ["queue/", "webhook.rs", "signature/", "delivery/", "error.rs"],
    "lib.rs": [""],
}
# The only places for these crates.
CRATES = {
    "ed25519_dalek": ["signature/"],
    "hmac": ["signature/"],
    "md5": ["signature/"],
    "sha2": ["signature/"],
    "httparse": ["delivery/http/", "delivery/proxy.rs"],
    "mio": ["delivery/net/", "delivery/engine.rs"],
    "rustls": ["delivery/tls/"],
    "webpki": ["delivery/tls/"],
    "socket2": ["delivery/net/"],
}
UNSAFE = ["ffi/", "delivery/net/"]


def layer_of(file):
    return max((layer for layer in LAYERS if file.startswith(layer)), key=len, default=None)


def is_in(file, places):
    return any(file.startswith(place) for place in places)


def circles(crate):
    """The shortest circle through each file that is in one, each only once."""
    uses = {}
    for file, target in crate.edges():
        if not crate.is_door(file, target):
            uses.setdefault(file, set()).add(target)
    found = {}
    for start in sorted(uses):
        paths, seen = [[start]], set()
        while paths:
            path = paths.pop(0)
            for target in sorted(uses.get(path[-1], ())):
                if target == start:
                    found.setdefault(frozenset(path), " -> ".join([*path, start]))
                    paths = []
                    break
                if target not in seen:
                    seen.add(target)
                    paths.append([*path, target])
    return sorted(found.values())


def upward(crate):
    """The uses of what a layer must not know."""
    found = [f"{file} belongs to no layer" for file in crate.codes if layer_of(file) is None]
    for file, target in crate.edges():
        layer = layer_of(file)
        if layer and layer_of(target) != layer and not is_in(target, LAYERS[layer]):
            found.append(f"{file} knows {target}")
    return sorted(found)


def misplaced_crates(crate):
    return [f"{file} knows the crate {name}" for file, code in crate.codes.items()
            for name, places in CRATES.items()
            if f"{name}::" in code.replace(f"::{name}::", "") and not is_in(file, places)]


def misplaced_unsafe(crate):
    """Tests within the sources count here."""
    return [file for file, text in crate.texts.items()
            if "unsafe" in text.replace("unsafe_", "") and not is_in(file, UNSAFE)]


@pytest.fixture(scope="module")
def barker():
    return Crate(SOURCES)


def test_no_files_need_each_other(barker):
    found = circles(barker)
    assert not found, "\n".join(found)


def test_no_layer_knows_one_above_it(barker):
    found = upward(barker)
    assert not found, "\n".join(found)


def test_each_crate_stays_in_its_place(barker):
    found = misplaced_crates(barker)
    assert not found, "\n".join(found)


def test_unsafe_stays_in_its_place(barker):
    found = misplaced_unsafe(barker)
    assert not found, "\n".join(found)


@pytest.fixture
def make(tmp_path):
    """Makes a crate of these files."""
    def make(files):
        for file, text in files.items():
            (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / file).write_text(text, encoding="utf-8")
        return Crate(tmp_path)
    return make


RE_EXPORTED = {
    "lib.rs": "pub mod delivery; pub mod error;",
    "error.rs": "pub struct Error;",
    "delivery/mod.rs": "mod agent; mod net; pub use agent::Agent; pub(crate) use net::*;",
    "delivery/net/mod.rs": "mod pool; pub(super) use pool::{Idle as Kept, Pool};",
    "delivery/net/pool.rs": "pub struct Pool; pub struct Idle;",
    "delivery/agent.rs": "use super::net::Kept; pub struct Agent;",
}


@pytest.mark.parametrize("use", [
    "use crate::delivery::Agent;",
    "use crate::{error::Error, delivery::{Agent as Other}};",
    "use crate::delivery::agent::{self};",
    "use super::super::Agent;",
    "fn f() -> super::super::agent::Agent {}",
    "use crate::delivery; fn f() -> delivery::Agent {}",
    "macro_rules! m { () => { $crate::delivery::Agent } }",
    "const C: char = '\"'; const L: &'static str = r#\" \" \"#; use crate::delivery::Agent;",
])
def test_uses_are_found_however_they_are_written(make, use):
    below = f"{use} pub struct Pool; pub struct Idle;"
    crate = make({**RE_EXPORTED, "delivery/net/pool.rs": below})
    assert ("delivery/agent.rs", "delivery/net/pool.rs") in crate.edges()
    circle = "delivery/agent.rs -> delivery/net/pool.rs -> delivery/agent.rs"
    assert circles(crate) == [circle]
    assert "delivery/net/pool.rs knows delivery/agent.rs" in upward(crate)


@pytest.mark.parametrize("no_use", [
    "// use crate::delivery::Agent;",
    "/* crate::delivery::Agent */",
    'const S: &str = "use crate::delivery::Agent; \\" // unsafe";',
    "#[cfg(test)] mod tests { fn f() { let c = '}'; } use super::super::Agent; }",
    "#[cfg(test)] use super::super::Agent;",
    "use std::delivery::Agent;",
])
def test_what_is_no_use_is_not_found(make, no_use):
    below = f"{no_use}\npub struct Pool; pub struct Idle;"
    crate = make({**RE_EXPORTED, "delivery/net/pool.rs": below})
    assert not circles(crate) and not upward(crate)


def test_a_door_is_in_no_circle_and_a_room_that_is_used_is(make):
    crate = make({"lib.rs": "mod signature;", "signature/mod.rs": "mod key; pub use key::Key;",
                  "signature/key.rs": "pub struct Key(super::Scheme);"})
    assert not circles(crate)
    crate = make({"signature/mod.rs": "mod key; pub struct Scheme(key::Key);"})
    assert circles(crate) == ["signature/key.rs -> signature/mod.rs -> signature/key.rs"]


def test_misplaced_code_is_found(make):
    crate = make({
        "lib.rs": "#![deny(unsafe_code)] mod stray;",
        "stray.rs": "",
        "webhook.rs": "use rustls::Error; fn f() { unsafe { g() } }",
        "signature/key.rs": "#[cfg(test)] mod tests { unsafe fn f() {} }",
        "delivery/net/mod.rs": "// unsafe\nfn f() { unsafe {} }",
        "ffi/mod.rs": "#[unsafe(no_mangle)] fn f() { mine::rustls::g(); }",
    })
    assert upward(crate) == ["stray.rs belongs to no layer"]
    assert misplaced_crates(crate) == ["webhook.rs knows the crate rustls"]
    assert misplaced_unsafe(crate) == ["signature/key.rs", "webhook.rs"]


def test_strings_and_characters_end_where_they_end():
    code = code_of(r"""let a = "\\"; let b = '\''; let c = x::<'a>(b'"');
                       x('"', "'"); r#"a"b"# d /* " */ e""")
    assert [word for word in code.split() if len(word) == 1 and word.isalpha()] == list("abcde")
