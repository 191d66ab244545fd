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

/* Page faults at the page accessed, and events. */
struct store_cost {
	int first_store;	/* store to an untouched page */
	int load;		/* load of an untouched page */
	int second_store;	/* another store to a page already stored to */
	int store_after_load;	/* store to the page loaded before */
	/* Forked child's store to a page that its parent dirtied, if fork() copies PTEs. */
	int child_store;
	int clean_store;	/* to a clean PTE, see calibrate(): 1 if software dirties it */
	int stores;		/* NR_STORES first stores, in order */
	int upgrades;		/* NR_STORES stores to pages loaded before */
	int mapped_ahead;	/* pages (not faults) that one store maps */
	int pgreuse;		/* pgreuse events of /proc/vmstat during @stores */
	int pgreuse_upgrade;	/* the same during @upgrades */
};

enum verdict {
	VERDICT_HONOURED,	/* one fault left a PTE that takes the store */
	VERDICT_IGNORED,	/* the bug: a fault did nothing but set the dirty bit */
	VERDICT_NOTIFY,		/* the driver asked to be notified of the first write */
	VERDICT_HIDDEN,		/* one fault, but the CPU sets dirty bits itself */
	VERDICT_PREMAPPED,	/* mapped before any fault */
	VERDICT_UNDECIDED,	/* no counter here tells the cause of a fault */
	VERDICT_UNEXPECTED,	/* none of these */
};

struct judgement {
	enum verdict verdict;
	const char *reason;	/* constant text without numbers, one clause */
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
