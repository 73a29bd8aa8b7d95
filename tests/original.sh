#!/bin/sh
# Installs the Python original, PyPI's barker 0.1, in build/venv, unless it is there.
cd "$(dirname "$0")/.." || exit 1
python=build/venv/bin/python
$python -c 'import barker' >/dev/null 2>&1 && exit
echo 'setup: installing the Python original, barker 0.1, in build/venv'
# Its own setup imports requests, so that must be there first.
python3 -m venv build/venv &&
    $python -m pip install --quiet requests setuptools wheel &&
    $python -m pip install --quiet --no-build-isolation barker==0.1
