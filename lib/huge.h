/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Huge pages: one entry of the PMD table, and one fault, for many pages.
 */
#ifndef PFN_MKWRITE_HUGE_H
#define PFN_MKWRITE_HUGE_H

#include <stdbool.h>
#include <stddef.h>

#include "source.h"

/**
 * huge_pmd_size() - how much a PMD entry maps
 *
 * Return: bytes, or 0 where the kernel maps no huge pages.
 */
size_t huge_pmd_size(void);

/**
 * huge_whole() - how much huge pages it takes
 * @size: bytes that are wanted at least
 *
 * Return: bytes, a multiple of huge_pmd_size().
 */
size_t huge_whole(size_t size);

/**
 * huge_fit() - let a backing be mapped in huge pages
 * @backing: its size and align are set
 * @size: bytes that are wanted at least
 */
void huge_fit(struct backing *backing, size_t size);

/**
 * huge_pmd_here() - can huge pages be mapped here at all?
 * @backing: its why is set where not
 *
 * Return: 0 or -ENODEV.
 */
int huge_pmd_here(struct backing *backing);

/* When shmem, which memfd and DRM drivers take their memory from, has huge pages. */
#define HUGE_SHMEM_PATH	"/sys/kernel/mm/transparent_hugepage/shmem_enabled"

/**
 * huge_shmem_is() - which of its words does that file have in brackets?
 * @words: one or more of them
 *
 * Return: whether it is one of @words.
 */
bool huge_shmem_is(const char *words);

/**
 * huge_mapped_at_once() - does one fault map what lies far behind the page?
 * @backing: memory of at least a huge page, mapped for the time being
 * @advise: ask for huge pages with madvise()
 *
 * Only a huge page does, and a driver that maps all of the memory in one fault.
 *
 * Return: 1 where it does, 0 where not, or -errno with backing->why set.
 */
int huge_mapped_at_once(struct backing *backing, bool advise);

#endif /* PFN_MKWRITE_HUGE_H */
