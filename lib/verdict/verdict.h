/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The cost of one store, and what it says about the kernel. Numbers go in, a word
 * comes out: nothing here touches the system.
 */
#ifndef PFN_MKWRITE_VERDICT_H
#define PFN_MKWRITE_VERDICT_H

/* Pages of the long probe. */
#define NR_STORES	64

/* There is no such probe for this mapping, or the system refused it. */
#define NOT_MEASURED	(-1)

/**
 * struct store_cost - page faults at the page accessed, each on a fresh mapping
 *
 * @first_store:	store to an untouched page
 * @load:		load of an untouched page
 * @store_after_load:	store to the page loaded before
 * @second_store:	another store to a page already stored to
 * @child_store:	store by a forked child to a page that its parent dirtied;
 *			NOT_MEASURED if fork() does not copy the PTEs
 * @memfd_upgrade:	store after a load of a fresh shared memfd page, on the same
 *			CPU: 1 if software sets the dirty bit
 * @stores:		NR_STORES first stores, in order
 * @upgrades:		NR_STORES stores to pages loaded before
 * @mapped_ahead:	pages (not faults) that one store maps
 * @pgreuse:		pgreuse events of /proc/vmstat during @stores
 * @pgreuse_upgrade:	the same during @upgrades
 * @mtime_first_store:	1 if a first store moves the times of the mapped file, 0 if
 *			not, or NOT_MEASURED
 * @mtime_upgrade:	the same for a store to a page loaded before
 * @mtime_child_store:	the same for a forked child's store to a page that fork()
 *			cleaned and mprotect() gave vm_page_prot
 */
struct store_cost {
	int first_store;
	int load;
	int store_after_load;
	int second_store;
	int child_store;
	int memfd_upgrade;
	int stores;
	int upgrades;
	int mapped_ahead;
	int pgreuse;
	int pgreuse_upgrade;
	int mtime_first_store;
	int mtime_upgrade;
	int mtime_child_store;
};

/**
 * enum verdict - what the cost means
 *
 * @VERDICT_HONOURED:	one fault left a PTE that takes the store
 * @VERDICT_IGNORED:	the bug: a fault did nothing but set the dirty bit
 * @VERDICT_NOTIFY:	the driver asked to be notified of the first write
 * @VERDICT_HIDDEN:	one fault, but the CPU sets dirty bits itself
 * @VERDICT_PREMAPPED:	mapped before any fault
 * @VERDICT_UNDECIDED:	no counter here tells the cause of a fault
 * @VERDICT_UNEXPECTED:	none of these
 */
enum verdict {
	VERDICT_HONOURED,
	VERDICT_IGNORED,
	VERDICT_NOTIFY,
	VERDICT_HIDDEN,
	VERDICT_PREMAPPED,
	VERDICT_UNDECIDED,
	VERDICT_UNEXPECTED,
};

/**
 * struct judgement - a verdict and its reason
 *
 * @verdict:	the verdict
 * @reason:	constant text without numbers, one clause
 */
struct judgement {
	enum verdict verdict;
	const char *reason;
};

/* The verdict on a mapping. Anything that fits no row is unexpected. */
struct judgement judge(const struct store_cost *cost);

/* A verdict as one lower-case word. */
const char *verdict_name(enum verdict verdict);

/*
 * Faults that NR_STORES first stores in order should take, by the single-page probes. A
 * page that no earlier fault mapped costs as much as the first store. A page that was
 * mapped ahead costs nothing if the first store took one fault or the page is part of a
 * huge one; else as much as a store after a load.
 */
int predict_stores(const struct store_cost *cost);

#endif /* PFN_MKWRITE_VERDICT_H */
