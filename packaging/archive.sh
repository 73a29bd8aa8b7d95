#!/bin/sh
# Makes libbarker.a of the archive that Rust made: one object that exports what the shared library
# exports. All else is kept inside, where it meets no other library that is written in Rust.
#
#   archive.sh DIRECTORY ARCHIVE    where libbarker.so and libbarker.a of Rust are, and the new one
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
