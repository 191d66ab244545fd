// SPDX-License-Identifier: GPL-2.0
/*
 * A SIGBUS or a driver that hangs must not take the test program with it.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cost.h"

#define LIMIT_MS	10000
#define REAP_MS		1000	/* for a killed process to go */

int child_wait(pid_t pid, int *status, int ms)
{
	struct pollfd end = { .fd = syscall(SYS_pidfd_open, pid, 0), .events = POLLIN };
	int nr;

	if (end.fd < 0)
		return -errno;
	nr = poll(&end, 1, ms);
	close(end.fd);
	if (!nr)
		return -ETIMEDOUT;
	return nr < 0 || waitpid(pid, status, 0) < 0 ? -errno : 0;
}

struct observation *observation_new(void)
{
	/* One mapping, or each fork would copy a VMA for each observation. */
	static struct observation *room;
	static int nr;

	if (nr++ % 64 == 0)
		room = mmap(NULL, 64 * sizeof(*room), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return room == MAP_FAILED ? NULL : &room[nr % 64];
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
