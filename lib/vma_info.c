// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "parse.h"
#include "vma_info.h"

#define PM_PRESENT	(UINT64_C(1) << 63)
#define PM_SWAP		(UINT64_C(1) << 62)
#define PM_FILE		(UINT64_C(1) << 61)
#define PM_PFN		((UINT64_C(1) << 55) - 1)

/* "start-end perms ...", which no other line of smaps looks like. */
static bool parse_range(const char *line, uint64_t *start, uint64_t *end)
{
	char perms[5];

	return sscanf(line, "%" SCNx64 "-%" SCNx64 " %4[-rwxsp]", start, end,
		      perms) == 3;
}

static void parse_flags(char *flags, struct vma_info *info)
{
	const struct {
		const char *name;
		bool *set;
	} known[] = {
		{ "pf", &info->pfnmap },
		{ "mm", &info->mixedmap },
		{ "io", &info->io },
		{ "sh", &info->shared },
		{ "wr", &info->writable },
		{ "dc", &info->dontcopy },
		{ NULL, NULL },
	}, *know;
	char *flag, *save;

	for (flag = strtok_r(flags, "\n ", &save); flag;
	     flag = strtok_r(NULL, "\n ", &save)) {
		for (know = known; know->name; know++) {
			if (!strcmp(flag, know->name))
				*know->set = true;
		}
	}
}

int smaps_find(FILE *smaps, uint64_t addr, struct vma_info *info)
{
	bool found = false, have_rss = false;
	char line[1024];
	int err;

	memset(info, 0, sizeof(*info));
	while (fgets(line, sizeof(line), smaps)) {
		uint64_t start, end;

		if (parse_range(line, &start, &end)) {
			if (found)
				return -EBADMSG;
			found = addr >= start && addr < end;
			info->start = start;
			info->end = end;
			continue;
		}
		if (!found)
			continue;
		if (!strncmp(line, "Rss:", 4)) {
			err = parse_count(line + 4 + strspn(line + 4, " \t"),
					  " kB\n", &info->rss_kb);
			if (err)
				return err;
			have_rss = true;
		} else if (!strncmp(line, "VmFlags:", 8)) {
			if (!strchr(line, '\n') || !have_rss)
				return -EBADMSG;
			parse_flags(line + 8, info);
			return 0;
		}
	}
	return found ? -EBADMSG : -ENOENT;
}

int smaps_read(const void *addr, struct vma_info *info)
{
	FILE *smaps;
	int err;

	smaps = fopen("/proc/self/smaps", "re");
	if (!smaps)
		return -errno;
	err = smaps_find(smaps, (uintptr_t)addr, info);
	fclose(smaps);
	return err;
}

int pagemap_entry(int fd, uint64_t addr, struct pagemap_page *page)
{
	uint64_t page_size = sysconf(_SC_PAGESIZE);
	uint64_t entry;
	ssize_t got;

	got = pread(fd, &entry, sizeof(entry), addr / page_size * sizeof(entry));
	if (got < 0)
		return -errno;
	if (got != sizeof(entry))
		return -ENODATA;

	page->present = entry & PM_PRESENT;
	page->swapped = entry & PM_SWAP;
	page->file = entry & PM_FILE;
	page->pfn = page->present ? entry & PM_PFN : 0;
	return 0;
}

int pagemap_read(const void *addr, struct pagemap_page *page)
{
	int fd, err;

	fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = pagemap_entry(fd, (uintptr_t)addr, page);
	close(fd);
	return err;
}
