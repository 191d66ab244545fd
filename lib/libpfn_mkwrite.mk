# SPDX-License-Identifier: GPL-2.0
# The library of the pfn_mkwrite tests. To be included after lib.mk by the Makefile in
# the folder above, which names the programs; what else that one builds is left alone.
#
# LIBDRM=0	 use the UAPI even where libdrm could be linked
# LIBDRM_DIR=DIR take libdrm from a libdrm-dev package unpacked there

PFN_MKWRITE_SRC := lib
PFN_MKWRITE_OUT := $(OUTPUT)/libpfn_mkwrite
PFN_MKWRITE_LIB := $(PFN_MKWRITE_OUT)/libpfn_mkwrite.a
# Not each tree has all of them.
PFN_MKWRITE_PROGS := $(patsubst %.c,$(OUTPUT)/%,$(wildcard pfn_mkwrite_*.c))

# The harness is somebody else's: its warnings are not ours to mend.
PFN_MKWRITE_CFLAGS := -Wall -O2 -D_GNU_SOURCE= -pthread -isystem $(selfdir)

# What the objects get. The tools/ of a tree have a drm.h, and not what it includes, and
# clang complains of what is for the linker.
PFN_MKWRITE_OBJECT = $(CC) $(filter-out -no-pie,$(subst $(TOOLS_INCLUDES),,$(CFLAGS))) \
	$(PFN_MKWRITE_CFLAGS)

ifneq ($(LIBDRM_DIR),)
LIBDRM_CFLAGS := -isystem $(LIBDRM_DIR)/usr/include
LIBDRM_CFLAGS += -isystem $(LIBDRM_DIR)/usr/include/libdrm
LIBDRM_LIBS := $(firstword $(wildcard $(LIBDRM_DIR)/usr/lib/*/libdrm.a))
else
LIBDRM_CFLAGS := $(if $(CROSS_COMPILE),,-isystem /usr/include/libdrm)
LIBDRM_LIBS := -ldrm
endif
LIBDRM_LIBS += -lm

# Only a link shows that libdrm is there for this target, and new enough. Whether
# a \# in $(shell) keeps its backslash depends on the version of make.
PFN_MKWRITE_HASH := \#
ifeq ($(LIBDRM),)
LIBDRM := $(shell printf '%s\n' '$(PFN_MKWRITE_HASH)include <xf86drmMode.h>' \
	'int main(void) { return drmModeDestroyDumbBuffer(-1, 0); }' | \
	$(PFN_MKWRITE_OBJECT) $(LIBDRM_CFLAGS) $(LDFLAGS) -x c - -o /dev/null \
		-x none $(LIBDRM_LIBS) 2>/dev/null && echo 1 || echo 0)
endif

PFN_MKWRITE_C := $(wildcard $(PFN_MKWRITE_SRC)/*.c)
ifeq ($(LIBDRM),1)
PFN_MKWRITE_C := $(filter-out %/drm_uapi.c,$(PFN_MKWRITE_C))
$(filter %_drm %_bench,$(PFN_MKWRITE_PROGS)): private LDLIBS += $(LIBDRM_LIBS)
else
PFN_MKWRITE_C := $(filter-out %/drm_libdrm.c,$(PFN_MKWRITE_C))
endif
PFN_MKWRITE_O := $(PFN_MKWRITE_C:$(PFN_MKWRITE_SRC)/%.c=$(PFN_MKWRITE_OUT)/%.o)

# Another compiler, harness or libdrm in the same OUTPUT builds all anew.
PFN_MKWRITE_FLAGS = $(PFN_MKWRITE_OBJECT) $(LDFLAGS) LIBDRM=$(LIBDRM) $(LIBDRM_LIBS)
PFN_MKWRITE_HDRS := $(wildcard $(PFN_MKWRITE_SRC)/*.h) $(PFN_MKWRITE_OUT)/flags
$(PFN_MKWRITE_OUT)/flags: FORCE
	$(Q)mkdir -p $(@D)
	$(Q)echo '$(PFN_MKWRITE_FLAGS)' | cmp -s - $@ || \
		echo '$(PFN_MKWRITE_FLAGS)' > $@
.PHONY: FORCE

$(PFN_MKWRITE_OUT)/drm_libdrm.o: private CFLAGS += $(LIBDRM_CFLAGS)
$(PFN_MKWRITE_O): $(PFN_MKWRITE_OUT)/%.o: $(PFN_MKWRITE_SRC)/%.c $(PFN_MKWRITE_HDRS)
	$(call msg,CC,,$@)
	$(Q)$(PFN_MKWRITE_OBJECT) $(CPPFLAGS) $(TARGET_ARCH) -c $< -o $@

# An archive: a program takes in only the sources of memory that it names.
PFN_MKWRITE_AR := $(if $(LLVM),$(LLVM_PREFIX)llvm-ar$(LLVM_SUFFIX),$(CROSS_COMPILE)ar)
$(PFN_MKWRITE_LIB): $(PFN_MKWRITE_O)
	$(call msg,AR,,$@)
	$(Q)$(RM) $@
	$(Q)$(PFN_MKWRITE_AR) rcs $@ $^

# What lib.mk's rule finds in LOCAL_HDRS it does not hand to the compiler.
$(PFN_MKWRITE_PROGS): private CFLAGS += $(PFN_MKWRITE_CFLAGS)
$(PFN_MKWRITE_PROGS): private LOCAL_HDRS += $(PFN_MKWRITE_HDRS)
$(PFN_MKWRITE_PROGS): $(PFN_MKWRITE_HDRS) $(PFN_MKWRITE_LIB)

EXTRA_CLEAN += $(PFN_MKWRITE_OUT)
