/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Does the CPU set the dirty bit of a PTE, or a page fault? The kernel does not
 * tell user space (arm64 hides HAFDBS, arch/arm64/kernel/cpufeature.c), so measure
 * it on memory that behaves the same on every kernel.
 */
#ifndef PFN_MKWRITE_CALIBRATE_H
#define PFN_MKWRITE_CALIBRATE_H

#include <stdbool.h>

#include "access.h"

/*
 * Store to a page of shmem after a load. The load maps the page clean and shmem asks for
 * no notification, so only the dirty bit can make the store fault. Returns the faults of
 * the store, 1 if software sets the dirty bit, 0 if the CPU does; or -errno.
 */
int calibrate_memfd(struct meter *meter);

/*
 * Pin the thread to a CPU on which software sets the dirty bit, since a clean PTE costs a
 * fault only there; if there is none, to the first CPU allowed. @mixed is set if the CPUs
 * differ, as on big.LITTLE machines. Returns calibrate_memfd() of that CPU, or -errno.
 */
int calibrate_pick_cpu(struct meter *meter, bool *mixed);

#endif /* PFN_MKWRITE_CALIBRATE_H */
