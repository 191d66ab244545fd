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

/* Memory that a source has made. */
struct backing {
	int fd;			/* to mmap() */
	off_t offset;		/* start of the memory in @fd, bytes */
	size_t size;		/* bytes to map */
	size_t room;		/* bytes of @fd from @offset on, if more than @size, or 0 */
	size_t align;		/* of each mapping, bytes, a power of two; 0: a page */
	int peer_fd;		/* file that is an alias of the same memory, or -1 */
	off_t peer_offset;	/* start of the memory in @peer_fd, bytes */
	uintptr_t priv;		/* the source's own */
	char why[200];		/* after an error: what was tried and what to do */
};

/* How to make one kind of memory. Functions return 0, or -errno with backing->why set. */
struct source {
	const char *name;	/* part of test names: letters, digits, '_' and '-' */
	const char *detail;	/* the exact device, for the reader; may be NULL */
	const void *data;	/* the source's own */
	/* Optional: a cheaper check than @open, which leaves nothing open. */
	int (*here)(const struct source *src, struct backing *b);
	/*
	 * Make at least @size bytes in an initialized backing. -ENODEV, -ENOENT, -ENOSYS:
	 * there is no such memory; -EACCES, -EPERM: this user may not; -EDESTADDRREQ: the
	 * environment names a device that is not there.
	 */
	int (*open)(const struct source *src, struct backing *b, size_t size);
	/* Optional: replace the memory by memory never written, before each mapping. */
	int (*renew)(struct backing *b);
	/* Undo @open, even a failed one. */
	void (*close)(struct backing *b);
};

extern const struct source memfd_source;
extern const struct source perf_ring_source;
extern const struct source udmabuf_source;	/* udmabuf_huge.c */

/* Call @fn for each source but DRM cards. An error of @fn ends the loop and is returned. */
int sources_each(int (*fn)(const struct source *src));
int dma_heaps_each(int (*fn)(const struct source *src));	/* dma_heap.c */

/* Can the memory be had? 0 or -errno as of open(), with @b->why set. */
int source_here(const struct source *src, struct backing *b);

bool source_matches(const struct source *src, const char *pattern);	/* wanted.c */
bool source_wanted(const struct source *src);				/* wanted.c */
bool drm_wanted(const char *name, const char *detail);			/* wanted.c */
bool drm_unmatched(char *why, size_t size);				/* wanted.c */

#define SYSFS_NAME	64							/* names.c */
void source_tame(char *name);							/* names.c */
void sysfs_link(char name[SYSFS_NAME], const char *dir, const char *link);	/* names.c */

/* Set @b->why to what was tried and what to do; %m is @err. Returns @err. */
int backing_fail(struct backing *b, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Advice about EACCES and EPERM, to put behind a message; "" for another error. */
const char *access_advice(int err);

/* Open @path, or make a memfd of @b->size bytes. An fd, or -errno with @b->why set. */
int backing_open(struct backing *b, const char *path, int flags);
int backing_memfd(struct backing *b, unsigned int flags);

void backing_init(struct backing *b);

/* Close fd and peer_fd: all that most sources have to do. */
void backing_close(struct backing *b);

/* One mmap() of a backing. */
struct mapping {
	unsigned char *addr;	/* or MAP_FAILED */
	size_t size;		/* bytes */
	size_t page_size;
	size_t nr_pages;
};

/*
 * Map all of a backing, MAP_SHARED; or with any flags, without @start bytes at the start,
 * and @size bytes long, even beyond the end: multiples of mapping_step(). Returns 0, or
 * -errno with @b->why set; mapping_close() is fine even then.
 */
int mapping_open(struct mapping *map, struct backing *b, int prot);
int mapping_open_as(struct mapping *map, struct backing *b, int prot, int flags,
		    size_t start, size_t size);
void mapping_close(struct mapping *map);

/* The granularity of mappings of a backing, bytes. */
size_t mapping_step(const struct backing *b);

/* Free addresses, aligned to @step, to map something there; or NULL. */
void *mapping_place(size_t size, size_t step);

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
