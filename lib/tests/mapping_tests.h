/* SPDX-License-Identifier: GPL-2.0 */
/*
 * All tests of a mapping, and what a program needs to run them.
 */
#ifndef PFN_MKWRITE_MAPPING_TESTS_H
#define PFN_MKWRITE_MAPPING_TESTS_H

#include "cost_tests.h"
#include "protection_tests.h"
#include "notify_tests.h"
#include "data_tests.h"
#include "parts_tests.h"
#include "share_tests.h"
#include "store_tests.h"
#include "thread_tests.h"
#include "mmap_tests.h"
#include "gup_tests.h"

/* A mapping that this machine does not have is one SKIP. */
FIXTURE(absent)
{
};

FIXTURE_VARIANT(absent)
{
	const struct source *src;
	struct observation obs;
};

FIXTURE_SETUP(absent)
{
}

FIXTURE_TEARDOWN(absent)
{
}

TEST_F(absent, mapping)
{
	/* The harness of Linux 6.1 has no filter for a fixture without variants. */
	if (!variant)
		return;
	report_mapping(stdout, variant->src, &variant->obs, NULL);
	expect_measured(_metadata, &variant->obs);
}

/* Sources that the environment leaves in, and the variants of those that are here. */
static int nr_wanted, nr_absent;
static const void *added;
static char why_absent[1024] = "PFN_MKWRITE_SKIP leaves out all mappings";

/**
 * mapping_add() - let the tests run on a source
 * @src: the source; stays in use
 *
 * To be called before mappings_run(). Nothing happens if the environment leaves the
 * source out. Exits with status 2 if the environment names a device that is not there.
 *
 * Return: 0.
 */
static inline int mapping_add(const struct source *src)
{
	FIXTURE_VARIANT(mapping) *variant;
	FIXTURE_VARIANT(absent) *absent;
	struct backing b;
	int err;

	if (!source_wanted(src))
		return 0;
	nr_wanted++;
	err = source_here(src, &b);
	if (err == -EDESTADDRREQ) {
		fprintf(stderr, "%s\n", b.why);
		exit(2);
	}
	if (err) {
		absent = calloc(1, sizeof(*absent));
		if (!absent)
			ksft_exit_fail_msg("out of memory\n");
		absent->src = src;
		absent->obs.err = err;
		snprintf(absent->obs.why, sizeof(absent->obs.why), "%s", b.why);
		snprintf(why_absent, sizeof(why_absent), "%s: %s", src->name, b.why);
		FIXTURE_VARIANT_REGISTER(absent, src->name, absent);
		nr_absent++;
		return 0;
	}
	variant = calloc(1, sizeof(*variant));
	if (!variant)
		ksft_exit_fail_msg("out of memory\n");
	variant->src = src;
	variant->obs = observation_new();
	if (!variant->obs)
		ksft_exit_fail_msg("out of memory\n");
	variant->next = added;
	added = variant;
	FIXTURE_VARIANT_REGISTER(mapping, src->name, variant);
	return 0;
}

/* The observation of a source that was added, or NULL. */
static inline struct observation *mapping_observation(const struct source *src)
{
	const FIXTURE_VARIANT(mapping) *variant;

	for (variant = added; variant; variant = variant->next) {
		if (variant->src == src)
			return variant->obs;
	}
	return NULL;
}

/* Print @only and which words of the command line match nothing, and count them. */
static inline int report_unmatched(const char *only, int argc, char **argv)
{
	char *one[] = { argv[0], NULL, NULL, NULL }, option[3] = "-";
	int i, nr = 0;

	if (only) {
		fprintf(stderr, "PFN_MKWRITE_ONLY=%s matches nothing; -l lists all tests\n",
			only);
		nr++;
	}
	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "-d"))
			continue;
		if (argv[i][0] != '-' || !argv[i][1] ||
		    !strchr("fFvVtTr", argv[i][1])) {
			fprintf(stderr, "%s is not an option; -h lists all options\n",
				argv[i]);
			nr++;
			continue;
		}
		option[1] = argv[i][1];
		one[2] = argv[i][2] ? argv[i] + 2 : argv[++i];
		if (!one[2]) {
			fprintf(stderr, "%s needs a name; -l lists all tests\n",
				option);
			return nr + 1;
		}
		/* What an option leaves out is what its lower case selects. */
		one[1] = (char []){ '-', option[1] | 0x20, '\0' };
		if (test_harness_count(3, one))
			continue;
		fprintf(stderr, "%s %s matches nothing; -l lists all tests\n",
			option, one[2]);
		nr++;
	}
	return nr;
}

/**
 * mappings_run() - run the tests
 * @argc: of main()
 * @argv: of main()
 *
 * With PFN_MKWRITE_PLAN=yes in the environment, only print the plan, and which words
 * match nothing. With PFN_MKWRITE_PLAN=known, such words are no errors: they match in
 * another program.
 *
 * Return: the exit status: 2 if a filter matches nothing.
 */
static inline int mappings_run(int argc, char **argv)
{
	const char *only = getenv("PFN_MKWRITE_ONLY");
	const char *plan = getenv("PFN_MKWRITE_PLAN") ?: "";
	bool none = only && *only && !nr_wanted;
	bool print = !strcmp(plan, "yes");
	char **args = calloc(argc + 3, sizeof(*args));
	int i;
	unsigned int nr;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "-l") || !strcmp(argv[i], "-h"))
			return test_harness_run(argc, argv);
	}
	if (strcmp(plan, "known") &&
	    report_unmatched(none ? only : NULL, argc, argv) && !print)
		return 2;
	/* The harness runs a fixture without variants once. */
	if (!nr_absent && args) {
		memcpy(args + 2, argv, (argc + 1) * sizeof(*argv));
		args[0] = argv[0];
		args[1] = "-F";
		args[2] = "absent";
		argv = args;
		argc += 2;
	}
	nr = none ? 0 : test_harness_count(argc, argv);
	if (print) {
		if (nr && !added)
			printf("1..0 # SKIP\n");
		else
			printf("1..%u\n", nr);
		return 0;
	}
	if (!nr) {
		fprintf(stderr, "no test fits all filters; -l lists all tests\n");
		return 2;
	}
	if (!added) {
		ksft_print_header();
		ksft_print_msg("%s\n", why_absent);
		ksft_exit_skip("no mapping to test\n");
	}
	return test_harness_run(argc, argv);
}

#endif /* PFN_MKWRITE_MAPPING_TESTS_H */
