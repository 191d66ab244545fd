// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <time.h>

#include "count.h"
#include "file_times.h"

/* A tick takes up to 10 ms, and a guest that is not run has none. */
#define SETTLE_MS	2000

static bool before(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec < b->tv_sec ||
	       (a->tv_sec == b->tv_sec && a->tv_nsec < b->tv_nsec);
}

int file_times_settle(int fd, struct stat *st)
{
	int64_t deadline = now_ns() + SETTLE_MS * 1000000LL;
	struct timespec now;

	for (;;) {
		if (fstat(fd, st))
			return -errno;
		clock_gettime(CLOCK_REALTIME_COARSE, &now);
		/*
		 * A whole second may be all that the file system stores. If the change was
		 * at one by chance, the next one must not be, too: wait for another tick.
		 */
		if (!st->st_mtim.tv_nsec && !st->st_ctim.tv_nsec && !st->st_atim.tv_nsec) {
			now.tv_sec -= !now.tv_nsec;
			now.tv_nsec = 0;
		}
		if (before(&st->st_mtim, &now) && before(&st->st_ctim, &now))
			return 0;
		/* Any update changes a time of a future that does not come. */
		if (st->st_mtim.tv_sec > now.tv_sec + 1 ||
		    st->st_ctim.tv_sec > now.tv_sec + 1)
			return 0;
		if (now_ns() >= deadline)
			return -ETIMEDOUT;
		sched_yield();
	}
}

int file_times_moved(int fd, const struct stat *then)
{
	struct stat now;

	if (fstat(fd, &now))
		return -1;
	return before(&then->st_mtim, &now.st_mtim) ||
	       before(&now.st_mtim, &then->st_mtim) ||
	       before(&then->st_ctim, &now.st_ctim) ||
	       before(&now.st_ctim, &then->st_ctim);
}
