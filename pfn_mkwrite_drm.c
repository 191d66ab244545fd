// SPDX-License-Identifier: GPL-2.0
/*
 * One store to device memory that is mapped shared and writable is one page fault:
 * the one that maps the page. A second one that only sets the dirty bit means that
 * mkwrite was not honoured.
 *
 * On the memory of each DRM card that makes dumb buffers, whatever its driver.
 * PFN_MKWRITE_DRM=DRIVER|/dev/dri/cardN|pci:SLOT picks one.
 */
#define TH_LOG_STREAM stdout

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"

#include "lib/source/drm_cards.h"
#include "lib/tests/mapping_tests.h"

/* Why there is nothing to test. */
static void explain_absence(const struct drm_cards *cards)
{
	if (!cards->nr_nodes)
		snprintf(why_absent, sizeof(why_absent),
			 "there is no DRM card: no /dev/dri/card*");
	else if (cards->nr_refused)
		snprintf(why_absent, sizeof(why_absent),
			 "%d of %d cards in /dev/dri could not be opened: %s; run as root",
			 cards->nr_refused, cards->nr_nodes,
			 strerror(-cards->refused_err));
	else if (!cards->nr)
		snprintf(why_absent, sizeof(why_absent),
			 "none of the %d cards in /dev/dri makes dumb buffers",
			 cards->nr_nodes);
}

int main(int argc, char **argv)
{
	const char *pick = getenv("PFN_MKWRITE_DRM");
	static struct drm_cards cards;
	int i;

	/* Tests run in forked children that do not flush. */
	setvbuf(stdout, NULL, _IOLBF, 0);

	drm_cards_find(&cards);
	explain_absence(&cards);
	if (drm_cards_each(&cards, pick, mapping_add) && cards.nr) {
		fprintf(stderr, "PFN_MKWRITE_DRM=%s matches no card; there are:", pick);
		for (i = 0; i < cards.nr; i++)
			fprintf(stderr, " %s", cards.card[i].name);
		fprintf(stderr, "\n");
		return 2;
	}
	return mappings_run(argc, argv);
}
