/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The page faults of the calling thread, each with its time, address and
 * instruction, from a perf software event with a sample period of one.
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
 * struct fault_log - an open log, for one thread
 *
 * @fd:		perf event, or -1
 * @ring:	mapping of @fd: a control page and the data
 * @page_size:	bytes
 * @data_size:	bytes of data
 * @user_only:	faults that the kernel takes at user memory are left out
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

/* Room for at least so many faults. */
#define FAULT_LOG_SAMPLES	512

/*
 * Open a log, stopped and empty. Returns 0, or -errno: -EACCES, -EPERM and -ENOSYS if
 * perf is refused (perf_event_paranoid, seccomp). fault_log_close() is fine even then.
 */
int fault_log_open(struct fault_log *log);

/* Start to log. Returns 0 or -errno. */
int fault_log_start(struct fault_log *log);

/*
 * Take out up to @max records so far, in order of time, without a system call.
 * Returns as fault_log_stop(), where a lost record may show that went unnoticed here.
 */
int fault_log_take(struct fault_log *log, struct fault *faults, size_t max);

/*
 * Stop, and take out the rest. The records taken are compared with the count of the
 * event, because the kernel reports a record that it dropped only when a later one
 * fits (kernel/events/ring_buffer.c, __perf_output_begin()). Returns the number of
 * faults; -ENOBUFS if records were lost: close the log; -E2BIG if there are more than
 * @max, -EBADMSG if the ring makes no sense, or another -errno.
 */
int fault_log_stop(struct fault_log *log, struct fault *faults, size_t max);

void fault_log_close(struct fault_log *log);

/*
 * Decode a perf ring of @size bytes, a power of two, from @tail, the position of the
 * reader, to @head, that of the writer. Returns as fault_log_stop().
 */
int fault_ring_parse(const void *data, size_t size, uint64_t tail,
		     uint64_t head, struct fault *faults, size_t max);

#endif /* PFN_MKWRITE_FAULT_LOG_H */
