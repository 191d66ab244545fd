// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "measure.h"

#define LIMIT_MS	10000
/* How long a killed process may take to go; one stuck in a driver never does. */
#define REAP_MS		1000

struct observation *observation_new(void)
{
	struct observation *obs;

	obs = mmap(NULL, sizeof(*obs), PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return obs == MAP_FAILED ? NULL : obs;
}

static void describe(struct observation *obs, int err, int status)
{
	if (err == -ETIMEDOUT)
		snprintf(obs->why, sizeof(obs->why),
			 "no end after %d seconds in the probe %s",
			 LIMIT_MS / 1000, obs->stage);
	else if (err)
		snprintf(obs->why, sizeof(obs->why), "waitpid(): %s",
			 strerror(-err));
	else if (WIFSIGNALED(status))
		snprintf(obs->why, sizeof(obs->why),
			 "%s in the probe %s", strsignal(WTERMSIG(status)),
			 obs->stage);
	else
		snprintf(obs->why, sizeof(obs->why),
			 "the measuring process went away in the probe %s",
			 obs->stage);
}

void measure(const struct source *src, struct observation *obs)
{
	pid_t parent = getpid();
	int err, status = 0;
	pid_t pid;

	if (obs->done)
		return;

	obs->stage = "start";
	fflush(NULL);
	pid = fork();
	if (pid < 0) {
		obs->err = -errno;
		snprintf(obs->why, sizeof(obs->why), "fork(): %s",
			 strerror(errno));
		obs->done = true;
		return;
	}
	if (!pid) {
		/* A group of its own: the forked child of a probe goes too. */
		setpgid(0, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		probe(src, obs);
		obs->done = true;
		_exit(0);
	}

	err = child_wait(pid, &status, LIMIT_MS);
	if (err == -ETIMEDOUT) {
		kill(-pid, SIGKILL);
		child_wait(pid, &status, REAP_MS);
	}
	if (obs->done && !err)
		return;

	obs->err = err ? err : -EFAULT;
	if (!err && WIFSIGNALED(status))
		obs->signal = WTERMSIG(status);
	describe(obs, err, status);
	obs->done = true;
}
