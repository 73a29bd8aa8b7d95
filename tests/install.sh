#!/bin/bash
# Installs what `make` built into fresh folders, builds the examples with cc, CMake and meson, shared
# and static, has them deliver a webhook, runs what docs/linking.md shows, and uninstalls.
set -e -o pipefail
cd "$(dirname "$0")/.."
out=$PWD/build/tests/install
prefix="$out/a prefix"
examples="$prefix/share/doc/barker/examples"
c_flags='-std=c99 -Wall -Wextra -Wpedantic -Werror'
rm -rf "$out"
mkdir -p "$out"

die() {
    echo "$1" >&2
    exit 1
}

refused() { # MESSAGE COMMAND...: the command fails and says so
    if "${@:2}" >"$out/said" 2>&1; then
        die "not refused: ${*:2}"
    fi
    grep -F "$1" "$out/said" || { cat "$out/said"; die "does not say: $1"; }
}

# As root has it under sudo: without Rust, and whatever is installed was built before.
mkdir "$out/no-rust"
for program in cargo rustc; do
    printf '#!/bin/sh\necho "%s was run" >&2\nexit 1\n' $program >"$out/no-rust/$program"
    chmod +x "$out/no-rust/$program"
done
make_as_root() { PATH="$out/no-rust:$PATH" make --no-print-directory "$@"; }

needs() { # PROGRAM: the shared libraries
    readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'
}

deliver() { # DIRECTORY shared|static|alone: with the send and receive there
    for program in "$examples"/*.c; do
        program=$1/$(basename "$program" .c)
        test -x "$program" || die "no $program: CMakeLists.txt and meson.build name all examples"
    done
    case $2:$(needs "$1/send" | tr '\n' ' ') in
    shared:*libbarker.so.0*libc.so* | alone:) ;;
    static:*libbarker* | alone:*) die "$1/send is not linked statically" ;;
    static:*libc.so*) ;;
    *) die "$1/send is not linked with the shared library" ;;
    esac
    : >"$1/received"
    timeout 20 "$1/receive" --key secret --count 1 >"$1/received" &
    for _ in {1..100}; do
        url=$(sed -n 's/^listening on //p' "$1/received")
        [ -z "$url" ] || break
        sleep 0.1
    done
    "$1/send" "$url" --key secret 'at home in every build'
    wait $!
    grep -qx '22 bytes: valid' "$1/received"
    echo "delivered by $1"
}

# ---- installing ----

make_as_root install PREFIX="$out/elsewhere"
mv "$out/elsewhere" "$prefix" # what is installed can be moved
export PKG_CONFIG_PATH="$prefix/lib/pkgconfig"
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml)
[ "$(pkg-config --modversion barker)" = "$version" ]
[ "$(readlink "$prefix/lib/libbarker.so.${version%%.*}")" = "libbarker.so.$version" ]
[ "$(readlink -f "$prefix/lib/libbarker.so")" = "$prefix/lib/libbarker.so.$version" ]

# ---- cc and pkg-config ----

build_with_cc() { # DIRECTORY FLAGS...: pkg-config quotes what has a space
    mkdir "$1"
    for source in "$examples"/*.c; do
        eval "cc $c_flags \"\$source\" ${*:2} -o \"\$1\"/$(basename "$source" .c)"
    done
}
build_with_cc "$out/cc" "$(pkg-config --cflags --libs barker)"
LD_LIBRARY_PATH="$prefix/lib" deliver "$out/cc" shared
build_with_cc "$out/cc-static" \
    "$(pkg-config --static --cflags --libs barker | sed 's/-lbarker/-l:libbarker.a/')"
deliver "$out/cc-static" static
build_with_cc "$out/cc-all-static" -static "$(pkg-config --static --cflags --libs barker)"
deliver "$out/cc-all-static" alone

# ---- CMake ----

export CMAKE_PREFIX_PATH="$prefix" CFLAGS="$c_flags" CXXFLAGS='-std=c++11 -Wall -Wextra -Werror'
for kind in shared static; do
    cmake -S "$examples" -B "$out/cmake-$kind" -DSTATIC="$([ $kind = shared ] || echo ON)"
    cmake --build "$out/cmake-$kind"
    deliver "$out/cmake-$kind" $kind
done

mkdir "$out/c++"
cat >"$out/c++/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.13)
project(headers CXX)
find_package(barker REQUIRED)
foreach(library barker barker_static)
    add_executable(with_${library} headers.cpp)
    target_link_libraries(with_${library} PRIVATE barker::${library})
endforeach()
END
for header in "$prefix"/include/*; do
    echo "#include <${header##*/}>"
done >"$out/c++/headers.cpp"
echo 'int main() { return barker_version()[0] != BARKER_VERSION[0]; }' >>"$out/c++/headers.cpp"
cmake -S "$out/c++" -B "$out/c++/build"
cmake --build "$out/c++/build"
"$out/c++/build/with_barker"
"$out/c++/build/with_barker_static"

# ---- meson ----

for kind in shared static; do
    meson setup "$out/meson-$kind" "$examples" \
        -Dprefer_static="$([ $kind = static ] && echo true || echo false)"
    meson compile -C "$out/meson-$kind"
    deliver "$out/meson-$kind" $kind
done

# ---- as documented ----

documented() { # LANGUAGE: the code in docs/linking.md
    sed -n "/^\`\`\`$1\$/,/^\`\`\`\$/{/^\`\`\`/d; p}" docs/linking.md
}
mkdir "$out/documented"
cp examples-c/verify.c "$out/documented/program.c"
documented cmake >"$out/documented/CMakeLists.txt"
documented meson >"$out/documented/meson.build"
documented sh | grep '^cc ' >"$out/documented/cc.sh"
[ "$(wc -l <"$out/documented/cc.sh")" = 5 ]
ln -s "$PWD/build" "$out/documented" # as in the source tree
ln -s "$prefix" "$out/prefix" # the commands quote nothing
(
    cd "$out/documented"
    cmake -B cmake
    cmake --build cmake
    meson setup meson
    meson compile -C meson
    PKG_CONFIG_PATH="$out/prefix/lib/pkgconfig" sh -ex cc.sh
)

# ---- the wrong version ----

refused "'barker >= 99'" pkg-config --print-errors 'barker >= 99'

mkdir "$out/versions"
cat >"$out/versions/CMakeLists.txt" <<END
cmake_minimum_required(VERSION 3.19)
project(versions NONE)
foreach(wanted "" 0 0.0.9 0.1 $version "$version;EXACT" 0.1...0.99 0.1...1.0 0.1...<1.0)
    find_package(barker \${wanted} REQUIRED)
endforeach()
foreach(wanted 0.99 1 1.0 0.0.9...<$version 0.0.1...0.0.9 "0.0.9;EXACT")
    find_package(barker \${wanted} QUIET)
    if(barker_FOUND)
        message(FATAL_ERROR "\${wanted} is not refused")
    endif()
endforeach()
find_package(barker 99 REQUIRED)
END
refused 'requested version "99"' cmake -S "$out/versions" -B "$out/versions/build"

mkdir "$out/version"
printf '%s\n' "project('wrong', 'c')" "dependency('barker', version: '>=99')" \
    >"$out/version/meson.build"
refused "found $version but need: '>=99'" meson setup "$out/version/build" "$out/version"

# ---- uninstalling ----

touch "$prefix/include/another.h"
make_as_root uninstall PREFIX="$prefix"
(cd "$prefix" && find . -mindepth 1) | sort | diff - <(printf '%s\n' ./include ./include/another.h)

stage="$out/stage"
gnu=(DESTDIR="$stage" PREFIX=/usr LIBDIR=/usr/lib/some-linux-gnu INCLUDEDIR=/usr/include/barker
    MANDIR=/usr/man DOCDIR=/usr/doc)
make_as_root install "${gnu[@]}"
export PKG_CONFIG_PATH="$stage/usr/lib/some-linux-gnu/pkgconfig"
[ "$(pkg-config --variable=prefix barker)" = /usr ]
export PKG_CONFIG_SYSROOT_DIR="$stage"
examples="$stage/usr/doc/examples"
build_with_cc "$out/cc-stage" "$(pkg-config --cflags --libs barker)"
LD_LIBRARY_PATH="$stage/usr/lib/some-linux-gnu" "$out/cc-stage/verify" \
    --tolerance 0 1566234234.123456 db1541f495c52e2985cd5744441db766 hello
make_as_root uninstall "${gnu[@]}"
[ -z "$(find "$stage" ! -type d)" ]
