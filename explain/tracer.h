/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Kprobe events in a tracefs instance of our own. Written to directly: libtracefs
 * would be one more library to link statically, for half of this.
 */
#ifndef PFN_MKWRITE_TRACER_H
#define PFN_MKWRITE_TRACER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The instance, and the group of the events. */
#define TRACER_NAME	"pfn_mkwrite"

/**
 * struct tracer - the instance and its events; one at a time on a machine
 *
 * @dir:	tracefs
 * @lock:	its instances/, locked as long as the instance exists
 * @janitor:	process that removes everything when this one is gone
 * @pipe:	our end of a pipe to @janitor
 * @tid:	the task that was traced last
 * @why:	after an error: what was tried and what to do, a sentence without its
 *		full stop
 */
struct tracer {
	const char *dir;
	int lock;
	pid_t janitor;
	int pipe;
	pid_t tid;
	char why[200];
};

/**
 * tracer_open() - make the instance
 * @t: filled in; tracer_close() it even after an error
 *
 * Removes the remains of a run that was killed together with its janitor. Waits 5
 * seconds at most for another run.
 *
 * Return: 0, or -errno with @t->why set: -ENODEV if there is no tracefs or it has no
 * kprobe events, -EACCES or -EPERM if this user may not, -EBUSY if another run does
 * not end.
 */
int tracer_open(struct tracer *t);

/* " (what the kernel said of the last event that it refused)" (error_log), or "". */
const char *tracer_refusal(const struct tracer *t);

/**
 * tracer_add() - add a kprobe event
 * @t: an open tracer
 * @type: 'p' for the entry of a function, 'r' for its return
 * @name: name of the event
 * @fmt: the function and what to fetch (Documentation/trace/kprobetrace.rst)
 *
 * Return: 0, or -errno: -ENOENT, or up to 6.1 and since 6.12 -EINVAL, if the kernel
 * has no such function (kernel/trace/trace_kprobe.c).
 */
int tracer_add(struct tracer *t, char type, const char *name, const char *fmt,
	       ...) __attribute__((format(printf, 4, 5)));

/**
 * tracer_stacks() - record the stack with each record of an event
 * @t: an open tracer
 * @name: name of the event
 * @addr: only if its field addr has this value; 0: always
 *
 * Return: 0 or -errno.
 */
int tracer_stacks(struct tracer *t, const char *name, uint64_t addr);

/* Start an empty recording of a thread. Return: 0, or -errno with @t->why set. */
int tracer_start(struct tracer *t, pid_t tid);

/* Stop. Return: the text of tracefs' trace, to be freed; or NULL with @t->why set. */
char *tracer_stop(struct tracer *t);

/* Remove the events and the instance, if there are any. */
void tracer_close(struct tracer *t);

#endif /* PFN_MKWRITE_TRACER_H */
