"""Writes what repeats include/barker.h elsewhere: the declarations of the bindings, enumerations of
barker.hpp, lists and calls for the tests in C, and tables in documents.

    tables.py            brings them up to date
    tables.py --check    says what is not up to date, and exits with 1 if anything is not

FILES are made as a whole. In files that are written by hand, only the lines of regions() are made.
"""
import difflib
import os
import re
import sys
import textwrap

import header as model

MADE = "Made by tools/tables.py from include/barker.h: do not edit."
WIDTH = 100

# What the names of an enumeration's values begin with, where that is not the enumeration's name.
PREFIXES = {"barker_status": "BARKER_(?:ERR_)?", "barker_log_level": "BARKER_LOG_"}
# Words of names that are not written like others in CamelCase.
INITIALISMS = {"GITHUB": "GitHub",
               **{word: word for word in ("ID", "SHA256", "SHA512", "TLS", "URL", "UTF8")}}


# ---- names, types and comments of the header ----

def enumerations(header):
    return [entry for entry in header.entries() if entry.kind == "enum"]


def functions(header):
    return [entry for entry in header.entries() if entry.kind == "function"]


def short(enumeration, value):
    """The value's name without what the names of all values begin with: TOO_OLD, 1_2."""
    prefix = PREFIXES.get(enumeration.name, enumeration.name.upper() + "_")
    return re.sub(f"^{prefix}", "", value.name)


def camel(name):
    words = (INITIALISMS.get(word, word.capitalize()) for word in name.upper().split("_"))
    return "".join(words)


def type_of(param):
    """The declaration without the name."""
    return re.sub(r"\w+$", "", param.declaration).strip()


def types(function):
    """Of the result and of each parameter, in quotation marks."""
    return [f'"{type_}"' for type_ in (function.result, *map(type_of, function.members))]


def text_of(value):
    return " ".join(content for kind, content in value.comment.blocks if kind == "text")


# ---- lines ----

def wrapped(text, width, **options):
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False, **options)


def filled(items, indent, width=WIDTH):
    """Items with commas between them, in lines that end between two of them."""
    text = ", ".join(item.replace(" ", "\0") for item in items)
    lines = wrapped(text, width, initial_indent=indent, subsequent_indent=indent)
    return [line.replace("\0", " ") for line in lines]


def listed(opening, items, closing, indent):
    """Items with commas between them, in one line with what encloses them if that fits."""
    line = f"{indent}{opening}{', '.join(items)}{closing}"
    if len(line) <= WIDTH:
        return [line]
    step = indent[:4] if len(indent) == 4 else "  "
    return [indent + opening.rstrip(), *filled(items, indent + step), indent + closing.lstrip()]


# ---- the bindings ----

def python(header):
    yield from (f'"""{MADE}"""', "import enum", "from typing import Dict, Tuple")
    for entry in enumerations(header):
        about = entry.comment.summary.partition(",")[0]
        yield from ("", "", f"class {camel(entry.name.removeprefix('barker_'))}(enum.IntEnum):",
                    f'    """{entry.name}: {about[0].lower()}{about[1:]}."""')
        for value in entry.members:
            name = short(entry, value)
            name = value.name.removeprefix("BARKER_") if name[0].isdigit() else name
            yield f"    {name} = {value.number}"
    yield from ("", "", "# The types of each function's result and parameters.",
                "FUNCTIONS: Dict[str, Tuple[str, ...]] = {")
    for function in functions(header):
        closing = ")," if function.members else ",),"
        yield from listed(f'"{function.name}": (', types(function), closing, "    ")
    yield "}"


def ruby_symbol(name):
    """TLS1_2 as OpenSSL spells it, and all others in small letters."""
    return f"TLS{name}" if name[0].isdigit() else name.lower()


def ruby(header):
    yield from ("# frozen_string_literal: true", "", f"# {MADE}", "module Barker",
                "  module Native # :nodoc:", "    ENUMERATIONS = {")
    for entry in enumerations(header):
        pairs = [f"{ruby_symbol(short(entry, value))}: {value.number}" for value in entry.members]
        yield from listed(f'"{entry.name}" => {{ ', pairs, " }.freeze,", "      ")
    yield from ("    }.freeze", "", "    # The types of each function's result and parameters.",
                "    FUNCTIONS = {")
    for function in functions(header):
        name = function.name.removeprefix("barker_")
        yield from listed(f"{name}: [", types(function), "],", "      ")
    yield from ("    }.freeze", "  end", "end")


# The type of each enumeration in Go, and what the names of its values begin with.
GO = {
    "barker_status": ("Status", "Err"), "barker_scheme": ("Scheme", "Scheme"),
    "barker_spelling": ("Spelling", "Spelling"), "barker_addresses": ("Addresses", "Addresses"),
    "barker_tls": ("TLSVersion", "TLS"), "barker_log_level": ("LogLevel", "Log"),
    "barker_verdict": ("Verdict", "Verdict"),
}


def go(header):
    yield from ("// Code generated by tools/tables.py from include/barker.h. DO NOT EDIT.", "",
                "package barker", "", "// #include <barker.h>", 'import "C"')
    for entry in enumerations(header):
        type_, prefix = GO[entry.name]
        yield from ("", f"// The values of {type_}.", "const (")
        for value in entry.members:
            if value.name == "BARKER_OK":  # is no error
                continue
            text = re.sub(r"barker_webhook_set_(\w+)\(\)", lambda name: f"With{camel(name[1])}",
                          text_of(value))
            yield from wrapped(text, WIDTH, initial_indent="\t// ", subsequent_indent="\t// ")
            yield f"\t{prefix}{camel(short(entry, value))} {type_} = C.{value.name}"
        yield ")"


# Words that no name in C++ can be, or begin with.
CPP_NAMES = {"public": "public_internet", "1_2": "v1_2", "1_3": "v1_3"}


def cpp(enumeration):
    """What stands between the braces of an enumeration of barker.hpp."""
    for value in enumeration.members:
        name = short(enumeration, value).lower()
        text = re.sub(r"barker_webhook_(\w+\(\))", r"\1", text_of(value))
        comment = wrapped(f"/** {text}\0*/", WIDTH, initial_indent="    ",
                          subsequent_indent="     *  ")
        yield from (line.replace("\0", " ") for line in comment)
        yield f"    {CPP_NAMES.get(name, name)} = {value.name},"


# ---- the tests in C ----

def lists(header):
    yield f"/* {MADE} */"
    for entry in enumerations(header):
        if entry.name in ("barker_scheme", "barker_status"):
            yield from ("", f"#define EVERY_{entry.name.removeprefix('barker_').upper()} \\")
            *lines, last = filled([value.name for value in entry.members], "    ", WIDTH - 2)
            yield from (f"{line} \\" for line in lines)
            yield last


# What is passed for a pointer of each type that is not to be NULL.
VALID = {"const char *": '"1"', "const void *": '"1"', "const uint16_t *": "&status",
         "const uint32_t *": "&delay", "const barker_header *": "&header",
         "barker_webhook *const *": "&no_hook"}
# How an out parameter of each type is declared, and that it must be empty after a failure.
OUT_PARAMETERS = {
    "barker_buffer *": ("barker_buffer {} = dirty();", "CHECK_ZEROED({});"),
    "uint16_t *": ("uint16_t {} = 99;", "CHECK_EQUAL({}, 0);"),
    "uint32_t *": ("uint32_t {} = 99;", "CHECK_EQUAL({}, 0);"),
    "size_t *": ("size_t {} = 99;", "CHECK_EQUAL({}, 0);"),
}


def is_pointer(param):
    return "*" in param.declaration or type_of(param) in ("barker_log", "barker_progress")


def is_handle(param):
    type_ = type_of(param).removeprefix("const ")
    return type_.startswith(("barker_webhook *", "barker_retry *"))


def checked(function, argument):
    """The call with `argument` of each parameter, and what it must return."""
    call = f"{function.name}({', '.join(map(argument, function.members))})"
    if function.result == "void":
        return f"{call};"
    if function.result == "barker_status":
        return f"CHECK_EQUAL({call}, BARKER_ERR_NULL);"
    if function.result == "barker_verdict":
        return f"CHECK_EQUAL({call}, BARKER_VERDICT_DEAD);"
    if "*" in function.result:
        relation = "!=" if "never NULL" in function.comment.returns else "=="
        return f"CHECK({call} {relation} NULL);"
    said = re.search(r"(-?\d+) if \w+ is NULL", function.comment.returns)
    return f"CHECK_EQUAL({call}, {said[1] if said else 0});"


def null_argument(param):
    return "NULL" if is_pointer(param) else "1"


def valid_argument(param):
    """NULL is for a handle alone, and for what may be NULL."""
    if type_of(param) in OUT_PARAMETERS:
        return f"&{param.name}"
    return VALID.get(type_of(param), null_argument(param))


def with_outs(function):
    """The call with a NULL handle, and that it leaves what it was to fill in empty."""
    outs = [param for param in function.members if type_of(param) in OUT_PARAMETERS]
    lines = [OUT_PARAMETERS[type_of(param)][0].format(param.name) for param in outs]
    lines += wrapped(checked(function, valid_argument), WIDTH - 8, subsequent_indent="    ")
    lines += [OUT_PARAMETERS[type_of(param)][1].format(param.name) for param in outs]
    if len(lines) == 1:
        return [f"    {lines[0]}"]
    return ["    {", *(f"        {line}" for line in lines), "    }"]


def nulls(header):
    takers = [entry for entry in functions(header) if any(map(is_pointer, entry.members))]
    yield from (f"/* {MADE} */", "", "/* Each function that takes pointers, with NULL for all. */",
                "static void null_pointers(void)", "{")
    yield from (f"    {checked(entry, null_argument)}" for entry in takers)
    yield from ("}", "", "/* Each that takes a handle and more, with NULL for the handle alone. */",
                "static void null_handles(void)", "{",
                '    const barker_header header = {"X", "y"};', "    const uint16_t status = 400;",
                "    const uint32_t delay = 1;",
                "    barker_webhook *const no_hook = NULL;")
    for entry in takers:
        others = filter(is_pointer, (param for param in entry.members if not is_handle(param)))
        if any(map(is_handle, entry.members)) and any(others):
            yield from with_outs(entry)
    yield "}"


# ---- regions of files that are written by hand ----

def families(header):
    """The table of functions, whose names are without `barker_`."""
    yield "|---|---|"
    for family in header.families:
        names = [f"`{entry.name.removeprefix('barker_')}`" for entry in family.functions]
        yield f"| {family.name}: {family.about} | {', '.join(names)} |"


def regions(header):
    """Paths, each with the line before the region, the line after it and the region's lines."""
    named = {entry.name.removeprefix("barker_"): entry for entry in enumerations(header)}
    for name, entry in named.items():
        yield "include/barker.hpp", f"enum class {name} : std::int32_t {{", "};", cpp(entry)
    yield "README.md", "| family | functions (`barker_…`) |", "", families(header)
    for before, after, sign in ("our %SCHEME = (", ");", " =>"), ("const SCHEMES = {", "};", ":"):
        pairs = [f"{short(named['scheme'], value)}{sign} {value.number}"
                 for value in named["scheme"].members]
        yield "docs/ffi.md", before, after, filled([*pairs, ""], "    ")


def with_region(text, path, before, after, lines):
    pattern = re.compile(rf"^({re.escape(before)}\n)(?:.*\n)*?({re.escape(after)}\n)", re.MULTILINE)
    body = "".join(f"{line}\n" for line in lines)
    text, count = pattern.subn(lambda match: match[1] + body + match[2], text)
    if count != 1:
        sys.exit(f"{path}: must have the lines {before!r} and {after!r} once, not {count} times")
    return text


# ---- files ----

FILES = {
    "bindings/python/src/barker/_declarations.py": python,
    "bindings/ruby/lib/barker/declarations.rb": ruby,
    "bindings/go/constants.go": go,
    "tests/c/lists.h": lists,
    "tests/c/nulls.h": nulls,
}


def read(path):
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8") as file:
        return file.read()


def make_all(header):
    """The text of each file."""
    files = {path: "".join(f"{line}\n" for line in make(header)) for path, make in FILES.items()}
    for path, *region in regions(header):
        files[path] = with_region(files.get(path) or read(path), path, *region)
    return files


def check(stale):
    for path, text in stale.items():
        print(f"{path} is not up to date: run `make tables`")
        old, new = read(path).split("\n"), text.split("\n")
        print("\n".join(difflib.unified_diff(old, new, lineterm="")))
    sys.exit(1 if stale else 0)


def write(stale):
    for path, text in stale.items():
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


def main():
    files = make_all(model.load())
    stale = {path: text for path, text in files.items() if text != read(path)}
    check(stale) if sys.argv[1:] == ["--check"] else write(stale)


if __name__ == "__main__":
    main()
