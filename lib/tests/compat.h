/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Missing from kselftest_harness.h up to Linux 7.3: variants that are registered at run
 * time, and an error for arguments that select nothing. Included ahead of each program;
 * a tree whose harness has such variants has no such file.
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

/* The parameters of a variant, NULL if there is none of this name. */
static inline const void *harness_variant(const struct __fixture_metadata *fixture,
					  const char *name)
{
	const struct __fixture_variant_metadata *variant;

	for (variant = fixture->variant; variant; variant = variant->next) {
		if (!strcmp(variant->name, name))
			return variant->data;
	}
	return NULL;
}

/* How many tests the arguments select. */
static inline unsigned int harness_count(int argc, char **argv)
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

/* Print which words of the command line match nothing, and count them. */
static inline int harness_unmatched(int argc, char **argv)
{
	char *one[] = { argv[0], NULL, NULL, NULL }, option[3] = "-";
	int i, nr = 0;

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
		/* An upper-case option excludes the tests that its lower case selects. */
		one[1] = (char []){ '-', option[1] | 0x20, '\0' };
		if (harness_count(3, one))
			continue;
		fprintf(stderr, "%s %s matches nothing; -l lists all tests\n",
			option, one[2]);
		nr++;
	}
	return nr;
}

/*
 * Exit with status 2 if a filter matches nothing: a word of the command line, or
 * PFN_MKWRITE_ONLY, if there is no source, neither present nor @absent.
 *
 * With PFN_MKWRITE_PLAN=yes in the environment, print the plan, and which filters match
 * nothing, and exit. With PFN_MKWRITE_PLAN=known, such words are no errors: they match in
 * another program.
 */
static inline void harness_check(int argc, char **argv, bool present, bool absent)
{
	const char *only = getenv("PFN_MKWRITE_ONLY");
	const char *plan = getenv("PFN_MKWRITE_PLAN") ?: "";
	bool print = !strcmp(plan, "yes"), known = !strcmp(plan, "known");
	bool none = only && *only && !present && !absent;
	unsigned int nr;
	int i;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "-l") || !strcmp(argv[i], "-h"))
			exit(test_harness_run(argc, argv));
	}
	if (none && !known)
		fprintf(stderr, "PFN_MKWRITE_ONLY=%s matches nothing; -l lists all tests\n",
			only);
	if (!known && harness_unmatched(argc, argv) + none && !print)
		exit(2);

	nr = none ? 0 : harness_count(argc, argv);
	if (print) {
		printf(nr && !present ? "1..0 # SKIP\n" : "1..%u\n", nr);
		exit(0);
	}
	if (!nr) {
		fprintf(stderr, "no test fits all filters; -l lists all tests\n");
		exit(2);
	}
}

#endif /* PFN_MKWRITE_COMPAT_H */
