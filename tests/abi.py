"""Holds the library to the recorded ABI, packaging/abi.h: see docs/abi.md.

    abi.py check DIRECTORY    the header and library there, as `make build` lays them out; and that
                              a header or library that breaks the record would be refused
    abi.py record             adds to the record what include/barker.h has beyond it
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


def check(header, library):
    """Whether both keep to the record, and the record lacks nothing."""
    broken = breaks(header, library)
    if broken:
        print(f"{broken}This breaks programs that are compiled already. Keep what {RECORD} has, or "
              "begin a new ABI as docs/abi.md says.")
        return False
    missing = list(additions(header, read(RECORD)))
    if missing:
        print("\n".join(missing))
        print(f"is not recorded in {RECORD}. If it is complete, and Cargo.toml has the version that "
              "will bring it, `make abi` records it.")
        return False
    stray = exported(library) - {name[0] for _, name in recorded_parts(read(RECORD))}
    if stray:
        print(f"exported, but not declared in the header: {', '.join(sorted(stray))}")
    return not stray


def record(header, library):
    if breaks(header, library):
        return check(header, library)
    old = read(RECORD)
    new = list(additions(header, old))
    write(RECORD, old + "".join(line + "\n" for line in new))
    print(f"{len(new)} added to {RECORD}")
    return check(header, library)


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
ADDITION = (r"const char \*barker_version\(void\);",
            r"\g<0> void barker_new_function(int32_t count);")


def prove(directory):
    """That each break would be seen, and an addition told."""
    header, library = laid_out(directory)
    with tempfile.TemporaryDirectory() as scratch:
        other = os.path.join(scratch, "barker.h")

        def mutate(pattern, replacement):
            text, count = re.subn(pattern, replacement, read(header), count=1, flags=re.DOTALL)
            if count != 1:
                sys.exit(f"the header has no {pattern}")
            write(other, text)

        for pattern, replacement, named in BREAKS:
            mutate(pattern, replacement)
            if named not in breaks(other, library):
                sys.exit(f"not refused: {replacement or 'nothing'} in place of {pattern}")

        mutate(*ADDITION)
        found = list(additions(other, read(RECORD)))
        if found != [f'FUNCTION("{version()}", barker_new_function, void, (int32_t count))']:
            sys.exit(f"an addition was not told: {found}")

        if "barker_verify" not in breaks(header, without("barker_verify", library, scratch)):
            sys.exit("not refused: a library without barker_verify()")
    print(f"{len(BREAKS) + 1} breaks are refused, and an addition is told")
    return True


def without(symbol, library, scratch):
    """A library that exports what this one does but for one symbol."""
    source, other = os.path.join(scratch, "less.c"), os.path.join(scratch, "libless.so")
    write(source, "".join(f"int {name}; " for name in exported(library) - {symbol}))
    subprocess.run([CC, "-shared", "-fPIC", source, "-o", other], check=True)
    return other


def laid_out(directory):
    return os.path.join(directory, "include/barker.h"), os.path.join(directory, "lib/libbarker.so")


def main():
    if sys.argv[1:] == ["record"]:
        done = record("include/barker.h", "target/release/libbarker.so")
    else:
        directory = sys.argv[2]
        done = check(*laid_out(directory)) and prove(directory)
    sys.exit(0 if done else 1)


if __name__ == "__main__":
    main()
