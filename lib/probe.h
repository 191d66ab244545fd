/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The probes: what does a store to memory of this source cost?
 */
#ifndef PFN_MKWRITE_PROBE_H
#define PFN_MKWRITE_PROBE_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "access.h"
#include "source.h"
#include "truth.h"
#include "verdict.h"
#include "vma_info.h"

/**
 * struct event_delta - how far an event of the whole machine moved, at least
 *
 * Others can only add to it, so the smallest of several readings is the best.
 *
 * @least:	the smallest reading
 * @most:	the largest one
 * @seen:	how often @least came up
 * @readings:	how many readings there are
 * @missing:	the kernel does not count this event
 */
struct event_delta {
	int64_t least;
	int64_t most;
	int seen;
	int readings;
	bool missing;
};

/**
 * event_delta_add() - take one more reading
 * @delta: the readings so far
 * @before: the event before, -1 where it is missing
 * @after: and after
 */
void event_delta_add(struct event_delta *delta, int64_t before, int64_t after);

/**
 * event_delta_add_each() - take one more reading, of each store apart
 * @delta: the readings so far
 * @least: the smallest reading of each store so far, INT64_MAX where there is none
 * @moved: how far the event moved during each of them now
 *
 * Others only add, to one store as to all of them: the best of several readings of
 * each store comes closer to the truth than the best reading of all. The sum of the
 * best ones is what is added to @delta.
 */
void event_delta_add_each(struct event_delta *delta, int64_t least[NR_STORES],
			  const int64_t moved[NR_STORES]);

/**
 * event_delta_settled() - is the smallest reading the truth?
 * @delta: the readings
 *
 * Return: true when it is none at all, or came up twice and in half of the
 * readings, or when the event is missing.
 */
bool event_delta_settled(const struct event_delta *delta);

/**
 * struct refusals - accesses to pages that must be refused
 *
 * @pages:	how many were tried
 * @refused:	how many raised the right signal at their address: for stores to
 *		what is read-only SIGSEGV with SEGV_ACCERR
 * @page:	the first of the others
 * @wrong:	what its store came to
 */
struct refusals {
	int pages;
	int refused;
	int page;
	struct refusal wrong;
};

/**
 * struct readback - pages that were written, and read in another way
 *
 * @pages:	how many were read
 * @wrong:	how many of them held something else than was written
 * @page:	the first of those
 * @written:	what it should hold
 * @read:	what it holds
 */
struct readback {
	int pages;
	int wrong;
	int page;
	uint32_t written;
	uint32_t read;
};

/* What a probe leaves as its error where the memory has too few pages for it. */
#define TOO_SMALL	(-ERANGE)

/**
 * struct parts_seen - mappings of a part of the memory, and of more than there is
 *
 * @offset_err:	0, TOO_SMALL, or -errno of mapping all but the first page
 * @offset_read: written through a mapping of all, read through one of that part
 * @offset_written: the other way round
 * @unmap_err:	0, TOO_SMALL, or -errno of unmapping a page in the middle
 * @hole:	stores to where that page was
 * @neighbours:	the pages on both sides, stored to before the hole was made
 * @beside_hole: all that is left, of a mapping where nothing was touched before
 * @move_err:	0, or -errno of mremap() to another place
 * @moved:	what the pages hold there
 * @moved_stored: most faults of a store there to a page stored to before
 * @moved_untouched: the same for a page not touched before
 * @beyond_err:	0, or -errno of mapping a page more than there is
 * @beyond:	a load from there, and a store to it
 * @beside_beyond: what the pages hold after that
 */
struct parts_seen {
	int offset_err;
	struct readback offset_read;
	struct readback offset_written;
	int unmap_err;
	struct refusals hole;
	struct readback neighbours;
	struct readback beside_hole;
	int move_err;
	struct readback moved;
	int moved_stored;
	int moved_untouched;
	int beyond_err;
	struct refusals beyond;
	struct readback beside_beyond;
};

/**
 * struct door_seen - the same memory by another way in
 *
 * @err:	0, or -errno of getting in there, -ENXIO where there is no other way
 * @out:	written here, read there
 * @in:		written there, read here
 */
struct door_seen {
	int err;
	struct readback out;
	struct readback in;
};

/**
 * struct child_end - what became of a forked child
 *
 * @err:	0, -errno of fork(), or -ETIMEDOUT: it was stuck
 * @signo:	the signal that ended it, or 0
 */
struct child_end {
	int err;
	int signo;
};

/**
 * struct fork_seen - memory shared with a forked child
 *
 * @tried:	a child gets such mappings at all
 * @end:	what became of the child
 * @by_child:	written by the child after the fork, read by its parent: pages
 *		touched before the fork and others
 * @by_parent:	the other way round
 */
struct fork_seen {
	bool tried;
	struct child_end end;
	struct readback by_child;
	struct readback by_parent;
};

/**
 * struct observation - all that the probes of one mapping saw
 *
 * Lies in memory shared by the process that measures and those that judge.
 *
 * @done:	the measurement has ended, one way or the other
 * @err:	0, or -errno of what kept it from being one
 * @why:	with @err: what was tried, what the system answered
 * @signal:	the signal that ended the measuring process, or 0
 * @stage:	the probe that ran last
 *
 * @cost:	the numbers
 * @strip:	faults of each of the NR_STORES first stores, in order
 * @first:	the first store, with its faults
 * @upgrade:	the store after the load, with its faults
 * @again:	the second store
 *
 * @log_err:	0, or why there is no fault log
 * @mixed_cpus:	the CPUs differ in who sets the dirty bit
 * @repeats:	the last two passes agreed
 *
 * @stores_logged: faults of the thread during the NR_STORES stores, the fewest
 *		of all passes, for its own code faults at times: fault log
 * @stores_rusage: the same: getrusage()
 * @stores_ns:	how long NR_STORES first stores take that nobody counts, the fastest
 *		of all passes; 0 where the memory is smaller
 * @around_rusage: faults of the thread from before the first of them to after the
 *		last, mapping afresh included: getrusage()
 * @pgfault:	faults of the machine in that time: /proc/vmstat
 * @pgmajfault:	major faults of the machine in that time
 * @pgreuse:	notifications in that time
 * @pgreuse_upgrade: notifications while pages loaded before were stored to
 *
 * @read_only_err: 0, or -errno of mapping the memory PROT_READ
 * @read_only:	stores to such a mapping: to a page nobody touched
 * @read_only_ahead: to each page, after a load of the first one
 * @read_only_loaded: to each page, after loads of all
 * @thread_err:	0, or -errno of starting a thread
 * @read_only_thread: to each page, after loads of all by another thread
 * @writer_err:	0, or -errno of mapping the memory writable as well
 * @read_only_writer: to each page, after stores to all through that mapping, and
 *		loads
 *
 * @fsync_err:	0, or -errno of fsync()
 * @reprotect_err: 0, or -errno of mprotect()
 * @reprotected: stores to each page while the mapping is read-only
 * @kept:	what the pages hold when it is writable again
 *
 * @twice_err:	0, or -errno of mapping the memory a second time
 * @stored_ahead: written through a mapping whose first store mapped ahead
 * @loaded_ahead: read through a mapping whose first load mapped ahead
 *
 * @parts:	parts of the memory
 * @door:	another way to it
 * @forked:	a forked child's view of it
 *
 * @vma_err:	0, or -errno of reading smaps and pagemap
 * @vma:	the VMA, after the first store
 * @untouched:	pagemap of the page before the first store
 * @stored:	and after it
 *
 * @truth:	what the kernel knows, where the source can tell
 */
struct observation {
	bool done;
	int err;
	char why[256];
	int signal;
	const char *stage;

	struct store_cost cost;
	unsigned char strip[NR_STORES];
	struct access first;
	struct access upgrade;
	struct access again;

	int log_err;
	bool mixed_cpus;
	bool repeats;

	int stores_logged;
	int stores_rusage;
	int64_t stores_ns;
	int around_rusage;
	struct event_delta pgfault;
	struct event_delta pgmajfault;
	struct event_delta pgreuse;
	struct event_delta pgreuse_upgrade;

	int read_only_err;
	struct refusals read_only;
	struct refusals read_only_ahead;
	struct refusals read_only_loaded;
	int thread_err;
	struct refusals read_only_thread;
	int writer_err;
	struct refusals read_only_writer;

	int fsync_err;
	int reprotect_err;
	struct refusals reprotected;
	struct readback kept;

	int twice_err;
	struct readback stored_ahead;
	struct readback loaded_ahead;

	struct parts_seen parts;
	struct door_seen door;
	struct fork_seen forked;

	int vma_err;
	struct vma_info vma;
	struct pagemap_page untouched;
	struct pagemap_page stored;

	struct mapping_truth truth;
};

/**
 * probe() - run the probes in the calling process
 * @src: what to map
 * @obs: filled in; @obs->done is left alone
 *
 * Pins the caller to a CPU and leaves it there. A process of its own is the
 * place to call it from: see measure().
 */
void probe(const struct source *src, struct observation *obs);

#endif /* PFN_MKWRITE_PROBE_H */
