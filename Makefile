# SPDX-License-Identifier: GPL-2.0
# Selftests of mkwrite for device mappings: one store, one page fault.
#
#   make					build for this machine
#   make LLVM=1					... with clang
#   make CROSS_COMPILE=aarch64-linux-gnu-	... static, to copy to a board
#   make OUTPUT=DIR				... in DIR
#   make install INSTALL_PATH=DIR		install, to copy elsewhere
#   make board.tar.xz				pack all that a board needs, for arm64
#   make check					test the suite; PART=guests runs that part
#   make check-all				... with all rigs, and write the tables in docs/
#   make bench					measure a first touch, and the cost of measuring
#   make soak					run 100 times under load in each guest
#   make install-tree KDIR=TREE			add to the mm selftests of a kernel tree
#   make uninstall-tree KDIR=TREE		... and remove again
#   make series KDIR=TREE			write patches for the list to series/
#   make clean					remove what was built
#
# The kselftest harness comes from the kernel tree around this folder, from KSRC=, or from
# Debian's linux-source package, HARNESS=6.1 from that of an older kernel.

TREE_LIB_MK := $(firstword $(wildcard ../lib.mk ../../lib.mk))
# Goals that need no harness.
OTHERS := help check check-all soak bench clean install-tree uninstall-tree series board.tar.xz
GOALS := $(or $(MAKECMDGOALS),all)

ifneq ($(TREE_LIB_MK),)
LIB_MK := $(TREE_LIB_MK)
else ifneq ($(KSRC),)
LIB_MK := $(KSRC)/tools/testing/selftests/lib.mk
ifeq ($(wildcard $(LIB_MK)),)
$(error KSRC=$(KSRC) is no kernel tree: there is no $(LIB_MK))
endif
else ifneq ($(filter-out $(OTHERS),$(GOALS)),)
LIB_MK := $(shell vm/fetch.sh harness $(HARNESS))/lib.mk
ifeq ($(wildcard $(LIB_MK)),)
$(error no kselftest harness: name a kernel tree with KSRC=)
endif
endif

OUTPUT ?= $(CURDIR)

# Not for a kernel tree. FOLDER/pfn_mkwrite_FOLDER.c has the main() of each.
ifeq ($(TREE_LIB_MK),)
TOOL_DIRS := explain module bench
TOOLS := $(wildcard $(foreach dir,$(TOOL_DIRS),$(dir)/pfn_mkwrite_$(dir).c))
TOOLS := $(basename $(notdir $(TOOLS)))
endif

ifneq ($(LIB_MK),)

TEST_GEN_PROGS := pfn_mkwrite_test pfn_mkwrite_drm
TEST_GEN_PROGS_EXTENDED := $(TOOLS)
TEST_FILES := $(wildcard run_tests.sh report/*.awk)
EXTRA_CLEAN := $(OUTPUT)/board.tar.xz

CFLAGS += -Wextra -g $(KHDR_INCLUDES)
ifeq ($(TREE_LIB_MK),)
LDFLAGS += $(if $(CROSS_COMPILE),-static)
# musl-gcc searches no folder of the system, so it does not find the kernel's headers.
ifeq ($(notdir $(CC)),musl-gcc)
CFLAGS += -idirafter /usr/include -idirafter /usr/include/$(shell $(CC) -print-multiarch)
endif
endif

include $(LIB_MK)
include lib/libpfn_mkwrite.mk
include $(wildcard tests/tests.mk)

# Each from the files of its folder, and the mappings of the module.
$(OUTPUT)/pfn_mkwrite_explain: $(wildcard explain/*.c) module/mod.c
$(OUTPUT)/pfn_mkwrite_bench: $(wildcard bench/*.c) module/mod.c
$(OUTPUT)/pfn_mkwrite_module: $(addprefix module/,pfn_mkwrite_module.c mod.c truth.c)
$(addprefix $(OUTPUT)/,$(TOOLS)): $(PFN_MKWRITE_LIB) $(PFN_MKWRITE_HDRS) \
		$(wildcard explain/*.h module/*.h bench/*.h)
	$(call msg,CC,,$@)
	$(Q)$(PFN_MKWRITE_OBJECT) $(CPPFLAGS) $(filter %.c,$^) $(PFN_MKWRITE_LIB) \
		$(LDFLAGS) $(LIBDRM_LIBS) -o $@

else

clean:
	$(RM) -r $(addprefix $(OUTPUT)/,pfn_mkwrite_test pfn_mkwrite_drm $(TOOLS) \
		libpfn_mkwrite board.tar.xz $(patsubst %.c,%,$(wildcard tests/*.c)))

endif

help:
	@expand Makefile | sed -n 's/^#   make/make/p'

check:
	@tests/check.sh $(PART)

check-all:
	@tests/check.sh --all $(PART)

soak:
	tests/soak.sh

bench:
	PFN_MKWRITE_ME='make $@' tests/bench.sh

install-tree uninstall-tree:
	@PFN_MKWRITE_ME='make $@' patches/tree.sh $(@:-tree=) '$(KDIR)'

SERIES ?= series
series:
	@PFN_MKWRITE_ME='make $@' patches/tree.sh series '$(KDIR)' '$(SERIES)'

board.tar.xz:
	$(if $(filter command%,$(origin CC)),BOARD_CC='$(CC)') vm/board.sh $(OUTPUT)/$@

.PHONY: help check check-all soak bench install-tree uninstall-tree series board.tar.xz
