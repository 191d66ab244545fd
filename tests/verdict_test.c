// SPDX-License-Identifier: GPL-2.0
/*
 * Each row of the table of verdicts, and numbers that fit no row.
 */
#define TH_LOG_STREAM stdout

#include "kselftest_harness.h"

#include "../lib/verdict/verdict.h"

#define N	NR_STORES

FIXTURE(row)
{
};

FIXTURE_VARIANT(row)
{
	struct store_cost cost;
	enum verdict verdict;
	int predicted;
};

FIXTURE_SETUP(row)
{
}

FIXTURE_TEARDOWN(row)
{
}

/*
 * Columns: first_store, load, store_after_load, second_store, child_store,
 * clean_store, pgreuse, pgreuse_upgrade, upgrades, mapped_ahead. The table
 * calls the first five F, L, S, A and C, and pgreuse R.
 */
#define ROW(name, expected, total, F, L, S, A, C, clean, R, upgraded, U, ahead) \
	FIXTURE_VARIANT_ADD(row, name) { \
		.cost = { \
			.first_store = F, .load = L, .store_after_load = S, \
			.second_store = A, .child_store = C, \
			.clean_store = clean, .pgreuse = R, \
			.pgreuse_upgrade = upgraded, \
			.upgrades = (U) == X ? N * (S) : (U), \
			.mapped_ahead = ahead, \
		}, \
		.verdict = VERDICT_##expected, \
		.predicted = total, \
	}

/* Not measured. */
#define X	NOT_MEASURED

/* The rows. */
ROW(honoured, HONOURED, N, 1, 1, 0, 0, 1, 1, 0, X, X, 1);
ROW(honoured_for_writes, HONOURED, N, 1, 1, 1, 0, 1, 1, 0, X, X, 1);
ROW(ignored, IGNORED, 2 * N, 2, 1, 1, 0, 1, 1, 0, X, X, 1);
ROW(notify_software, NOTIFY, 2 * N, 2, 1, 1, 0, 1, 1, N, X, X, 1);
ROW(notify_hardware, NOTIFY, 2 * N, 2, 1, 1, 0, 0, 0, N, X, X, 1);
ROW(notify_with_noise, NOTIFY, 2 * N, 2, 1, 1, 0, 1, 1, N + 3, X, X, 1);
ROW(hidden, HIDDEN, N, 1, 1, 0, 0, 0, 0, 0, X, X, 1);
ROW(premapped_dirty, PREMAPPED, 0, 0, 0, 0, 0, 1, 1, 0, X, X, 1);
ROW(premapped_clean, PREMAPPED, N, 1, 0, 1, 0, 1, 1, 0, X, X, 1);
ROW(premapped_hardware, PREMAPPED, 0, 0, 0, 0, 0, 0, 0, 0, X, X, 1);
ROW(premapped_ahead, PREMAPPED, N, 1, 0, 1, 0, 1, 1, 0, X, X, N);
ROW(premapped_notify, NOTIFY, N, 1, 0, 1, 0, 1, 1, N, X, X, 1);
ROW(upgrade, IGNORED, N, 1, 1, 2, 0, 1, 1, 0, X, X, 1);
ROW(upgrade_notified, IGNORED, N, 1, 1, 2, 0, 1, 1, 0, N, X, 1);

/* If the CPU sets the dirty bit, the fault of the upgrade is a notification. */
ROW(honoured_notified_upgrade, HONOURED, N, 1, 1, 1, 0, 0, 0, 0, N, X, 1);
ROW(honoured_unseen_upgrade, HONOURED, N, 1, 1, 1, 0, 0, 0, 0, 0, X, 1);

/* No PTE to copy for fork: the clean page alone tells. */
ROW(memfd_alone_software, HONOURED, N, 1, 1, 0, 0, X, 1, 0, X, X, 1);
ROW(memfd_alone_hardware, HIDDEN, N, 1, 1, 0, 0, X, 0, 0, X, X, 1);

/* The second table: faults of 64 first stores in order. */
ROW(udmabuf_hidden, HIDDEN, 1, 1, 1, 0, 0, 0, 0, 0, X, X, N);
ROW(udmabuf_ignored, IGNORED, 1 + N, 2, 1, 1, 0, 1, 1, 0, X, N, N);
ROW(udmabuf_honoured, HONOURED, 1, 1, 1, 0, 0, 1, 1, 0, X, X, N);
ROW(ttm_hidden, HIDDEN, N / 16, 1, 1, 0, 0, 0, 0, 0, X, X, 16);
ROW(ttm_ignored, IGNORED, N / 16 + N, 2, 1, 1, 0, 1, 1, 0, X, X, 16);
ROW(ttm_honoured, HONOURED, N / 16, 1, 1, 0, 0, 1, 1, 0, X, X, 16);
ROW(ttm_honoured_for_writes, HONOURED, N / 16, 1, 1, 1, 0, 1, 1, 0, X, X, 16);
ROW(odd_prefault, IGNORED, 13 * 2 + 51, 2, 1, 1, 0, 1, 1, 0, X, X, 5);

/* Huge pages: one upgrade for all, and a fork that cleans nothing. */
ROW(huge_honoured, HONOURED, 1, 1, 1, 1, 0, 1, 1, 0, 0, 1, N);
ROW(huge_child_stays_dirty, HONOURED, 1, 1, 1, 1, 0, 0, 1, 0, 0, 1, N);
ROW(huge_inserted_dirty, HONOURED, 1, 1, 1, 0, 0, 0, 1, 0, 0, 0, N);
ROW(huge_not_copied, HIDDEN, 1, 1, 1, 0, 0, 1, 0, 0, 0, 0, N);
ROW(huge_without_copy, HONOURED, 1, 1, 1, 1, 0, X, 1, 0, 0, 1, N);
ROW(huge_ignored, IGNORED, 2, 2, 1, 1, 0, 0, 1, 0, 0, 1, N);
ROW(huge_hidden, HIDDEN, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, N);
ROW(huge_upgrade, IGNORED, 1, 1, 1, 2, 0, 0, 1, 0, 0, 2, N);

/* Parts of a folio: one upgrade for each. */
ROW(folio_honoured, HONOURED, N / 16, 1, 1, 1, 0, X, 1, 0, X, N / 16, 16);
ROW(folio_honoured_some, HONOURED, N / 16, 1, 1, 1, 0, X, 1, 0, X, N / 16 + 15, 16);
ROW(folio_upgrade, IGNORED, N / 16, 1, 1, 2, 0, X, 1, 0, X, N / 8, 16);

/* The driver unmaps all pages of a forked child. */
ROW(unmapped_ignored, IGNORED, 1 + N, 2, 1, 1, 0, 2, 1, 0, X, X, N);
ROW(unmapped_notify, NOTIFY, 2 * N, 2, 1, 1, 0, 2, 0, N, X, X, 1);
ROW(unmapped_hidden, HIDDEN, N, 1, 1, 0, 0, 1, 0, 0, X, X, 1);

/* Too few counters for any other verdict. */
ROW(no_pgreuse, UNDECIDED, 2 * N, 2, 1, 1, 0, 1, 1, X, X, X, 1);
ROW(no_pgreuse_hardware, UNDECIDED, 2 * N, 2, 1, 1, 0, 0, 0, X, X, X, 1);
ROW(no_pgreuse_single, HONOURED, N, 1, 1, 0, 0, 1, 1, X, X, X, 1);
ROW(no_pgreuse_premapped, UNDECIDED, N, 1, 0, 1, 0, 1, 1, X, X, X, 1);
ROW(no_pgreuse_premapped_dirty, PREMAPPED, 0, 0, 0, 0, 0, 1, 1, X, X, X, 1);

/* Numbers that fit no row. */
ROW(double_hardware, UNEXPECTED, 2 * N, 2, 1, 1, 0, 0, 0, 0, X, X, 1);
ROW(double_without_upgrade, UNEXPECTED, 2 * N, 2, 1, 0, 0, 1, 1, 0, X, X, 1);
ROW(double_and_double_upgrade, UNEXPECTED, 2 * N, 2, 1, 2, 0, 1, 1, N, X, X, 1);
ROW(triple, UNEXPECTED, 3 * N, 3, 1, 1, 0, 1, 1, N, X, X, 1);
ROW(no_fault, UNEXPECTED, 0, 0, 1, 0, 0, 1, 1, 0, X, X, 1);
ROW(double_load, UNEXPECTED, N, 1, 2, 0, 0, 1, 1, 0, X, X, 1);
ROW(second_store, UNEXPECTED, N, 1, 1, 0, 1, 1, 1, 0, X, X, 1);
ROW(triple_upgrade, UNEXPECTED, N, 1, 1, 3, 0, 1, 1, 0, X, X, 1);
ROW(double_upgrade_hardware, UNEXPECTED, N, 1, 1, 2, 0, 0, 0, 0, X, X, 1);
ROW(uneven_upgrades, UNEXPECTED, N, 1, 1, 0, 0, 1, 1, 0, X, 1, 1);
ROW(one_upgrade_for_few, UNEXPECTED, N / 16, 1, 1, 1, 0, 1, 1, 0, X, 1, 16);
ROW(premapped_uneven, UNEXPECTED, N, 1, 0, 1, 0, 1, 1, 0, X, N / 2, N);
ROW(too_many_upgrades, UNEXPECTED, N, 1, 1, 1, 0, 1, 1, 0, X, N + 1, 1);
ROW(no_upgrade, UNEXPECTED, N / 16, 1, 1, 1, 0, 1, 1, 0, X, 0, 16);
ROW(half_an_upgrade, UNEXPECTED, N / 16, 1, 1, 2, 0, 1, 1, 0, X, N + 1, 16);
ROW(half_notified, UNEXPECTED, 2 * N, 2, 1, 1, 0, 1, 1, N / 2, X, X, 1);
ROW(notified_in_single, UNEXPECTED, N, 1, 1, 0, 0, 1, 1, N, X, X, 1);
ROW(premapped_double, UNEXPECTED, 2 * N, 2, 0, 1, 0, 1, 1, 0, X, X, 1);
ROW(premapped_double_upgrade, UNEXPECTED, N, 1, 0, 2, 0, 1, 1, 0, X, X, 1);
ROW(premapped_notified_unseen, UNEXPECTED, 0, 0, 0, 0, 0, 1, 1, N, X, X, 1);
ROW(premapped_half_notified, UNEXPECTED, N, 1, 0, 1, 0, 1, 1, N / 2, X, X, 1);
ROW(calibrations_differ, UNEXPECTED, 2 * N, 2, 1, 1, 0, 1, 0, N, X, X, 1);
ROW(child_faults_twice, UNEXPECTED, N, 1, 1, 0, 0, 2, 2, 0, X, X, 1);

TEST_F(row, verdict)
{
	struct judgement judgement = judge(&variant->cost);

	EXPECT_EQ(variant->verdict, judgement.verdict) {
		TH_LOG("%s: %s", verdict_name(judgement.verdict),
		       judgement.reason);
	}
	EXPECT_LT(0, strlen(judgement.reason));
}

TEST_F(row, prediction)
{
	EXPECT_EQ(variant->predicted, predict_stores(&variant->cost));
}

/* The words are public: other programs grep for them. */
TEST(words)
{
	EXPECT_STREQ("honoured", verdict_name(VERDICT_HONOURED));
	EXPECT_STREQ("ignored", verdict_name(VERDICT_IGNORED));
	EXPECT_STREQ("notify", verdict_name(VERDICT_NOTIFY));
	EXPECT_STREQ("hidden", verdict_name(VERDICT_HIDDEN));
	EXPECT_STREQ("premapped", verdict_name(VERDICT_PREMAPPED));
	EXPECT_STREQ("undecided", verdict_name(VERDICT_UNDECIDED));
	EXPECT_STREQ("unexpected", verdict_name(VERDICT_UNEXPECTED));
}

TEST_HARNESS_MAIN
