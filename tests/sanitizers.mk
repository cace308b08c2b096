# The tests once more on instrumented builds. Each has a tree of its own, build-asan and so on, so
# that nothing else is compiled anew. QUICK=1 leaves the smoke tests of those with a real httpd.

ASAN := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
TSAN := -fsanitize=thread -fno-omit-frame-pointer
ASAN_OPTIONS := detect_stack_use_after_return=1
# Leaks are the leak detector's; processes that tests make are let alone when they end.
VALGRIND := valgrind --quiet --fair-sched=yes --error-exitcode=1 --leak-check=no \
  --suppressions=tests/valgrind.suppressions

# Checked versions of functions, which the runtimes do not know, are left out.
instrumented = $(MAKE) --no-print-directory BUILD=build-$(1) SANITIZE='$(2) -U_FORTIFY_SOURCE'
# The tests run in this tree, in the other build.
instrumented_httpd = EPOCH_BUILD=$(CURDIR)/build-$(1) EPOCH_SANITIZE=$(2) $(PYTEST) -q -n $(JOBS) \
  $(if $(QUICK),-m smoke) $(PYTEST_FLAGS)

.PHONY: check-asan check-tsan check-valgrind

check-asan: export ASAN_OPTIONS := $(ASAN_OPTIONS)
check-asan: export UBSAN_OPTIONS := print_stacktrace=1
check-asan:
	@build-aux/install-deps check
	@+$(call instrumented,asan,$(ASAN)) -j$(JOBS) all build-asan/tests/units build-asan/tests/oracle \
	  $(if $(QUICK),,build-asan/tests/faults build-asan/tests/fault/disk/trouble.so)
	build-asan/tests/units --gtest_brief=1
	$(if $(QUICK),,@+$(call instrumented,asan,$(ASAN)) check-model DEPTH=$(or $(DEPTH),8))
	$(if $(QUICK),,build-asan/tests/faults --gtest_brief=1)
	$(call instrumented_httpd,asan,address) --mpm=event $(if $(QUICK),,tests/fault)
	$(if $(QUICK),,$(call instrumented_httpd,asan,address) --mpm=prefork -m 'not http2')

# First what is ours alone, and then with httpd's own threads and locks, of which only what has to
# do with us counts.
check-tsan:
	@build-aux/install-deps check
	@+$(call instrumented,tsan,$(TSAN)) -j$(JOBS) all build-tsan/tests/oracle
	$(call instrumented_httpd,tsan,thread) --mpm=event
	EPOCH_SANITIZE_ALL=1 $(call instrumented_httpd,tsan,thread) --mpm=event

check-valgrind: $(UNIT_TESTS)
	@build-aux/install-deps bench
	$(VALGRIND) $(UNIT_TESTS) --gtest_brief=1
