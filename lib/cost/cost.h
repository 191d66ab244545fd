/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Measure the cost of one store to a mapping, and print it with its verdict.
 */
#ifndef PFN_MKWRITE_COST_H
#define PFN_MKWRITE_COST_H

#include <stdio.h>

#include "../count/access.h"
#include "../count/vma_info.h"
#include "../source/source.h"
#include "../verdict/verdict.h"

/**
 * struct event_delta - how much an event of /proc/vmstat moved
 *
 * Other tasks can only add to it, so the smallest of several readings is the best.
 *
 * @least:	the smallest reading
 * @most:	the largest one
 * @seen:	readings of @least
 * @readings:	all readings
 * @missing:	the kernel does not count this event
 */
struct event_delta {
	int64_t least;
	int64_t most;
	int seen;
	int readings;
	bool missing;
};

/* Add a reading: the event before, -1 if it is missing, and after. */
void event_delta_add(struct event_delta *delta, int64_t before, int64_t after);

/* Is the smallest reading the truth? 0 is, and one that came up twice and in half of them. */
bool event_delta_settled(const struct event_delta *delta);

/**
 * struct observation - the cost of one mapping, and the evidence for it
 *
 * @done:	the measurement has ended
 * @err:	0, or -errno: it failed; @cost is not valid
 * @why:	with @err: what was tried, what the system answered
 * @stage:	the probe that ran last
 * @cost:	the numbers
 * @strip:	faults of each of the NR_STORES first stores
 * @first:	the first store
 * @upgrade:	the store after a load
 * @again:	the second store
 * @cpu:	CPU that it was measured on, or -1
 * @log_err:	0, or -errno: there is no fault log
 * @mixed_cpus:	the CPUs differ in what sets the dirty bit
 * @vma_err:	0, or -errno of reading smaps
 * @vma:	the VMA after the first store
 *
 * Of the NR_STORES first stores, the smallest of all passes:
 * @stores_logged: faults of the thread, fault log
 * @stores_rusage: the same, getrusage()
 * @pgreuse:	notifications
 * @pgreuse_upgrade: notifications during NR_STORES stores after loads
 */
struct observation {
	bool done;
	int err;
	char why[256];
	const char *stage;

	struct store_cost cost;
	unsigned char strip[NR_STORES];
	struct access first;
	struct access upgrade;
	struct access again;

	int cpu;
	int log_err;
	bool mixed_cpus;
	int vma_err;
	struct vma_info vma;

	int stores_logged;
	int stores_rusage;
	struct event_delta pgreuse;
	struct event_delta pgreuse_upgrade;
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
