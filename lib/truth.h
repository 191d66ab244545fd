/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the kernel knows of a page, where the module of pfn_mkwrite_mod/ tells, and
 * whether a verdict agrees with it.
 */
#ifndef PFN_MKWRITE_TRUTH_H
#define PFN_MKWRITE_TRUTH_H

#include <stdbool.h>

#include "verdict.h"

/**
 * struct pte_truth - a page in the page table of the caller
 *
 * @present:	there is a PTE, or a PMD that maps a huge page
 * @young:	the access flag is set
 * @dirty:	it is dirty
 * @write:	the kernel takes it for writable; on arm64 PTE_WRITE, which is DBM
 * @takes_store: a CPU that sets no dirty bits can store without a fault
 * @special:	no page for the kernel to count (pte_special())
 */
struct pte_truth {
	bool present;
	bool young;
	bool dirty;
	bool write;
	bool takes_store;
	bool special;
};

/**
 * struct page_truth - a page, and what its driver has done for it
 *
 * @now:	its PTE
 * @left:	the PTE as the fault handler has left it
 * @page:	which page of the memory the PTE leads to, or -1
 * @faults:	calls of the fault handler
 * @notified:	calls of pfn_mkwrite and page_mkwrite
 */
struct page_truth {
	struct pte_truth now;
	struct pte_truth left;
	int page;
	int faults;
	int notified;
};

/**
 * struct mapping_truth - the first page of a mapping on its way
 *
 * @untouched:	before any access
 * @stored:	after a store to the untouched page
 * @loaded:	of another mapping, after a load
 * @upgraded:	after a store to the page that was loaded
 */
struct mapping_truth {
	struct page_truth untouched;
	struct page_truth stored;
	struct page_truth loaded;
	struct page_truth upgraded;
};

/**
 * truth_contradicts() - does the page table say something else than the verdict?
 * @truth: what the kernel knows
 * @verdict: what the suite has concluded from counting
 *
 * Return: NULL where they agree, or what does not fit, one clause. Pure.
 */
const char *truth_contradicts(const struct mapping_truth *truth,
			      enum verdict verdict);

#endif /* PFN_MKWRITE_TRUTH_H */
