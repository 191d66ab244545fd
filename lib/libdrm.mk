# SPDX-License-Identifier: GPL-2.0
# Use libdrm instead of the UAPI, if it can be linked. Included by libpfn_mkwrite.mk.
#
# LIBDRM=0	 use the UAPI
# LIBDRM_DIR=DIR use a libdrm-dev package unpacked there

ifneq ($(LIBDRM_DIR),)
LIBDRM_CFLAGS := -isystem $(LIBDRM_DIR)/usr/include
LIBDRM_CFLAGS += -isystem $(LIBDRM_DIR)/usr/include/libdrm
LIBDRM_LIBS := $(firstword $(wildcard $(LIBDRM_DIR)/usr/lib/*/libdrm.a))
else
LIBDRM_CFLAGS := $(if $(CROSS_COMPILE),,-isystem /usr/include/libdrm)
LIBDRM_LIBS := -ldrm
endif
LIBDRM_LIBS += -lm

# Only a link shows that libdrm exists for this target, and is new enough. Some versions
# of make keep the backslash of \# in $(shell).
PFN_MKWRITE_HASH := \#
ifeq ($(LIBDRM),)
LIBDRM := $(shell printf '%s\n' '$(PFN_MKWRITE_HASH)include <xf86drmMode.h>' \
	'int main(void) { return drmModeDestroyDumbBuffer(-1, 0); }' | \
	$(PFN_MKWRITE_OBJECT) $(LIBDRM_CFLAGS) $(LDFLAGS) -x c - -o /dev/null \
		-x none $(LIBDRM_LIBS) 2>/dev/null && echo 1 || echo 0)
endif

ifeq ($(LIBDRM),1)
$(addprefix $(PFN_MKWRITE_OUT)/source/,drm_cards.o prime.o): private CFLAGS += -DLIBDRM $(LIBDRM_CFLAGS)
$(OUTPUT)/pfn_mkwrite_drm: private LDLIBS += $(LIBDRM_LIBS)
else
LIBDRM_LIBS :=
endif

# Another compiler, harness or libdrm in the same OUTPUT rebuilds everything.
PFN_MKWRITE_FLAGS = $(PFN_MKWRITE_OBJECT) $(LDFLAGS) LIBDRM=$(LIBDRM) $(LIBDRM_LIBS)
PFN_MKWRITE_HDRS += $(PFN_MKWRITE_OUT)/flags
$(PFN_MKWRITE_OUT)/flags: FORCE
	$(Q)mkdir -p $(@D)
	$(Q)echo '$(PFN_MKWRITE_FLAGS)' | cmp -s - $@ || \
		echo '$(PFN_MKWRITE_FLAGS)' > $@
.PHONY: FORCE
