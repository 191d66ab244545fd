/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory to map shared and writable, again and again. To add a source, write a file
 * with a struct source in it and add a line to sources.c.
 */
#ifndef PFN_MKWRITE_SOURCE_H
#define PFN_MKWRITE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * struct backing - memory that a source has made
 *
 * @fd:		file to mmap()
 * @offset:	start of the memory in @fd, bytes
 * @size:	bytes to map
 * @room:	bytes that @fd has from @offset on, if more than @size, or 0
 * @align:	alignment of each mapping, bytes, a power of two; 0: a page
 * @peer_fd:	file that is an alias of the same memory, or -1
 * @peer_offset: start of the memory in @peer_fd, bytes
 * @priv:	the source's own
 * @why:	after an error: what was tried and what to do, a sentence without
 *		its full stop
 */
struct backing {
	int fd;
	off_t offset;
	size_t size;
	size_t room;
	size_t align;
	int peer_fd;
	off_t peer_offset;
	uintptr_t priv;
	char why[200];
};

/**
 * struct source - how to make one kind of memory
 *
 * @name:	part of test names: letters, digits, '_' and '-'
 * @detail:	the exact device, for the reader; may be NULL
 * @data:	the source's own
 * @instance:	optional: the source stands for several; returns the one at
 *		@index, or NULL after the last
 * @here:	optional: a cheaper check than @open, which leaves nothing open.
 *		0, or -errno with backing->why set
 * @open:	make at least @size bytes in an initialized backing. 0, or -errno
 *		with backing->why set: -ENODEV, -ENOENT, -ENOSYS: there is no such
 *		memory; -EACCES, -EPERM: this user may not; -EDESTADDRREQ: the
 *		environment names a device that is not there
 * @renew:	optional: replace the memory by memory never written, before each
 *		mapping. 0, or -errno with backing->why set
 * @close:	undo @open, even a failed one
 */
struct source {
	const char *name;
	const char *detail;
	const void *data;
	const struct source *(*instance)(int index);
	int (*here)(const struct source *src, struct backing *b);
	int (*open)(const struct source *src, struct backing *b, size_t size);
	int (*renew)(struct backing *b);
	void (*close)(struct backing *b);
};

extern const struct source memfd_source;
extern const struct source perf_ring_source;

/*
 * Call @fn for each source but those of DRM cards; source_each() for the instances of
 * one. An error of @fn ends the loop and is returned.
 */
int sources_each(int (*fn)(const struct source *src));
int source_each(const struct source *src, int (*fn)(const struct source *src));

/* Can the memory be had? 0 or -errno as of open(), with @b->why set. */
int source_here(const struct source *src, struct backing *b);

/* Does the name fit a shell pattern? */
bool source_matches(const struct source *src, const char *pattern);

/* Do PFN_MKWRITE_ONLY and PFN_MKWRITE_SKIP, shell patterns, leave it in? */
bool source_wanted(const struct source *src);

/* Replace all but letters, digits and '-' by '_'. */
void source_tame(char *name);

/* The last part of what the link @dir/@link of sysfs points to, "" without one. */
#define SYSFS_NAME	64
void sysfs_link(char name[SYSFS_NAME], const char *dir, const char *link);

/* Set @b->why to what was tried and what to do; %m is @err. Returns @err. */
int backing_fail(struct backing *b, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Open @path, or make a memfd of @b->size bytes. An fd, or -errno with @b->why set. */
int backing_open(struct backing *b, const char *path, int flags);
int backing_memfd(struct backing *b, unsigned int flags);

void backing_init(struct backing *b);

/* Close fd and peer_fd: all that most sources have to do. */
void backing_close(struct backing *b);

/**
 * struct mapping - one mmap() of a backing
 *
 * @addr:	its start, or MAP_FAILED
 * @size:	bytes
 * @page_size:	bytes of a page
 * @nr_pages:	pages of @page_size
 */
struct mapping {
	unsigned char *addr;
	size_t size;
	size_t page_size;
	size_t nr_pages;
};

/*
 * Map all of a backing, MAP_SHARED. Returns 0, or -errno with @b->why set;
 * mapping_close() is fine even after an error.
 */
int mapping_open(struct mapping *map, struct backing *b, int prot);

/*
 * The same with any flags, without @start bytes at the start, and @size bytes long,
 * even beyond the end. Both are multiples of mapping_step().
 */
int mapping_open_as(struct mapping *map, struct backing *b, int prot, int flags,
		    size_t start, size_t size);

/* The granularity of mappings of a backing, bytes. */
size_t mapping_step(const struct backing *b);

/* Reserve addresses for MAP_FIXED, aligned to @step. MAP_FAILED after an error. */
void *mapping_place(size_t size, size_t step);

void mapping_close(struct mapping *map);

static inline unsigned char *mapping_page(const struct mapping *map, size_t index)
{
	return map->addr + index * map->page_size;
}

/*
 * The word that the tests compare: the last one of a page, because the kernel writes to
 * the first ones of a perf ring. Volatile, lest a load that checks a store is left out.
 */
static inline volatile uint32_t *mapping_word(const struct mapping *map, size_t index)
{
	return (volatile uint32_t *)mapping_page(map, index + 1) - 1;
}

#endif /* PFN_MKWRITE_SOURCE_H */
