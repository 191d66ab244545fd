// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>

#include "access.h"
#include "counters.h"
#include "huge.h"
#include "mapping.h"

#define PMD_SIZE_PATH	"/sys/kernel/mm/transparent_hugepage/hpage_pmd_size"

/* Farther than any fault-around, and within any huge page. */
#define FAR_PAGE	100

size_t huge_pmd_size(void)
{
	FILE *file = fopen(PMD_SIZE_PATH, "re");
	size_t size = 0;

	if (!file)
		return 0;
	/* The alignment of a mapping has to be a power of two. */
	if (fscanf(file, "%zu", &size) != 1 || (size & (size - 1)))
		size = 0;
	fclose(file);
	return size;
}

int huge_pmd_here(struct backing *backing)
{
	if (huge_pmd_size())
		return 0;
	return backing_fail(backing, -ENODEV,
			    "there is no %s; the kernel needs CONFIG_TRANSPARENT_HUGEPAGE",
			    PMD_SIZE_PATH);
}

int huge_mapped_at_once(struct backing *backing, bool advise)
{
	struct mapping map;
	int64_t faults;
	int err;

	err = mapping_open(&map, backing, PROT_READ | PROT_WRITE);
	if (err)
		return err;
	if (advise)
		madvise(map.addr, map.size, MADV_HUGEPAGE);
	load_page(map.addr);
	faults = rusage_faults();
	load_page(mapping_page(&map, FAR_PAGE));
	faults = rusage_faults() - faults;
	mapping_close(&map);
	return !faults;
}
