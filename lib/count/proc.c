// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "count.h"

int64_t rusage_faults(void)
{
	struct rusage usage;

	if (getrusage(RUSAGE_THREAD, &usage))
		return -errno;
	return (int64_t)usage.ru_minflt + usage.ru_majflt;
}

int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

int64_t vmstat_count(const char *event)
{
	/* Not on the stack, whose pages would fault within a measurement. */
	static char text[64 * 1024];
	char line[64], *at;
	size_t len = 0;
	ssize_t got;
	int fd;

	fd = open("/proc/vmstat", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	do {
		got = read(fd, text + len, sizeof(text) - 1 - len);
		len += got > 0 ? got : 0;
	} while (got > 0);
	close(fd);
	if (got < 0)
		return -EIO;
	text[len] = '\0';
	/* An event is not in the first line. */
	len = snprintf(line, sizeof(line), "\n%s ", event);
	at = strstr(text, line);
	return at ? strtoll(at + len, NULL, 10) : -ENOENT;
}

int smaps_read(const void *addr, struct vma_info *info)
{
	uint64_t start, end, at = (uintptr_t)addr;
	bool inside = false, has_rss = false;
	char line[1024];
	FILE *smaps;

	memset(info, 0, sizeof(*info));
	smaps = fopen("/proc/self/smaps", "re");
	if (!smaps)
		return -errno;
	while (!*info->flags && fgets(line, sizeof(line), smaps)) {
		/* The only line with such a start begins an entry. */
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " ", &start, &end) == 2)
			inside = at >= start && at < end;
		if (!inside)
			continue;
		has_rss |= sscanf(line, "Rss: %" SCNu64, &info->rss_kb) == 1;
		sscanf(line, "VmFlags:%255[^\n]", info->flags);
	}
	fclose(smaps);
	return has_rss && *info->flags ? 0 : -ENODATA;
}

bool vma_flag(const struct vma_info *info, const char *flag)
{
	char word[8];

	snprintf(word, sizeof(word), " %s ", flag);
	return strstr(info->flags, word);
}
