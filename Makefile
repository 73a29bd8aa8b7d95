# The front door: make (build), make demo, make test, make fuzz, make bench, make clean.

CC ?= cc
OUT := build/demo
BENCH := build/bench
BENCHES := $(patsubst benches/%.c,$(BENCH)/%,$(wildcard benches/*.c))
EXAMPLES := $(patsubst examples-c/%.c,$(OUT)/bin/%,$(wildcard examples-c/*.c))
CARGO_LIBS := target/release/libbarker.so target/release/libbarker.a

.PHONY: build demo test wheel fuzz bench bench-setup clean cargo

# Header, libraries and example programs, laid out as if installed, in build/demo.
build: $(EXAMPLES)

demo: build
	@bash tests/demo.sh

test: build
	@bash tests/run.sh

# The package for Python, with the library in it, in build/python.
wheel: build
	@bindings/python/wheel.sh $(OUT)/lib/libbarker.so.0 build/python

# Ten minutes for each target; `make fuzz SECONDS=30` for a first look.
fuzz:
	@bash tests/fuzz.sh $(SECONDS)

# About four minutes; `make bench QUICK=1` for a first look.
bench: $(BENCHES) $(BENCH)/deliver-ureq
	@python3 benches/run.py $(if $(QUICK),quick)

bench-setup:
	@mkdir -p $(BENCH)
	@benches/setup.sh

clean:
	rm -rf build target

# Cargo knows best what is out of date. The header as it came is kept once, to show any drift.
cargo:
	@test -f build/shipped.h || install -D -m 644 include/barker.h build/shipped.h
	@echo 'building the library'
	@cargo rustc --release --locked --quiet --lib --crate-type cdylib,staticlib --target-dir target

$(CARGO_LIBS) include/barker.h: cargo ;

$(OUT)/lib/libbarker.so: $(CARGO_LIBS) include/barker.h
	@mkdir -p $(OUT)/include $(OUT)/lib $(OUT)/bin
	@cp include/barker.h $(OUT)/include/
	@cp target/release/libbarker.a $(OUT)/lib/
	@cp target/release/libbarker.so $(OUT)/lib/libbarker.so.0
	@ln -sf libbarker.so.0 $@

$(OUT)/bin/%: examples-c/%.c $(OUT)/lib/libbarker.so
	@echo 'compiling $<'
	@$(CC) -std=c99 -O2 -Wall -Wextra -Wpedantic -Werror -I$(OUT)/include $< \
	    -L$(OUT)/lib -lbarker '-Wl,-rpath,$$ORIGIN/../lib' -o $@

$(BENCH)/%: benches/%.c benches/bench.h $(OUT)/lib/libbarker.so | bench-setup
	@echo 'compiling $<'
	@$(CC) -std=c11 -O2 -Wall -Wextra -Wpedantic -Werror -I$(OUT)/include $< -L$(OUT)/lib \
	    -Wl,--as-needed -lbarker -lcurl -lcrypto '-Wl,-rpath,$$ORIGIN/../demo/lib' -o $@

$(BENCH)/deliver-ureq: benches/ureq/src/main.rs benches/ureq/Cargo.toml benches/ureq/Cargo.lock | bench-setup
	@echo 'building $@'
	@cargo build --release --locked --quiet --manifest-path benches/ureq/Cargo.toml \
	    --target-dir target/ureq
	@cp target/ureq/release/deliver-ureq $@
