// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <sys/wait.h>
#include <time.h>

#include "child.h"

int child_wait(pid_t pid, int *status, int ms)
{
	const struct timespec tick = { .tv_nsec = 1000 * 1000 };
	pid_t ended;

	for (;;) {
		ended = waitpid(pid, status, WNOHANG);
		if (ended == pid)
			return 0;
		if (ended < 0 && errno != EINTR)
			return -errno;
		if (ms-- <= 0)
			return -ETIMEDOUT;
		nanosleep(&tick, NULL);
	}
}
