/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Kprobe events of our own, recorded in a tracefs instance of our own.
 *
 * Direct writes to tracefs: libtracefs would be a second library to link statically
 * and to do without, for half of what is below.
 */
#ifndef PFN_MKWRITE_TRACER_H
#define PFN_MKWRITE_TRACER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The instance, and the group of the events. */
#define TRACER_NAME	"pfn_mkwrite"

/**
 * struct tracer - an instance and its events; one at a time on a machine
 *
 * @dir:	tracefs
 * @lock:	its instances/, locked as long as the instance is there
 * @janitor:	the process that removes all of it when this one is gone
 * @pipe:	what tells it: our end of a pipe
 * @why:	after an error: what was tried and what to do, one sentence without
 *		its full stop
 */
struct tracer {
	const char *dir;
	int lock;
	pid_t janitor;
	int pipe;
	char why[200];
};

/**
 * tracer_open() - make the instance
 * @t: filled in; to be closed with tracer_close() even after an error
 *
 * Removes what an earlier run has left behind that was killed together with its
 * janitor. Waits a few seconds for another run.
 *
 * Return: 0, or -errno with @t->why set: -ENODEV where tracefs or its kprobe events
 * are not there, -EACCES and -EPERM where this user may not, -EBUSY for another run
 * that does not end.
 */
int tracer_open(struct tracer *t);

/**
 * tracer_add() - add a kprobe event
 * @t: an open tracer
 * @type: 'p' for the entry of a function, 'r' for its return
 * @name: of the event
 * @fmt: the function and what to fetch, see Documentation/trace/kprobetrace.rst
 *
 * Return: 0, or -errno: -ENOENT and (up to Linux 6.1, and from 6.12 on)
 * -EINVAL for a function that this kernel does not have (kernel/trace/trace_kprobe.c).
 */
int tracer_add(struct tracer *t, char type, const char *name, const char *fmt,
	       ...) __attribute__((format(printf, 4, 5)));

/**
 * tracer_stacks() - record with an event's records how the kernel got there
 * @t: an open tracer
 * @name: of the event
 * @addr: only with those whose field addr has this value; 0 for all
 *
 * Return: 0 or -errno.
 */
int tracer_stacks(struct tracer *t, const char *name, uint64_t addr);

/**
 * tracer_start() - forget what was recorded, and record a thread
 * @t: an open tracer
 * @tid: the thread
 *
 * Return: 0 or -errno with @t->why set.
 */
int tracer_start(struct tracer *t, pid_t tid);

/**
 * tracer_stop() - stop recording
 * @t: an open tracer
 *
 * Return: what was recorded, the text of tracefs' trace, to be freed; or NULL with
 * @t->why set.
 */
char *tracer_stop(struct tracer *t);

/**
 * tracer_close() - remove the events and the instance
 * @t: a tracer; one that did not open is fine
 */
void tracer_close(struct tracer *t);

#endif /* PFN_MKWRITE_TRACER_H */
