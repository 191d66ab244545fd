# SPDX-License-Identifier: GPL-2.0
# Selftests of mkwrite for device mappings: one store, one page fault.
#
#   make					for this machine
#   make LLVM=1					the same with clang
#   make CROSS_COMPILE=aarch64-linux-gnu-	static, to copy to a board
#   make OUTPUT=DIR				build there
#   make install INSTALL_PATH=DIR
#   make board.tar.xz				all that a board needs, for arm64
#   make check					the suite's own tests
#   make check-all				all of them, and the tables in docs/
#   make bench					what a first touch costs, and to measure it
#   make soak					100 runs under load in each guest
#   make install-tree KDIR=TREE			into the mm selftests of a kernel tree
#   make uninstall-tree KDIR=TREE		out of it again
#   make series KDIR=TREE			patches for the list, in series/
#
# The kselftest harness comes from the kernel tree that this folder sits in,
# from KSRC=, or from Debian's linux-source package; HARNESS=6.1 takes an older
# one of these.

TREE_LIB_MK := $(firstword $(wildcard ../lib.mk ../../lib.mk))
# What the programs are not built for.
OTHERS := check check-all soak bench clean install-tree uninstall-tree series board.tar.xz
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

ifneq ($(LIB_MK),)

TEST_GEN_PROGS := pfn_mkwrite_test pfn_mkwrite_drm
TEST_GEN_PROGS_EXTENDED := pfn_mkwrite_bench
TEST_FILES := run_tests.sh lib/report.awk
EXTRA_CLEAN := $(OUTPUT)/board.tar.xz

CFLAGS += -Wextra -g $(KHDR_INCLUDES)
ifeq ($(TREE_LIB_MK),)
LDFLAGS += $(if $(CROSS_COMPILE),-static)
endif

include $(LIB_MK)
include lib/libpfn_mkwrite.mk
include tests/tests.mk

$(OUTPUT)/pfn_mkwrite_bench: private LDLIBS += -lm

else

clean:
	$(RM) -r $(addprefix $(OUTPUT)/,pfn_mkwrite_test pfn_mkwrite_drm pfn_mkwrite_bench \
		libpfn_mkwrite \
		board.tar.xz \
		$(patsubst %.c,%,$(wildcard tests/*.c)))

endif

check:
	tests/check.sh

check-all:
	tests/check.sh --all

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
	vm/board.sh $(OUTPUT)/$@

.PHONY: check check-all soak bench install-tree uninstall-tree series board.tar.xz
