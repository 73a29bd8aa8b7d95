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
need valgrind valgrind --version
need libc6-dbg valgrind -q true
need strace strace -V
need openssl openssl version
need libmicrohttpd-dev test -e /usr/include/microhttpd.h
need python3 python3 --version
need python3-venv python3 -c 'import ensurepip, venv'
need nodejs node --version
need npm npm --version
need tinyproxy tinyproxy -v
need microsocks sh -c 'command -v microsocks'
need mandoc sh -c 'command -v mandoc'
need man-db man --version
need chromium chromium --version
need nginx-light env "PATH=$PATH:/usr/sbin" nginx -v
need pkg-config pkg-config --version
need cmake cmake --version
need meson meson --version
need debhelper dh --help
need lintian lintian --version
need ruby ruby --version
need ruby-ffi ruby -e 'require "ffi"'
need ruby-rack ruby -e 'require "rack"'
need ruby-minitest ruby -e 'require "minitest"'
need puma ruby -e 'require "puma"'
need unicorn ruby -e 'require "unicorn"'

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

# barker's own setup imports requests, so that must be there first.
python=build/venv/bin/python
if ! $python -c 'import barker' >/dev/null 2>&1; then
    echo 'setup: installing the Python original, barker 0.1, in build/venv'
    python3 -m venv build/venv &&
        $python -m pip install --quiet requests setuptools wheel &&
        $python -m pip install --quiet --no-build-isolation barker==0.1 ||
        lacks 'the Python package barker 0.1'
fi

# Other hands' code, for tests/peers.py.
if ! $python -c 'import standardwebhooks, stripe' >/dev/null 2>&1; then
    echo 'setup: installing the Python packages standardwebhooks and stripe in build/venv'
    $python -m pip install --quiet 'standardwebhooks~=1.1' 'stripe~=16.1' ||
        lacks 'the Python packages standardwebhooks and stripe'
fi
modules=build/node_modules
if ! [ -d $modules/standardwebhooks ] || ! [ -d $modules/@octokit/webhooks-methods ]; then
    echo "setup: installing the npm packages standardwebhooks and @octokit/webhooks-methods in $modules"
    npm install --prefix build --no-audit --no-fund --silent \
        standardwebhooks@1 @octokit/webhooks-methods@6 ||
        lacks 'the npm packages standardwebhooks and @octokit/webhooks-methods'
fi

# The documentation site, and what drives a browser to look at it.
docs/site/setup.sh || lacks 'what the documentation site is made with'
if ! [ -d $modules/playwright-core ]; then
    echo "setup: installing the npm package playwright-core in $modules"
    npm install --prefix build --no-audit --no-fund --silent playwright-core@1 ||
        lacks 'the npm package playwright-core'
fi

[ $missing = 0 ] && touch "$done_mark"
exit $missing
