#!/bin/bash
# Tests the Go binding: go.sh LAYOUT STEP. Whatever Go makes lies in build/go.
#
#   lint      formatting, vet, and the warnings of both C compilers
#   test      the tests, also with the checks of what pointers C may have
#   race      the tests with the race detector
#   asan      the tests with AddressSanitizer
#   newest    the tests with the newest Go, and its own checks of pointers
#   programs  README.md's commands in a module of its own; the examples, the benchmark
set -e -o pipefail
cd "$(dirname "$0")/.."
layout=$PWD/$1 out=$PWD/build/go
binding=$PWD/bindings/go bench=$PWD/benches/bindings/go
mkdir -p "$out"

export PKG_CONFIG_PATH=$layout/lib/pkgconfig LD_LIBRARY_PATH=$layout/lib
export GOCACHE=$out/cache GOPATH=$out/path GOENV=off GOPROXY=off GOTOOLCHAIN=local GOFLAGS=-mod=mod
export CGO_ENABLED=1

lint() {
    test -z "$(gofmt -l "$binding" "$bench")" || { gofmt -d "$binding" "$bench"; return 1; }
    (cd "$binding" && go vet ./...)
    (cd "$bench" && go vet ./...)
    mkdir -p "$out/cgo"
    cd "$binding"
    # shellcheck disable=SC2046 # flags and files
    go tool cgo -objdir "$out/cgo" -- $(pkg-config --cflags barker) -I. \
        $(go list -f '{{join .CgoFiles " "}}' .)
    for compiler in gcc clang; do
        # shellcheck disable=SC2046
        $compiler -std=c99 -Wall -Wextra -Wpedantic -Werror $(pkg-config --cflags barker) -I. \
            -I"$out/cgo" -c glue.c -o "$out/cgo/glue.o"
        CC=$compiler CGO_CFLAGS='-O2 -g -Wall -Werror' go build .
    done
}

run_tests() { # GO ARGUMENTS...
    (cd "$binding" && "$1" test -count=1 -timeout=300s "${@:2}" .)
}

newest() {
    export GOCACHE=$out/cache-newest GOEXPERIMENT=cgocheck2
    newest_go=$PWD/build/venv/bin/go
    "$newest_go" version
    (cd "$binding" && "$newest_go" vet ./...)
    run_tests "$newest_go"
}

# A program of somebody else's, made as README.md says.
readme() {
    rm -rf "$out/module"
    mkdir -p "$out/module"
    cd "$out/module"
    go mod init example.com/module
    sed -n '/^```sh$/,/^```$/ { /^```/!p }' "$binding/README.md" >commands
    test -s commands
    cat >main.go <<'END'
package main

import "barker.example/barker"

func main() { println(barker.Version()) }
END
    BARKER=$binding/../.. sh -ex commands
    go run .
}

answers() { # EXIT-STATUS COMMAND...: the command exits so
    wanted=$1 status=0
    shift
    "$@" || status=$?
    test $status = "$wanted" || { echo "$* exited with $status"; return 1; }
}

# Go's own receiver and sender, and each of them with the other of C.
examples() {
    (cd "$binding" && go build -o "$out/" ./examples/send ./examples/receive)
    for receive in "$out/receive" "$layout/bin/receive"; do
        mkfifo -m 600 "$out/fifo"
        timeout 60 "$receive" --key key --count 4 >"$out/fifo" &
        receiver=$!
        exec 3<"$out/fifo"
        rm "$out/fifo"
        read -r line <&3
        url=${line#listening on }
        answers 0 timeout 60 "$out/send" "$url" --key key data
        answers 0 timeout 60 "$layout/bin/send" "$url" --key key data
        answers 0 timeout 60 "$out/send" "$url" --key key
        answers 1 timeout 60 "$out/send" "$url" data
        cat <&3 | tee "$out/received"
        wait $receiver
        test "$(grep -c '^[04] bytes: valid$' "$out/received")" = 3
        test "$(grep -c '^4 bytes: the signature does not match$' "$out/received")" = 1
        test "$(grep -c '^BARKER_TIMESTAMP: ' "$out/received")" = 4
        answers 1 timeout 60 "$out/send" "$url" data # nobody is there any more
    done
    answers 2 "$out/send"
    answers 2 "$out/send" --what
    answers 2 "$out/receive" 1 2
}

# In a few sends over the real thing: `make bench` has the many.
benchmark() {
    (cd "$bench" && go build -o "$out/benchmark" .)
    mkfifo -m 600 "$out/fifo"
    timeout 60 "$out/receive" --key BARKER >"$out/fifo" &
    receiver=$!
    exec 3<"$out/fifo"
    rm "$out/fifo"
    read -r line <&3
    cat <&3 >"$out/received" &
    for method in barker native; do
        "$out/benchmark" "${line#listening on }" 10 $method | tee "$out/figures"
        python3 -c 'import json, sys; assert set(json.load(sys.stdin)) == {"wall_us", "cpu_us", "rss_kib"}' \
            <"$out/figures"
    done
    kill $receiver
    test "$(grep -c '^1024 bytes: valid$' "$out/received")" = 120
}

case $2 in
lint) lint ;;
test)
    go version
    run_tests go
    GODEBUG=cgocheck=2 run_tests go -short
    ;;
race) GODEBUG=cgocheck=2 run_tests go -race -short ;;
asan) run_tests go -asan -short ;;
newest) newest ;;
programs)
    (readme)
    (examples)
    benchmark
    ;;
*) exit 2 ;;
esac
