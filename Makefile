# mod_auth_epoch
#
#   make              build/mod_auth_epoch.so and build/epochctl
#   make demo         a sample directory and httpd on http://localhost:8080 (PORT=..., DEMO=scripted)
#   make check        everything: builds, units, a real httpd with a real slapd on three MPMs
#   make check-quick  units and a smoke test
#   make install      into the httpd that apxs belongs to (DESTDIR=... for packagers)
#
# `make` needs what configure finds; `make demo` and `make check` install on Debian what is missing.

.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules
JOBS ?= $(shell nproc)

BUILD := build
PYTHON := /usr/bin/python3

.PHONY: all demo check check-quick check-unit check-httpd check-static check-docs check-format \
        check-symbols check-size deps install uninstall clean distclean modules
all: modules $(BUILD)/epochctl
modules: $(BUILD)/mod_auth_epoch.so

# Short lines unless V=1.
ifeq ($(V),)
QUIET = @printf '  %-5s %s\n' '$(1)' '$(patsubst $(BUILD)/%,%,$@)';
endif

# --- configuration ---------------------------------------------------------------------------

# What needs no configuration must work without one.
ifneq ($(filter-out deps clean distclean check check-quick demo,$(or $(MAKECMDGOALS),all)),)
include config.mk
endif

configure: configure.ac
	@command -v autoconf >/dev/null || { echo "autoconf is missing; on Debian: apt-get install autoconf" >&2; exit 1; }
	autoconf

config.mk: configure config.mk.in
	./configure $(CONFIGURE_FLAGS)

# --- flags -----------------------------------------------------------------------------------

WARNINGS := -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wnull-dereference \
  -Wcast-align -Wcast-qual -Wformat=2 -Wmissing-declarations -Wundef -Wvla $(WERROR)
CXX_WARNINGS := $(WARNINGS) -Wold-style-cast -Wnon-virtual-dtor -Woverloaded-virtual -Wextra-semi \
  -Wsuggest-override
ifeq ($(COMPILER),gcc)
CXX_WARNINGS += -Wduplicated-cond -Wduplicated-branches -Wlogical-op
endif
HARDENING := -O2 -D_FORTIFY_SOURCE=3 -D_GLIBCXX_ASSERTIONS -fstack-protector-strong \
  -fstack-clash-protection -fcf-protection
COMMON := -g -fPIC -Isrc -MMD -MP $(HARDENING) $(SANITIZE)
EPOCH_CXXFLAGS := -std=c++20 -fvisibility=hidden -fvisibility-inlines-hidden $(COMMON) \
  $(CXX_WARNINGS) $(CXXFLAGS)
EPOCH_CFLAGS := -std=c11 $(COMMON) $(WARNINGS) $(CFLAGS)
# httpd loads modules twice and may load them again: the library stays where it was put.
MODULE_LDFLAGS := -shared -Wl,-z,nodelete -Wl,-z,relro,-z,now \
  -Wl,--version-script=build-aux/exports.map $(SANITIZE) $(LDFLAGS)
PROGRAM_LDFLAGS := -Wl,-z,relro,-z,now $(SANITIZE) $(LDFLAGS)

# --- sources, a library a layer; what a layer may see is what its compile line names ------------

objects = $(patsubst %,$(BUILD)/%.o,$(basename $(wildcard $(1))))
CORE := $(call objects,src/core/*.cpp)
STORE := $(call objects,src/store/*.cpp)
PAGES := $(wildcard src/web/pages/*)
WEB := $(call objects,src/web/*.cpp) $(BUILD)/generated/embedded_pages.o
HTTPD := $(call objects,src/httpd/*.cpp src/mod_auth_epoch.c)
CLI := $(call objects,src/cli/*.cpp)
UNIT := $(call objects,tests/unit/*/*.cpp)

$(BUILD)/libepoch_core.a: $(CORE)
$(BUILD)/libepoch_store.a: $(STORE)
$(BUILD)/libepoch_web.a: $(WEB)
$(BUILD)/libepoch_%.a:
	@rm -f $@
	$(call QUIET,AR)ar rcs $@ $^

$(HTTPD): EPOCH_CXXFLAGS += $(HTTPD_INCLUDES) $(HTTPD_CPPFLAGS)
$(HTTPD): EPOCH_CFLAGS += $(HTTPD_INCLUDES) $(HTTPD_CPPFLAGS)
$(UNIT): EPOCH_CXXFLAGS += -Itests/unit

$(BUILD)/%.o: %.cpp config.mk
	@mkdir -p $(@D)
	$(call QUIET,CXX)$(CXX) $(EPOCH_CXXFLAGS) -c $< -o $@

$(BUILD)/%.o: %.c config.mk
	@mkdir -p $(@D)
	$(call QUIET,CC)$(CC) $(EPOCH_CFLAGS) -c $< -o $@

$(BUILD)/generated/embedded_pages.cpp: build-aux/embed-pages $(PAGES)
	@mkdir -p $(@D)
	$(call QUIET,GEN)$(PYTHON) build-aux/embed-pages $(PAGES) > $@

$(BUILD)/generated/%.o: $(BUILD)/generated/%.cpp config.mk
	$(call QUIET,CXX)$(CXX) $(EPOCH_CXXFLAGS) -c $< -o $@

$(BUILD)/mod_auth_epoch.so: $(HTTPD) $(BUILD)/libepoch_web.a $(BUILD)/libepoch_store.a \
    $(BUILD)/libepoch_core.a build-aux/exports.map
	$(call QUIET,LINK)$(CXX) $(MODULE_LDFLAGS) -o $@ $(filter %.o %.a,$^) -llmdb -lcrypto

$(BUILD)/epochctl: $(CLI) $(BUILD)/libepoch_store.a $(BUILD)/libepoch_core.a
	$(call QUIET,LINK)$(CXX) $(PROGRAM_LDFLAGS) -o $@ $^ -llmdb -lcrypto

$(BUILD)/tests/units: $(UNIT) $(BUILD)/libepoch_web.a $(BUILD)/libepoch_store.a \
    $(BUILD)/libepoch_core.a $(filter-out %/main.o,$(CLI))
	@mkdir -p $(@D)
	$(call QUIET,LINK)$(CXX) $(PROGRAM_LDFLAGS) -o $@ $^ -llmdb -lcrypto -lgtest -lgtest_main -lpthread

-include $(patsubst %.o,%.d,$(CORE) $(STORE) $(WEB) $(HTTPD) $(CLI) $(UNIT))

# --- what is missing -------------------------------------------------------------------------

# DEPS=installed: everything is there, install nothing.
deps:
ifneq ($(DEPS),installed)
	@build-aux/install-deps $(or $(DEPS_FOR),check)
endif

# --- demo ------------------------------------------------------------------------------------

demo:
	@$(MAKE) --no-print-directory deps DEPS_FOR=demo
	@$(MAKE) --no-print-directory -s -j$(JOBS) all
	@conf/demo/run

# --- checks ----------------------------------------------------------------------------------

check:
	@$(MAKE) --no-print-directory deps DEPS_FOR=check
	@$(MAKE) --no-print-directory -j$(JOBS) all $(BUILD)/tests/units CONFIGURE_FLAGS=--enable-werror
	@$(MAKE) --no-print-directory check-static check-unit check-httpd

check-quick:
	@$(MAKE) --no-print-directory deps DEPS_FOR=check
	@$(MAKE) --no-print-directory -j$(JOBS) all $(BUILD)/tests/units
	@$(MAKE) --no-print-directory check-unit
	@$(MAKE) --no-print-directory check-httpd PYTEST_FLAGS="-m smoke --mpm=event"

check-static: check-symbols check-format check-size check-docs

check-unit: $(BUILD)/tests/units
	$(BUILD)/tests/units --gtest_brief=1

check-httpd: all
	$(PYTHON) -m pytest -p no:cacheprovider -q tests/httpd $(PYTEST_FLAGS)

# One symbol leaves the module; the core knows nothing of httpd, LDAP, LMDB or Redis.
check-symbols: $(BUILD)/mod_auth_epoch.so $(BUILD)/libepoch_core.a
	@exported=$$(nm -D --defined-only $(BUILD)/mod_auth_epoch.so | awk '{print $$3}'); \
	 [ "$$exported" = auth_epoch_module ] || { echo "exported symbols: $$exported; only auth_epoch_module may be" >&2; exit 1; }
	@foreign=$$(nm -uC $(BUILD)/libepoch_core.a | grep -E ' (ap|apr|ldap|mdb|redis)_' || true); \
	 [ -z "$$foreign" ] || { echo "src/core reaches below itself: $$foreign" >&2; exit 1; }
	@echo "symbols: one exported, the core stands alone"

SOURCES := $(shell git ls-files 'src/*.h' 'src/*.c' 'src/*.cpp' 'tests/*.h' 'tests/*.cpp' 2>/dev/null)
check-format:
	@clang-format-14 --dry-run -Werror $(SOURCES)
	@echo "format: as clang-format has it"

check-size:
	@long=$$(wc -l $(SOURCES) $$(git ls-files 'tests/*.py') | awk '$$2 != "total" && $$1 > 800'); \
	 [ -z "$$long" ] || { echo "more than 800 lines, split it: $$long" >&2; exit 1; }

check-docs:
	@build-aux/check-directives

# --- installing ------------------------------------------------------------------------------

prefix ?= /usr/local
sbindir ?= $(prefix)/sbin
datadir ?= $(prefix)/share
LIBEXECDIR ?= $(shell $(APXS) -q LIBEXECDIR)
SYSCONFDIR ?= $(shell $(APXS) -q SYSCONFDIR)
MODS_AVAILABLE := $(SYSCONFDIR)/mods-available

install: all
	install -d $(DESTDIR)$(LIBEXECDIR) $(DESTDIR)$(sbindir) $(DESTDIR)$(datadir)/mod_auth_epoch/pages
	install -m 644 $(BUILD)/mod_auth_epoch.so $(DESTDIR)$(LIBEXECDIR)/
	install -m 755 $(BUILD)/epochctl $(DESTDIR)$(sbindir)/
	install -m 644 $(PAGES) $(DESTDIR)$(datadir)/mod_auth_epoch/pages/
	install -m 644 conf/example.conf conf/minimal.conf $(DESTDIR)$(datadir)/mod_auth_epoch/
	if test -d $(MODS_AVAILABLE); then \
	  install -d $(DESTDIR)$(MODS_AVAILABLE) && \
	  sed 's|@LIBEXECDIR@|$(LIBEXECDIR)|' conf/auth_epoch.load.in > $(DESTDIR)$(MODS_AVAILABLE)/auth_epoch.load && \
	  install -m 644 conf/auth_epoch.conf $(DESTDIR)$(MODS_AVAILABLE)/; \
	else \
	  echo "Add to your httpd.conf: LoadModule auth_epoch_module $(LIBEXECDIR)/mod_auth_epoch.so"; \
	fi

uninstall:
	rm -f $(DESTDIR)$(LIBEXECDIR)/mod_auth_epoch.so $(DESTDIR)$(sbindir)/epochctl
	rm -rf $(DESTDIR)$(datadir)/mod_auth_epoch
	rm -f $(DESTDIR)$(MODS_AVAILABLE)/auth_epoch.load $(DESTDIR)$(MODS_AVAILABLE)/auth_epoch.conf

clean:
	rm -rf $(BUILD)

distclean: clean
	rm -rf configure config.mk config.log config.status autom4te.cache
