"""What include/barker.h declares and says, as a model from which the man pages and the site's
reference are made, and README.md's table is checked.

    header.py    names what is undocumented or misspelled, and exits with 1 if anything is

A comment `/* ---- Name: what it is about ---- */` begins a family of functions and types. What is
declared before the first one belongs to the first that mentions it; an enumeration belongs to the
family that has its values. In a comment, paragraphs are separated by empty lines,
code is indented by four, and items begin with "- " or "1. ".
"""
import re
import sys
from dataclasses import dataclass, field

PATH = "include/barker.h"
# Spelled like the interface's macros: names of HTTP headers, and what a parser defines.
OTHER_NAMES = {"BARKER_TIMESTAMP", "BARKER_SIGNATURE", "BARKER_CDEF"}
NAME = re.compile(r"\b(?:barker_\w+|BARKER_\w+)")


@dataclass
class Comment:
    """Blocks are ("text", paragraph), ("code", lines), ("list", items) or ("steps", items)."""
    blocks: list
    params: dict
    returns: str
    since: str
    text: str

    @property
    def summary(self):
        """The first sentence."""
        paragraph = next((content for kind, content in self.blocks if kind == "text"), "")
        return re.split(r"(?<=\.)\s", paragraph)[0].rstrip(".:")


@dataclass
class Member:
    """A parameter, a structure's field or an enumeration's value, which has a number."""
    name: str
    declaration: str
    comment: Comment = None
    number: str = ""


@dataclass
class Entry:
    """A function, type or macro; the kind is function, callback, struct, handle, enum or macro."""
    kind: str
    name: str
    declaration: str
    comment: Comment
    members: list = field(default_factory=list)
    result: str = ""

    def mentions(self, name):
        return re.search(rf"\b{name}\b", f"{self.declaration}\n{self.comment.text}") is not None

    @property
    def use_of_handle(self):
        """What a function does with handles: nothing (""), or it may "read" or "change" them; or
        "any", if its comment says that any thread may call it beside others."""
        if "Any thread may call it" in " ".join(self.comment.text.split()):
            return "any"
        handles = [member.declaration for member in self.members
                   if re.search(r"\bbarker_(webhook|retry|engine) ", member.declaration)]
        if not handles:
            return ""
        return "read" if all(handle.startswith("const ") for handle in handles) else "change"


@dataclass
class Family:
    name: str
    about: str
    functions: list = field(default_factory=list)
    types: list = field(default_factory=list)

    @property
    def slug(self):
        return self.name.lower()

    @property
    def entries(self):
        return self.types + self.functions


@dataclass
class Header:
    comment: Comment
    families: list
    version: str

    def entries(self):
        return [entry for family in self.families for entry in family.entries]

    def family_of(self):
        """The family of each name: functions, types, macros and values of enumerations."""
        names = {}
        for family in self.families:
            for entry in family.entries:
                names[entry.name] = family
                if entry.kind == "enum":
                    names.update((value.name, family) for value in entry.members)
        return names


# ---- comments ----

def joined(lines):
    return " ".join(line.strip() for line in lines).strip()


def parse_blocks(lines):
    blocks = []
    for chunk in re.split(r"\n(?:[ ]*\n)+", "\n".join(lines).strip("\n")):
        if not chunk.strip():
            continue
        if chunk.startswith("    "):
            code = "\n".join(line[4:] for line in chunk.split("\n"))
            blocks.append(("code", code))
            continue
        head, *items = re.split(r"^(?:- |\d+\. )", chunk, flags=re.MULTILINE)
        if head:
            blocks.append(("text", joined(head.split("\n"))))
        if items:
            kind = "steps" if re.search(r"^1\. ", chunk, re.MULTILINE) else "list"
            blocks.append((kind, [joined(item.split("\n")) for item in items]))
    return blocks


def parse_comment(source):
    """The inside of a comment, with or without the stars at its lines' beginnings."""
    lines = [re.sub(r"^\s*\* ?", "", line).rstrip() for line in source.strip().split("\n")]
    text = "\n".join(line for line in lines if not line.startswith("@file"))
    body, *tags = re.split(r"^@", text, flags=re.MULTILINE)
    params, returns, since = {}, "", ""
    for tag in tags:
        word, _, rest = tag.partition(" ")
        if word == "param":
            name, _, rest = rest.partition(" ")
            params[name] = joined(rest.split("\n"))
        elif word == "return":
            returns = joined(rest.split("\n"))
        elif word == "since":
            since = rest.strip()
        else:
            sys.exit(f"{PATH}: there is no tag @{word}")
    return Comment(parse_blocks(body.split("\n")), params, returns, since, text)


# ---- declarations ----

def without_preprocessor(text):
    """Keeps documented comments, declarations and the macros of the version."""
    text = re.sub(r"\\\n\s*", "", text)
    text = re.sub(r"^/\* (?!----).*? \*/\n", "", text, flags=re.MULTILINE)
    text = re.sub(r'^(?:extern "C" \{|\}|BARKER_MUST_USE)\n', "", text, flags=re.MULTILINE)
    return re.sub(r"^#(?!define BARKER_VERSION).*\n", "", text, flags=re.MULTILINE)


TOKEN = re.compile(
    r"/\* ---- (?P<family>[^:\n]*): (?P<about>.*?) ---- \*/"
    r"|/\*\*(?P<comment>.*?)\*/"
    r"|\#define[ ](?P<macro>\w+)[ ](?P<value>[^\n]*)"
    r"|enum \{(?P<values>.*?)\n\};"
    r"|(?P<declaration>[a-z][^;{]*(?:\{.*?\n\})?[^;{]*;)", re.DOTALL)
MEMBER = re.compile(r"\s*(?:/\*\*(?P<comment>.*?)\*/)?\s*(?P<text>[^,;/]+)[,;]", re.DOTALL)


def parse_members(body):
    members = []
    for match in MEMBER.finditer(body):
        declaration = " ".join(match["text"].split())
        name, _, number = declaration.partition(" = ")
        comment = match["comment"] and parse_comment(match["comment"])
        members.append(Member(name if number else re.search(r"\w+$", name)[0], declaration, comment,
                              number))
    return members


def parse_params(text):
    return [Member(re.search(r"\w+$", param)[0], " ".join(param.split()))
            for param in text.split(",") if param.strip() != "void"]


def parse_declaration(source, comment):
    text = source.strip()
    if match := re.match(r"typedef int32_t (\w+);$", text):
        return Entry("enum", match[1], text, comment)
    if match := re.match(r"typedef struct (\w+) \{(.*)\} \1;$", text, re.DOTALL):
        plain = re.sub(r"\s*/\*\*.*?\*/", "", text, flags=re.DOTALL)
        return Entry("struct", match[1], plain, comment, parse_members(match[2]))
    if match := re.match(r"typedef struct (\w+) \1;$", text):
        return Entry("handle", match[1], text, comment)
    if match := re.match(r"typedef (.*?)\(\*(\w+)\)\((.*)\);$", text, re.DOTALL):
        return Entry("callback", match[2], text, comment, parse_params(match[3]), match[1].strip())
    if match := re.match(r"(.*?)(\w+)\((.*)\);$", text, re.DOTALL):
        return Entry("function", match[2], text, comment, parse_params(match[3]), match[1].strip())
    sys.exit(f"{PATH}: cannot read {text!r}")


def attach_types(families, types):
    for entry in types:
        for family in families:
            if any(function.mentions(entry.name) for function in family.functions):
                family.types.append(entry)
                break
        else:
            sys.exit(f"{PATH}: no function mentions {entry.name}")


def add_macro(types, match, comment):
    """A macro without a comment goes with the one before."""
    line = match[0].strip()
    if comment is None and types and types[-1].kind == "macro":
        types[-1].declaration += "\n" + line
    else:
        types.append(Entry("macro", match["macro"], line, comment or parse_comment("")))


def parse(text):
    families, types, comments, comment = [], [], [], None
    text = without_preprocessor(text)
    end = 0
    for match in TOKEN.finditer(text):
        if text[end:match.start()].strip():
            sys.exit(f"{PATH}: cannot read {text[end:match.start()].strip()!r}")
        end = match.end()
        if match["family"]:
            families.append(Family(match["family"], match["about"]))
        elif match["comment"]:
            comment = parse_comment(match["comment"])
            comments.append(comment)
            continue
        elif match["macro"]:
            add_macro(types, match, comment)
        elif match["values"]:
            valued = next(entry for entry in reversed(types) if entry.kind == "enum")
            valued.members = parse_members(match["values"] + ",")
            types.remove(valued)
            families[-1].types.append(valued)
        else:
            entry = parse_declaration(match["declaration"], comment or parse_comment(""))
            if entry.kind == "function":
                families[-1].functions.append(entry)
            elif families and entry.kind != "enum":
                families[-1].types.append(entry)
            else:
                types.append(entry)
        comment = None
    if text[end:].strip():
        sys.exit(f"{PATH}: cannot read {text[end:].strip()!r}")
    attach_types(families, types)
    version = re.search(r'#define BARKER_VERSION "(.*?)"', text)[1]
    return Header(comments[0], families, version)


# ---- flaws ----

def flaws_of(entry):
    comment = entry.comment
    if not comment.blocks:
        yield f"{entry.name} has no comment"
        return
    if entry.kind in ("function", "callback"):
        names = [param.name for param in entry.members]
        for name in names:
            if not comment.params.get(name):
                yield f"{entry.name}: the parameter {name} has no @param"
        for name in comment.params:
            if name not in names:
                yield f"{entry.name}: @param {name} is none of the parameters"
        if entry.kind == "function" and not comment.since:
            yield f"{entry.name} has no @since"
        if (entry.result != "void") != bool(comment.returns):
            yield f"{entry.name}: @return must stand where something is returned, and only there"
    else:
        for member in entry.members:
            if member.comment is None or not member.comment.blocks:
                yield f"{entry.name}: {member.name} has no comment"


def flaws(header):
    """Sentences that say what is undocumented, and which names in comments are of nothing."""
    found = [flaw for entry in header.entries() for flaw in flaws_of(entry)]
    known = set(header.family_of()) | OTHER_NAMES
    known |= {name for entry in header.entries() if entry.kind == "macro"
              for name in NAME.findall(entry.declaration)}
    texts = [("the first comment", header.comment.text)]
    for entry in header.entries():
        comments = [entry.comment, *(member.comment for member in entry.members)]
        texts += [(entry.name, comment.text) for comment in comments if comment]
    for where, text in texts:
        found += [f"{where}: there is no {name}" for name in NAME.findall(text)
                  if name not in known]
    return found


def load():
    """The model of the header; ends the program if the header has flaws."""
    with open(PATH, encoding="utf-8") as source:
        header = parse(source.read())
    if found := flaws(header):
        sys.exit("\n".join(f"{PATH}: {flaw}" for flaw in found))
    return header


if __name__ == "__main__":
    count = len(load().entries())
    print(f"{count} functions, types and macros")
