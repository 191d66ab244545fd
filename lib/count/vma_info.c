// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "vma_info.h"

#define PM_PRESENT	(UINT64_C(1) << 63)
#define PM_SWAP		(UINT64_C(1) << 62)
#define PM_FILE		(UINT64_C(1) << 61)

static bool has_flag(const char *flags, const char *flag)
{
	for (; (flags = strstr(flags, flag)); flags += 2) {
		if (flags[-1] == ' ' && (flags[2] == ' ' || flags[2] == '\n'))
			return true;
	}
	return false;
}

int smaps_find(FILE *smaps, uint64_t addr, struct vma_info *info)
{
	bool found = false;
	char line[1024];

	memset(info, 0, sizeof(*info));
	info->rss_kb = -1;
	while (fgets(line, sizeof(line), smaps)) {
		uint64_t start, end;
		char perms[5];

		/* The only line with such a start begins an entry. */
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4[-rwxsp]", &start,
			   &end, perms) == 3) {
			if (found)
				return -EBADMSG;
			found = addr >= start && addr < end;
			info->start = start;
			info->end = end;
		}
		if (!found)
			continue;
		sscanf(line, "Rss: %" SCNd64 " kB", &info->rss_kb);
		if (strncmp(line, "VmFlags: ", 9))
			continue;
		if (!strchr(line, '\n') || info->rss_kb < 0)
			return -EBADMSG;
		info->pfnmap = has_flag(line + 9, "pf");
		info->mixedmap = has_flag(line + 9, "mm");
		info->io = has_flag(line + 9, "io");
		info->shared = has_flag(line + 9, "sh");
		info->writable = has_flag(line + 9, "wr");
		info->dontcopy = has_flag(line + 9, "dc");
		return 0;
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
	uint64_t entry, page_size = sysconf(_SC_PAGESIZE);
	ssize_t got;

	got = pread(fd, &entry, sizeof(entry), addr / page_size * sizeof(entry));
	if (got != sizeof(entry))
		return got < 0 ? -errno : -ENODATA;
	page->present = entry & PM_PRESENT;
	page->swapped = entry & PM_SWAP;
	page->file = entry & PM_FILE;
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
