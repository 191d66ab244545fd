# SPDX-License-Identifier: GPL-2.0
# The library of the pfn_mkwrite tests. Include it after lib.mk, in the Makefile of the
# folder above.

PFN_MKWRITE_OUT := $(OUTPUT)/libpfn_mkwrite
PFN_MKWRITE_LIB := $(PFN_MKWRITE_OUT)/libpfn_mkwrite.a
PFN_MKWRITE_O := $(patsubst lib/%.c,$(PFN_MKWRITE_OUT)/%.o,$(wildcard lib/*/*.c))
PFN_MKWRITE_HDRS := $(wildcard lib/*/*.h)

# -isystem: no warnings about the harness.
PFN_MKWRITE_CFLAGS := -Wall -O2 -D_GNU_SOURCE= -D_FILE_OFFSET_BITS=64 -pthread -isystem $(selfdir)

# The drm.h in tools/ of a tree includes a file that is not there, and clang warns of
# options for the linker.
PFN_MKWRITE_OBJECT = $(CC) $(filter-out -no-pie,$(subst $(TOOLS_INCLUDES),,$(CFLAGS))) \
	$(PFN_MKWRITE_CFLAGS)
include $(wildcard lib/libdrm.mk)

$(PFN_MKWRITE_O): $(PFN_MKWRITE_OUT)/%.o: lib/%.c $(PFN_MKWRITE_HDRS)
	$(call msg,CC,,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(PFN_MKWRITE_OBJECT) $(CPPFLAGS) $(TARGET_ARCH) -c $< -o $@

PFN_MKWRITE_AR := $(if $(LLVM),$(LLVM_PREFIX)llvm-ar$(LLVM_SUFFIX),$(CROSS_COMPILE)ar)
$(PFN_MKWRITE_LIB): $(PFN_MKWRITE_O)
	$(call msg,AR,,$@)
	$(Q)$(RM) $@
	$(Q)$(PFN_MKWRITE_AR) rcs $@ $^

# lib.mk's rule does not hand the files in LOCAL_HDRS to the compiler.
PFN_MKWRITE_PROGS := $(patsubst %.c,$(OUTPUT)/%,$(wildcard pfn_mkwrite_*.c))
$(PFN_MKWRITE_PROGS): private CFLAGS += $(PFN_MKWRITE_CFLAGS)
$(PFN_MKWRITE_PROGS): private CFLAGS += -include lib/tests/compat.h
$(PFN_MKWRITE_PROGS): private LOCAL_HDRS += $(PFN_MKWRITE_HDRS)
$(PFN_MKWRITE_PROGS): $(PFN_MKWRITE_HDRS) $(PFN_MKWRITE_LIB)

EXTRA_CLEAN += $(PFN_MKWRITE_OUT)
