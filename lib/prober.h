/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the probes share while they measure one source. Nobody else includes
 * this.
 */
#ifndef PFN_MKWRITE_PROBER_H
#define PFN_MKWRITE_PROBER_H

#include <sched.h>
#include <sys/types.h>

#include <errno.h>

#include "mapping.h"
#include "probe.h"

/**
 * struct prober - a measurement under way
 *
 * @src:	what is measured
 * @backing:	its memory
 * @meter:	counts the faults
 * @obs:	what was seen so far
 * @cpus:	the CPUs that the caller may run on; none where nobody knows
 * @noisy:	others add to what the machine counts
 * @first_reuse: then: pgreuse of each first store, the smallest reading
 * @upgrade_reuse: and of each store after a load
 */
struct prober {
	const struct source *src;
	struct backing backing;
	struct meter meter;
	struct observation *obs;
	cpu_set_t cpus;
	bool noisy;
	int64_t first_reuse[NR_STORES];
	int64_t upgrade_reuse[NR_STORES];
};

/**
 * prober_fail() - write down why there is no measurement
 * @p: the measurement
 * @err: the -errno to report
 * @fmt: what was tried, what the system answered
 *
 * Return: @err.
 */
int prober_fail(struct prober *p, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * prober_renew() - start a probe, with memory that nobody has written yet
 * where the source can make some
 * @p: the measurement
 * @stage: the name of the probe
 *
 * Return: 0 or -errno, written down.
 */
int prober_renew(struct prober *p, const char *stage);

/**
 * prober_fresh() - prober_renew() and an untouched, writable mapping
 * @p: the measurement
 * @map: filled in; to be closed with mapping_close() even after an error
 * @stage: the name of the probe
 *
 * Return: 0 or -errno, written down.
 */
int prober_fresh(struct prober *p, struct mapping *map, const char *stage);

/**
 * prober_touch() - access_page(), with what goes wrong written down
 * @p: the measurement
 * @addr: what to access
 * @kind: load or store
 * @access: filled in
 *
 * Return: 0 or -errno, written down.
 */
int prober_touch(struct prober *p, unsigned char *addr, enum access_kind kind,
		 struct access *access);

/**
 * prober_store() - access_shape(), with what goes wrong written down
 * @p: the measurement
 * @shape: how to store
 * @addr: where to
 * @len: how many bytes
 * @access: filled in
 * @refusal: filled in
 *
 * Return: 0 or -errno, written down.
 */
int prober_store(struct prober *p, const struct shape *shape,
		 unsigned char *addr, size_t len, struct access *access,
		 struct refusal *refusal);

/**
 * prober_load_all() - load from each page of a mapping, up to NR_STORES
 * @map: the mapping
 */
void prober_load_all(const struct mapping *map);

/*
 * The last word of a page: what a page is known by. The first one of a perf ring
 * is the kernel's.
 */
static inline uint32_t *prober_word(const struct mapping *map, size_t page)
{
	return (uint32_t *)mapping_page(map, page + 1) - 1;
}

/* One more access that must be refused. */
void refusals_add(struct refusals *refusals, size_t page, bool refused,
		  const struct refusal *refusal);

/* What a system call has answered that was to move @wanted bytes: 0 or -errno. */
static inline int prober_answer(ssize_t done, size_t wanted)
{
	if (done < 0)
		return -errno;
	return (size_t)done == wanted ? 0 : -EIO;
}

/* One more page read back. */
void readback_add(struct readback *back, size_t page, uint32_t written,
		  uint32_t read);

/**
 * prober_in_child() - let a forked child do something with a mapping
 * @p: the measurement
 * @map: the mapping
 * @body: what the child does; its changes to p->obs reach the parent
 *
 * Return: 0 or -errno, written down: -EFAULT where a signal ended the child.
 */
int prober_in_child(struct prober *p, const struct mapping *map,
		    void (*body)(struct prober *p, const struct mapping *map));

/**
 * prober_fork() - the same, without waiting for the child
 * @p: the measurement
 * @map: the mapping
 * @body: what the child does
 * @end: its err is set
 *
 * Return: the child, for prober_reap(), or -1.
 */
pid_t prober_fork(struct prober *p, const struct mapping *map,
		  void (*body)(struct prober *p, const struct mapping *map),
		  struct child_end *end);

/**
 * prober_reap() - wait for such a child, as long as it may take
 * @pid: from prober_fork(); nothing happens for -1
 * @end: filled in
 *
 * A child that a driver keeps from ending is left to itself: nothing measured
 * after it depends on it.
 */
void prober_reap(pid_t pid, struct child_end *end);

/**
 * prober_fork_copies() - does fork() copy the PTEs of this mapping?
 * @p: the measurement, after its first store
 *
 * Return: whether it does: it is VM_PFNMAP or VM_MIXEDMAP (mm/memory.c,
 * vma_needs_copy()).
 */
bool prober_fork_copies(const struct prober *p);

/* The pages that a probe of many pages looks at. */
static inline size_t prober_pages(const struct mapping *map)
{
	return map->nr_pages < NR_STORES ? map->nr_pages : NR_STORES;
}

/* The probes that have files of their own return 0 or -errno, written down. */

/* Stores to a mapping that is read-only. */
int probe_read_only(struct prober *p);

/* Stores to a mapping that was writable, and is so again. */
int probe_reprotect(struct prober *p);

/* Does each page of a mapping lead to its own memory? */
int probe_data(struct prober *p);

/* Do pages stay where they belong when parts are mapped, unmapped and moved? */
int probe_parts(struct prober *p);

/* Is it the same memory by its other door? */
int probe_door(struct prober *p);

/* Is it the same memory in a forked child? */
int probe_fork(struct prober *p);

/* What do stores of other shapes than one byte cost? */
int probe_shapes(struct prober *p);

/* Many threads that store at once. */
int probe_threads(struct prober *p);

/* Who takes pages out of the mapping? */
int probe_gup(struct prober *p);

/* Other ways to map the memory, and advice about it. */
int probe_flags(struct prober *p);

/* What moves the times of the file that is mapped? */
int probe_file_times(struct prober *p);

/* What does the kernel know of the first page? */
int probe_truth(struct prober *p);

#endif /* PFN_MKWRITE_PROBER_H */
