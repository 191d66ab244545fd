// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>
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

size_t huge_whole(size_t size)
{
	size_t pmd = huge_pmd_size();

	return (size + pmd - 1) / pmd * pmd;
}

void huge_fit(struct backing *backing, size_t size)
{
	backing->align = huge_pmd_size();
	backing->size = huge_whole(size);
}

int huge_pmd_here(struct backing *backing)
{
	if (huge_pmd_size())
		return 0;
	return backing_fail(backing, -ENODEV,
			    "there is no %s; the kernel needs CONFIG_TRANSPARENT_HUGEPAGE",
			    PMD_SIZE_PATH);
}

bool huge_shmem_is(const char *words)
{
	char line[80] = "", *word;
	FILE *file;

	file = fopen(HUGE_SHMEM_PATH, "re");
	if (!file)
		return false;
	if (!fgets(line, sizeof(line), file))
		line[0] = '\0';
	fclose(file);
	word = strchr(line, '[');
	if (!word)
		return false;
	word++;
	word[strcspn(word, "]")] = '\0';
	return strstr(words, word);
}

/* Faults of a load. */
static int64_t load_faults(const unsigned char *addr)
{
	int64_t before = rusage_faults();

	load_page(addr);
	return rusage_faults() - before;
}

int huge_mapped_at_once(struct backing *backing, bool advise)
{
	struct mapping map;
	bool at_once;
	int err;

	err = mapping_open(&map, backing, PROT_READ | PROT_WRITE);
	if (err)
		return err;
	if (advise)
		madvise(map.addr, map.size, MADV_HUGEPAGE);
	/* Without a fault, all was mapped by mmap(). */
	at_once = load_faults(map.addr) &&
		  !load_faults(mapping_page(&map, FAR_PAGE));
	mapping_close(&map);
	return at_once;
}
