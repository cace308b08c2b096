# The fault suite: processes that are killed, disks, clocks, directories and clients that misbehave,
# and builds that are wrong on purpose. EPOCH_FAULT_SCALE=50 does as much as fifty runs;
# EPOCH_FAULT_FIGURES=file keeps what was counted.

# The store on a disk that fails, that loses its power, that lies.
FAULT_TESTS := $(BUILD)/tests/faults
FAULT_OBJECTS := $(call objects,$(wildcard tests/fault/store/*.cpp))
# Preloaded into httpd, it is such a disk.
FAULT_DISK := $(BUILD)/tests/fault/disk/trouble.so
FAULT_DISK_OBJECT := $(call objects,tests/fault/disk/trouble.c)
FAULT_STORE_RESULTS := $(BUILD)/tests/faults.xml
FAULT_HTTPD_RESULTS := $(BUILD)/tests/fault-httpd.xml
RESULTS += $(FAULT_STORE_RESULTS) $(FAULT_HTTPD_RESULTS)

.PHONY: check-fault check-fault-store check-fault-httpd check-broken

check-fault: check-fault-store check-fault-httpd
	@tests/fault/broken/run --current

check-fault-store: $(FAULT_TESTS)
	$(FAULT_TESTS) --gtest_brief=1 --gtest_output=xml:$(FAULT_STORE_RESULTS)

check-fault-httpd: all $(FAULT_DISK)
	$(PYTHON) -B -m pytest tests/fault -q -n $(SERVERS) --junitxml=$(FAULT_HTTPD_RESULTS) $(PYTEST_FLAGS)

# The tests must fail on each of these builds. ONLY="word word" picks some.
check-broken: all $(UNIT_TESTS) $(FAULT_TESTS) $(FAULT_DISK)
	tests/fault/broken/run $(ONLY)

$(FAULT_TESTS): $(FAULT_OBJECTS) $(call objects,tests/unit/store/store_testing.cpp) \
    $(BUILD)/libepoch_store.a $(BUILD)/libepoch_core.a
	@mkdir -p $(@D)
	$(call say,LINK) $(LINK) -o $@ $^ -lgtest_main -lgtest $(STORE_LIBS) $(CORE_LIBS)

$(FAULT_DISK): $(FAULT_DISK_OBJECT)
	$(call say,LINK) $(LINK) -shared -o $@ $^

$(FAULT_OBJECTS): EXTRA_FLAGS = -Itests/unit/store
# It takes the place of others' functions, as none of the product's does.
$(FAULT_DISK_OBJECT): EXTRA_FLAGS = -fvisibility=default -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=0

-include $(FAULT_OBJECTS:.o=.d) $(FAULT_DISK_OBJECT:.o=.d)
