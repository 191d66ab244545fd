// SPDX-License-Identifier: GPL-2.0
/*
 * The cost tests of mapping_tests.h on made-up numbers. Each of them has to pass, to
 * fail and to skip: assertions.expected lists the results that are no pass, so this
 * program fails on purpose.
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "../lib/tests/compat.h"
#include "../lib/tests/mapping_tests.h"

#define N	NR_STORES
#define X	NOT_MEASURED

/* An int of struct observation that differs from that of a good mapping. */
struct change {
	size_t offset;
	int value;
};

#define SET(field, value)	{ offsetof(struct observation, field), value }

#define CASE(case, ...) \
	{ .name = #case, .changes = { __VA_ARGS__ } }
/* Two faults for each page, and pgreuse of the stores and of those after loads. */
#define DOUBLE(case, reuse, upgrades_reuse, ...) \
	CASE(case, SET(cost.first_store, 2), SET(cost.store_after_load, 1), \
	     SET(cost.stores, 2 * N), SET(cost.upgrades, N), \
	     SET(cost.pgreuse, reuse), \
	     SET(cost.pgreuse_upgrade, upgrades_reuse), ##__VA_ARGS__)

static const struct {
	const char *name;
	struct change changes[8];
} cases[] = {
	CASE(good),
	DOUBLE(ignored, 0, 0),
	DOUBLE(undecided, X, X),
	DOUBLE(notify, N, N),
	DOUBLE(notify_noisy, N, X),
	DOUBLE(notify_too_often, N + 1, N),
	DOUBLE(notify_too_rarely, N, N - 1),
	DOUBLE(notify_without_fault, N, N, SET(strip[8], 0)),
	CASE(upgrade_twice, SET(cost.store_after_load, 2), SET(cost.upgrades, 2 * N)),
	CASE(store_again, SET(cost.second_store, 1)),
	CASE(hidden, SET(cost.child_store, 0), SET(cost.clean_store, 0)),
	CASE(premapped, SET(cost.load, 0)),
	CASE(premapped_twice, SET(cost.load, 0), SET(cost.first_store, 2),
	     SET(cost.stores, 2 * N)),
	/* Honoured for the page that faults, and not for those mapped ahead. */
	CASE(ahead_left_out, SET(cost.mapped_ahead, 16)),
	CASE(log_lacks_one, SET(stores_logged, N - 1)),
	CASE(no_log, SET(log_err, -EACCES), SET(stores_logged, 0)),
	CASE(busy, SET(err, -EAGAIN)),
	CASE(lost, SET(err, -ENOBUFS)),
	CASE(timed_out, SET(err, -ETIMEDOUT)),
};

/* One fault for each page, on a CPU that shows it. */
static void make(struct observation *o, const struct change *changes)
{
	size_t i;

	o->cost = (struct store_cost){
		.first_store = 1,
		.load = 1,
		.child_store = 1,
		.clean_store = 1,
		.stores = N,
		.mapped_ahead = 1,
	};
	memset(o->strip, 1, sizeof(o->strip));
	o->stores_logged = N;
	o->stores_rusage = N;
	for (i = 0; changes[i].offset; i++)
		memcpy((char *)o + changes[i].offset, &changes[i].value,
		       sizeof(int));
	o->done = true;
}

static int here(const struct source *src, struct backing *b)
{
	(void)src;
	(void)b;
	return 0;
}

static int no_device(const struct source *src, struct backing *b)
{
	return backing_fail(b, -ENODEV, "there is no %s", src->name);
}

static int no_permission(const struct source *src, struct backing *b)
{
	return backing_fail(b, -EACCES, "%s is refused", src->name);
}

static struct observation *observation_of(const char *name)
{
	const FIXTURE_VARIANT(mapping) *variant;

	variant = harness_variant(&_mapping_fixture_object, name);
	return variant->obs;
}

static void no_close(struct backing *b)
{
	(void)b;
}

int main(void)
{
	static char *const args[] = {
		"assertions", "-t", "first_store", "-t", "store_after_load",
		"-t", "second_store", "-t", "mkwrite_honoured",
		"-t", "notified_once", "-t", "sixty_four_pages",
		"-t", "counters_agree", "-t", "mapping", NULL,
	};
	static const struct source absent[] = {
		{ .name = "unicorn", .here = no_device },
		{ .name = "vault", .here = no_permission },
	};
	static struct source sources[ARRAY_SIZE(cases)];
	size_t i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		sources[i].name = cases[i].name;
		sources[i].here = here;
		sources[i].close = no_close;
		mapping_add(&sources[i]);
		make(observation_of(cases[i].name), cases[i].changes);
	}
	for (i = 0; i < ARRAY_SIZE(absent); i++)
		mapping_add(&absent[i]);
	return test_harness_run(ARRAY_SIZE(args) - 1, (char **)args);
}
