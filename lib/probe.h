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
 * struct store_seen - a store of another shape, to pages that nobody has touched
 *
 * @err:	0, TOO_SMALL, or -errno of what it takes
 * @pages:	how many it goes to
 * @refusal:	the signal that it raised, if any
 * @answer:	0, or -errno of the system call that stored
 * @faults:	its faults at these pages
 * @data:	what they hold after it
 */
struct store_seen {
	int err;
	int pages;
	struct refusal refusal;
	int answer;
	int faults;
	struct readback data;
};

/**
 * struct stores_seen - stores of all shapes
 *
 * @unaligned:	eight bytes at an odd address
 * @across:	eight bytes on two pages
 * @apart:	most faults of two stores, to each of these pages, in either order
 * @atomic:	a number added to a word
 * @set:	memset() of many pages
 * @zeroed:	the same, to zero
 * @read:	a page read(2) from a pipe
 * @recv:	a page recv(2) from a socket
 */
struct stores_seen {
	struct store_seen unaligned;
	struct store_seen across;
	int apart;
	struct store_seen atomic;
	struct store_seen set;
	struct store_seen zeroed;
	struct store_seen read;
	struct store_seen recv;
};

/**
 * struct threads_seen - many threads at one mapping
 *
 * @disjoint_err: 0, TOO_SMALL, or -errno of starting them
 * @disjoint:	what the pages hold that each thread had its share of
 * @disjoint_faults: of all threads; the fewest of several tries
 * @one_page_err: 0, or -errno: -EOPNOTSUPP where the memory takes no such store
 * @one_page:	the word that all of them added to
 * @one_page_faults: the most that a thread took; the fewest of several tries
 * @unmap_err:	0, or -errno of starting threads in a forked child
 * @unmap_end:	what became of the child
 * @unmapped:	the stores of its threads once the mapping was gone
 * @stuck:	how many of them had no end
 */
struct threads_seen {
	int disjoint_err;
	struct readback disjoint;
	int disjoint_faults;
	int one_page_err;
	struct readback one_page;
	int one_page_faults;
	int unmap_err;
	struct child_end unmap_end;
	struct refusals unmapped;
	int stuck;
};

/**
 * struct gup_try - one way to take pages out of a mapping
 *
 * @tried:	this kernel has it, this user may, and there is something to do it with
 * @answer:	0, or -errno
 * @differs:	it was another for a page that had not been touched
 * @data:	what the memory holds, or was taken out: the old where it was refused
 */
struct gup_try {
	bool tried;
	int answer;
	bool differs;
	struct readback data;
};

/**
 * struct gup_seen - all ways, in a forked child
 *
 * @err:	0, or -errno of mapping the memory there
 * @end:	what became of the child
 * @writev:	process_vm_writev() into it
 * @splice:	vmsplice() of it into a pipe
 * @direct:	read() into it, past the page cache
 */
struct gup_seen {
	int err;
	struct child_end end;
	struct gup_try writev;
	struct gup_try splice;
	struct gup_try direct;
};

/**
 * struct worst - the most faults of a store
 *
 * @faults:	how many
 * @what:	after what; NULL where it never was more than none
 */
struct worst {
	int faults;
	const char *what;
};

/**
 * struct flags_seen - other ways to map the memory
 *
 * @taken:	how many of the shared ones were not refused
 * @plain:	a first store where nothing is mapped before
 * @populated:	a first store where mmap() may have loaded the page
 * @shared:	written through such a mapping, read through an ordinary one
 * @private_err: 0, or -errno of a private mapping
 * @private_end: what became of a child that stored to it
 * @private_own: what the child found there
 * @private_shared: what the shared mapping holds after that
 */
struct flags_seen {
	int taken;
	struct worst plain;
	struct worst populated;
	struct readback shared;
	int private_err;
	struct child_end private_end;
	struct readback private_own;
	struct readback private_shared;
};

/**
 * struct advice_seen - madvise() of each kind that should do no harm
 *
 * @taken:	how many were not refused
 * @stored:	a store after it, to a page stored to before
 * @loaded:	to a page loaded before
 * @untouched:	to a page not touched before
 * @again:	a second store to any of them
 * @lost_by:	after which one the data was not there any more, or NULL
 */
struct advice_seen {
	int taken;
	struct worst stored;
	struct worst loaded;
	struct worst untouched;
	struct worst again;
	const char *lost_by;
};

/**
 * struct told_seen - what moved the file times, page by page
 *
 * @pages:	how many were stored to; 0 where no file time tells anything
 * @untold:	how many first stores did not move them
 * @again:	how many second stores did, in each of several tries
 */
struct told_seen {
	int pages;
	int untold;
	int again;
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
 * @stores:	stores of other shapes
 * @threads:	many threads at once
 * @gup:	others that take pages out of it
 * @flags:	other ways to map it
 * @advice:	madvise()
 * @told:	whether the file times tell of each page
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
	struct stores_seen stores;
	struct threads_seen threads;
	struct gup_seen gup;
	struct flags_seen flags;
	struct advice_seen advice;
	struct told_seen told;

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
