// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "huge.h"

#define THP_DIR		"/sys/kernel/mm/transparent_hugepage"

/* Some tests take several of them: 32 MiB with pages of 16 KiB, 512 with 64. */
#define HUGE_MAX	(32 << 20)

/* Farther than any fault-around, and within any huge page. */
#define FAR_PAGE	100

size_t sysfs_number(const char *dir, const char *name)
{
	size_t number = 0;
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (fscanf(file, "%zu", &number) != 1)
		number = 0;
	fclose(file);
	return number;
}

int huge_fit(struct backing *b, size_t size)
{
	size_t pmd = sysfs_number(THP_DIR, "hpage_pmd_size");

	/* The alignment of a mapping has to be a power of two. */
	if (!pmd || (pmd & (pmd - 1)))
		return backing_fail(b, -ENODEV,
				    "there is no %s/hpage_pmd_size; the kernel needs CONFIG_TRANSPARENT_HUGEPAGE",
				    THP_DIR);
	if (pmd > HUGE_MAX)
		return backing_fail(b, -ENODEV,
				    "a huge page has %zu MiB here; only up to %d MiB are taken",
				    pmd >> 20, HUGE_MAX >> 20);
	b->align = pmd;
	b->size = (size + pmd - 1) / pmd * pmd;
	return 0;
}

bool huge_shmem_is(const char *words)
{
	FILE *file = fopen(HUGE_SHMEM_PATH, "re");
	char word[16] = "";

	if (!file)
		return false;
	/* "always within_size [advise] never" */
	while (*word != '[' && fscanf(file, "%15s", word) == 1)
		;
	fclose(file);
	word[strcspn(word, "]")] = '\0';
	return *word == '[' && strstr(words, word + 1);
}

static bool load_faults(const unsigned char *addr)
{
	struct rusage before, after;

	getrusage(RUSAGE_THREAD, &before);
	*(const volatile unsigned char *)addr;
	getrusage(RUSAGE_THREAD, &after);
	return before.ru_minflt + before.ru_majflt !=
	       after.ru_minflt + after.ru_majflt;
}

int huge_verify(struct backing *b, bool advise, const char *why)
{
	struct mapping map;
	int err;

	err = mapping_open(&map, b, PROT_READ | PROT_WRITE);
	if (err)
		return err;
	if (advise)
		madvise(map.addr, map.size, MADV_HUGEPAGE);
	/* Without a fault, all was mapped by mmap(). */
	if (!load_faults(map.addr) || load_faults(mapping_page(&map, FAR_PAGE)))
		err = backing_fail(b, -ENODEV, "%s", why);
	mapping_close(&map);
	return err;
}
