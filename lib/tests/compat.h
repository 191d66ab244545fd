/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What kselftest_harness.h lacks up to Linux 7.3: variants that are registered at
 * run time, and the number of tests that the arguments select. Included ahead of
 * each program; a tree whose harness has both has no such file.
 */
#ifndef PFN_MKWRITE_COMPAT_H
#define PFN_MKWRITE_COMPAT_H

#define TH_LOG_STREAM stdout

#include "kselftest_harness.h"

#ifndef FIXTURE_VARIANT_REGISTER

#define FIXTURE_VARIANT_REGISTER(fixture_name, variant_name, variant_data) do { \
	struct __fixture_variant_metadata *add; \
	add = calloc(1, sizeof(*add)); \
	if (!add) \
		ksft_exit_fail_msg("out of memory\n"); \
	add->name = (variant_name); \
	add->data = (variant_data); \
	__register_fixture_variant(&_##fixture_name##_fixture_object, add); \
} while (0)

static inline unsigned int test_harness_count(int argc, char **argv)
{
	struct __fixture_variant_metadata none = { .name = "" };
	struct __fixture_variant_metadata *v;
	struct __fixture_metadata *f;
	struct __test_metadata *t;
	unsigned int nr = 0;

	(void)argc;
	(void)argv;
	/* Or getopt() complains once for each test. */
	opterr = 0;
	for (f = __fixture_list; f; f = f->next) {
		for (v = f->variant ?: &none; v; v = v->next) {
			for (t = f->tests; t; t = t->next) {
#ifdef XFAIL_ADD
				nr += test_enabled(argc, argv, f, v, t);
#else
				nr++;
#endif
			}
		}
	}
	opterr = 1;
	optind = 1;
	return nr;
}

/* Linux 6.1 runs the test even if the setup has skipped it. */
#ifndef XFAIL_ADD
#undef SKIP
#define SKIP(statement, fmt, ...) do { \
	snprintf(_metadata->results->reason, \
		 sizeof(_metadata->results->reason), fmt, ##__VA_ARGS__); \
	_exit(255); \
} while (0)
#endif

#endif /* FIXTURE_VARIANT_REGISTER */

#endif /* PFN_MKWRITE_COMPAT_H */
