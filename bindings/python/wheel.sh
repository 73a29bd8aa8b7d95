#!/bin/sh
# Makes a wheel that carries the C library.
#
#   wheel.sh LIBRARY DIRECTORY [PYTHON]    libbarker.so.0, where the wheel goes, whose pip makes it
set -e
library=$(realpath "$1") directory=$(realpath -m "$2") python=${3:-python3}
case $python in */*) python=$(realpath -s "$python") ;; esac
cd "$(dirname "$0")"
staged=$(mktemp -d)
trap 'rm -rf "$staged"' EXIT
cp -R pyproject.toml setup.py README.md src ../../LICENSE-MIT ../../LICENSE-APACHE "$staged"
find "$staged" -name __pycache__ -exec rm -rf {} +
cp "$library" "$staged/src/barker/libbarker.so.0"
"$python" -m pip wheel --quiet --no-deps --wheel-dir "$directory" "$staged"
