# make install and make uninstall, with DESTDIR and the directories below as in the GNU standards.
# They install what is already built, so root does not need Rust.

VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml)
SOVERSION := $(firstword $(subst ., ,$(VERSION)))

# The system's libraries that libbarker.a needs, in addition to those that every compiler adds.
STATIC_LIBS := -lutil -lrt -lpthread -lm -ldl

PREFIX = /usr/local
INCLUDEDIR = $(PREFIX)/include
LIBDIR = $(PREFIX)/lib
PKGCONFIGDIR = $(LIBDIR)/pkgconfig
CMAKEDIR = $(LIBDIR)/cmake/barker
MANDIR = $(PREFIX)/share/man
DOCDIR = $(PREFIX)/share/doc/barker

SHARED_LIB := target/release/libbarker.so
STATIC_LIB := build/libbarker.a
HEADERS := $(wildcard include/*.h*)
MAN3 := $(wildcard man/*.3)
MAN7 := $(wildcard man/*.7)
EXAMPLE_FILES := $(wildcard examples-c/*)
DOCUMENTS := README.md CHANGELOG.md LICENSE-APACHE LICENSE-MIT
CMAKE_FILES := barker-config.cmake barker-config-version.cmake
INSTALLED := $(SHARED_LIB) $(STATIC_LIB) $(HEADERS) $(MAN3) $(MAN7) $(EXAMPLE_FILES) $(DOCUMENTS) \
    $(wildcard packaging/*.in) packaging/install.mk

relative = $$(realpath -sm --relative-to="$(1)" "$(2)")
put = $(if $(3),@install -d "$(DESTDIR)$(1)" && install -m $(2) $(3) "$(DESTDIR)$(1)")
fill = @sed -e 's|@version@|$(VERSION)|; s|@soversion@|$(SOVERSION)|' \
    -e 's|@static_libs@|$(STATIC_LIBS)|' $(3) packaging/$(2).in >"$(DESTDIR)$(1)/$(2)" && \
    chmod 644 "$(DESTDIR)$(1)/$(2)"
drop = @if cd "$(DESTDIR)$(1)" 2>/dev/null; then rm -f $(notdir $(2)); fi
prune = @for dir in $(1); do rmdir "$(DESTDIR)$$dir" 2>/dev/null; done; true

# A relative prefix, so that the package can be moved; except in /usr, which pkg-config knows by name.
pc_prefix = $(if $(filter /usr,$(PREFIX)),/usr,$\
    \$${pcfiledir}/$(call relative,$(PKGCONFIGDIR),$(PREFIX)))

.PHONY: install uninstall
install:
	@test -e $(SHARED_LIB) -a -e $(STATIC_LIB) || $(MAKE) --no-print-directory $(STATIC_LIB)
	$(call put,$(LIBDIR),644,$(STATIC_LIB))
	@install -m 755 $(SHARED_LIB) "$(DESTDIR)$(LIBDIR)/libbarker.so.$(VERSION)"
	@ln -sf libbarker.so.$(VERSION) "$(DESTDIR)$(LIBDIR)/libbarker.so.$(SOVERSION)"
	@ln -sf libbarker.so.$(SOVERSION) "$(DESTDIR)$(LIBDIR)/libbarker.so"
	$(call put,$(INCLUDEDIR),644,$(HEADERS))
	@install -d "$(DESTDIR)$(PKGCONFIGDIR)" "$(DESTDIR)$(CMAKEDIR)"
	$(call fill,$(PKGCONFIGDIR),barker.pc, \
	    -e "s|@prefix@|$(pc_prefix)|" \
	    -e "s|@includedir@|\$${prefix}/$(call relative,$(PREFIX),$(INCLUDEDIR))|" \
	    -e "s|@libdir@|\$${prefix}/$(call relative,$(PREFIX),$(LIBDIR))|")
	$(call fill,$(CMAKEDIR),barker-config.cmake, \
	    -e "s|@includedir@|$(call relative,$(CMAKEDIR),$(INCLUDEDIR))|" \
	    -e "s|@libdir@|$(call relative,$(CMAKEDIR),$(LIBDIR))|")
	$(call fill,$(CMAKEDIR),barker-config-version.cmake)
	$(call put,$(MANDIR)/man3,644,$(MAN3))
	$(call put,$(MANDIR)/man7,644,$(MAN7))
	$(call put,$(DOCDIR),644,$(DOCUMENTS))
	$(call put,$(DOCDIR)/examples,644,$(EXAMPLE_FILES))

# Also removes the directories that are then empty, except those that every system has.
uninstall:
	$(call drop,$(LIBDIR),libbarker.a libbarker.so libbarker.so.$(SOVERSION) libbarker.so.$(VERSION))
	$(call drop,$(INCLUDEDIR),$(HEADERS))
	$(call drop,$(PKGCONFIGDIR),barker.pc)
	$(call drop,$(CMAKEDIR),$(CMAKE_FILES))
	$(call drop,$(MANDIR)/man3,$(MAN3))
	$(call drop,$(MANDIR)/man7,$(MAN7))
	$(call drop,$(DOCDIR)/examples,$(EXAMPLE_FILES))
	$(call drop,$(DOCDIR),$(DOCUMENTS))
	$(call prune,"$(CMAKEDIR)" "$(LIBDIR)/cmake" "$(PKGCONFIGDIR)" "$(MANDIR)/man3" "$(MANDIR)/man7" \
	    "$(DOCDIR)/examples" "$(DOCDIR)" "$(PREFIX)/share/doc")
	$(if $(filter /usr /usr/local,$(PREFIX)),, \
	    $(call prune,"$(LIBDIR)" "$(INCLUDEDIR)" "$(MANDIR)" "$(PREFIX)/share"))
