# The front door: make (build), make demo, make test, make fuzz, make clean.

CC ?= cc
OUT := build/demo
EXAMPLES := $(patsubst examples-c/%.c,$(OUT)/bin/%,$(wildcard examples-c/*.c))
CARGO_LIBS := target/release/libbarker.so target/release/libbarker.a

.PHONY: build demo test fuzz clean cargo

# Header, libraries and example programs, laid out as if installed, in build/demo.
build: $(EXAMPLES)

demo: build
	@bash tests/demo.sh

test: build
	@bash tests/run.sh

# Ten minutes for each target; `make fuzz SECONDS=30` for a first look.
fuzz:
	@bash tests/fuzz.sh $(SECONDS)

clean:
	rm -rf build target

# Cargo knows best what is out of date. The header as it came is kept once, to show any drift.
cargo:
	@test -f build/shipped.h || install -D -m 644 include/barker.h build/shipped.h
	@echo 'building the library'
	@cargo build --release --locked --quiet --target-dir target

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
