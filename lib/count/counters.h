/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counters that every process may read: its own faults, and events of the machine.
 */
#ifndef PFN_MKWRITE_COUNTERS_H
#define PFN_MKWRITE_COUNTERS_H

#include <stdint.h>

/*
 * Faults of the calling thread, minor and major, or -errno. A fault that is retried
 * after VM_FAULT_RETRY counts as major (mm/memory.c, mm_account_fault(),
 * FAULT_FLAG_TRIED).
 */
int64_t rusage_faults(void);

/* Nanoseconds of CLOCK_MONOTONIC. */
int64_t now_ns(void);

/*
 * An event of /proc/vmstat, summed over the CPUs at each read (mm/vmstat.c,
 * sum_vm_events()), or -errno: -ENOENT if the kernel does not count it. "pgreuse" is write
 * faults that end in wp_page_reuse() (mm/memory.c): for a shared mapping one for each
 * notification, none for a dirty fault.
 */
int64_t vmstat_count(const char *event);

/* The same from a text: -EBADMSG if its line is incomplete or has no number. */
int64_t vmstat_find(const char *text, const char *event);

#endif /* PFN_MKWRITE_COUNTERS_H */
