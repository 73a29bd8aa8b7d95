"""Writes the man pages from include/barker.h: one for each family of functions, of which the first,
barker(3), is about the library as a whole; and one line for each function and type, which leads to
its family's page.

    man.py            brings man/ up to date
    man.py --check    says what is not up to date, and exits with 1 if anything is not

A page has the date on which it last changed.
"""
import datetime
import difflib
import glob
import os
import re
import sys
import textwrap

import examples
import header as model

FOLDER = "man"
ESCAPES = str.maketrans({"\\": r"\e", "'": r"\(aq", "`": r"\(ga", "^": r"\(ha", "~": r"\(ti",
                         "-": r"\-"})
# A name with its parentheses, code in backticks, or a link.
INLINE = re.compile(rf"(?P<name>{model.NAME.pattern})(?:\(\))?|`(?P<code>[^`]+)`"
                    r"|<(?P<link>https:[^>]+)>")


class Page:
    """Lines of the language of man(7)."""

    def __init__(self, names):
        self.names = names  # of functions and types, which are references to section 3
        self.lines = []

    def add(self, *lines):
        self.lines += lines

    def section(self, title):
        self.add(f".SH {title}")

    def paragraph(self):
        """Begins one, unless a heading has."""
        if not self.lines[-1].startswith((".SH", ".SS")):
            self.add(".PP")

    def plain(self, text):
        text = text.translate(ESCAPES)
        return r"\&" + text if text.startswith(".") else text

    def inline(self, text):
        """Text in lines, names in bold, those that have a page with their section."""
        result, end = "", 0
        for match in INLINE.finditer(text):
            result += text[end:match.start()].translate(ESCAPES)
            end = match.end()
            if match["link"]:
                result += match["link"].translate(ESCAPES)
            elif match["code"]:
                result += rf"\fB{match['code'].translate(ESCAPES)}\fR"
            else:
                section = "(3)" if match["name"] in self.names else ""
                result += rf"\fB{match['name']}\fR{section}"
        result += text[end:].translate(ESCAPES)
        lines = textwrap.wrap(result, 79, break_long_words=False, break_on_hyphens=False)
        return "\n".join(r"\&" + line if line.startswith(".") else line for line in lines)

    def text(self, text):
        self.paragraph()
        self.add(self.inline(text))

    def code(self, code):
        self.paragraph()
        self.add(".in +4n", ".EX", *(self.plain(line) for line in code.split("\n")), ".EE",
                 ".in")

    def tagged(self, tag, text):
        self.add(".TP", tag, self.inline(text))

    def blocks(self, blocks):
        for kind, content in blocks:
            if kind == "text":
                self.text(content)
            elif kind == "code":
                self.code(content)
            else:
                for number, item in enumerate(content, 1):
                    mark = f"{number}. 4" if kind == "steps" else r"\(bu 2"
                    self.add(f".IP {mark}", self.inline(item))


def heading(entry):
    return f"{entry.name}()" if entry.kind == "function" else entry.name


def paragraphs(comment):
    """The comment's paragraphs in one, for a list."""
    return " ".join(content for kind, content in comment.blocks if kind == "text")


# ---- the sections of a page ----

def add_prototype(page, entry):
    """As it stands in the header: names of parameters in italics, all else in bold."""
    line = page.plain(entry.declaration)
    for param in entry.members:
        line = re.sub(rf"\b{param.name}(?=[,)])", rf"\\fI{param.name}\\fB", line)
    page.add(*(rf"\fB{part}\fR" if part else "" for part in line.split("\n")))


def add_synopsis(page, family):
    page.section("SYNOPSIS")
    page.add(".nf", r"\fB#include <barker.h>\fR")
    for entry in family.functions:
        page.add(".PP")
        add_prototype(page, entry)
    page.add(".fi")


def add_members(page, entry):
    for member in entry.members:
        tag = rf"\fI{member.name}\fR"
        text = entry.comment.params.get(member.name)
        if member.comment:
            text = paragraphs(member.comment)
        if member.number:
            tag = rf"\fB{member.name}\fR ({member.number})"
        page.tagged(tag, text)


def add_type(page, entry):
    page.add(f".SS {heading(entry)}")
    if entry.kind != "enum":
        page.add(".nf")
        add_prototype(page, entry)
        page.add(".fi")
    page.blocks(entry.comment.blocks)
    add_members(page, entry)
    if entry.comment.returns:
        page.text(f"Returns {entry.comment.returns}.")


def add_function(page, entry):
    page.add(f".SS {heading(entry)}")
    page.blocks(entry.comment.blocks)
    add_members(page, entry)


def add_returns(page, family):
    page.section("RETURN VALUE")
    for entry in family.functions:
        if entry.comment.returns:
            page.tagged(rf"\fB{entry.name}\fR()", f"{entry.comment.returns}.")


def add_errors(page, family, functions, statuses):
    """The statuses that the family's functions name, and those of functions that @return refers to."""
    def named(function):
        names = model.NAME.findall(function.comment.returns)
        others = [functions[name] for name in names if name in functions and name != function.name]
        return {name for name in names if name in statuses}.union(*map(named, others))
    found = set().union(*(named(function) for function in family.functions)) - {"BARKER_OK"}
    if not found:
        return
    page.section("ERRORS")
    for value in statuses.values():
        if value.name in found:
            page.tagged(rf"\fB{value.name}\fR ({value.number})", paragraphs(value.comment))


SHARING = {
    "": "{} may be called from any thread.",
    "read": "{} only {}: any number of threads may call {} on one handle at once, as long as no "
            "thread changes or frees it.",
    "any": "{} may be called from any thread, even while another one uses the handle.",
    "change": "{} may change the handle: only one thread at a time may use it.",
}


def add_threads(page, family):
    page.section("THREAD SAFETY")
    for use, sentence in SHARING.items():
        names = [f"{entry.name}()" for entry in family.functions if entry.use_of_handle == use]
        if names:
            verb, object_ = ("reads the handle", "it") if len(names) == 1 else ("read", "them")
            subject = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
            page.text(sentence.format(subject, verb, object_))


def add_examples(page, family):
    """The example programs that call the family's functions."""
    calls = re.compile(rf"\b(?:{'|'.join(entry.name for entry in family.functions)})\(")
    callers = {path: about for path, about in examples.load().items() if calls.search(read(path))}
    if callers:
        page.section("EXAMPLES")
        page.text("These example programs call functions of this page:")
    for path, about in callers.items():
        page.tagged(rf"\fI{os.path.basename(path)}\fR", about)


def add_families(page, header):
    page.section("FUNCTIONS")
    page.text("The functions are grouped in families. Each has its own page:")
    for family in header.families[1:]:
        names = ", ".join(f"{entry.name}()" for entry in family.functions)
        page.tagged(rf"\fB{page_name(header, family)}\fR(3)", f"{family.about}: {names}")


def add_see_also(page, header, family):
    family_of = header.family_of()
    text = " ".join(f"{entry.declaration} {entry.comment.text}" for entry in family.entries)
    others = {family_of[name].name: family_of[name] for name in model.NAME.findall(text)
              if name in family_of}
    first = header.families[0]
    others = header.families if family is first else [*others.values(), first]
    names = sorted({page_name(header, other) for other in others} - {page_name(header, family)})
    page.section("SEE ALSO")
    page.add(*(f".BR {name} (3){',' if name != names[-1] else ''}" for name in names))


# ---- pages ----

def has_page(entry):
    return entry.kind != "macro"


def page_name(header, family):
    return "barker" if family is header.families[0] else f"barker-{family.slug}"


def make_page(header, family):
    """The page without its first lines."""
    entries = {entry.name: entry for entry in header.entries()}
    functions = {name: entry for name, entry in entries.items() if entry.kind == "function"}
    statuses = {value.name: value for value in entries["barker_status"].members}
    page = Page({name for name, entry in entries.items() if has_page(entry)})
    first = family is header.families[0]

    page.section("NAME")
    pages = [page_name(header, family)]
    pages += [entry.name for entry in family.entries if has_page(entry)]
    about = "sends signed webhooks and verifies received ones" if first else family.about
    page.add(",\n".join(pages).translate(ESCAPES), rf"\- {about.translate(ESCAPES)}")
    page.section("LIBRARY")
    page.text("libbarker, -lbarker")
    add_synopsis(page, family)
    page.section("DESCRIPTION")
    if first:
        page.blocks(header.comment.blocks)
    for entry in family.functions:
        add_function(page, entry)
    if first:
        add_families(page, header)
    if family.types:
        page.section("TYPES")
        for entry in family.types:
            add_type(page, entry)
    add_returns(page, family)
    if not first:
        add_errors(page, family, functions, statuses)
    add_threads(page, family)
    add_examples(page, family)
    add_see_also(page, header, family)
    return "\n".join(page.lines) + "\n"


def read(path):
    try:
        with open(path, encoding="utf-8") as source:
            return source.read()
    except FileNotFoundError:
        return ""


def with_title(header, family, body):
    """Keeps the date of a page that has not changed."""
    name = page_name(header, family)
    old = read(f"{FOLDER}/{name}.3")
    title = '.\\" Made by tools/man.py from include/barker.h.\n' \
        '.TH {} 3 {} "barker {}" "barker"\n' \
        ".ad l\n.nr HY 0\n.nh\n"
    dated = re.search(r"^\.TH \S+ 3 (\S+)", old, re.MULTILINE)
    for date in [dated[1] if dated else "", datetime.date.today().isoformat()]:
        page = title.format(name.upper(), date, header.version) + body
        if page == old:
            break
    return page


def make_all(header):
    """The text of each file."""
    files = {}
    for family in header.families:
        name = page_name(header, family)
        files[f"{name}.3"] = with_title(header, family, make_page(header, family))
        for entry in family.entries:
            if has_page(entry):
                files[f"{entry.name}.3"] = f".so man3/{name}.3\n"
    return files


def check(files):
    stale = False
    present = {os.path.basename(path) for path in glob.glob(f"{FOLDER}/*")}
    for name in sorted(present | set(files)):
        old, new = read(f"{FOLDER}/{name}"), files.get(name, "")
        if old != new:
            stale = True
            print(f"{FOLDER}/{name} is not up to date: run `make man`")
            print("\n".join(difflib.unified_diff(old.split("\n"), new.split("\n"), lineterm="")))
    sys.exit(1 if stale else 0)


def write(files):
    os.makedirs(FOLDER, exist_ok=True)
    for path in glob.glob(f"{FOLDER}/*"):
        if os.path.basename(path) not in files:
            os.remove(path)
    for name, text in files.items():
        with open(f"{FOLDER}/{name}", "w", encoding="utf-8") as page:
            page.write(text)


def main():
    files = make_all(model.load())
    check(files) if sys.argv[1:] == ["--check"] else write(files)


if __name__ == "__main__":
    main()
