// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../lib/count/count.h"
#include "../lib/source/source.h"
#include "tracer.h"

#define INSTANCE	"instances/" TRACER_NAME
#define EVENTS		INSTANCE "/events/" TRACER_NAME

#define LOCKDOWN	"/sys/kernel/security/lockdown"

/* The time limit for another run to end. */
#define LOCK_MS		5000

static int fail(struct tracer *t, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int fail(struct tracer *t, int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(t->why, sizeof(t->why), fmt, args);
	va_end(args);
	return err;
}

static int put(const char *dir, const char *file, const char *text)
{
	char path[160];
	int fd, err = 0;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

/* Each line of kprobe_events is "p:GROUP/NAME ...". Return: events removed. */
static int remove_events(const char *dir)
{
	char path[96], line[1024], command[128], *end;
	int removed = 0;
	FILE *list;

	snprintf(path, sizeof(path), "%s/kprobe_events", dir);
	list = fopen(path, "re");
	if (!list)
		return 0;
	while (fgets(line, sizeof(line), list)) {
		char *name = strstr(line, ":" TRACER_NAME "/");

		if (!name || name > strchr(line, ' '))
			continue;
		end = strchr(name, ' ');
		snprintf(command, sizeof(command), "-%.*s", (int)(end - name),
			 name);
		if (!put(dir, "kprobe_events", command))
			removed++;
	}
	fclose(list);
	return removed;
}

static int remove_all(const char *dir)
{
	char path[96];
	int err = 0;

	snprintf(path, sizeof(path), "%s/" INSTANCE, dir);
	put(dir, EVENTS "/enable", "0");
	if (rmdir(path) && errno != ENOENT)
		err = -errno;
	/* The list is read in parts: after a removal, the next part skips some. */
	while (remove_events(dir))
		;
	return err;
}

/* If tracefs is not mounted, debugfs has it. */
static int find_tracefs(struct tracer *t)
{
	static const char *const places[] = {
		"/sys/kernel/tracing", "/sys/kernel/debug/tracing",
	};
	struct statfs fs;
	char path[96];
	size_t i;

	for (i = 0; i < sizeof(places) / sizeof(*places); i++) {
		t->dir = places[i];
		snprintf(path, sizeof(path), "%s/kprobe_events", t->dir);
		if (!access(path, W_OK))
			return 0;
		if (errno == EACCES || errno == EPERM || errno == EROFS)
			return fail(t, -errno, "%s: %s%s", path, strerror(errno),
				    access_advice(errno));
		snprintf(path, sizeof(path), "%s/trace", t->dir);
		if (!access(path, F_OK))
			return fail(t, -ENODEV,
				    "%s has no kprobe_events: the kernel needs CONFIG_KPROBE_EVENTS",
				    t->dir);
	}
	if (geteuid())
		return fail(t, -EACCES,
			    "no tracefs is visible in %s or %s; run as root",
			    places[0], places[1]);
	if (!statfs(places[0], &fs) && fs.f_type == TRACEFS_MAGIC)
		return fail(t, -EPERM,
			    "the tracefs in %s is empty, as in a kernel that is locked down; mount securityfs and see "
			    LOCKDOWN, places[0]);
	return fail(t, -ENODEV,
		    "no tracefs in %s or %s: mount it there; the kernel needs CONFIG_TRACING",
		    places[0], places[1]);
}

/* The kernel drops the lock when the last process that holds it is gone. */
static int take_lock(struct tracer *t)
{
	const struct timespec tick = { .tv_nsec = 10 * 1000 * 1000 };
	int64_t deadline = now_ns() + LOCK_MS * 1000000LL;
	char path[96];

	snprintf(path, sizeof(path), "%s/instances", t->dir);
	t->lock = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (t->lock < 0)
		return fail(t, -errno, "%s: %s", path, strerror(errno));
	while (flock(t->lock, LOCK_EX | LOCK_NB)) {
		if (errno != EWOULDBLOCK)
			return fail(t, -errno, "flock() of %s: %s", path,
				    strerror(errno));
		if (now_ns() >= deadline)
			return fail(t, -EBUSY,
				    "another run has held %s/" INSTANCE " for %d seconds",
				    t->dir, LOCK_MS / 1000);
		nanosleep(&tick, NULL);
	}
	return 0;
}

/*
 * Ctrl-C and time limits may kill our whole process group. Leave the cleanup to a
 * process in its own session, which holds the lock until it is done.
 */
static void be_janitor(const char *dir, int lock, int in)
{
	char byte;
	int fd;

	setsid();
	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	/* A reader of our output waits until all that could write there are gone. */
	for (fd = 0; fd < 1024; fd++) {
		if (fd != lock && fd != in)
			close(fd);
	}
	while (read(in, &byte, 1) < 0 && errno == EINTR)
		;
	remove_all(dir);
	_exit(0);
}

static int start_janitor(struct tracer *t)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return fail(t, -errno, "pipe2(): %s", strerror(errno));
	fflush(NULL);
	t->janitor = fork();
	if (!t->janitor) {
		close(ends[1]);
		be_janitor(t->dir, t->lock, ends[0]);
	}
	close(ends[0]);
	t->pipe = ends[1];
	if (t->janitor < 0)
		return fail(t, -errno, "fork(): %s", strerror(errno));
	return 0;
}

static int make_instance(struct tracer *t)
{
	char path[96];
	int err;

	err = find_tracefs(t);
	if (!err)
		err = take_lock(t);
	if (err)
		return err;
	err = remove_all(t->dir);
	if (err)
		return fail(t, err,
			    "%s/" INSTANCE " of an earlier run cannot be removed: %s",
			    t->dir, strerror(-err));
	err = start_janitor(t);
	if (err)
		return err;
	snprintf(path, sizeof(path), "%s/" INSTANCE, t->dir);
	if (mkdir(path, 0700))
		return fail(t, -errno, "mkdir() of %s: %s", path,
			    strerror(errno));
	/* The fault log has the clock of perf: its faults go between the events. */
	err = put(t->dir, INSTANCE "/trace_clock", "perf");
	if (err)
		return fail(t, err, "%s/trace_clock: %s", path, strerror(-err));
	return 0;
}

/*
 * Lockdown leaves tracefs empty at boot (fs/tracefs/inode.c, tracefs_create_file()), and
 * later refuses each open() and mkdir() in it.
 */
static bool locked_down(void)
{
	char line[64] = "";
	FILE *file = fopen(LOCKDOWN, "re");

	if (file && !fgets(line, sizeof(line), file))
		line[0] = '\0';
	if (file)
		fclose(file);
	return strstr(line, "[confidentiality]");
}

int tracer_open(struct tracer *t)
{
	int err;

	memset(t, 0, sizeof(*t));
	t->lock = -1;
	t->pipe = -1;
	t->janitor = -1;
	err = make_instance(t);
	if (err && locked_down())
		return fail(t, err, LOCKDOWN " is confidentiality; boot without lockdown");
	return err;
}

int tracer_add(struct tracer *t, char type, const char *name, const char *fmt,
	       ...)
{
	char text[512];
	va_list args;
	int len;

	len = snprintf(text, sizeof(text), "%c:" TRACER_NAME "/%s ", type,
		       name);
	va_start(args, fmt);
	vsnprintf(text + len, sizeof(text) - len, fmt, args);
	va_end(args);
	return put(t->dir, "kprobe_events", text);
}

const char *tracer_refusal(const struct tracer *t)
{
	static char said[128];
	char path[96], line[256];
	const char *at;
	FILE *list;

	said[0] = '\0';
	snprintf(path, sizeof(path), "%s/error_log", t->dir);
	list = fopen(path, "re");
	while (list && fgets(line, sizeof(line), list)) {
		at = strstr(line, " error: ");
		if (at)
			snprintf(said, sizeof(said), " (%.*s)", (int)strcspn(at + 8, "\n"),
				 at + 8);
	}
	if (list)
		fclose(list);
	return said;
}

int tracer_stacks(struct tracer *t, const char *name, uint64_t addr)
{
	char file[96], text[64] = "stacktrace";

	snprintf(file, sizeof(file), EVENTS "/%s/trigger", name);
	if (addr)
		snprintf(text, sizeof(text), "stacktrace if addr == 0x%llx",
			 (unsigned long long)addr);
	return put(t->dir, file, text);
}

int tracer_start(struct tracer *t, pid_t tid)
{
	char path[96], text[16];
	int fd, err;

	snprintf(path, sizeof(path), "%s/" INSTANCE "/trace", t->dir);
	fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd < 0)
		return fail(t, -errno, "%s: %s", path, strerror(errno));
	close(fd);
	snprintf(text, sizeof(text), "%d", tid);
	err = tid == t->tid ? 0 : put(t->dir, INSTANCE "/set_event_pid", text);
	if (err)
		return fail(t, err, "set_event_pid: %s", strerror(-err));
	t->tid = tid;
	err = put(t->dir, EVENTS "/enable", "1");
	if (err)
		return fail(t, err, "the kprobes cannot be enabled: %s",
			    strerror(-err));
	return 0;
}

char *tracer_stop(struct tracer *t)
{
	char path[96], *text = NULL;
	size_t room = 0;
	FILE *trace;

	put(t->dir, EVENTS "/enable", "0");
	snprintf(path, sizeof(path), "%s/" INSTANCE "/trace", t->dir);
	trace = fopen(path, "re");
	/* All of it, since there is no NUL. */
	if (!trace || getdelim(&text, &room, '\0', trace) < 0) {
		fail(t, -errno, "%s: %s", path, strerror(errno));
		free(text);
		text = NULL;
	}
	if (trace)
		fclose(trace);
	return text;
}

void tracer_close(struct tracer *t)
{
	int status;

	if (t->pipe >= 0)
		close(t->pipe);
	if (t->janitor > 0)
		waitpid(t->janitor, &status, 0);
	if (t->lock >= 0)
		close(t->lock);
	t->pipe = -1;
	t->janitor = -1;
	t->lock = -1;
}
