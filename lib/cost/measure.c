// SPDX-License-Identifier: GPL-2.0
/*
 * A SIGBUS or a driver that hangs must not take the test program with it.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../count/count.h"
#include "cost.h"

#define LIMIT_MS	10000
#define REAP_MS		1000	/* for a killed process to go */

/* A sleep can take much longer than asked for: a deadline does not add up. */
int child_wait(pid_t pid, int *status, int ms)
{
	const struct timespec tick = { .tv_nsec = 1000 * 1000 };
	int64_t deadline = now_ns() + ms * 1000000LL;
	pid_t ended;

	for (;;) {
		ended = waitpid(pid, status, WNOHANG);
		if (ended == pid)
			return 0;
		if (ended < 0 && errno != EINTR)
			return -errno;
		if (now_ns() >= deadline)
			return -ETIMEDOUT;
		nanosleep(&tick, NULL);
	}
}

struct observation *observation_new(void)
{
	struct observation *obs;

	obs = mmap(NULL, sizeof(*obs), PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return obs == MAP_FAILED ? NULL : obs;
}

static void describe(struct observation *obs, int err, int status)
{
	obs->err = err ? err : -EFAULT;
	if (err == -ETIMEDOUT)
		snprintf(obs->why, sizeof(obs->why), "no end after %d seconds in the probe %s",
			 LIMIT_MS / 1000, obs->stage);
	else if (err)
		snprintf(obs->why, sizeof(obs->why), "fork() or waitpid(): %s", strerror(-err));
	else
		snprintf(obs->why, sizeof(obs->why), "%s in the probe %s",
			 WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) :
			 "the measuring process went away", obs->stage);
}

void measure(const struct source *src, struct observation *obs)
{
	pid_t parent = getpid(), pid;
	int err, status = 0;

	if (obs->done)
		return;

	obs->stage = "start";
	fflush(NULL);
	pid = fork();
	if (!pid) {
		/* The forked child of a probe is killed with its group. */
		setpgid(0, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		probe(src, obs);
		obs->done = true;
		_exit(0);
	}

	err = pid < 0 ? -errno : child_wait(pid, &status, LIMIT_MS);
	if (err == -ETIMEDOUT) {
		kill(-pid, SIGKILL);
		child_wait(pid, &status, REAP_MS);
	}
	if (err || !obs->done)
		describe(obs, err, status);
	obs->done = true;
}
