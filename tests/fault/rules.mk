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
check-broken: all $(UNIT_TESTS) $(FAULT_TESTS) $(FAULT_DISK)
	tests/fault/broken/run $(ONLY)

FAULT_DISK := $(BUILD)/tests/fault/disk/trouble.so
FAULT_DISK_OBJECT := $(call objects,tests/fault/disk/trouble.c)
# It takes the place of others' functions, as none of the product's does.
$(FAULT_DISK_OBJECT): EXTRA_FLAGS = -fvisibility=default -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=0

.PHONY: check-fault-disk

# A real httpd whose store stands on a disk in trouble.
check-fault-disk: all $(FAULT_DISK)
	$(PYTHON) -B -m pytest -q -n $(SERVERS) tests/fault/test_disk.py $(PYTEST_FLAGS)

$(FAULT_DISK): $(FAULT_DISK_OBJECT)
	$(call say,LINK) $(LINK) -shared -o $@ $^

-include $(FAULT_DISK_OBJECT:.o=.d)
