# Fuzz targets: one program for each file of tests/fuzz/targets, made by clang with libFuzzer,
# AddressSanitizer and UndefinedBehaviorSanitizer, whatever compiles the rest.

# Replaying takes less time than compiling, so that is quick; whoever searches wants speed.
FUZZ_BUILD := $(BUILD)/fuzz
FUZZ_OPTIMIZE := -O0
SEARCH := FUZZ_BUILD=$(BUILD)/fuzz-search FUZZ_OPTIMIZE=-O2
FUZZ_CXX := clang++-14
FUZZ_SANITIZE := -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all
FUZZ_COMPILE = $(FUZZ_CXX) -std=c++20 $(FUZZ_OPTIMIZE) -gline-tables-only -fno-omit-frame-pointer -D_GLIBCXX_ASSERTIONS \
  -Isrc -MMD -MP -Wall -Wextra -Wshadow -Wmissing-prototypes $(WERROR) $(FUZZ_SANITIZE) -pthread
FUZZ_LINK = $(FUZZ_CXX) $(FUZZ_SANITIZE:%fuzzer-no-link=%fuzzer) -pthread

FUZZ_NAMES := $(sort $(basename $(notdir $(wildcard tests/fuzz/targets/*.cpp))))
FUZZERS := $(FUZZ_NAMES:%=$(FUZZ_BUILD)/%)
FUZZED_LDAP := account_state ber_reader book directory_time directory_url entry_uuid log roll_call sync_follower \
  sync_messages
FUZZED_CLI := console format transfer
FUZZED := $(wildcard src/core/*.cpp src/store/*.cpp src/web/*.cpp) $(FUZZED_LDAP:%=src/ldap/%.cpp) \
  $(FUZZED_CLI:%=src/cli/%.cpp) tests/unit/store/memory_store.cpp tests/unit/ldap/ldap_testing.cpp
FUZZ_OBJECTS := $(patsubst %.cpp,$(FUZZ_BUILD)/%.o,$(FUZZED))
FUZZ_TARGET_OBJECTS := $(FUZZ_NAMES:%=$(FUZZ_BUILD)/tests/fuzz/targets/%.o)

.PHONY: fuzzers check-fuzz fuzz fuzz-merge
.SECONDARY: $(FUZZ_TARGET_OBJECTS)

fuzzers: $(FUZZERS)

# What was found once, and what covers the code: a few files a target, each run once.
check-fuzz: fuzzers
	@tests/fuzz/run --replay $(FUZZERS)

# make fuzz TARGET=return_path T=600; without TARGET, all of them one after the other. What is new
# is kept in the build tree; fuzz-merge puts what covers more into the committed corpus.
fuzz fuzz-merge:
	@+$(MAKE) --no-print-directory $(SEARCH) fuzzers
	@tests/fuzz/run $(if $(filter fuzz,$@),--seconds $(or $(T),60),--merge) \
	  $(patsubst %,$(BUILD)/fuzz-search/%,$(or $(TARGET),$(FUZZ_NAMES)))

$(FUZZERS): $(FUZZ_BUILD)/%: $(FUZZ_BUILD)/tests/fuzz/targets/%.o $(FUZZ_BUILD)/libfuzzed.a
	$(call say,LINK) $(FUZZ_LINK) -o $@ $^ $(STORE_LIBS) $(LDAP_LIBS) $(CORE_LIBS) -laprutil-1

$(FUZZ_BUILD)/libfuzzed.a: $(FUZZ_OBJECTS) $(FUZZ_BUILD)/generated/web/embedded_pages.o
	$(call say,AR) rm -f $@ && $(AR) rcs $@ $^

$(FUZZ_TARGET_OBJECTS): FUZZ_EXTRA = -Itests/fuzz -Itests/unit $(HTTPD_INCLUDES)
$(FUZZ_OBJECTS): FUZZ_EXTRA = -Itests/unit

$(FUZZ_BUILD)/%.o: %.cpp $(FUZZ_BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CXX) $(FUZZ_COMPILE) $(FUZZ_EXTRA) -c -o $@ $<

$(FUZZ_BUILD)/generated/%.o: $(BUILD)/generated/%.cpp $(FUZZ_BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CXX) $(FUZZ_COMPILE) -c -o $@ $<

$(FUZZ_BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(FUZZ_COMPILE)' | cmp -s - $@ || echo '$(FUZZ_COMPILE)' > $@

-include $(FUZZ_OBJECTS:.o=.d) $(FUZZ_TARGET_OBJECTS:.o=.d)
