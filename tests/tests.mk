# SPDX-License-Identifier: GPL-2.0
# The suite's own tests: built by "make tests", run by check.sh.

TESTS := $(patsubst %.c,$(OUTPUT)/%,$(wildcard tests/*.c))

tests: $(TESTS)

# lib.mk has the rule.
$(TESTS): private CFLAGS += $(PFN_MKWRITE_CFLAGS)
$(TESTS): private LOCAL_HDRS += $(PFN_MKWRITE_HDRS)
$(TESTS): $(PFN_MKWRITE_HDRS) $(PFN_MKWRITE_LIB) | $(OUTPUT)/tests

# These test files that are not in the library.
$(OUTPUT)/tests/truth_test: private LOCAL_HDRS += $(wildcard module/*.h)
$(OUTPUT)/tests/truth_test: module/truth.c $(wildcard module/*.h)
$(OUTPUT)/tests/trace_test: private LOCAL_HDRS += $(wildcard explain/*.h)
$(OUTPUT)/tests/trace_test: explain/trace.c explain/pte.c $(wildcard explain/*.h)

$(OUTPUT)/tests:
	$(Q)mkdir -p $@

EXTRA_CLEAN += $(TESTS)

.PHONY: tests
