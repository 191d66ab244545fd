/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The fixture of all tests of a mapping. A variant is a source of memory that the machine
 * has. The harness keeps tests in static lists: one source file includes all of them.
 */
#ifndef PFN_MKWRITE_FIXTURE_H
#define PFN_MKWRITE_FIXTURE_H

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "../cost/cost.h"

/* Constant: some parsers take the reason of a SKIP for a part of the name. */
#define WHY_NO_DEVICE	"this machine has no such memory"
#define WHY_NO_ACCESS	"no permission to make such memory"
#define WHY_BUSY	"this machine is too busy"
#define WHY_NOT_MEASURED "the cost of a store was not measured"
#define WHY_NOTIFY	"the driver asks to be notified of the first write"
#define WHY_HIDDEN	"the CPU sets the dirty bit, nothing here could show it"
#define WHY_PREMAPPED	"mapped before any fault"
#define WHY_UNDECIDED	"no counter here tells the causes apart"

/* For helpers of tests, which cannot return from them. */
#define SKIP_TEST(reason) SKIP(_exit(0), reason)

FIXTURE(mapping)
{
	struct observation *obs;
	const struct store_cost *cost;
	enum verdict verdict;
	const struct source *src;
	struct backing b;	/* property.h */
	struct meter meter;	/* property.h */
};

FIXTURE_VARIANT(mapping)
{
	const struct source *src;
	struct observation *obs;
};

/* The first test of a mapping measures, judges and prints. */
FIXTURE_SETUP(mapping)
{
	struct observation *obs = variant->obs;
	struct judgement judgement;
	bool first = !obs->done;

	/* Ctrl-C ends the harness, but not its tests, which have groups of their own. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);

	measure(variant->src, obs);
	judgement = judge(&obs->cost);
	if (first)
		report_mapping(stdout, variant->src, obs, &judgement);
	self->obs = obs;
	self->cost = &obs->cost;
	self->verdict = judgement.verdict;
	self->src = variant->src;
	backing_init(&self->b);		/* property.h */
	self->meter.log_err = -ENODEV;	/* property.h */
}

FIXTURE_TEARDOWN(mapping)
{
	self->src->close(&self->b);	/* property.h */
}

/* The one test that fails if there is no measurement. */
static inline void expect_measured(struct __test_metadata *_metadata,
				   const struct observation *obs)
{
	switch (obs->err) {
	case 0:
		return;
	case -ENODEV:
	case -ENOENT:
	case -ENOSYS:
		SKIP_TEST(WHY_NO_DEVICE);
	case -EACCES:
	case -EPERM:
		SKIP_TEST(WHY_NO_ACCESS);
	case -EAGAIN:
	case -ENOBUFS:
		SKIP_TEST(WHY_BUSY);
	default:
		ASSERT_EQ(0, obs->err) {
			TH_LOG("not measured: %s", obs->why);
		}
	}
}

static inline void need_cost(struct __test_metadata *_metadata,
			     const struct observation *obs)
{
	if (obs->err)
		SKIP_TEST(WHY_NOT_MEASURED);
}

#endif /* PFN_MKWRITE_FIXTURE_H */
