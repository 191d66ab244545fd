// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "counters.h"
#include "parse.h"

int64_t rusage_faults(void)
{
	struct rusage usage;

	if (getrusage(RUSAGE_THREAD, &usage))
		return -errno;
	return (int64_t)usage.ru_minflt + usage.ru_majflt;
}

int vmstat_parse(const char *text, struct vmstat *stat)
{
	const struct {
		const char *key;
		int64_t *count;
	} wanted[] = {
		{ "pgfault ", &stat->pgfault },
		{ "pgmajfault ", &stat->pgmajfault },
		{ "pgreuse ", &stat->pgreuse },
		{ NULL, NULL },
	}, *want;
	const char *line, *end;
	int err;

	for (want = wanted; want->key; want++)
		*want->count = -1;

	for (line = text; *line; line = end + 1) {
		end = strchr(line, '\n');
		if (!end)
			return -EBADMSG;
		for (want = wanted; want->key; want++) {
			size_t len = strlen(want->key);

			if (strncmp(line, want->key, len))
				continue;
			err = parse_count(line + len, "\n", want->count);
			if (err)
				return err;
		}
	}
	return 0;
}

int vmstat_read(struct vmstat *stat)
{
	/*
	 * Not on the stack: its pages would be touched anew each time, and
	 * those faults belong to nobody's probe.
	 */
	static char text[64 * 1024];
	size_t len = 0;
	ssize_t got;
	int fd, err = 0;

	*stat = (struct vmstat){ -1, -1, -1 };
	fd = open("/proc/vmstat", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	do {
		got = read(fd, text + len, sizeof(text) - 1 - len);
		if (got < 0)
			err = -errno;
		else
			len += got;
		if (len == sizeof(text) - 1)
			err = -EFBIG;
	} while (got > 0 && !err);
	close(fd);
	if (err)
		return err;

	text[len] = '\0';
	return vmstat_parse(text, stat);
}
