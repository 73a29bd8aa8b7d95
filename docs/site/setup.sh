#!/bin/sh
# Installs what is needed to make the site and is missing, in build/venv and build/node_modules, and
# says so. Exits with 1 if it cannot.
if ! build/venv/bin/python -c 'import material' 2>/dev/null; then
    echo 'docs: installing the Python package mkdocs-material in build/venv'
    python3 -m venv build/venv &&
        build/venv/bin/python -m pip install --quiet 'mkdocs-material~=9.8' ||
        exit 1
fi
if ! [ -d build/node_modules/iframe-worker ]; then
    echo 'docs: installing the npm package iframe-worker in build/node_modules'
    npm install --prefix build --no-audit --no-fund --silent iframe-worker@1 || exit 1
fi
