// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "counters.h"

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

int64_t vmstat_find(const char *text, const char *event)
{
	size_t len = strlen(event);
	const char *line, *end;
	long long count;
	char *last;

	for (line = text; *line; line = end + 1) {
		end = strchr(line, '\n');
		if (!end)
			return -EBADMSG;
		if (strncmp(line, event, len) || line[len] != ' ')
			continue;
		errno = 0;
		count = strtoll(line + len + 1, &last, 10);
		if (errno || last != end || last == line + len + 1 || count < 0)
			return -EBADMSG;
		return count;
	}
	return -ENOENT;
}

int64_t vmstat_count(const char *event)
{
	/* Not on the stack, whose pages would fault within a measurement. */
	static char text[64 * 1024];
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
		return -errno;
	text[len] = '\0';
	return vmstat_find(text, event);
}
