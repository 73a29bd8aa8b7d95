"""Reads Rust sources as far as tests need it: which file uses what of which other one.

A use is a `use` declaration or a path in the code. It counts for the file that defines what is
used, not for a `mod.rs` that re-exports it. Tests within the sources do not count.
"""
import re

# What may hold anything: comments, strings and characters, but not lifetimes.
OPAQUE = re.compile(r"""//[^\n]*
                      | /\*.*?\*/
                      | \b[bc]?r(?P<hashes>\#*)".*?"(?P=hashes)
                      | \b[bc]?"(?:\\.|[^"\\])*"
                      | "(?:\\.|[^"\\])*"
                      | \bb?'(?:\\u\{\w+\}|\\x\w\w|\\.|[^'\\])'
                      | '(?:\\u\{\w+\}|\\x\w\w|\\.|[^'\\])'""", re.VERBOSE | re.DOTALL)
TEST = re.compile(r"#\[cfg\(test\)\]")
USE = re.compile(r"(?P<public>\bpub(?:\([^)]*\))?\s+)?\buse\s+(?P<tree>[^;]+);")
PATH = re.compile(r"(?<![\w:])\$?\w+(?:::\w+)+")
DEFINED = r"\b(?:fn|struct|enum|union|trait|type|const|static|macro_rules!)\s+{}\b"


def code_of(text):
    """The code alone."""
    return OPAQUE.sub(" ", text)


def without_tests(code):
    """The code without what is only there for tests."""
    while found := TEST.search(code):
        end = next(i for i in range(found.end(), len(code)) if code[i] in "{;")
        depth = int(code[end] == "{")
        while depth:
            end += 1
            depth += (code[end] == "{") - (code[end] == "}")
        code = code[:found.start()] + code[end + 1:]
    return code


def leaves(tree, before=()):
    """Each path of a tree of uses, with the name that it has here; `*` for all names."""
    tree = tree.strip()
    head, brace, rest = tree.partition("{")
    before += tuple(part.strip() for part in head.split("::") if part.strip())
    if brace:
        depth, part = 0, ""
        for c in rest[:rest.rindex("}")] + ",":
            depth += (c == "{") - (c == "}")
            if c == "," and depth == 0:
                if part.strip():
                    yield from leaves(part, before)
                part = ""
            else:
                part += c
        return
    last, _, alias = before[-1].partition(" as ")
    path = before[:-1] + (last.strip(),)
    if path[-1] == "self":
        path = path[:-1]
    yield path, alias.strip() or path[-1]


class Crate:
    """The files below a folder with a lib.rs, by their paths within it."""

    def __init__(self, root):
        self.texts = {str(path.relative_to(root)): code_of(path.read_text(encoding="utf-8"))
                      for path in sorted(root.rglob("*.rs"))}
        self.codes = {file: without_tests(text) for file, text in self.texts.items()}
        self.files = {self.module(file): file for file in self.codes}
        self.names, self.exports = {}, {}
        for file, code in self.codes.items():
            self.names[file], self.exports[file] = [], []
            for use in USE.finditer(code):
                found = self.exports if use["public"] else self.names
                found[file] += leaves(use["tree"])

    @staticmethod
    def module(file):
        """The module that a file holds, as the names that lead there."""
        names = file.removesuffix(".rs").split("/")
        return tuple(names[:-1] if names[-1] in ("mod", "lib") else names)

    def edges(self):
        """Pairs of files, the first of which uses the second one."""
        found = set()
        for file, code in self.codes.items():
            used = [path for path, _ in self.names[file]]
            used += [path for path, _ in self.exports[file]]
            used += [tuple(path.split("::")) for path in PATH.findall(USE.sub("", code))]
            targets = {self.file_of(file, path) for path in used} - {None, file}
            found |= {(file, target) for target in targets}
        return found

    def is_door(self, file, target):
        """Whether it is a mod.rs, or lib.rs, that only re-exports what it uses of its folder."""
        own = self.module(file)
        used = [path for path, _ in self.names[file]]
        used += [tuple(path.split("::")) for path in PATH.findall(USE.sub("", self.codes[file]))]
        return (self.module(target)[:len(own)] == own
                and target not in {self.file_of(file, path) for path in used})

    def file_of(self, file, path, seen=()):
        """The file that defines what the path leads to; None if it leads out of the crate."""
        if (file, path) in seen:
            return None
        seen += ((file, path),)
        module = self.module(file)
        first, rest = path[0], path[1:]
        if first in ("crate", "$crate"):
            module = ()
        elif first == "self":
            pass
        elif first == "super":
            module = module[:-1]
        elif module + (first,) in self.files:
            module += (first,)
        else:
            return self.through_names(file, path, seen)
        while rest[:1] == ("super",):
            module, rest = module[:-1], rest[1:]
        return self.below(module, rest, seen)

    def through_names(self, file, path, seen):
        """As file_of(), for a path that begins with a name from a `use`."""
        for target, name in self.names[file] + self.exports[file]:
            if name == path[0] and target != path:
                return self.file_of(file, target + path[1:], seen)
        return None

    def below(self, module, rest, seen):
        """The file that defines what the rest of a path leads to from a module."""
        while rest and module + rest[:1] in self.files:
            module, rest = module + rest[:1], rest[1:]
        file = self.files.get(module)
        if file is None or not rest or rest[0] == "*":
            return file
        if re.search(DEFINED.format(re.escape(rest[0])), self.codes[file]):
            return file
        for target, name in self.exports[file] + self.names[file]:
            if name == rest[0] or name == "*":
                found = self.file_of(file, target[:-1] + rest if name == "*" else target, seen)
                if found is not None and found != file:
                    return found
        return file
