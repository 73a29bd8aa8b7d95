#!/bin/bash
# Makes the Debian packages libbarker0 and libbarker-dev in build/deb, from the results of `make`.
set -e -o pipefail
cd "$(dirname "$0")/.."
source=$PWD
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml)
licenses='Apache-2.0 MIT ISC BSD-3-Clause Unicode-3.0' # in packaging/debian/copyright.in

crates() { # the crates in the library, with licence and copyright
    cargo tree --locked -e normal,no-proc-macro --prefix none --format '{p}|{l}' |
        sed -n 's/^\([^ ]*\) v\([^ |]*\)[^|]*|\(.*\)/\1-\2 \3/p' | sed 's/ (\*)$//' | sort -u |
        while read -r crate license; do
            [ "$crate" != "barker-$version" ] || continue
            for name in ${license//[()]/ }; do
                case " $licenses OR AND " in
                *" $name "*) ;;
                *)
                    echo "$crate is under $name: packaging/debian/copyright.in lacks it" >&2
                    exit 1
                    ;;
                esac
            done
            printf '\n%s: %s\n' "$crate" "$license"
            cat "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*/"$crate"/LICENSE* |
                sed -n 's/^[/ ]*\(Copyright .*[0-9]\{4\}.*\)/    \1/p' | sort -u
        done
}

rm -rf build/deb
mkdir -p build/deb
cp -r packaging/debian build/deb/
cd build/deb

# Each symbol with the version that added it, from the record of the ABI.
{
    echo "libbarker.so.${version%%.*} libbarker0 #MINVER#"
    echo '* Build-Depends-Package: libbarker-dev'
    sed -n 's/^FUNCTION("\([^"]*\)", \(\w*\),.*/ \2@Base \1/p' "$source/packaging/abi.h" |
        LC_ALL=C sort
} >debian/libbarker0.symbols

(cd "$source" && crates) >crates
sed -e '/@crates@/{r crates' -e 'd}' debian/copyright.in >debian/copyright

cat >debian/changelog <<END
barker ($version) unstable; urgency=medium

  * See changelog.gz beside this file.

 -- $(sed -n 's/^Maintainer: //p' debian/control)  $(date -R -r "$source/CHANGELOG.md")
END

export MAKEFLAGS='' DEB_RULES_REQUIRES_ROOT=no SOURCE=$source
debian/rules binary >log 2>&1 || { cat log; exit 1; }
ls "$PWD"/*.deb
