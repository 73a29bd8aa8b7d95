#!/bin/sh
# Makes libbarker.a from the archive that Rust made: a single object that exports what the shared
# library exports. Everything else is local, so it cannot clash with other libraries written in Rust.
#
#   archive.sh DIRECTORY ARCHIVE    the directory with Rust's libbarker.so and libbarker.a; the result
set -e
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
nm -D --defined-only "$1/libbarker.so" | sed 's/.* //' >"$scratch/exported"
ld -r -S --force-group-allocation $(sed 's/^/-u /' "$scratch/exported") "$1/libbarker.a" \
    -o "$scratch/all.o"
objcopy -R .llvmbc -R .llvmcmd "--keep-global-symbols=$scratch/exported" "$scratch/all.o" \
    "$scratch/barker.o"
rm -f "$2"
ar rcs "$2" "$scratch/barker.o"
