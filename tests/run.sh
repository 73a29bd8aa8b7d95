#!/bin/bash
# Runs every test against the real library, which `make test` builds first. Prints one line a step,
# with the seconds that it took, the log of each that fails, and the count at the end.
cd "$(dirname "$0")/.." || exit 1
export CARGO_TERM_COLOR=never CARGO_TARGET_DIR=target

layout=build/demo # what `make build` made
out=build/tests
log=$out/log
python=build/venv/bin/python
host=$(rustc -vV | sed -n 's/^host: //p')
static_libs=$(sed -n 's/^Libs.private: //p' $layout/lib/pkgconfig/barker.pc)
c_flags='-std=c11 -g -Wall -Wextra -Wpedantic -Werror'
memcheck=(valgrind -q --error-exitcode=99 --leak-check=full
    --errors-for-leak-kinds=definite,indirect,possible
    --show-leak-kinds=definite,indirect,possible "--suppressions=$PWD/tests/valgrind.supp")
# Memcheck cannot follow which bits the hand-written assembly of the ciphers defines.
memcheck_tls=("${memcheck[@]}" --undef-value-errors=no)

# ---- the steps: each stops at its first failing command ----

declared() { # the functions that the header declares
    cc -E include/barker.h | grep -o '\bbarker_\w*(' | tr -d '(' | sort -u
}

committed_header() {
    git show :./include/barker.h 2>/dev/null || cat build/shipped.h
}

header_is_current() {
    rm -rf build/drift
    mkdir -p build/drift
    tar --exclude=./build --exclude=./target --exclude=./.git -cf - . | tar -xf - -C build/drift
    rm build/drift/include/barker.h
    cargo check --quiet --locked --manifest-path build/drift/Cargo.toml
    diff -u include/barker.h build/drift/include/barker.h
    committed_header | diff -u - build/drift/include/barker.h
    ! grep '#define' include/barker.h | grep -v '#define BARKER_' # a constant of some module
}

header_compiles() { # COMPILER LANGUAGE STANDARD...
    compiler=$1 language=$2
    shift 2
    for standard in "$@"; do
        echo "$compiler -std=$standard"
        $compiler -x "$language" -std="$standard" -Wall -Wextra -Wpedantic -Werror -fsyntax-only \
            include/barker.h
    done
}

examples_compile() { # COMPILER
    for example in examples-c/*.c; do
        $1 -std=c99 -O2 -Wall -Wextra -Wpedantic -Werror -I$layout/include "$example" \
            -L$layout/lib -lbarker -o $out/example
    done
}

exports() { # exactly what the header declares, under the soname
    declared >$out/declared
    test -s $out/declared
    nm -D --defined-only $layout/lib/libbarker.so.0 | awk '{print $NF}' | sort >$out/exported
    diff $out/declared $out/exported
    nm -g --defined-only $layout/lib/libbarker.a | awk 'NF == 3 {print $3}' | sort >$out/exported
    diff $out/declared $out/exported
    readelf -d $layout/lib/libbarker.so.0 | grep -F 'soname: [libbarker.so.0]'
}

is_small() { # the shared library, stripped as `make build` leaves it
    size=$(stat -L -c %s $layout/lib/libbarker.so)
    echo "$size bytes"
    test "$size" -le 2200000
}

every_function_is_abused() {
    declared >$out/declared
    test -s $out/declared
    for function in $(<$out/declared); do
        grep -qw "$function" tests/c/abuse.c || { echo "$function is not"; return 1; }
    done
}

# Its functions are called by barker.hpp, and each of its constants has one there.
cpp_has_all_of_c() {
    declared >$out/declared
    grep -o '\bBARKER_[A-Z0-9_]* = -\?[0-9]' include/barker.h | cut -d ' ' -f 1 >$out/constants
    test -s $out/declared -a -s $out/constants
    missing=0
    for function in $(<$out/declared); do
        grep -q "\b$function(" include/barker.hpp || { echo "$function() is not called"; missing=1; }
    done
    for constant in $(<$out/constants); do
        grep -q "= $constant,$" include/barker.hpp || { echo "$constant has no other"; missing=1; }
    done
    return $missing
}

# The compiler adds -lgcc_s and -lc by itself.
static_libs_suffice() {
    cargo rustc --quiet --locked --all-features --lib --crate-type staticlib -- \
        --print native-static-libs 2>&1 | tee $out/native
    wanted=$(sed -n 's/.*native-static-libs: //p' $out/native)
    test -n "$wanted"
    for library in $wanted; do
        case " $static_libs -lgcc_s -lc " in
        *" $library "*) ;;
        *) echo "$library is missing"; return 1 ;;
        esac
    done
}

run_neighbour() { # the static library and another in Rust, whichever the linker meets first
    rustc --edition 2024 -O -D warnings --crate-type staticlib tests/c/neighbour.rs \
        -o $out/libneighbour.a
    neighbours="$layout/lib/libbarker.a $out/libneighbour.a $layout/lib/libbarker.a"
    for libraries in "${neighbours% *}" "${neighbours#* }"; do
        cc $c_flags -I$layout/include tests/c/neighbour.c $libraries $static_libs -o $out/neighbour
        $out/neighbour
    done
}

compile() { # TEST VARIANT: makes $out/VARIANT/TEST
    mkdir -p $out/"$2"
    program="$c_flags -I$layout/include tests/c/$1.c -o $out/$2/$1"
    case $2 in
    shared) cc $program -L$layout/lib -lbarker -lpthread -Wl,-rpath,"$PWD/$layout/lib" ;;
    static) cc $program $layout/lib/libbarker.a $static_libs ;;
    sanitized) cc $program -fsanitize=address,undefined -fno-sanitize-recover=all \
        $layout/lib/libbarker.a $static_libs ;;
    fault-static) cc $program $out/fault/libbarker.a $static_libs ;;
    checked | fault) cc $program -L$out/"$2" -lbarker -lpthread -Wl,-rpath,"$PWD/$out/$2" ;;
    esac
}

run_c() { # TEST VARIANT [COMMAND...]: compiles it and runs it under the command
    compile "$1" "$2"
    "${@:3}" $out/"$2"/"$1"
}

run_sender() { # SCRIPT VARIANT [COMMAND...]
    compile sender "$2"
    $python "tests/$1.py" "${@:3}" $out/"$2"/sender
}

run_unload() { # LIBRARY-DIRECTORY [COMMAND...]: without the C library's own stock of freed memory
    cc $c_flags -I$layout/include tests/c/unload.c -o $out/unload -rdynamic -lpthread -ldl
    GLIBC_TUNABLES=glibc.malloc.tcache_count=0 "${@:2}" $out/unload "$PWD/$1/libbarker.so.0"
}

run_warm() {
    compile warm shared
    $python tests/warm.py $out/shared/warm
}

run_embedded() {
    compile fork shared
    compile forks shared
    compile stack shared
    $python tests/embedded.py $out/shared
}

rust_libraries=$(rustc --print sysroot)/lib/rustlib/$host/lib

std_symbol() { # ENDING: the name of the one function of Rust's standard library that ends so
    readelf -sW "$rust_libraries"/libstd-*.rlib 2>/dev/null |
        awk '$4 == "FUNC" && $7 != "UND" { print $8 }' | grep "std3sys4sync.*$1\$" | sort -u
}

# The library and some programs with ThreadSanitizer. The runtime is Rust's own; its standard library
# comes without instrumentation, so that tests/c/tsan.c has to stand in for some of its functions.
run_thread_sanitized() {
    mkdir -p $out/tsan
    lock=$(std_symbol 5Mutex14lock_contended)
    wait=$(std_symbol 7Condvar4wait)
    wait_timeout=$(std_symbol 7Condvar12wait_timeout)
    cc $c_flags -fPIC -DLOCK_CONTENDED="$lock" -DWAIT="$wait" -DWAIT_TIMEOUT="$wait_timeout" \
        -c tests/c/tsan.c -o $out/tsan/tsan.o
    RUSTC_BOOTSTRAP=1 RUSTFLAGS='-Zsanitizer=thread -Cunsafe-allow-abi-mismatch=sanitizer' \
        cargo rustc --quiet --locked --lib --crate-type cdylib --profile checked --target "$host" -- \
        -Clink-arg="$PWD/$out/tsan/tsan.o" -Clink-arg="-Wl,--wrap=$lock,--wrap=$wait" \
        -Clink-arg="-Wl,--wrap=$wait_timeout"
    cp target/"$host"/checked/libbarker.so $out/tsan/libbarker.so.0
    ln -sf libbarker.so.0 $out/tsan/libbarker.so
    for test in threads stop turns lookups; do
        cc $c_flags -I$layout/include -fsanitize=thread -c tests/c/$test.c -o $out/tsan/$test.o
        cc -rdynamic $out/tsan/$test.o -o $out/tsan/$test -L$out/tsan -lbarker \
            -Wl,--whole-archive "$rust_libraries"/librustc-*_rt.tsan.a -Wl,--no-whole-archive \
            -Wl,-rpath,"$PWD/$out/tsan" -lpthread -lm -ldl
        TSAN_OPTIONS="suppressions=$PWD/tests/tsan.supp" $out/tsan/$test
    done
}

run_behaviours() { # VARIANT COMMAND...
    compile behave "$1"
    $python tests/misbehave.py "${@:2}" $out/"$1"/behave
}

man_pages() { # as generated from the header, and well written
    python3 tools/man.py --check
    mandoc -T lint -W style $(grep -L '^\.so' man/*.3)
    mkdir -p $out/man
    rm -rf $out/man/man3
    cp -r man $out/man/man3
    MANPATH=$PWD/$out/man man barker_webhook_send | grep -F 'BARKER-SENDING(3)'
}

site() { # built without a warning, all links alive
    make --no-print-directory docs
    python3 tests/site.py
}

build_for() { # VARIANT PROFILE-DIRECTORY CARGO-ARGUMENTS...: a library of its own, in $out/VARIANT
    cargo build --quiet --locked --lib "${@:3}"
    mkdir -p $out/"$1"
    cp target/"$2"/libbarker.so $out/"$1"/libbarker.so.0
    ln -sf libbarker.so.0 $out/"$1"/libbarker.so
    packaging/archive.sh target/"$2" $out/"$1"/libbarker.a
}

python_checked() {
    $python -m ruff check bindings/python benches/bindings/python.py
    MYPYPATH=bindings/python/src $python -m mypy --config-file bindings/python/pyproject.toml \
        --cache-dir $out/mypy bindings/python/src
}

python_tests() {
    BARKER_LIBRARY=$PWD/$layout/lib/libbarker.so.0 PYTHONPATH=$PWD/bindings/python/src \
        PYTHONDONTWRITEBYTECODE=1 $python -W error -m unittest discover -s bindings/python/tests
}

# ---- running them ----

passed=0 failed=0
count() { # NAME STATUS SECONDS
    if [ "$2" = 0 ]; then
        passed=$((passed + 1))
        echo "ok   $1 ($3 s)"
    else
        failed=$((failed + 1))
        echo "FAIL $1 ($3 s)"
    fi
}

step() { # NAME COMMAND...
    began=$SECONDS
    (set -e -o pipefail; "${@:2}") >$log 2>&1 </dev/null
    status=$?
    count "$1" $status $((SECONDS - began))
    [ $status = 0 ] || tail -n 60 $log | sed 's/^/     /'
}

mkdir -p $out
tests/setup.sh
count setup $? $SECONDS

step 'Rust: formatting' cargo fmt --check
step 'Rust: clippy' cargo clippy --quiet --locked --all-targets --all-features -- -D warnings
step 'Rust: unit tests' cargo test --quiet --locked --all-features

step 'header: as generated from the sources' header_is_current
step 'header: C with gcc' header_compiles gcc c c99 c11 c17 c2x
step 'header: C with clang' header_compiles clang c c99 c11 c17 c2x
step 'header: C++ with g++' header_compiles g++ c++ c++11 c++17 c++20
step 'header: C++ with clang++' header_compiles clang++ c++ c++11 c++17 c++20
step 'examples: C99 with gcc' examples_compile gcc
step 'examples: C99 with clang' examples_compile clang
step 'library: exports what the header declares' exports
step 'library: at most 2.2 MB' is_small
step 'library: flags for linking statically' static_libs_suffice
step 'library: static, beside another one in Rust' run_neighbour
step 'tests: abuse.c calls every function' every_function_is_abused

step 'build: with symbols and overflow checks' build_for checked checked --profile checked
step 'build: with fault injection' build_for fault debug --all-features
for test in handle abuse verify schemes wire batch policy redirect log inputs retry; do
    step "C: $test, shared library" run_c $test shared
    step "C: $test, static library" run_c $test static
    step "C: $test, address and undefined-behaviour sanitizers" run_c $test sanitized
    step "C: $test, memcheck" run_c $test checked "${memcheck[@]}"
done
step 'C: panic' run_c panic fault
step 'C: panic, static library' run_c panic fault-static
step 'C: panic, memcheck' run_c panic fault "${memcheck[@]}"
for script in tls proxies; do
    step "sending by $script.py, shared library" run_sender $script shared
    step "sending by $script.py, some, static library" run_sender $script static --some
    step "sending by $script.py, some, address and undefined-behaviour sanitizers" \
        run_sender $script sanitized --some
    step "sending by $script.py, some, memcheck" \
        run_sender $script checked --some "${memcheck_tls[@]}"
done
# With the system's allocator alone: the others keep what is freed in places of their own.
step 'C: wiped, shared library' run_c wiped shared
step 'C: wiped, static library' run_c wiped static
step 'misbehaving receivers, shared library' run_behaviours shared --memory
step 'misbehaving receivers, static library' run_behaviours static --memory
step 'misbehaving receivers, address and undefined-behaviour sanitizers' run_behaviours sanitized
step 'misbehaving receivers, memcheck' run_behaviours checked "${memcheck_tls[@]}"

for test in deadline turns scarce stop reuse lookups threads signals; do
    step "C: $test, shared library" run_c $test shared
done
for test in deadline turns scarce stop reuse lookups threads; do
    step "C: $test, memcheck" run_c $test checked "${memcheck[@]}"
done
step 'C: threads, stop, turns and lookups, ThreadSanitizer' run_thread_sanitized
step 'C: clock, shared library' run_c clock shared
step 'C: unload' run_unload $layout/lib
step 'C: unload, memcheck' run_unload $out/checked "${memcheck[@]}"
step 'C: system calls and memory of a delivery' run_warm
step 'C: fork and small stacks, plain and over TLS' run_embedded

step 'interoperates with the Python original' $python tests/interop.py $layout
step 'interoperates with packages of PyPI and npm' $python tests/peers.py $layout
step 'behind nginx' $python tests/nginx.py $layout
step 'C++: barker.hpp has all of barker.h' cpp_has_all_of_c
for compiler in g++ clang++; do
    step "C++: every standard with $compiler" $python tests/cpp.py $layout/lib $compiler
done
step 'C++: address and undefined-behaviour sanitizers' \
    $python tests/cpp.py $layout/lib g++ --sanitized
step 'C++: memcheck' $python tests/cpp.py $out/checked g++ "${memcheck_tls[@]}"
for example in fanout mtls standard_webhooks select_loop_receiver; do
    step "examples: $example among its peers" $python tests/examples.py $layout $example
done
for example in fanout standard_webhooks select_loop_receiver; do
    step "examples: $example, memcheck" \
        $python tests/examples.py $layout $example "${memcheck[@]}"
done
step 'examples: mtls, memcheck' $python tests/examples.py $layout mtls "${memcheck_tls[@]}"

for part in lint test race asan newest programs; do
    step "Go: $part" tests/go.sh $layout $part
done
step 'Ruby: the binding' ruby -w bindings/ruby/test/all.rb $layout
step 'Python: lint and types' python_checked
step 'Python: tests' python_tests
step 'PHP, LuaJIT, Perl and Node.js, as documented' $python tests/ffi.py $layout
step 'every language to every other' $python tests/languages.py $layout

step 'ABI: as recorded' $python tests/abi.py check $layout
step 'installs; cc, CMake and meson find it' bash tests/install.sh
step 'Debian packages' bash tests/deb.sh
step 'documents: man pages' man_pages
step 'documents: site' site
step 'documents: site in a browser' node tests/site.js build/site
step 'documents: code and links' $python tests/docs.py $layout
step 'demo' bash tests/demo.sh

echo "$passed passed, $failed failed"
[ $failed = 0 ]
