#!/bin/sh
# Installs what the benchmarks need and this machine lacks, and says so: Debian packages, and the
# Python original in build/venv. Exits with 1 if it cannot.
packages=
need() { # PACKAGE COMMAND...: the package is needed unless the command succeeds
    package=$1
    shift
    "$@" >/dev/null 2>&1 || packages="$packages $package"
}
need libcurl4-openssl-dev sh -c 'curl-config --configure | grep -q with-openssl && curl-config --ca'
need libssl-dev sh -c 'echo "#include <openssl/evp.h>" | ${CC:-cc} -E -x c -'
need nginx-light env "PATH=$PATH:/usr/sbin" nginx -v
need openssl openssl version
need valgrind valgrind --version
need strace strace -V
need binutils readelf --version
need python3 python3 --version
need python3-venv python3 -c 'import ensurepip, venv'
need golang-go go version
need ruby ruby --version
need ruby-ffi ruby -r ffi -e ''

[ -n "$packages" ] || exec tests/original.sh
echo "bench: installing the system packages$packages"
as_root=
[ "$(id -u)" = 0 ] || as_root='sudo -n'
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086 # a list of words
if ! { $as_root apt-get -qq update &&
    $as_root apt-get -qq install -y --no-install-recommends $packages; } >build/bench/setup.log 2>&1
then
    cat build/bench/setup.log
    echo "bench: cannot have the system packages$packages"
    exit 1
fi
exec tests/original.sh
