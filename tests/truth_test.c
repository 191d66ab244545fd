// SPDX-License-Identifier: GPL-2.0
/*
 * Each way in which a page table can contradict a verdict.
 */
#define TH_LOG_STREAM stdout

#include "kselftest_harness.h"

#include "../module/truth.h"

static const struct pte_truth absent;

/* vm_page_prot of a shared, writable VMA on arm64. */
static const struct pte_truth clean = {
	.present = true,
	.young = true,
	.write = true,
	.special = true,
};

static const struct pte_truth dirty = {
	.present = true,
	.young = true,
	.write = true,
	.dirty = true,
	.takes_store = true,
	.special = true,
};

static const struct pte_truth protected = {
	.present = true,
	.young = true,
	.special = true,
};

static struct mapping_truth make(const struct pte_truth *left, int notified)
{
	struct mapping_truth truth = {
		.untouched = { .page = -1 },
		.stored = {
			.now = dirty,
			.left = *left,
			.faults = 1,
			.notified = notified,
		},
		.loaded = {
			.now = notified ? protected : clean,
			.left = notified ? protected : clean,
			.faults = 1,
		},
		.upgraded = {
			.now = dirty,
			.left = notified ? protected : clean,
			.faults = 1,
			.notified = notified,
		},
	};

	return truth;
}

static struct mapping_truth make_premapped(void)
{
	struct mapping_truth truth = make(&absent, 0);

	truth.untouched.now = clean;
	truth.untouched.page = 0;
	truth.stored.faults = 0;
	truth.loaded.faults = 0;
	truth.upgraded.faults = 0;
	return truth;
}

#define FITS(truth, verdict) \
	EXPECT_EQ(NULL, truth_contradicts(truth, VERDICT_##verdict))
#define CONTRADICTS(truth, verdict) \
	EXPECT_NE(NULL, truth_contradicts(truth, VERDICT_##verdict))

TEST(left_clean)
{
	struct mapping_truth truth = make(&clean, 0);

	FITS(&truth, IGNORED);
	FITS(&truth, HIDDEN);
	FITS(&truth, UNDECIDED);
	CONTRADICTS(&truth, HONOURED);
	CONTRADICTS(&truth, NOTIFY);
	CONTRADICTS(&truth, PREMAPPED);
	CONTRADICTS(&truth, UNEXPECTED);
}

TEST(left_dirty)
{
	struct mapping_truth truth = make(&dirty, 0);

	FITS(&truth, HONOURED);
	/* Only a count shows whether the CPU sets the dirty bit. */
	FITS(&truth, HIDDEN);
	CONTRADICTS(&truth, NOTIFY);
	CONTRADICTS(&truth, PREMAPPED);
}

/* The first store takes one fault, and the fault after a load leaves the PTE clean. */
TEST(upgrade)
{
	struct mapping_truth truth = make(&dirty, 0);

	truth.upgraded.left = clean;
	truth.upgraded.notified = 1;
	FITS(&truth, IGNORED);
	truth.upgraded.left = dirty;
	CONTRADICTS(&truth, IGNORED);
}

TEST(notify)
{
	struct mapping_truth truth = make(&protected, 1);

	FITS(&truth, NOTIFY);
	CONTRADICTS(&truth, HONOURED);
	CONTRADICTS(&truth, IGNORED);
	CONTRADICTS(&truth, HIDDEN);
	CONTRADICTS(&truth, PREMAPPED);
	truth.stored.notified = 2;
	CONTRADICTS(&truth, NOTIFY);
	truth.stored.notified = 1;
	truth.upgraded.notified = 0;
	CONTRADICTS(&truth, NOTIFY);
}

/* Two faults, and the second one does not notify the driver. */
TEST(protected_for_nothing)
{
	struct mapping_truth truth = make(&protected, 0);

	CONTRADICTS(&truth, IGNORED);
	CONTRADICTS(&truth, NOTIFY);
	CONTRADICTS(&truth, HONOURED);
	CONTRADICTS(&truth, HIDDEN);
}

TEST(premapped)
{
	struct mapping_truth truth = make_premapped();

	FITS(&truth, PREMAPPED);
	CONTRADICTS(&truth, HONOURED);
	CONTRADICTS(&truth, IGNORED);
	CONTRADICTS(&truth, HIDDEN);
	truth.stored.faults = 1;
	CONTRADICTS(&truth, PREMAPPED);
	truth = make_premapped();
	truth.stored.notified = 1;
	CONTRADICTS(&truth, PREMAPPED);
}

/* A page table that contradicts each verdict. */
TEST(broken)
{
	struct mapping_truth truth = make(&dirty, 0);

	truth.stored.page = 1;
	CONTRADICTS(&truth, HONOURED);
	truth = make(&dirty, 0);
	truth.stored.now.present = false;
	CONTRADICTS(&truth, HONOURED);
	truth = make(&dirty, 0);
	truth.upgraded.now.dirty = false;
	CONTRADICTS(&truth, HONOURED);
	truth = make(&dirty, 0);
	truth.loaded.now = absent;
	CONTRADICTS(&truth, HONOURED);
	truth = make(&dirty, 0);
	truth.stored.faults = 2;
	CONTRADICTS(&truth, HONOURED);
	CONTRADICTS(&truth, UNDECIDED);
}

TEST_HARNESS_MAIN
