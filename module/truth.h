/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The state of a page in the page table, and whether it contradicts a verdict.
 */
#ifndef PFN_MKWRITE_TRUTH_H
#define PFN_MKWRITE_TRUTH_H

#include <stdbool.h>

#include "../lib/verdict/verdict.h"

/**
 * struct pte_truth - a PTE
 *
 * @present:	it maps a page; so may a PMD, for a huge page
 * @young:	pte_young()
 * @dirty:	pte_dirty()
 * @write:	pte_write(); on arm64 the DBM bit
 * @takes_store: a store takes no fault, even if the CPU does not set the dirty bit
 * @special:	pte_special()
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
 * struct page_truth - a page, and the calls of its driver
 *
 * @now:	its PTE
 * @left:	its PTE at the end of the last call of the fault handler
 * @page:	index in the memory of the page that the PTE maps, or -1
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
 * struct mapping_truth - the first page of two mappings, step by step
 *
 * @untouched:	before any access
 * @stored:	after a store to the untouched page
 * @loaded:	of the second mapping, after a load
 * @upgraded:	after a store to that page
 */
struct mapping_truth {
	struct page_truth untouched;
	struct page_truth stored;
	struct page_truth loaded;
	struct page_truth upgraded;
};

/**
 * truth_contradicts() - compare the page table with a verdict
 * @truth: the page table
 * @verdict: the verdict that was reached by counting faults
 *
 * Return: NULL if they agree, or the contradiction, in one clause.
 */
const char *truth_contradicts(const struct mapping_truth *truth,
			      enum verdict verdict);

#endif /* PFN_MKWRITE_TRUTH_H */
