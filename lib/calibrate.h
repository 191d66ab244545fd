/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who sets the dirty bit of a PTE: the CPU or a page fault? User space is not
 * told (arm64 hides HAFDBS from it, arch/arm64/kernel/cpufeature.c), so it is
 * measured on memory that behaves the same on every kernel.
 */
#ifndef PFN_MKWRITE_CALIBRATE_H
#define PFN_MKWRITE_CALIBRATE_H

#include <stdbool.h>

#include "access.h"

/**
 * calibrate_memfd() - store after load to a page of shmem never written
 * @meter: an open meter
 *
 * The load maps the page clean, and shmem asks for no notification, so nothing
 * but the dirty bit can make the store fault.
 *
 * Return: faults of the store: 1 where software sets the dirty bit, 0 where
 * the CPU does; -errno.
 */
int calibrate_memfd(struct meter *meter);

/**
 * calibrate_memfd_reprotected() - the same page, dirty, read-only for a time
 * @meter: an open meter
 *
 * Whether a dirty PTE that mprotect() makes read-only and writable again takes
 * the next store is the architecture's business (pte_modify()).
 *
 * Return: faults of the next store, or -errno.
 */
int calibrate_memfd_reprotected(struct meter *meter);

/**
 * calibrate_pick_cpu() - pin the caller to the CPU that shows most
 * @meter: an open meter
 * @mixed: set when the CPUs differ, as those of big.LITTLE machines may
 *
 * That is the first one on which software sets the dirty bit, for there a
 * clean PTE costs a fault; where there is none, the first one allowed.
 *
 * Return: calibrate_memfd() of that CPU, or -errno.
 */
int calibrate_pick_cpu(struct meter *meter, bool *mixed);

#endif /* PFN_MKWRITE_CALIBRATE_H */
