# mod_auth_epoch. `make help` says what can be made.
#
# One Makefile for the whole tree: sources are found by wildcard, objects and everything else that is
# made stand in build/, and config.mk, which configure writes, says with what.

BUILD := build
MODULE := $(BUILD)/mod_auth_epoch.so
EPOCHCTL := $(BUILD)/epochctl
UNIT_TESTS := $(BUILD)/tests/units
MODEL_TESTS := $(BUILD)/tests/models
ORACLE := $(BUILD)/tests/oracle
BENCH_SESSIONS := $(BUILD)/bench/sessions/lists
BENCH_FILL := $(BUILD)/bench/sessions/fill
BENCH_SLOW_SYNC := $(BUILD)/bench/requests/slow_sync.so
PYTHON := /usr/bin/python3
CLANG_FORMAT := clang-format-14
INSTALL := install
JOBS := $(shell nproc 2>/dev/null || echo 2)
# Tests of httpd wait more than they work.
SERVERS := $(shell expr $(JOBS) + 1)
PYTEST := $(PYTHON) -B -m pytest tests/httpd
# What each run of the tests says of every one of them, for check-standards.
UNIT_RESULTS := $(BUILD)/tests/units.xml
MODEL_RESULTS := $(BUILD)/tests/models.xml
HTTPD_RESULTS := $(BUILD)/tests/httpd.xml
RESULTS := $(UNIT_RESULTS) $(MODEL_RESULTS) $(HTTPD_RESULTS)

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules
export DEPS

# ---- goals that need no configured tree, or must bring one about first

.PHONY: help deps demo check clean distclean FORCE

help:
	@echo 'make              build $(MODULE) and $(EPOCHCTL)'
	@echo 'make install      install them, the load/conf pair, the pages, epochctl(8) (DESTDIR, prefix)'
	@echo 'make uninstall    remove what install put there'
	@echo 'make demo         a sample site on http://localhost:8080 (PORT, LDAP_PORT; DEMO=scripted)'
	@echo 'make check        install what is missing, build, run every check and test'
	@echo 'make check-quick  unit tests and the smoke tests on one httpd, in under two minutes'
	@echo 'make check-unit   check-model   check-httpd   check-symbols   check-format   check-size   check-docs'
	@echo 'make check-fuzz   the corpora of tests/fuzz once; fuzz T=60 TARGET=name searches on; fuzz-merge'
	@echo 'make fuzz-requests   random requests to httpd and to an oracle (N=10000, SEED=...)'
	@echo 'make check-asan   check-tsan   check-valgrind   the tests with sanitizers, memcheck (QUICK=1: few)'
	@echo 'make check-standards  whether the tests that docs/standards.md names passed when they last ran'
	@echo 'make check-fault-store   check-fault-disk   a store, httpd, on disks that fail or lose their power'
	@echo 'make check-broken  whether the tests notice what is broken on purpose (ONLY="word word")'
	@echo 'make check-browser   real browsers, each scenario N=2 times; soak-browser N=1000'
	@echo 'make bench-directory  how fast a change of the directory ends sessions (N=100)'
	@echo 'make bench-sessions   how long lists of sessions take (N=1000000)'
	@echo 'make bench-logins     whether the time of a no gives away who exists (N=200)'
	@echo 'make bench        what a request costs, beside what people use instead; ONLY=instructions'
	@echo 'make format       let clang-format have its way'
	@echo 'make deps         install the Debian packages that building and testing take'
	@echo 'make clean        distclean'
	@echo 'CONFIGURE_FLAGS="--enable-werror CXX=clang++-14" goes to configure, DEPS=installed keeps'
	@echo 'deps from installing anything, SANITIZE="-fsanitize=..." compiles and links with it.'

deps:
	@build-aux/install-deps check

demo: export PORT := $(PORT)
demo: export LDAP_PORT := $(LDAP_PORT)
demo: export DEMO := $(DEMO)
demo:
	@build-aux/install-deps demo
	@+$(MAKE) --no-print-directory -j$(JOBS) all
	@conf/demo/run

# In CI and here alike a warning fails the check, so the tree is configured that way and stays so.
check:
	@build-aux/install-deps check
	@build-aux/reconfigure --enable-werror $(CONFIGURE_FLAGS)
	@+$(MAKE) --no-print-directory -j$(JOBS) all $(UNIT_TESTS) $(MODEL_TESTS) $(ORACLE)
	@rm -f $(RESULTS)
	@+$(MAKE) --no-print-directory check-symbols check-size check-format check-docs check-unit check-model \
	  check-fuzz check-httpd check-browser
	@+$(MAKE) --no-print-directory check-standards

clean:
	rm -rf $(BUILD)
	find tests conf build-aux -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean
	rm -rf configure config.mk config.log config.status autom4te.cache

FORCE:

# ---- configuration

UNCONFIGURED := help deps format demo check clean distclean
ifneq ($(filter-out $(UNCONFIGURED),$(or $(MAKECMDGOALS),all)),)
include config.mk
endif

configure: configure.ac src/core/version.h
	autoconf
	@touch $@

config.mk: configure build-aux/config.mk.in
	build-aux/reconfigure $(CONFIGURE_FLAGS)

# ---- flags

PREPROCESS := -Isrc -MMD -MP -D_FORTIFY_SOURCE=3
CXX_COMPILE = $(CXX) -std=c++20 $(CPPFLAGS) $(PREPROCESS) -D_GLIBCXX_ASSERTIONS $(CXXFLAGS) -fPIC \
  -fvisibility=hidden $(HARDENING) $(WARNINGS_CXX) $(WERROR) $(SANITIZE) -pthread
# The module record, the one exported symbol, stands in C.
C_COMPILE = $(CC) -std=c11 $(CPPFLAGS) $(PREPROCESS) $(CFLAGS) -fPIC $(HARDENING) $(WARNINGS_C) \
  $(WERROR) $(SANITIZE) -pthread
LINK = $(CXX) $(CXXFLAGS) $(SANITIZE) -pthread $(LDFLAGS) -Wl,-z,relro,-z,now -Wl,--as-needed
# Only what stands in src/httpd and the module record sees httpd's headers.
HTTPD_FLAGS = $(HTTPD_CPPFLAGS) $(HTTPD_INCLUDES)
# httpd unloads and loads modules at every restart; with nodelete it is always the same one.
MODULE_LINK = -shared -Wl,-z,nodelete -Wl,--version-script=build-aux/mod_auth_epoch.map
STORE_LIBS := -llmdb
LDAP_LIBS := -lldap -llber
CORE_LIBS := -lsodium -lcrypto

# One word a file; `make V=1` shows the commands.
ifneq ($(V),1)
say = @printf '  %-4s %s\n' $(1) $@;
endif

# ---- sources

objects = $(patsubst %,$(BUILD)/%.o,$(basename $(1)))
CORE := $(call objects,$(wildcard src/core/*.cpp))
STORE := $(call objects,$(wildcard src/store/*.cpp))
WEB := $(call objects,$(wildcard src/web/*.cpp)) $(BUILD)/generated/web/embedded_pages.o
LDAP := $(call objects,$(wildcard src/ldap/*.cpp))
HTTPD := $(call objects,$(wildcard src/httpd/*.cpp)) $(BUILD)/src/mod_auth_epoch.o
# What httpd's processes share knows neither httpd nor APR, and has unit tests.
SHARED := $(call objects,src/httpd/robust_mutex.cpp src/httpd/shared_verifications.cpp \
  src/httpd/shared_outages.cpp src/httpd/shared_failures.cpp src/httpd/shared_census.cpp \
  src/httpd/shared_metrics.cpp src/httpd/measured_store.cpp src/httpd/metrics_text.cpp \
  src/httpd/upkeep.cpp)
CLI := $(call objects,$(wildcard src/cli/*.cpp))
UNIT := $(call objects,$(sort $(wildcard tests/unit/*.cpp tests/unit/*/*.cpp)))
BENCH := $(call objects,$(wildcard bench/sessions/*.cpp) bench/requests/slow_sync.c)
MODEL := $(call objects,$(wildcard tests/model/*.cpp))
ORACLE_OBJECTS := $(call objects,$(wildcard tests/fuzz/oracle/*.cpp))
OBJECTS := $(CORE) $(STORE) $(WEB) $(LDAP) $(HTTPD) $(CLI) $(UNIT) $(MODEL) $(ORACLE_OBJECTS) $(BENCH)
LIBRARIES := $(foreach layer,core store web ldap,$(BUILD)/libepoch_$(layer).a)
PAGES := $(sort $(wildcard src/web/pages/*.html src/web/pages/*.css src/web/pages/*.js))

# ---- what is built

.PHONY: all
all: $(MODULE) $(EPOCHCTL)

$(MODULE): $(HTTPD) $(BUILD)/libepoch_web.a $(BUILD)/libepoch_ldap.a $(BUILD)/libepoch_store.a \
    $(BUILD)/libepoch_core.a build-aux/mod_auth_epoch.map
	$(call say,LINK) $(LINK) $(MODULE_LINK) -o $@ $(filter %.o %.a,$^) $(STORE_LIBS) $(LDAP_LIBS) $(CORE_LIBS)

$(EPOCHCTL): $(CLI) $(BUILD)/libepoch_store.a $(BUILD)/libepoch_core.a
	$(call say,LINK) $(LINK) -o $@ $^ $(STORE_LIBS) $(CORE_LIBS)

$(UNIT_TESTS): $(UNIT) $(SHARED) $(filter-out %/main.o,$(CLI)) $(BUILD)/libepoch_web.a $(BUILD)/libepoch_ldap.a \
    $(BUILD)/libepoch_store.a $(BUILD)/libepoch_core.a
	@mkdir -p $(@D)
	$(call say,LINK) $(LINK) -o $@ $^ -lgtest_main -lgtest $(STORE_LIBS) $(LDAP_LIBS) $(CORE_LIBS)

$(MODEL_TESTS): $(MODEL) $(call objects,tests/unit/store/memory_store.cpp) $(BUILD)/libepoch_core.a
	@mkdir -p $(@D)
	$(call say,LINK) $(LINK) -o $@ $^ -lgtest_main -lgtest $(CORE_LIBS)

$(ORACLE): $(ORACLE_OBJECTS) $(call objects,tests/unit/store/memory_store.cpp) $(BUILD)/libepoch_core.a
	@mkdir -p $(@D)
	$(call say,LINK) $(LINK) -o $@ $^ $(CORE_LIBS)

$(BENCH_SESSIONS) $(BENCH_FILL): %: %.o $(BUILD)/libepoch_store.a $(BUILD)/libepoch_core.a
	@mkdir -p $(@D)
	$(call say,LINK) $(LINK) -o $@ $^ $(STORE_LIBS) $(CORE_LIBS)

$(BENCH_SLOW_SYNC): %.so: %.o
	$(call say,LINK) $(LINK) -shared -o $@ $^

$(BUILD)/libepoch_core.a: $(CORE)
$(BUILD)/libepoch_store.a: $(STORE)
$(BUILD)/libepoch_web.a: $(WEB)
$(BUILD)/libepoch_ldap.a: $(LDAP)
$(LIBRARIES):
	$(call say,AR) rm -f $@ && $(AR) rcs $@ $^

$(HTTPD): EXTRA_FLAGS = $(HTTPD_FLAGS)
$(UNIT) $(MODEL) $(ORACLE_OBJECTS): EXTRA_FLAGS = -Itests/unit

$(BUILD)/%.o: %.cpp $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CXX) $(CXX_COMPILE) $(EXTRA_FLAGS) -c -o $@ $<

$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC) $(C_COMPILE) $(EXTRA_FLAGS) -c -o $@ $<

$(BUILD)/generated/%.o: $(BUILD)/generated/%.cpp $(BUILD)/flags
	$(call say,CXX) $(CXX_COMPILE) -c -o $@ $<

$(BUILD)/generated/web/embedded_pages.cpp: build-aux/embed-pages $(PAGES) src/web/pages
	@mkdir -p $(@D)
	$(call say,GEN) build-aux/embed-pages $(PAGES) > $@

# Changes only when the compiler or its flags do; every object depends on it.
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CXX_COMPILE) $(C_COMPILE) $(HTTPD_FLAGS)' | cmp -s - $@ || \
	  echo '$(CXX_COMPILE) $(C_COMPILE) $(HTTPD_FLAGS)' > $@

-include $(OBJECTS:.o=.d)

# ---- installing

.PHONY: install uninstall
MODS_AVAILABLE = $(HTTPD_SYSCONFDIR)/mods-available
SHARE = $(datadir)/mod_auth_epoch
COMPLETIONS = $(datadir)/bash-completion/completions

# The pair goes where a2enmod looks, on systems that have it; elsewhere beside the pages, to include.
PAIR_DIR = $(if $(wildcard $(MODS_AVAILABLE)),$(MODS_AVAILABLE),$(SHARE))

install: all
	$(INSTALL) -d $(DESTDIR)$(HTTPD_LIBEXECDIR) $(DESTDIR)$(PAIR_DIR) $(DESTDIR)$(sbindir) \
	  $(DESTDIR)$(SHARE)/pages $(DESTDIR)$(SHARE)/fail2ban/filter.d $(DESTDIR)$(SHARE)/fail2ban/jail.d \
	  $(DESTDIR)$(mandir)/man8 $(DESTDIR)$(COMPLETIONS)
	$(INSTALL) -m 644 $(MODULE) $(DESTDIR)$(HTTPD_LIBEXECDIR)/mod_auth_epoch.so
	sed 's|@LIBEXECDIR@|$(HTTPD_LIBEXECDIR)|' conf/auth_epoch.load.in \
	  > $(DESTDIR)$(PAIR_DIR)/auth_epoch.load
	$(INSTALL) -m 644 conf/auth_epoch.conf $(DESTDIR)$(PAIR_DIR)/auth_epoch.conf
	$(INSTALL) -m 755 $(EPOCHCTL) $(DESTDIR)$(sbindir)/epochctl
	$(INSTALL) -m 644 docs/epochctl.8 $(DESTDIR)$(mandir)/man8/epochctl.8
	$(INSTALL) -m 644 conf/epochctl.bash-completion $(DESTDIR)$(COMPLETIONS)/epochctl
	$(INSTALL) -m 644 $(PAGES) $(DESTDIR)$(SHARE)/pages
	$(INSTALL) -m 644 conf/minimal.conf conf/example.conf $(DESTDIR)$(SHARE)
	$(INSTALL) -m 644 conf/fail2ban/filter.d/auth-epoch.conf $(DESTDIR)$(SHARE)/fail2ban/filter.d
	$(INSTALL) -m 644 conf/fail2ban/jail.d/auth-epoch.conf $(DESTDIR)$(SHARE)/fail2ban/jail.d

uninstall:
	rm -f $(DESTDIR)$(HTTPD_LIBEXECDIR)/mod_auth_epoch.so $(DESTDIR)$(sbindir)/epochctl
	rm -f $(DESTDIR)$(mandir)/man8/epochctl.8 $(DESTDIR)$(COMPLETIONS)/epochctl
	rm -f $(DESTDIR)$(PAIR_DIR)/auth_epoch.load $(DESTDIR)$(PAIR_DIR)/auth_epoch.conf
	rm -rf $(DESTDIR)$(SHARE)

# ---- checks

.PHONY: check-quick check-unit check-model check-httpd fuzz-requests check-browser soak-browser check-symbols check-format check-size check-docs check-standards

check-quick: all check-unit check-symbols check-size
	$(PYTEST) -q --mpm=event -m smoke

check-unit: $(UNIT_TESTS)
	$(UNIT_TESTS) --gtest_brief=1 --gtest_output=xml:$(UNIT_RESULTS)

# Every interleaving of browser and server up to a depth of its own per scenario; DEPTH=n sets it,
# DEPTH=0 goes on until nothing is new.
check-model: $(MODEL_TESTS)
	MODEL_DEPTH=$(DEPTH) $(MODEL_TESTS) --gtest_brief=1 --gtest_output=xml:$(MODEL_RESULTS)

check-httpd: all $(ORACLE)
	$(PYTEST) -q -n $(SERVERS) --junitxml=$(HTTPD_RESULTS) $(PYTEST_FLAGS)

# Random requests, each decided by httpd and by an oracle; a failure names its seed.
fuzz-requests: all $(ORACLE)
	EPOCH_FUZZ_REQUESTS=$(or $(N),10000) EPOCH_FUZZ_SEED=$(SEED) \
	  $(PYTEST)/test_random_requests.py -q -n $(JOBS) --mpm=event

# Chromium and Firefox, judged by httpd's log; see docs/browsers.md. SCENARIO=words picks some.
BROWSERS = tests/browser/install && node tests/browser/main.js --scenario "$(SCENARIO)"
check-browser soak-browser: export EPOCH_BUILD := $(abspath $(BUILD))

check-browser: all
	$(BROWSERS) --iterations $(or $(N),2)

soak-browser: all
	$(BROWSERS) --iterations $(or $(N),1000)

# A hidden symbol that became visible could clash with another module's in httpd's one name space;
# a core that calls httpd, LDAP or the store's library is no core.
check-symbols: $(MODULE) $(LIBRARIES)
	@exported=`$(NM) -D --defined-only $(MODULE) | awk '{print $$3}'`; \
	test "$$exported" = auth_epoch_module || \
	  { echo "$(MODULE) exports more or less than auth_epoch_module:" $$exported >&2; exit 1; }
	@foreign=`$(NM) -uC $(BUILD)/libepoch_core.a $(BUILD)/libepoch_web.a | \
	  grep -E '\<(ap|apr|ldap|ber|mdb|redis)_'`; \
	test -z "$$foreign" || { echo "src/core or src/web depends on:" $$foreign >&2; exit 1; }
	@foreign=`$(NM) -uC $(BUILD)/libepoch_ldap.a | grep -E '\<(ap|apr|mdb|redis)_'`; \
	test -z "$$foreign" || { echo "src/ldap depends on:" $$foreign >&2; exit 1; }
	@echo "check-symbols: one symbol exported, core and web depend on none of httpd, LDAP, LMDB, Redis"

check-format:
	@$(CLANG_FORMAT) --dry-run -Werror $$(find src tests bench -name '*.cpp' -o -name '*.h' -o -name '*.c')
	@echo "check-format: as .clang-format has it"

.PHONY: format
format:
	$(CLANG_FORMAT) -i $$(find src tests bench -name '*.cpp' -o -name '*.h' -o -name '*.c')

check-size:
	@find src tests bench -type f ! -path '*/__pycache__/*' -exec wc -l {} + | awk '$$2 != "total" && $$1 > 800 \
	  { print $$2 ": " $$1 " lines; a file of more than 800 does more than one thing"; bad = 1 } \
	  END { exit bad }'
	@echo "check-size: no file over 800 lines"

check-docs:
	@build-aux/check-directives

# Reads what check-unit, check-model and check-httpd have written, and runs none of them.
check-standards:
	@build-aux/check-standards docs/standards.md $(RESULTS)

include tests/fuzz/rules.mk
include tests/fault/rules.mk
include tests/sanitizers.mk

# ---- benchmarks: printed, never asserted

.PHONY: bench bench-directory bench-logins bench-sessions

# ONLY="section section" runs some; BENCH_FLAGS goes to bench/requests/run, which explains itself.
bench: export EPOCH_BUILD := $(abspath $(BUILD))
bench: all $(BENCH_FILL) $(BENCH_SLOW_SYNC)
	@build-aux/install-deps bench
	bench/requests/run --only "$(ONLY)" $(BENCH_FLAGS)

bench-directory: all
	bench/directory/latency $(N)

bench-logins: export EPOCH_BUILD := $(abspath $(BUILD))
bench-logins: all
	bench/logins/unknown-user $(N)

bench-sessions: $(BENCH_SESSIONS)
	$(BENCH_SESSIONS) $(N)
