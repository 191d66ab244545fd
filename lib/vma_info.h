/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What /proc/self/smaps and /proc/self/pagemap say of a mapping.
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
 * @dontcopy:	VmFlags dc: not there in a forked child
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

/**
 * smaps_find() - find the VMA of an address in a smaps text
 * @smaps: the open text, read from where it stands
 * @addr: the address
 * @info: filled in
 *
 * Return: 0, -ENOENT when no VMA holds @addr, -EBADMSG when its entry ends
 * before its VmFlags or has no Rss, -ERANGE when a number does not fit.
 */
int smaps_find(FILE *smaps, uint64_t addr, struct vma_info *info);

/**
 * smaps_read() - the same for the calling process
 * @addr: the address
 * @info: filled in
 *
 * Return: as smaps_find(), or -errno of opening /proc/self/smaps.
 */
int smaps_read(const void *addr, struct vma_info *info);

/**
 * struct pagemap_page - one entry of pagemap
 *
 * @present:	bit 63
 * @swapped:	bit 62
 * @file:	bit 61: a page of a file or of shared memory, and not a mere PFN
 * @pfn:	bits 0-54; 0 without CAP_SYS_ADMIN
 */
struct pagemap_page {
	bool present;
	bool swapped;
	bool file;
	uint64_t pfn;
};

/**
 * pagemap_entry() - read the entry of an address from an open pagemap
 * @fd: /proc/PID/pagemap, or a file of that form
 * @addr: the address
 * @page: filled in
 *
 * Return: 0, -ENODATA when the file ends before the entry, or -errno.
 */
int pagemap_entry(int fd, uint64_t addr, struct pagemap_page *page);

/**
 * pagemap_read() - the same for the calling process
 * @addr: the address
 * @page: filled in
 *
 * Return: as pagemap_entry(), or -errno of opening /proc/self/pagemap.
 */
int pagemap_read(const void *addr, struct pagemap_page *page);

#endif /* PFN_MKWRITE_VMA_INFO_H */
