/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The properties of a mapping in /proc/self/smaps and /proc/self/pagemap.
 */
#ifndef PFN_MKWRITE_VMA_INFO_H
#define PFN_MKWRITE_VMA_INFO_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/**
 * struct vma_info - one VMA of smaps
 *
 * @start:	first address
 * @end:	address after the last
 * @rss_kb:	Rss, KiB
 * @pfnmap:	VmFlags pf: VM_PFNMAP
 * @mixedmap:	VmFlags mm: VM_MIXEDMAP
 * @io:		VmFlags io: VM_IO
 * @shared:	VmFlags sh
 * @writable:	VmFlags wr
 * @dontcopy:	VmFlags dc: fork() leaves it out
 */
struct vma_info {
	uint64_t start;
	uint64_t end;
	int64_t rss_kb;
	bool pfnmap;
	bool mixedmap;
	bool io;
	bool shared;
	bool writable;
	bool dontcopy;
};

/*
 * Find the VMA of an address in smaps, read from its current position. Returns 0, -ENOENT
 * if no VMA holds @addr, -EBADMSG if its entry has no valid Rss and VmFlags.
 */
int smaps_find(FILE *smaps, uint64_t addr, struct vma_info *info);

/* The same for the calling process; also -errno of opening /proc/self/smaps. */
int smaps_read(const void *addr, struct vma_info *info);

/**
 * struct pagemap_page - one entry of pagemap
 *
 * @present:	bit 63
 * @swapped:	bit 62
 * @file:	bit 61: a page of a file or of shared memory, not only a PFN
 */
struct pagemap_page {
	bool present;
	bool swapped;
	bool file;
};

/* Read the entry of an address. Returns 0, -ENODATA behind the end, or -errno. */
int pagemap_entry(int fd, uint64_t addr, struct pagemap_page *page);

/* The same for the calling process; also -errno of opening /proc/self/pagemap. */
int pagemap_read(const void *addr, struct pagemap_page *page);

#endif /* PFN_MKWRITE_VMA_INFO_H */
