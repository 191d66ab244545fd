// SPDX-License-Identifier: GPL-2.0
/*
 * One store to device memory that is mapped shared and writable is one page
 * fault: the one that maps the page. A second one that only sets the dirty bit
 * means that mkwrite was not honoured.
 *
 * On a dumb buffer of each DRM card that makes one, whatever driver it has, and
 * on the DMA-BUF that the card exports for one.
 * PFN_MKWRITE_DRM=DRIVER|/dev/dri/cardN|pci:SLOT picks one.
 */
#define TH_LOG_STREAM stdout

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"

#include "lib/drm_cards.h"
#include "lib/mapping_tests.h"

static bool wants_no_tests(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "-l") || !strcmp(argv[i], "-h") ||
		    !strcmp(argv[i], "--explain"))
			return true;
	}
	return false;
}

/* Nothing to test is no success: say what is missing and exit as skipped. */
static void skip_all(const struct drm_cards *cards, const char *pick)
{
	int i;

	ksft_print_header();
	if (pick && cards->nr) {
		ksft_print_msg("PFN_MKWRITE_DRM=%s fits none of these cards:\n",
			       pick);
		for (i = 0; i < cards->nr; i++)
			ksft_print_msg("  %s: %s\n", cards->card[i].name,
				       cards->card[i].detail);
		ksft_exit_skip("PFN_MKWRITE_DRM names no card that is here\n");
	}
	if (cards->nr)
		ksft_exit_skip("PFN_MKWRITE_ONLY and _SKIP leave no mapping of a card\n");
	if (!cards->nr_nodes)
		ksft_exit_skip("there is no DRM card: no /dev/dri/card*\n");
	if (cards->nr_refused) {
		ksft_print_msg("%d of %d cards in /dev/dri could not be opened: %s; run as root\n",
			       cards->nr_refused, cards->nr_nodes,
			       strerror(-cards->refused_err));
		ksft_exit_skip("no DRM card could be opened\n");
	}
	ksft_exit_skip("no DRM card here makes dumb buffers\n");
}

int main(int argc, char **argv)
{
	const char *pick = getenv("PFN_MKWRITE_DRM");
	static struct drm_cards cards;
	int i, status, nr = 0;

	/* Tests run in forked children that do not flush. */
	setvbuf(stdout, NULL, _IOLBF, 0);

	if (pick && !*pick)
		pick = NULL;
	drm_cards_find(&cards);
	for (i = 0; i < cards.nr; i++) {
		if (pick && !drm_card_matches(&cards.card[i], pick))
			continue;
		if (!mapping_add(&cards.card[i].source) ||
		    !mapping_add(&cards.card[i].prime) ||
		    !mapping_add(&cards.card[i].huge))
			ksft_exit_fail_msg("out of memory\n");
		nr += mapping_wanted(&cards.card[i].source) ||
		      mapping_wanted(&cards.card[i].prime);
	}

	if (!nr && !wants_no_tests(argc, argv))
		skip_all(&cards, pick);
	if (plan_only(argc, argv))
		return 0;
	status = explain_only(argc, argv);
	if (status >= 0)
		return status;
	return test_harness_run(argc, argv);
}
