/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The assertions that each mapping has to pass, written once.
 *
 * A mapping is measured once, in a process of its own; each test then asserts
 * one thing about what was seen. The harness keeps its tests in static lists,
 * so this has to be a header: included by one source file of each program,
 * after kselftest_harness.h.
 */
#ifndef PFN_MKWRITE_MAPPING_TESTS_H
#define PFN_MKWRITE_MAPPING_TESTS_H

#include <signal.h>
#include <sys/prctl.h>

#include "explain.h"
#include "measure.h"
#include "report.h"

/* Constant texts: some parsers take the reason for a part of the name. */
#define WHY_NOTIFY	"the driver asks to be notified of the first write"
#define WHY_HIDDEN	"the CPU sets the dirty bit, nothing here could show it"
#define WHY_PREMAPPED	"mapped before any fault"
#define WHY_UNDECIDED	"no counter here tells the causes apart"
#define WHY_NO_DEVICE	"this machine has no such memory"
#define WHY_NO_ACCESS	"no permission to make such memory"
#define WHY_NO_NOTIFY	"the driver does not ask for notification"
#define WHY_NOISY	"this machine is not quiet enough"
#define WHY_ONE_COUNTER	"only one counter can be read here"
#define WHY_ONE_PAGE	"this memory is a single page"
#define WHY_NO_PROC	"smaps or pagemap cannot be read here"
#define WHY_NOT_READ_ONLY "this memory cannot be mapped read-only"
#define WHY_NO_FSYNC	"this memory is not written back"
#define WHY_NO_TIMES	"no file time tells whether the driver was notified"
#define WHY_NO_MPROTECT	"this memory cannot be made read-only"
#define WHY_NOT_TWICE	"this memory cannot be mapped twice"
#define WHY_NOT_PICKED	"the environment picks no mapping that is here"
#define WHY_NOT_ALL	"this machine has no such memory for some mappings"

FIXTURE(mapping)
{
	const struct observation *obs;
	const struct store_cost *cost;
	enum verdict verdict;
};

FIXTURE_VARIANT(mapping)
{
	const struct source *src;
	struct observation *obs;
};

/* Which store it is that costs too much: that after a load, where the first one is fine. */
static inline bool upgrade_is_worse(const struct store_cost *cost)
{
	return cost->first_store <= 1 && cost->store_after_load > 1;
}

FIXTURE_SETUP(mapping)
{
	struct judgement judgement;
	bool first;

	/* Ctrl-C ends the harness, but not its tests: they are in own groups. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);

	/* There is no variant where no mapping was added. */
	if (!variant)
		SKIP(return, WHY_NOT_PICKED);
	first = !variant->obs->done;
	measure(variant->src, variant->obs);
	judgement = judge(&variant->obs->cost);
	if (first) {
		report_mapping(stdout, variant->src, variant->obs,
			       &judgement);
		if (!variant->obs->err &&
		    (judgement.verdict == VERDICT_IGNORED ||
		     judgement.verdict == VERDICT_UNEXPECTED))
			explain(stdout, variant->src,
				upgrade_is_worse(&variant->obs->cost), false);
	}

	switch (variant->obs->err) {
	case 0:
		break;
	case -ENODEV:
	case -ENOENT:
	case -ENOSYS:
		SKIP(return, WHY_NO_DEVICE);
	case -EACCES:
	case -EPERM:
		SKIP(return, WHY_NO_ACCESS);
	default:
		ASSERT_EQ(0, variant->obs->err) {
			TH_LOG("not measured: %s", variant->obs->why);
		}
	}

	/* The harness of 6.1 goes on to the test after a SKIP in here. */
	self->obs = variant->obs;
	self->cost = &variant->obs->cost;
	self->verdict = judgement.verdict;
}

FIXTURE_TEARDOWN(mapping)
{
}

/* The headline: one store to an untouched page is one fault. */
TEST_F(mapping, first_store)
{
	if (!self->obs)
		return;
	if (self->verdict == VERDICT_NOTIFY)
		SKIP(return, WHY_NOTIFY);
	/* Mapped before any fault: what is left is the dirty fault. */
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
	if (!self->obs)
		return;
	EXPECT_GE(1, self->cost->store_after_load);
}

TEST_F(mapping, second_store)
{
	if (!self->obs)
		return;
	EXPECT_EQ(0, self->cost->second_store);
}

/* fork() makes the PTEs clean that it copies, and leaves the others alone. */
TEST_F(mapping, parent_store_after_fork)
{
	if (!self->obs)
		return;
	EXPECT_EQ(0, self->cost->parent_store);
}

/* Written back, a page is clean: to be told again or to be dirtied, not both. */
TEST_F(mapping, store_after_fsync)
{
	if (!self->obs)
		return;
	if (self->obs->fsync_err) {
		TH_LOG("fsync(): %s", strerror(-self->obs->fsync_err));
		SKIP(return, WHY_NO_FSYNC);
	}
	EXPECT_LE(0, self->cost->store_after_fsync);
	EXPECT_GE(1, self->cost->store_after_fsync);
	/* What nobody is told of is not written back the next time. */
	if (self->cost->mtime_upgrade == 1) {
		EXPECT_EQ(1, self->cost->mtime_after_fsync);
	}
}

/* The property that the suite is named after. */
TEST_F(mapping, mkwrite_honoured)
{
	if (!self->obs)
		return;
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

/* Dirty tracking still hears of each page, and hears of it once. */
TEST_F(mapping, notified_once)
{
	int i;

	if (!self->obs)
		return;
	if (self->verdict == VERDICT_UNDECIDED)
		SKIP(return, WHY_UNDECIDED);
	if (self->verdict != VERDICT_NOTIFY)
		SKIP(return, WHY_NO_NOTIFY);
	if (self->cost->pgreuse_upgrade == NOT_MEASURED)
		SKIP(return, WHY_NOISY);

	EXPECT_EQ(NR_STORES, self->cost->pgreuse);
	EXPECT_EQ(NR_STORES, self->cost->pgreuse_upgrade);
	for (i = 0; i < NR_STORES; i++)
		ASSERT_LE(1, self->obs->strip[i]);
}

/*
 * Who is told of a store to a clean page has to be told of the first store, too,
 * however few faults that takes.
 */
TEST_F(mapping, first_store_noticed)
{
	if (!self->obs)
		return;
	if (self->cost->mtime_upgrade != 1 &&
	    self->cost->mtime_child_store != 1)
		SKIP(return, WHY_NO_TIMES);
	EXPECT_EQ(1, self->cost->mtime_first_store);
}

/* A load is no write: nobody is told of it, but of the store that follows. */
TEST_F(mapping, load_leaves_clean)
{
	if (!self->obs)
		return;
	if (self->cost->mtime_loads == NOT_MEASURED)
		SKIP(return, WHY_NO_TIMES);
	EXPECT_EQ(0, self->cost->mtime_loads);
	if (self->verdict == VERDICT_NOTIFY &&
	    self->cost->mtime_first_store == 1) {
		EXPECT_EQ(1, self->cost->mtime_upgrade);
	}
}

/* Many pages cost what the single ones predict. */
TEST_F(mapping, sixty_four_pages)
{
	if (!self->obs)
		return;
	EXPECT_EQ(predict_stores(self->cost), self->cost->stores) {
		TH_LOG("one store maps %d pages", self->cost->mapped_ahead);
	}
}

/*
 * A write fault that maps ahead finds a page there that was read before: where
 * mkwrite is honoured, that one becomes writable and dirty as well.
 */
TEST_F(mapping, mapped_ahead_upgraded)
{
	if (!self->obs)
		return;
	if (self->cost->neighbour_store == NOT_MEASURED)
		SKIP(return, WHY_ONE_PAGE);
	EXPECT_GE(predict_neighbour(self->cost), self->cost->neighbour_store) {
		TH_LOG("one store maps %d pages", self->cost->mapped_ahead);
	}
}

/* Three counters that know nothing of each other. */
TEST_F(mapping, counters_agree)
{
	const struct event_delta *pgfault;
	bool logged;

	if (!self->obs)
		return;
	pgfault = &self->obs->pgfault;
	logged = !self->obs->log_err;
	if (!logged && pgfault->missing)
		SKIP(return, WHY_ONE_COUNTER);
	if (logged) {
		EXPECT_EQ(self->obs->stores_logged, self->obs->stores_rusage);
	}
	if (pgfault->missing)
		return;

	/*
	 * Others fault as well, but nobody takes a fault back. What is too
	 * much each time, and by the same number, is not the others. It may be
	 * retries, one for each fault: handle_mm_fault() of Linux 5.10 counts
	 * each round (mm/memory.c), mm_account_fault() of 7.3 only the last.
	 */
	EXPECT_LE(self->obs->stores_rusage, self->obs->around_rusage);
	EXPECT_LE(self->obs->around_rusage, pgfault->least);
	if (pgfault->least == pgfault->most) {
		EXPECT_GE(2 * self->obs->around_rusage, pgfault->least);
	}
}

/*
 * pagemap and smaps walk over a VM_PFNMAP VMA as over a hole
 * (mm/pagewalk.c, walk_page_test()): a page that is mapped and written stays
 * absent. Other mappings have to show it.
 */
TEST_F(mapping, pagemap_and_smaps)
{
	const struct observation *obs = self->obs;

	if (!self->obs)
		return;
	if (obs->vma_err)
		SKIP(return, WHY_NO_PROC);

	EXPECT_TRUE(obs->vma.shared);
	EXPECT_TRUE(obs->vma.writable);
	EXPECT_FALSE(obs->stored.swapped);
	if (obs->vma.pfnmap) {
		EXPECT_FALSE(obs->untouched.present);
		EXPECT_FALSE(obs->stored.present);
		EXPECT_EQ(0, obs->vma.rss_kb);
		return;
	}
	if (self->cost->load) {
		EXPECT_FALSE(obs->untouched.present);
	}
	EXPECT_TRUE(obs->stored.present);
	/* DAX: vm_normal_page() has none of it in Linux 6.12, and does in 7.3. */
	if (!obs->vma.mixedmap && !variant->src->of_device) {
		EXPECT_LT(0, obs->vma.rss_kb);
	}
}

static inline void expect_refused(struct __test_metadata *_metadata,
				  const char *after,
				  const struct refusals *stores)
{
	EXPECT_LT(0, stores->pages);
	EXPECT_EQ(stores->pages, stores->refused) {
		TH_LOG("%s, an access to page %d: signal %d, code %d", after,
		       stores->page, stores->wrong.signo, stores->wrong.code);
	}
}

static inline void expect_same(struct __test_metadata *_metadata,
			       const char *how, const struct readback *back)
{
	EXPECT_LT(0, back->pages);
	EXPECT_EQ(0, back->wrong) {
		TH_LOG("%s: page %d holds 0x%x, and not 0x%x", how, back->page,
		       back->read, back->written);
	}
}

/* Shared, but not writable: no fault may leave a PTE that takes a store. */
TEST_F(mapping, read_only_refused)
{
	if (!self->obs)
		return;
	if (self->obs->read_only_err) {
		TH_LOG("mmap(): %s", strerror(-self->obs->read_only_err));
		SKIP(return, WHY_NOT_READ_ONLY);
	}
	expect_refused(_metadata, "before any load", &self->obs->read_only);
	expect_refused(_metadata, "after a load of the first page",
		       &self->obs->read_only_ahead);
	expect_refused(_metadata, "after a load of each page",
		       &self->obs->read_only_loaded);
}

/*
 * mprotect() takes the write permission out of PTEs that have it, and gives it
 * back as it does to any other shared page that is dirty.
 */
TEST_F(mapping, mprotect_refused)
{
	if (!self->obs)
		return;
	if (self->obs->reprotect_err) {
		TH_LOG("mprotect(): %s", strerror(-self->obs->reprotect_err));
		SKIP(return, WHY_NO_MPROTECT);
	}
	expect_refused(_metadata, "after mprotect()", &self->obs->reprotected);
	EXPECT_LE(0, self->cost->reprotected_store);
	EXPECT_GE(1, self->cost->reprotected_store);
	EXPECT_GE(self->cost->memfd_reprotected,
		  self->cost->reprotected_store);
	expect_same(_metadata, "writable again", &self->obs->kept);
}

/* What was mapped ahead is the page that belongs there. */
TEST_F(mapping, page_data)
{
	if (!self->obs)
		return;
	if (self->obs->twice_err) {
		TH_LOG("the second mmap(): %s",
		       strerror(-self->obs->twice_err));
		SKIP(return, WHY_NOT_TWICE);
	}
	expect_same(_metadata, "written where a store had mapped ahead",
		    &self->obs->stored_ahead);
	expect_same(_metadata, "read where a load had mapped ahead",
		    &self->obs->loaded_ahead);
}

#include "property_tests.h"

/* A source whose here() said no, and why. */
struct absent_mapping {
	struct absent_mapping *next;
	const struct source *src;
	struct observation *obs;
};

static struct absent_mapping *absent_mappings;

static inline struct observation *mapping_absent(const struct source *src,
						 int err, const char *why)
{
	struct absent_mapping *add, **last = &absent_mappings;

	add = calloc(1, sizeof(*add));
	if (!add)
		return NULL;
	add->src = src;
	add->obs = observation_new();
	if (!add->obs) {
		free(add);
		return NULL;
	}
	add->obs->err = err;
	snprintf(add->obs->why, sizeof(add->obs->why), "%s", why);
	add->obs->done = true;
	while (*last)
		last = &(*last)->next;
	*last = add;
	return add->obs;
}

/**
 * mappings_report_absent() - say which sources have no tests here, and why
 * @out: where to
 *
 * Return: how many they are.
 */
static inline int mappings_report_absent(FILE *out)
{
	const struct absent_mapping *absent;
	int nr = 0;

	for (absent = absent_mappings; absent; absent = absent->next, nr++)
		report_mapping(out, absent->src, absent->obs, NULL);
	return nr;
}

/**
 * mapping_add() - let the tests above run on one more source
 * @src: the source; stays in use
 *
 * To be called before the harness starts. Variants are registered at run time,
 * so that only what a machine has is listed: a source whose here() says no is
 * left out, see mappings_report_absent(), and so is one that was not asked for.
 *
 * Return: where its observation is going to be, or NULL without memory.
 */
static inline struct observation *mapping_add(const struct source *src)
{
	static struct observation unwanted;
	struct backing backing;
	int err;
	struct {
		FIXTURE_VARIANT(mapping) variant;
		struct __fixture_variant_metadata metadata;
	} *add;

	if (!mapping_wanted(src))
		return &unwanted;
	backing_init(&backing);
	err = src->here ? src->here(src, &backing) : 0;
	if (err)
		return mapping_absent(src, err, backing.why);

	/* The harness keeps it to the end. */
	add = calloc(1, sizeof(*add));
	if (!add)
		return NULL;
	add->variant.src = src;
	add->variant.obs = observation_new();
	if (!add->variant.obs) {
		free(add);
		return NULL;
	}
	add->metadata.name = src->name;
	add->metadata.data = &add->variant;
	__register_fixture_variant(&_mapping_fixture_object, &add->metadata);
	return add->variant.obs;
}

/**
 * plan_only() - with PFN_MKWRITE_PLAN in the environment, print the plan
 * @argc: of main()
 * @argv: of main()
 *
 * To be called instead of the harness, which prints it just before its tests run:
 * run_tests.sh has one plan for all programs, before the first result. Where the
 * harness does not tell which tests the arguments choose, nothing is printed.
 *
 * Return: whether no test is to run.
 */
static inline bool plan_only(int argc, char **argv)
{
	struct __fixture_variant_metadata none = { .name = "" };
	const char *wanted = getenv("PFN_MKWRITE_PLAN");
	struct __fixture_variant_metadata *v;
	struct __fixture_metadata *f;
	struct __test_metadata *t;
	int nr = 0;

	if (!wanted || !*wanted)
		return false;
	for (f = __fixture_list; f; f = f->next) {
		for (v = f->variant ?: &none; v; v = v->next) {
			for (t = f->tests; t; t = t->next) {
#ifdef XFAIL_ADD
				nr += test_enabled(argc, argv, f, v, t);
#else
				if (argc > 1 && argv[1])
					return true;
				nr++;
#endif
			}
		}
	}
	printf("1..%d\n", nr);
	return true;
}

/**
 * explain_only() - with --explain [MAPPING], explain instead of testing
 * @argc: of main()
 * @argv: of main()
 *
 * MAPPING is a pattern, as the shell has them. To be called instead of the harness.
 *
 * Return: the status to exit with: 0, or 4 where no such mapping could be measured;
 * or -1: something else was asked for.
 */
static inline int explain_only(int argc, char **argv)
{
	struct __fixture_variant_metadata *v;
	int status = KSFT_SKIP;

	if (argc < 2 || strcmp(argv[1], "--explain"))
		return -1;
	for (v = _mapping_fixture_object.variant; v; v = v->next) {
		const FIXTURE_VARIANT(mapping) *variant = v->data;
		const struct store_cost *cost = &variant->obs->cost;
		struct judgement judgement;

		if (argc > 2 && !source_matches(variant->src, argv[2]))
			continue;
		measure(variant->src, variant->obs);
		judgement = judge(cost);
		report_mapping(stdout, variant->src, variant->obs, &judgement);
		if (variant->obs->err)
			continue;
		status = 0;
		explain(stdout, variant->src, false, true);
		if (upgrade_is_worse(cost))
			explain(stdout, variant->src, true, true);
	}
	return status;
}

#endif /* PFN_MKWRITE_MAPPING_TESTS_H */
