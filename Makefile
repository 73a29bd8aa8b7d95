# The front door: make (build), make demo, make test, make check, make fuzz, make bench, make clean;
# make install, make uninstall, make deb, make wheel, make docs; make abi, make man, make tables;
# make advisories.

CC ?= cc
OUT := build/demo
BENCH := build/bench
BENCHES := $(patsubst benches/%.c,$(BENCH)/%,$(wildcard benches/*.c))
# Half of the tests' time is waiting, so there are more workers than processors.
WORKERS = $(shell expr 2 \* $$(nproc) + 1)
PYTEST = tests/setup.sh; build/venv/bin/python -m pytest tests -n $(WORKERS) --dist loadgroup \
    --durations=10
EXAMPLES := $(patsubst examples-c/%.c,$(OUT)/bin/%,$(wildcard examples-c/*.c))
ifneq ($(shell uname),Linux) # which alone has epoll
EXAMPLES := $(filter-out %/epoll_sender,$(EXAMPLES))
endif

.PHONY: build demo test check wheel fuzz bench bench-bindings bench-setup clean cargo deb docs abi man \
    tables advisories

# Header, libraries and example programs, laid out as if installed, in build/demo.
build: $(EXAMPLES)

include packaging/install.mk

demo: build
	@bash tests/demo.sh

# All tests; `make test ONLY=pattern` runs those whose names match, as `pytest -k` has it.
test: build
	@$(PYTEST) $(if $(ONLY),-k '$(ONLY)')

# Formatting, lints, and that whatever is generated or recorded is current.
check: build
	@$(PYTEST) -m check

# The package for Python, with the library in it, in build/python.
wheel: build
	@bindings/python/wheel.sh $(OUT)/lib/libbarker.so.0 build/python

# Ten minutes for each target; `make fuzz SECONDS=30` for a first look.
fuzz:
	@bash tests/fuzz.sh $(SECONDS)

# About six minutes; `make bench QUICK=1` for a first look.
bench: $(BENCHES) $(BENCH)/deliver-ureq
	@python3 benches/run.py $(if $(QUICK),quick)
	@$(MAKE) --no-print-directory bench-bindings

bench-bindings: $(BENCH)/receiver $(BENCH)/send-go
	@python3 benches/bindings.py $(if $(QUICK),quick)

bench-setup:
	@mkdir -p $(BENCH)
	@benches/setup.sh

# The packages libbarker0 and libbarker-dev, in build/deb.
deb: $(STATIC_LIB)
	@packaging/deb.sh

# Records what the header has and packaging/abi.h has not.
abi: cargo
	@python3 tools/abi.py

# The man pages, from the comments of the header.
man:
	@python3 tools/man.py

# What repeats the header in bindings, tests and documents.
tables:
	@python3 tools/tables.py

# Whether vulnerabilities of what the library is built from are known: fetches the list of RustSec.
advisories:
	@mkdir -p build
	@tests/setup.sh
	@PATH="build/venv/bin:$$PATH" cargo deny --locked check --deny warnings advisories

# The documentation as a site: build/site/index.html.
docs:
	@mkdir -p build
	@docs/site/setup.sh
	@NO_MKDOCS_2_WARNING=1 build/venv/bin/mkdocs build --strict -f docs/site/mkdocs.yml

clean:
	rm -rf build target

# Cargo knows best what is out of date. The header as it came is kept once, to show any drift.
cargo:
	@test -f build/shipped.h || install -D -m 644 include/barker.h build/shipped.h
	@echo 'building the library'
	@cargo rustc --release --locked --quiet --lib --crate-type cdylib,staticlib --target-dir target

target/release/libbarker.so target/release/libbarker.a include/barker.h: cargo ;

build/libbarker.a: target/release/libbarker.a packaging/archive.sh
	@packaging/archive.sh target/release $@

# Whatever the user set for an installation does not concern the layout.
$(OUT)/lib/libbarker.so: $(INSTALLED)
	@MAKEFLAGS= $(MAKE) --no-print-directory install DESTDIR= PREFIX='$(CURDIR)/$(OUT)'
	@mkdir -p $(OUT)/bin

$(OUT)/bin/%: examples-c/%.c $(OUT)/lib/libbarker.so
	@echo 'compiling $<'
	@$(CC) -std=c99 -O2 -Wall -Wextra -Wpedantic -Werror -I$(OUT)/include $< \
	    -L$(OUT)/lib -lbarker '-Wl,-rpath,$$ORIGIN/../lib' -o $@

$(BENCH)/%: benches/%.c $(wildcard benches/*.h) $(OUT)/lib/libbarker.so | bench-setup
	@echo 'compiling $<'
	@$(CC) -std=c11 -O2 -Wall -Wextra -Wpedantic -Werror -I$(OUT)/include $< -L$(OUT)/lib \
	    -Wl,--as-needed -lbarker -lcurl -lcrypto '-Wl,-rpath,$$ORIGIN/../demo/lib' -o $@

$(BENCH)/send-go: $(wildcard bindings/go/* benches/bindings/go/*) $(OUT)/lib/libbarker.so | bench-setup
	@echo 'building $@'
	@cd benches/bindings/go && PKG_CONFIG_PATH='$(CURDIR)/$(OUT)/lib/pkgconfig' \
	    go build -o '$(CURDIR)/$@' .

$(BENCH)/deliver-ureq: benches/ureq/src/main.rs benches/ureq/Cargo.toml benches/ureq/Cargo.lock | bench-setup
	@echo 'building $@'
	@cargo build --release --locked --quiet --manifest-path benches/ureq/Cargo.toml \
	    --target-dir target/ureq
	@cp target/ureq/release/deliver-ureq $@
