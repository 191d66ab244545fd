/* SPDX-License-Identifier: GPL-2.0 */
/* Huge pages: one PMD entry and one fault for many pages. */
#ifndef PFN_MKWRITE_HUGE_H
#define PFN_MKWRITE_HUGE_H

#include "source.h"

/* Whether shmem, which backs memfds and some DRM drivers, has huge pages. */
#define HUGE_SHMEM_PATH	"/sys/kernel/mm/transparent_hugepage/shmem_enabled"

/*
 * Set @b->align to the size of a PMD entry, and @b->size to @size rounded up to that.
 * 0, or -ENODEV with @b->why set if huge pages cannot be tested.
 */
int huge_fit(struct backing *b, size_t size);

/* Is the current setting in HUGE_SHMEM_PATH one of @words? */
bool huge_shmem_is(const char *words);

/*
 * Map the memory for a moment to check that one fault maps a whole huge page, or all of
 * it. @advise asks for huge pages with madvise(). Returns 0, or -errno with @b->why set:
 * -ENODEV and @why if the next page takes a fault as well.
 */
int huge_verify(struct backing *b, bool advise, const char *why);

/* The number in the file @dir/@name, or 0. */
size_t sysfs_number(const char *dir, const char *name);

#endif /* PFN_MKWRITE_HUGE_H */
