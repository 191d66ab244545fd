/* SPDX-License-Identifier: GPL-2.0 */
/* All tests of a mapping, and what a program needs to run them. */
#ifndef PFN_MKWRITE_MAPPING_TESTS_H
#define PFN_MKWRITE_MAPPING_TESTS_H

#include "cost_tests.h"
#include "property.h"
#include "protection_tests.h"
#include "notify_tests.h"
#include "data_tests.h"
#include "share_tests.h"
#include "store_tests.h"
#include "thread_tests.h"
#include "gup_tests.h"
#include "mmap_tests.h"
#include "kvm_tests.h"

/* A mapping that this machine does not have is one SKIP. */
FIXTURE(absent)
{
};

FIXTURE_VARIANT(absent)
{
	const struct source *src;
	struct observation *obs;
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
	if (!variant)		/* compat.h */
		return;		/* compat.h */
	report_mapping(stdout, variant->src, variant->obs, NULL);
	expect_measured(_metadata, variant->obs);
}

static int nr_present, nr_absent;
static char why_absent[1024] = "no mapping is left";

/*
 * Let the tests run on a source, which stays in use. Exits with status 2 if the
 * environment names a device that is not there. Returns 0.
 */
static inline int mapping_add(const struct source *src)
{
	FIXTURE_VARIANT(mapping) *variant = calloc(1, sizeof(*variant));
	struct observation *obs = observation_new();
	struct backing b;

	if (!source_wanted(src))	/* wanted.c */
		return 0;		/* wanted.c */
	if (!variant || !obs)
		ksft_exit_fail_msg("out of memory\n");
	variant->src = src;
	variant->obs = obs;
	obs->err = source_here(src, &b);
	if (obs->err == -EDESTADDRREQ) {
		fprintf(stderr, "%s\n", b.why);
		exit(2);
	}
	if (obs->err) {
		snprintf(obs->why, sizeof(obs->why), "%s", b.why);
		snprintf(why_absent, sizeof(why_absent), "%s: %s", src->name, b.why);
		FIXTURE_VARIANT_REGISTER(absent, src->name, (void *)variant);
		nr_absent++;
	} else {
		FIXTURE_VARIANT_REGISTER(mapping, src->name, variant);
		nr_present++;
	}
	return 0;
}

/* Run the tests that the arguments of main() select. Returns the exit status. */
static inline int mappings_run(int argc, char **argv)
{
	char **args = alloca((argc + 3) * sizeof(*args));
	int nr = 0;

	/* Tests run in forked children that do not flush. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	/* The harness runs a fixture without variants once. */
	args[nr++] = argv[0];
	if (!nr_absent) {
		args[nr++] = "-F";
		args[nr++] = "absent";
	}
	memcpy(args + nr, argv + 1, argc * sizeof(*argv));
	nr += argc - 1;
	harness_gather();				/* compat.h */
	harness_check(nr, args, nr_present, nr_absent);	/* compat.h */
	if (!nr_present) {
		ksft_print_header();
		ksft_print_msg("%s\n", why_absent);
		ksft_exit_skip("no mapping to test\n");
	}
	return test_harness_run(nr, args);
}

#endif /* PFN_MKWRITE_MAPPING_TESTS_H */
