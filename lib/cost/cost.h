/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Measure the cost of one store to a mapping, and print it with its verdict.
 */
#ifndef PFN_MKWRITE_COST_H
#define PFN_MKWRITE_COST_H

#include <stdio.h>

#include "../count/count.h"
#include "../source/source.h"
#include "../verdict/verdict.h"

/* The cost of one mapping, and the evidence for it. */
struct observation {
	bool done;		/* the measurement has ended */
	unsigned char told[2];		/* notify_tests.h */
	int err;		/* -errno: it failed, and @cost is not valid */
	char why[256];		/* with @err: what was tried, what the system answered */
	const char *stage;	/* the probe that ran last */

	struct store_cost cost;
	unsigned char strip[NR_STORES];	/* faults of each of the first stores */
	struct access first;	/* the first store */
	struct access upgrade;	/* the store after a load */
	struct access again;	/* the second store */

	int cpu;		/* that it was measured on, or -1 */
	bool mixed_cpus;	/* the CPUs differ in what sets the dirty bit */
	int log_err;		/* -errno: there is no fault log */
	int pgreuse_err;	/* -errno: there is no pgreuse */
	int stores_logged;	/* faults of the thread during the first stores, fault log */
	int stores_rusage;	/* the same, getrusage() */
};

/* An empty observation, shared with forked children; NULL without memory. */
struct observation *observation_new(void);

/*
 * Measure a source, in a process of its own, in 11 seconds at most. Nothing happens if
 * that is done already. @obs->err is -ETIMEDOUT if a probe did not end, -EFAULT if the
 * process died, -EAGAIN if the machine is too busy.
 */
void measure(const struct source *src, struct observation *obs);

/* The same in the calling process, which is pinned to a CPU; @obs->done is left alone. */
void probe(const struct source *src, struct observation *obs);

/*
 * Print verdict and numbers, and the evidence for a bad verdict, or why there is no
 * measurement. Each line starts with "# ".
 */
void report_mapping(FILE *out, const struct source *src,
		    const struct observation *obs,
		    const struct judgement *judgement);

/* waitpid() for @ms milliseconds at most. Returns 0, -ETIMEDOUT, or -errno. */
int child_wait(pid_t pid, int *status, int ms);

#endif /* PFN_MKWRITE_COST_H */
