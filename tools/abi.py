"""The recorded ABI, packaging/abi.h: see docs/abi.md.

    abi.py    adds to the record what include/barker.h has beyond it

tests/test_abi.py holds the header and the library to the record.
"""
import os
import re
import subprocess
import sys
import tempfile
import textwrap

RECORD = "packaging/abi.h"
CC = os.environ.get("CC", "cc")


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def version():
    return re.search(r'^version = "(.*)"', read("Cargo.toml"), re.MULTILINE)[1]


def declarations(header):
    """The header's own declarations, without what it includes."""
    done = subprocess.run([CC, "-std=c11", "-E", "-DBARKER_CDEF", header], stdout=subprocess.PIPE, text=True,
                          check=True)
    kept, own = [], False
    for line in done.stdout.splitlines():
        if line.startswith("#"):
            own = line.split('"')[1] == header
        elif own:
            kept.append(line)
    text = " ".join(" ".join(kept).split())
    return re.findall(r"((?:[^;{}]|\{[^{}]*\})+);", text)


def parts(header):
    """What the header declares: the kind of each part, its name, and what else is recorded."""
    enums = []
    for declaration in declarations(header):
        if match := re.fullmatch(r" ?typedef (int\d+_t) (barker_\w+)", declaration):
            enums.append(match[2])
            yield "ENUM", (match[2],), match[1]
        elif match := re.fullmatch(r" ?enum \{(.*)\}", declaration):
            enum = enums.pop()
            for name, number in re.findall(r"(\w+) = (-?\w+)", match[1]):
                yield "VALUE", (enum, name), number
        elif match := re.fullmatch(r" ?typedef struct (\w+) \{(.*)\} \w+", declaration):
            struct, members = match.groups()
            yield "STRUCT", (struct,), members.strip()
            for member in re.findall(r"(\w+)(?:\[[^]]*\])?;", members):
                yield "MEMBER", (struct, member), None
        elif match := re.fullmatch(r" ?typedef (.*?) ?\(\*(\w+)\)(\(.*\))", declaration):
            yield "CALLBACK", (match[2],), f"{match[1]}, {match[3]}"
        elif match := re.fullmatch(r" ?(.*?) ?(\w+)(\(.*\))", declaration):
            yield "FUNCTION", (match[2],), f"{match[1]}, {match[3]}"
        elif not re.match(r" ?typedef struct ", declaration):
            sys.exit(f"{header}: cannot tell what this is: {declaration}")


def recorded_parts(record):
    line = re.compile(r'^(\w+)\("[^"]*", (\w+)(?:, (\w+))?', re.MULTILINE)
    for kind, name, member in line.findall(record):
        yield kind, (name, member) if kind in ("VALUE", "MEMBER") else (name,)


def additions(header, record):
    """The lines that the record lacks."""
    recorded = set(recorded_parts(record))
    for kind, name, rest in parts(header):
        if (kind, name) not in recorded:
            fields = ", ".join([f'"{version()}"', *name, *([rest] if rest else [])])
            whole = re.sub(r"(?<!,) ", "\0", f"{kind}({fields})".replace("struct ", ""))
            yield textwrap.fill(whole, 100, subsequent_indent="    ").replace("\0", " ")


def reused_numbers(header):
    """Numbers that two names of one enum have."""
    first = {}
    for kind, name, number in parts(header):
        if kind == "VALUE" and first.setdefault((name[0], number), name[1]) != name[1]:
            yield f"{name[1]} has the number of {first[name[0], number]}\n"


def breaks(header, library):
    """What the header and the library broke of the record, in the words of compiler and linker;
    empty if nothing."""
    with tempfile.TemporaryDirectory() as scratch:
        done = subprocess.run(
            [CC, "-std=c11", "-Wall", "-Wextra", "-Werror", "-I", os.path.dirname(header),
             "-iquote", os.path.dirname(RECORD), "tests/c/abi.c", "-shared", "-fPIC",
             "-Wl,-z,defs", library, "-o", os.path.join(scratch, "abi.so")],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return "".join(reused_numbers(header)) + (done.stdout if done.returncode else "")


def exported(library):
    listed = subprocess.run(["nm", "-D", "--defined-only", library], stdout=subprocess.PIPE,
                            text=True, check=True).stdout
    return {line.split()[-1] for line in listed.splitlines()}


def flaws(header, library):
    """What must be mended before the two keep to the record and the record is complete; empty if
    nothing."""
    broken = breaks(header, library)
    if broken:
        return (f"{broken}This breaks programs that are compiled already. Keep what {RECORD} has, "
                "or begin a new ABI as docs/abi.md says.")
    missing = list(additions(header, read(RECORD)))
    if missing:
        return ("\n".join(missing) + f"\nis not recorded in {RECORD}. If it is complete, and "
                "Cargo.toml has the version that will bring it, `make abi` records it.")
    stray = exported(library) - {name[0] for _, name in recorded_parts(read(RECORD))}
    return f"exported, but not declared in the header: {', '.join(sorted(stray))}" if stray else ""


def main():
    header, library = "include/barker.h", "target/release/libbarker.so"
    if not breaks(header, library):
        old = read(RECORD)
        new = list(additions(header, old))
        write(RECORD, old + "".join(line + "\n" for line in new))
        print(f"{len(new)} added to {RECORD}")
    sys.exit(flaws(header, library) or 0)


if __name__ == "__main__":
    main()
