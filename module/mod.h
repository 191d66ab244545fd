/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The mappings of pfn_mkwrite_mod: each way in which drivers insert pages, with no such
 * driver needed.
 */
#ifndef PFN_MKWRITE_MOD_SOURCE_H
#define PFN_MKWRITE_MOD_SOURCE_H

#include "../lib/source/source.h"
#include "pfn_mkwrite_mod.h"
#include "truth.h"

#define MOD_PATH	"/dev/" PFN_MKWRITE_MOD_NAME

/*
 * Call @fn for each way that the kernel has; for none if the module cannot be opened.
 * PFN_MKWRITE_WRONG=MISTAKE in the environment lets the driver make a mistake. An error of
 * @fn ends the loop and is returned.
 */
int mod_each(int (*fn)(const struct source *src));

/**
 * mod_truth() - look at a page in the page table
 * @b: an open source of mod_each()
 * @addr: address in a mapping of @b
 * @truth: filled in
 *
 * Return: 0, or -EFAULT if @b is not mapped there.
 */
int mod_truth(const struct backing *b, const void *addr, struct page_truth *truth);

#endif /* PFN_MKWRITE_MOD_SOURCE_H */
