/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fault log: each page fault of the calling thread, with its time, address and
 * instruction, from a perf software event and its ring.
 */
#ifndef PFN_MKWRITE_FAULT_LOG_H
#define PFN_MKWRITE_FAULT_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct fault - one page fault
 *
 * @time_ns:	perf clock; only differences mean something
 * @ip:		instruction that faulted
 * @addr:	address that it accessed
 */
struct fault {
	uint64_t time_ns;
	uint64_t ip;
	uint64_t addr;
};

/**
 * struct fault_log - an open log; one thread, one user
 *
 * @fd:		perf event, or -1
 * @ring:	its mapping: the control page and the data after it
 * @page_size:	bytes
 * @data_size:	bytes of data behind the control page
 * @user_only:	without the faults of the kernel's own accesses to user memory
 * @taken:	records taken out since fault_log_start()
 */
struct fault_log {
	int fd;
	void *ring;
	size_t page_size;
	size_t data_size;
	bool user_only;
	uint64_t taken;
};

/* Room for this many samples at least; a probe takes a handful. */
#define FAULT_LOG_SAMPLES	512

/**
 * fault_log_open() - open the log of the calling thread, stopped and empty
 * @log: filled in; to be closed with fault_log_close() even after an error
 *
 * Return: 0, or -EACCES, -EPERM or -ENOSYS where perf is refused
 * (perf_event_paranoid, seccomp), or another -errno.
 */
int fault_log_open(struct fault_log *log);

/**
 * fault_log_start() - start logging
 * @log: an open log; what was logged before is gone with fault_log_stop()
 *
 * Return: 0 or -errno.
 */
int fault_log_start(struct fault_log *log);

/**
 * fault_log_take() - take out the records that there are, while it goes on
 * @log: an open log, started
 * @faults: filled in, in order of time
 * @max: room in @faults
 *
 * No system call: the kernel tells how far it has written in the control page. Who
 * takes often enough can log any number of faults in a ring of FAULT_LOG_SAMPLES.
 * A lost record may show here or not before fault_log_stop(), but there it does.
 *
 * Return: number of faults, or as fault_log_stop().
 */
int fault_log_take(struct fault_log *log, struct fault *faults, size_t max);

/**
 * fault_log_stop() - stop logging and take out the records that are left
 * @log: an open log
 * @faults: filled in, in order of time
 * @max: room in @faults
 *
 * What was taken out since fault_log_start() is checked against the event's own
 * count, because a record that finds the ring full is dropped and only told of when
 * a later one fits (kernel/events/ring_buffer.c, __perf_output_begin()). That may be
 * after the next fault_log_start(): a log that has lost records is to be closed.
 *
 * Return: number of faults; -ENOBUFS when records were lost, now or at an earlier
 * fault_log_take(), -E2BIG when there are more than @max, -EBADMSG when the ring
 * makes no sense, or another -errno.
 */
int fault_log_stop(struct fault_log *log, struct fault *faults, size_t max);

/**
 * fault_log_close() - give everything back
 * @log: a log; one that did not open is fine
 */
void fault_log_close(struct fault_log *log);

/**
 * fault_ring_parse() - decode the part of a perf ring that was not read yet
 * @data: the data area
 * @size: its bytes, a power of two
 * @tail: position of the reader
 * @head: position of the writer, not before @tail; both only ever grow
 * @faults: filled in
 * @max: room in @faults
 *
 * Separate from the log so that it can be fed with any ring.
 *
 * Return: as fault_log_stop().
 */
int fault_ring_parse(const void *data, size_t size, uint64_t tail,
		     uint64_t head, struct fault *faults, size_t max);

#endif /* PFN_MKWRITE_FAULT_LOG_H */
