/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Missing from kselftest_harness.h up to Linux 7.3: variants that are registered at run
 * time, and an error for arguments that select nothing. Included ahead of each program;
 * a tree whose harness has such variants has no such file.
 */
#ifndef PFN_MKWRITE_COMPAT_H
#define PFN_MKWRITE_COMPAT_H

#define TH_LOG_STREAM stdout

#include <ctype.h>
#include <pthread.h>

#include "kselftest.h"

static inline void harness_child(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
}

/*
 * Let the harness write the results so far, and the name of the next test, at once: it
 * flushes them before each fork. The reader runs three times as often otherwise.
 */
static inline void harness_header(void)
{
	ksft_print_header();
	pthread_atfork(NULL, NULL, harness_child);
	setvbuf(stdout, NULL, _IOFBF, BUFSIZ);
}

#define ksft_print_header harness_header
#include "kselftest_harness.h"
#undef ksft_print_header

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

/*
 * Since Linux 6.9 the harness maps each test on its own, and each fork copies all of these
 * VMAs. Move the tests to one mapping.
 */
static inline void harness_gather(void)
{
#ifdef XFAIL_ADD
	struct __test_metadata *room, *t, *next;
	struct __fixture_metadata *f;
	size_t nr = 0;

	for (f = __fixture_list; f; f = f->next) {
		for (t = f->tests; t; t = t->next)
			nr++;
	}
	room = mmap(NULL, nr * sizeof(*room), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (room == MAP_FAILED)
		return;
	for (f = __fixture_list; f; f = f->next) {
		t = f->tests;
		f->tests = NULL;
		for (; t; t = next) {
			next = t->next;
			*room = *t;
			munmap(t, sizeof(*t));
			__register_test(room++);
		}
	}
#endif
}

/* Whether a word of the command line is a test of a mapping. */
static inline bool harness_of_mapping(const char *word)
{
	struct __fixture_metadata *f = __fixture_list;
	struct __test_metadata *t;

	while (f && strcmp(f->name, "mapping"))
		f = f->next;
	for (t = f ? f->tests : NULL; t && strcmp(t->name, word);)
		t = t->next;
	return t;
}

/*
 * Whether the arguments select a test, whose full name is @full. The harness decides by the
 * first word that fits. Here, a test has to fit a word of each of -f, -v and -t that is
 * given, and none of -F, -V and -T; -r adds a test. A mapping that is absent stands for its
 * tests if -v names it.
 */
static inline bool harness_chosen(int argc, char **argv, const char *const names[3],
				  const char *full)
{
	bool given[3] = { false }, fits[3] = { false };
	bool any = false, exact = false, stands = false;
	int opt, k;

#ifndef XFAIL_ADD
	/* Linux 6.1 runs all tests. */
	return true;
#endif
	optind = 1;
	while ((opt = getopt(argc, argv, "dF:f:V:v:t:T:r:")) != -1) {
		if (!strchr("fFvVtTr", opt))
			continue;
		any |= islower(opt);
		if (opt == 'r') {
			exact |= !strcmp(optarg, full);
			continue;
		}
		k = tolower(opt) == 'f' ? 0 : tolower(opt) == 'v' ? 1 : 2;
		if (islower(opt)) {
			given[k] = true;
			fits[k] |= !strcmp(optarg, names[k]);
			stands |= k == 2 && harness_of_mapping(optarg);
		} else if (!strcmp(optarg, names[k])) {
			return false;
		}
	}
	fits[2] |= stands && fits[1] && !strcmp(names[0], "absent");
	for (k = 0; k < 3; k++) {
		if (given[k] && !fits[k])
			return exact;
	}
	return !any || exact || given[0] || given[1] || given[2];
}

/* How many tests the arguments select. If @args is not NULL, it gets -r NAME of each. */
static inline unsigned int harness_count(int argc, char **argv, char **args)
{
	struct __fixture_variant_metadata none = { .name = "" };
	struct __fixture_variant_metadata *v;
	struct __fixture_metadata *f;
	struct __test_metadata *t;
	unsigned int nr = 0;
	char full[1024];

	/* Or getopt() complains once for each test. */
	opterr = 0;
	for (f = __fixture_list; f; f = f->next) {
		for (v = f->variant ?: &none; v; v = v->next) {
			for (t = f->tests; t; t = t->next) {
				const char *names[3] = { f->name, v->name, t->name };

				snprintf(full, sizeof(full), "%s%s%s.%s", names[0],
					 *names[1] ? "." : "", names[1], names[2]);
				if (!harness_chosen(argc, argv, names, full))
					continue;
				if (args) {
					args[2 * nr] = "-r";
					args[2 * nr + 1] = strdup(full);
				}
				nr++;
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
	const char *kind;
	int i, nr = 0;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "-d") || !strcmp(argv[i], "-l") || !strcmp(argv[i], "-h"))
			continue;
		if (argv[i][0] != '-' || !argv[i][1] ||
		    !strchr("fFvVtTr", argv[i][1])) {
			one[1] = option;
			one[2] = argv[i];
			for (kind = "vtf"; *kind; kind++) {
				option[1] = *kind;
				if (harness_count(3, one, NULL))
					break;
			}
			fprintf(stderr, *kind ? "%s is not an option; %s %s selects it\n" :
				"%s is not an option; -h lists all options\n",
				argv[i], option, argv[i]);
			return nr + 1;
		}
		option[1] = argv[i][1];
		one[2] = argv[i][2] ? argv[i] + 2 : argv[++i];
		if (!one[2] || !*one[2]) {
			fprintf(stderr, "%s needs a name; -l lists all tests\n",
				option);
			return nr + 1;
		}
		/* An upper-case option excludes the tests that its lower case selects. */
		one[1] = (char []){ '-', option[1] | 0x20, '\0' };
		if (harness_count(3, one, NULL))
			continue;
		fprintf(stderr, "%s %s matches nothing; -l lists all tests\n",
			option, one[2]);
		nr++;
	}
	return nr;
}

/* Run the tests that harness_chosen() selects. */
static inline int harness_run(int argc, char **argv)
{
	char **args = calloc(2 * harness_count(argc, argv, NULL) + 3, sizeof(*args));
	bool by_name = false;
	int i, nr = 0;

	if (!args)
		ksft_exit_fail_msg("out of memory\n");
	args[nr++] = argv[0];
	for (i = 1; i < argc; i++) {
		by_name |= argv[i][0] == '-' && argv[i][1] && strchr("fvtr", argv[i][1]);
		if (!strcmp(argv[i], "-d"))
			args[nr++] = argv[i];
	}
	/* Exclusions alone are the same to the harness. */
	if (!by_name)
		return test_harness_run(argc, argv);
	return test_harness_run(nr + 2 * harness_count(argc, argv, args + nr), args);
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
	int i, unmatched;

	unmatched = known ? 0 : harness_unmatched(argc, argv);
	for (i = 1; i < argc && !unmatched; i++) {
		if (!strcmp(argv[i], "-l") || !strcmp(argv[i], "-h"))
			exit(test_harness_run(argc, argv));
	}
	if (none && !known) {
		fprintf(stderr, "PFN_MKWRITE_ONLY=%s matches nothing; -l lists all tests\n",
			only);
		unmatched++;
	}
	if (unmatched && !print)
		exit(2);

	nr = none ? 0 : harness_count(argc, argv, NULL);
	if (print) {
		printf(nr && !present ? "1..0 # SKIP\n" : "1..%u\n", nr);
		exit(0);
	}
	if (!nr) {
		fprintf(stderr, "no test fits all filters; -l lists all tests\n");
		exit(2);
	}
}

#define test_harness_run harness_run

#endif /* PFN_MKWRITE_COMPAT_H */
