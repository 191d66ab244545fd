// SPDX-License-Identifier: GPL-2.0
/*
 * The tests of pfn_mkwrite_test.c on each DRM card that makes dumb buffers.
 * PFN_MKWRITE_DRM=DRIVER|/dev/dri/cardN|pci:SLOT picks one.
 */
#define TH_LOG_STREAM stdout

#include "kselftest_harness.h"

#include "lib/source/drm_cards.h"
#include "lib/tests/mapping_tests.h"

int main(int argc, char **argv)
{
	if (drm_cards_each(mapping_add, why_absent, sizeof(why_absent))) {
		fprintf(stderr, "%s\n", why_absent);
		return 2;
	}
	return mappings_run(argc, argv);
}
