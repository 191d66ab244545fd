// SPDX-License-Identifier: GPL-2.0
/*
 * Traces the kernel during one store to device memory, to show the cause of each page
 * fault. See print_usage().
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/cost/cost.h"
#include "../lib/source/drm_cards.h"
#include "../module/mod.h"
#include "explain.h"

/* Exit status: explained, wrong usage, no such mapping here. */
#define EXIT_EXPLAINED	0
#define EXIT_USAGE	2
#define EXIT_NOTHING	4

/**
 * struct request - what to explain
 *
 * @pattern:	shell pattern of mappings to measure first; NULL: all
 * @matches:	mappings that fit @pattern
 * @status:	exit status so far
 */
static struct request {
	const char *pattern;
	int matches;
	int status;
} request = { .status = EXIT_NOTHING };

static void print_usage(FILE *out)
{
	fprintf(out,
		"usage: pfn_mkwrite_explain [PATTERN]\n"
		"	measure the mappings whose names fit, and trace a store to each\n"
		"       pfn_mkwrite_explain - <OUTPUT\n"
		"	trace a store to each mapping whose verdict failed in this output of\n"
		"	the tests\n"
		"Needs root, and tracefs with kprobe events. PFN_MKWRITE_DRM, _ONLY, _SKIP, _BAR,\n"
		"_VFIO and _DEVDAX choose mappings as they do for the tests.\n"
		"exit status: 0 explained, 4 no such mapping here, 2 wrong usage\n");
}

/* A first store of one fault can be followed by an upgrade of two. */
static bool only_upgrade_fails(int first_store, int store_after_load)
{
	return first_store <= 1 && store_after_load > 1;
}

static int explain_pattern(const struct source *src)
{
	struct judgement judgement;
	struct observation *obs;
	struct backing b;

	if (!source_wanted(src) ||
	    (request.pattern && !source_matches(src, request.pattern)))
		return 0;
	request.matches++;
	obs = observation_new();
	if (!obs)
		return -ENOMEM;
	obs->err = source_here(src, &b);
	if (obs->err)
		snprintf(obs->why, sizeof(obs->why), "%s", b.why);
	else
		measure(src, obs);
	judgement = judge(&obs->cost);
	report_mapping(stdout, src, obs, &judgement);
	if (obs->err)
		return 0;
	request.status = EXIT_EXPLAINED;
	explain(stdout, src, false, true);
	if (only_upgrade_fails(obs->cost.first_store,
			       obs->cost.store_after_load))
		explain(stdout, src, true, true);
	/* The next measurement takes a while. */
	explain_end();
	return 0;
}

static const struct source *all[256];
static size_t nr_all;

static int collect(const struct source *src)
{
	if (nr_all < sizeof(all) / sizeof(*all))
		all[nr_all++] = src;
	return 0;
}

/* Return: 0 or an exit status. */
static int each_source(int (*fn)(const struct source *src))
{
	char why[1024];
	int err;

	err = drm_cards_each(fn, why, sizeof(why));
	if (!err)
		err = sources_each(fn);
	if (!err)
		err = mod_each(fn);
	if (err)
		fprintf(stderr, "%s\n", err == -EDESTADDRREQ ? why : strerror(-err));
	return err ? EXIT_USAGE : 0;
}

/* The lines of report_mapping(). */
static int explain_failed(FILE *tests)
{
	char line[1024], name[256], verdict[16];
	int first_store, store_after_load, err = 0;
	size_t i;

	while (!err && fgets(line, sizeof(line), tests)) {
		if (sscanf(line,
			   "# mapping %255[^: ]: %15s (first store %d, load %*d then store %d,",
			   name, verdict, &first_store, &store_after_load) != 4)
			continue;
		if (strcmp(verdict, verdict_name(VERDICT_IGNORED)) &&
		    strcmp(verdict, verdict_name(VERDICT_UNEXPECTED)))
			continue;
		if (!nr_all)
			err = each_source(collect);
		for (i = 0; i < nr_all; i++) {
			if (strcmp(all[i]->name, name))
				continue;
			request.status = EXIT_EXPLAINED;
			explain(stdout, all[i],
				only_upgrade_fails(first_store, store_after_load), false);
		}
	}
	explain_end();
	return err;
}

int main(int argc, char **argv)
{
	int err;

	if (argc > 2 || (argc == 2 && argv[1][0] == '-' && argv[1][1])) {
		print_usage(stderr);
		return EXIT_USAGE;
	}
	if (argc == 2 && !strcmp(argv[1], "-")) {
		err = explain_failed(stdin);
		return err ? err : request.status;
	}
	request.pattern = argv[1];
	err = each_source(explain_pattern);
	if (err)
		return err;
	if (!request.matches)
		printf("# nothing to explain: no mapping here is named %s; see ./run_tests.sh -l\n",
		       request.pattern ? request.pattern : "anything");
	return request.status;
}
