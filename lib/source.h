/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A source of memory: something that can be opened and mapped shared and
 * writable, again and again. To add one, write a file with a struct source in
 * it, declare it below, and hand it to mapping_add().
 */
#ifndef PFN_MKWRITE_SOURCE_H
#define PFN_MKWRITE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct drm_card;
struct page_truth;
struct source;

/**
 * struct backing - memory that a source has made, ready to be mapped
 *
 * A source fills in @fd, @offset and @size, and @room, @align and @peer_fd
 * where it has them; the rest is its own.
 *
 * @fd:		what mmap() gets
 * @offset:	where in @fd the memory starts, bytes
 * @size:	bytes that can be mapped
 * @room:	bytes that there are, where there is more behind them that could be
 *		mapped as well; else 0
 * @align:	bytes that its mappings have to start at a multiple of, a power
 *		of two; 0 where a page is enough
 * @peer_fd:	another door to the same memory, or -1: what is written here
 *		shows up there, and the other way round
 * @peer_offset: where in @peer_fd the memory starts, bytes
 * @handle:	GEM handle
 * @keep:	a mapping that is never touched, or NULL
 * @why:	after an error: what was tried and what to do, one sentence
 *		without its full stop
 */
struct backing {
	int fd;
	off_t offset;
	size_t size;
	size_t room;
	size_t align;
	int peer_fd;
	off_t peer_offset;
	uint32_t handle;
	void *keep;
	char why[200];
};

/**
 * struct source - how to make and map one kind of memory
 *
 * @name:	in test names; letters, digits, '_' and '-'
 * @detail:	which one exactly, for the reader; may be NULL
 * @card:	for DRM: which card
 * @of_device:	its pages are a device's, which not each kernel counts as resident
 * @here:	optional: can this machine have such memory at all? A cheap look
 *		that leaves nothing behind. 0, or -errno with backing->why set;
 *		then its tests are not even listed
 * @open:	make at least @size bytes of memory, in a backing from
 *		backing_init(). 0, or -errno with backing->why set: -ENODEV,
 *		-ENOENT and -ENOSYS mean that this machine has none, -EACCES and
 *		-EPERM that this user may not
 * @renew:	optional: make memory that nobody has written yet, before each
 *		mapping. 0 or -errno with backing->why set
 * @close:	give it back; called after a failed @open, too
 * @truth:	optional: what the kernel knows of the page at an address of a mapping,
 *		since the last @renew. 0 or -errno
 */
struct source {
	const char *name;
	const char *detail;
	const struct drm_card *card;
	bool of_device;
	int (*here)(const struct source *src, struct backing *backing);
	int (*open)(const struct source *src, struct backing *backing,
		    size_t size);
	int (*renew)(struct backing *backing);
	void (*close)(struct backing *backing);
	int (*truth)(const struct backing *backing, const void *addr,
		     struct page_truth *truth);
};

extern const struct source udmabuf_source;
extern const struct source udmabuf_hugetlb_source;
extern const struct source udmabuf_thp_source;
extern const struct source dax_source;
extern const struct source dax_pmd_source;
extern const struct source devdax_source;
extern const struct source devdax_pmd_source;
extern const struct source pci_bar_source;
extern const struct source vfio_bar_source;
extern const struct source vfio_bar_pmd_source;
extern const struct source memfd_source;
extern const struct source perf_ring_source;

/* All of these, in the order that they are listed in, and NULL. */
extern const struct source *const plain_sources[];

/**
 * dma_heap_sources() - a source for each DMA-BUF heap of this machine
 * @nr: how many; where there is no heap, one that says so
 *
 * Return: they; stay in use.
 */
const struct source *dma_heap_sources(int *nr);

/* One for each card, with .card set; see drm_cards.h. */
extern const struct source dumb_source;
extern const struct source dumb_huge_source;
extern const struct source prime_source;

/**
 * source_matches() - does a name fit?
 * @src: the source
 * @pattern: as the shell has them
 *
 * Return: whether its name does.
 */
bool source_matches(const struct source *src, const char *pattern);

/**
 * mapping_wanted() - does the environment pick this source?
 * @src: the source
 *
 * PFN_MKWRITE_ONLY and PFN_MKWRITE_SKIP: patterns for the names of mappings.
 *
 * Return: whether it does.
 */
bool mapping_wanted(const struct source *src);

/**
 * source_tame() - leave only what survives in the name of a test
 * @name: letters, digits and '-' stay, the rest becomes '_'
 */
void source_tame(char *name);

/**
 * backing_fail() - write down why a source could not do it
 * @backing: its why is set
 * @err: the -errno to report
 * @fmt: what was tried, and what to do
 *
 * Return: @err.
 */
int backing_fail(struct backing *backing, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * backing_init() - nothing yet
 * @backing: made empty, to be handed to a source's open()
 */
void backing_init(struct backing *backing);

/**
 * backing_close() - close its files, all that most sources have to give back
 * @backing: one that did not open is fine
 */
void backing_close(struct backing *backing);

#endif /* PFN_MKWRITE_SOURCE_H */
