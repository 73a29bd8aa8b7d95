#!/bin/bash
# Runs every fuzz target for so many seconds (600 unless told), as many at once as there are cores.
# New inputs stay in build/fuzz/corpus; the committed corpus is only read.
#
#     fuzz.sh [SECONDS]
set -u
cd "$(dirname "$0")/.." || exit 1
seconds=${1:-600}
out=$PWD/build/fuzz
export CARGO_TERM_COLOR=never PATH="$out/tools/bin:$PATH"
# The sanitizers are open to the nightly compiler alone, unless it is told otherwise.
export RUSTC_BOOTSTRAP=1

if ! cargo fuzz --version >/dev/null 2>&1; then
    echo "fuzz: installing cargo-fuzz in build/fuzz/tools"
    cargo install --quiet --locked --root "$out/tools" cargo-fuzz || exit 1
fi
cargo fuzz build --fuzz-dir fuzz --target-dir "$out/target" || exit 1
programs=$(dirname "$(ls -d "$out"/target/*/release/build)")

fuzz_one() { # TARGET
    corpus=$out/corpus/$1 found=$out/found/$1 log=$out/$1.log
    mkdir -p "$corpus" "$found"
    "$programs/$1" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
        -print_final_stats=1 -artifact_prefix="$found/" "$corpus" "fuzz/corpus/$1" >"$log" 2>&1
    status=$?
    executed=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    if [ $status = 0 ]; then
        echo "ok   $1: ${executed:-?} inputs"
    else
        echo "FAIL $1: see $log and $found"
    fi
    return $status
}
export -f fuzz_one
export out programs seconds
cargo fuzz list --fuzz-dir fuzz | xargs -P "$(nproc)" -I{} bash -c 'fuzz_one {}'
