# The fault suite's own program: the store on a disk that fails, that loses its power, that lies.

FAULT_TESTS := $(BUILD)/tests/faults
FAULT_OBJECTS := $(call objects,$(wildcard tests/fault/store/*.cpp))
$(FAULT_OBJECTS): EXTRA_FLAGS = -Itests/unit/store

.PHONY: check-fault-store

# EPOCH_FAULT_SCALE=50 does as much as fifty runs; EPOCH_FAULT_FIGURES=file keeps what was counted.
check-fault-store: $(FAULT_TESTS)
	$(FAULT_TESTS) --gtest_brief=1

$(FAULT_TESTS): $(FAULT_OBJECTS) $(call objects,tests/unit/store/store_testing.cpp) \
    $(BUILD)/libepoch_store.a $(BUILD)/libepoch_core.a
	@mkdir -p $(@D)
	$(call say,LINK) $(LINK) -o $@ $^ -lgtest_main -lgtest $(STORE_LIBS) $(CORE_LIBS)

-include $(FAULT_OBJECTS:.o=.d)

.PHONY: check-broken

# Builds that are wrong on purpose: the tests must fail on each. ONLY="word word" picks some.
check-broken: $(UNIT_TESTS) $(FAULT_TESTS)
	tests/fault/broken/run $(ONLY)
