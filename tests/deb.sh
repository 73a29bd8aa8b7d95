#!/bin/bash
# Makes the Debian packages, lets lintian judge them, installs them into a folder, builds an example
# against them and removes them again.
set -e -o pipefail
cd "$(dirname "$0")/.."
root=$PWD/build/tests/deb
rm -rf "$root"
mkdir -p "$root"

packaging/deb.sh
packages=(build/deb/libbarker0_*.deb build/deb/libbarker-dev_*.deb)
lintian --allow-root --fail-on error,warning "${packages[@]}"

# dpkg itself where there is root for it; libc6 and the like are not in this folder.
as_dpkg() {
    dpkg --root="$root" --log=/dev/null --force-depends "$@"
}
if [ "$(id -u)" = 0 ]; then
    mkdir -p "$root"/var/lib/dpkg/{info,updates}
    touch "$root"/var/lib/dpkg/{available,status}
    as_dpkg --install "${packages[@]}"
else
    for package in "${packages[@]}"; do
        dpkg --extract "$package" "$root"
    done
fi
dpkg --info build/deb/libbarker0_*.deb triggers | grep -x 'activate-noawait ldconfig'

libdir=/usr/lib/$(cc -print-multiarch)
export PKG_CONFIG_LIBDIR=$root$libdir/pkgconfig PKG_CONFIG_SYSROOT_DIR=$root
cc -std=c99 "$root/usr/share/doc/libbarker-dev/examples/verify.c" \
    $(pkg-config --cflags --libs barker) -o "$root/verify"
readelf -d "$root/verify" | grep -F '[libbarker.so.0]'
LD_LIBRARY_PATH=$root$libdir "$root/verify" --tolerance 0 \
    1566234234.123456 db1541f495c52e2985cd5744441db766 hello

if [ "$(id -u)" = 0 ]; then
    as_dpkg --purge libbarker-dev libbarker0
    [ ! -e "$root/usr" ]
fi
