/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The counters that every process may read: its own faults (rusage) and the
 * machine's events (/proc/vmstat).
 */
#ifndef PFN_MKWRITE_COUNTERS_H
#define PFN_MKWRITE_COUNTERS_H

#include <stdint.h>

/**
 * rusage_faults() - faults of the calling thread so far, minor and major
 *
 * Major ones belong to it: a fault that came back after VM_FAULT_RETRY counts
 * as major (mm/memory.c, mm_account_fault(), FAULT_FLAG_TRIED).
 *
 * Return: the count, or -errno.
 */
int64_t rusage_faults(void);

/**
 * struct vmstat - the events of /proc/vmstat that matter here
 *
 * Counts of the whole machine since boot; -1 where the kernel has no such key.
 *
 * @pgfault:	faults, major ones included
 * @pgmajfault:	major faults
 * @pgreuse:	write faults that ended in wp_page_reuse(): for a shared mapping
 *		one for each notification and none for a dirty fault
 */
struct vmstat {
	int64_t pgfault;
	int64_t pgmajfault;
	int64_t pgreuse;
};

/**
 * vmstat_parse() - find the events in the text of /proc/vmstat
 * @text: the text, NUL-terminated
 * @stat: filled in
 *
 * Return: 0, -EBADMSG for a key without a whole number or a last line without
 * its end, -ERANGE for a number beyond 63 bits.
 */
int vmstat_parse(const char *text, struct vmstat *stat);

/**
 * vmstat_read() - read the events of this machine
 * @stat: filled in; with -1 where they cannot be read
 *
 * They are summed over the CPUs as they are read (mm/vmstat.c,
 * sum_vm_events()); nothing has to be folded first.
 *
 * Return: 0 or -errno.
 */
int vmstat_read(struct vmstat *stat);

#endif /* PFN_MKWRITE_COUNTERS_H */
