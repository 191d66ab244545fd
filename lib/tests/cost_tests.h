/* SPDX-License-Identifier: GPL-2.0 */
/* The tests that assert on the cost of one store, which was measured before. */
#ifndef PFN_MKWRITE_COST_TESTS_H
#define PFN_MKWRITE_COST_TESTS_H

#include "fixture.h"

/* One store to an untouched page is one fault. */
TEST_F(mapping, first_store)
{
	expect_measured(_metadata, self->obs);
	if (self->verdict == VERDICT_NOTIFY)
		SKIP(return, WHY_NOTIFY);
	/* Mapped before any fault: only the dirty fault is left. */
	if (!self->cost->load) {
		EXPECT_GE(1, self->cost->first_store);
		return;
	}
	if (self->verdict == VERDICT_UNDECIDED && self->cost->first_store == 2)
		SKIP(return, WHY_UNDECIDED);
	EXPECT_EQ(1, self->cost->first_store);
}

/* A notification or a dirty fault, never both. */
TEST_F(mapping, store_after_load)
{
	need_cost(_metadata, self->obs);
	EXPECT_GE(1, self->cost->store_after_load);
}

TEST_F(mapping, second_store)
{
	need_cost(_metadata, self->obs);
	EXPECT_EQ(0, self->cost->second_store);
}

TEST_F(mapping, mkwrite_honoured)
{
	need_cost(_metadata, self->obs);
	switch (self->verdict) {
	case VERDICT_HIDDEN:
		SKIP(return, WHY_HIDDEN);
	case VERDICT_NOTIFY:
		SKIP(return, WHY_NOTIFY);
	case VERDICT_PREMAPPED:
		SKIP(return, WHY_PREMAPPED);
	case VERDICT_UNDECIDED:
		SKIP(return, WHY_UNDECIDED);
	default:
		EXPECT_EQ(VERDICT_HONOURED, self->verdict) {
			TH_LOG("verdict: %s", verdict_name(self->verdict));
		}
	}
}

/* A driver that tracks dirty pages is notified of each page once. */
TEST_F(mapping, notified_once)
{
	int i;

	need_cost(_metadata, self->obs);
	if (self->verdict == VERDICT_UNDECIDED)
		SKIP(return, WHY_UNDECIDED);
	if (self->verdict != VERDICT_NOTIFY)
		SKIP(return, "the driver does not ask to be notified");
	if (self->cost->pgreuse_upgrade == NOT_MEASURED)
		SKIP(return, WHY_BUSY);

	EXPECT_EQ(NR_STORES, self->cost->pgreuse);
	EXPECT_EQ(NR_STORES, self->cost->pgreuse_upgrade);
	for (i = 0; i < NR_STORES; i++)
		ASSERT_LE(1, self->obs->strip[i]);
}

/* Many pages cost what the single ones predict. */
TEST_F(mapping, sixty_four_pages)
{
	need_cost(_metadata, self->obs);
	EXPECT_EQ(predict_stores(self->cost), self->cost->stores) {
		TH_LOG("one store maps %d pages", self->cost->mapped_ahead);
	}
}

/* The fault log and getrusage() know nothing of each other. */
TEST_F(mapping, counters_agree)
{
	need_cost(_metadata, self->obs);
	if (self->obs->log_err)
		SKIP(return, "only one counter can be read here");
	EXPECT_EQ(self->obs->stores_logged, self->obs->stores_rusage);
}

#endif /* PFN_MKWRITE_COST_TESTS_H */
