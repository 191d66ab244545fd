/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What one store cost, and what that says about the kernel.
 *
 * Nothing in here touches the system: numbers go in, a word comes out, so that
 * each row of the table can be tested on any machine.
 */
#ifndef PFN_MKWRITE_VERDICT_H
#define PFN_MKWRITE_VERDICT_H

#include <stdbool.h>

/* Stores of the long probe, one to a page. */
#define NR_STORES	64

/* The probe does not exist for this mapping, or the system refused it. */
#define NOT_MEASURED	(-1)

/**
 * struct store_cost - page faults that the probes of one mapping took
 *
 * Each probe starts on a fresh mapping. Units are page faults (exceptions) at
 * the page probed, unless said otherwise.
 *
 * @first_store:	store to an untouched page
 * @load:		load of an untouched page
 * @store_after_load:	store to the page that was loaded before
 * @second_store:	another store to a page already stored to
 * @child_store:	store by a forked child to a page its parent dirtied;
 *			NOT_MEASURED where fork copies no PTE of the mapping
 * @parent_store:	store to a page already stored to, after a fork
 * @reprotected_store:	store to a page already stored to, after the mapping
 *			was read-only for a time; NOT_MEASURED where it cannot be
 * @store_after_fsync:	store to a page already stored to, after fsync();
 *			NOT_MEASURED where there is none
 * @neighbour_load:	load of a page after a load of the next one
 * @neighbour_store:	store to a page that was loaded before its neighbour in
 *			front of it was stored to; NOT_MEASURED where there is
 *			but one page
 * @memfd_upgrade:	store after load of a fresh shared memfd page, on the
 *			same CPU: 1 where software has to set the dirty bit
 * @memfd_reprotected:	the same as @reprotected_store on a memfd page
 * @stores:		faults of NR_STORES first stores, in order
 * @upgrades:		faults of NR_STORES stores to pages loaded before
 * @mapped_ahead:	pages that one store maps, itself included
 * @pgreuse:		pgreuse events of /proc/vmstat over the @stores
 * @pgreuse_upgrade:	the same over the @upgrades
 * @mtime_loads:	1 where NR_STORES loads move the times of the file that is
 *			mapped, 0 where they do not, or NOT_MEASURED
 * @mtime_first_store:	the same for a store to an untouched page
 * @mtime_upgrade:	the same for a store to a page loaded before
 * @mtime_child_store:	the same for a forked child's store to a page that fork
 *			made clean and mprotect() as vm_page_prot has it
 * @mtime_after_fsync:	the same for a store after fsync()
 */
struct store_cost {
	int first_store;
	int load;
	int store_after_load;
	int second_store;
	int child_store;
	int parent_store;
	int reprotected_store;
	int store_after_fsync;
	int neighbour_load;
	int neighbour_store;
	int memfd_upgrade;
	int memfd_reprotected;
	int stores;
	int upgrades;
	int mapped_ahead;
	int pgreuse;
	int pgreuse_upgrade;
	int mtime_loads;
	int mtime_first_store;
	int mtime_upgrade;
	int mtime_child_store;
	int mtime_after_fsync;
};

/**
 * enum verdict - what the cost means
 *
 * @VERDICT_HONOURED:	one fault left a PTE that takes the store
 * @VERDICT_IGNORED:	a fault did nothing but set the dirty bit: the bug
 * @VERDICT_NOTIFY:	the driver asked to be told of the first write
 * @VERDICT_HIDDEN:	one fault, but the CPU sets dirty bits by itself
 * @VERDICT_PREMAPPED:	mapped before any fault
 * @VERDICT_UNDECIDED:	a fault whose cause no counter here names
 * @VERDICT_UNEXPECTED:	nothing the theory knows
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
 * struct judgement - a verdict and the reason for it
 *
 * @verdict:	the word
 * @reason:	constant text without numbers, one clause
 */
struct judgement {
	enum verdict verdict;
	const char *reason;
};

/**
 * judge() - tell what the faults of a mapping mean
 * @cost: the numbers of its probes
 *
 * Return: the verdict. Pure; never fails: what fits nothing is unexpected.
 */
struct judgement judge(const struct store_cost *cost);

/**
 * verdict_name() - the word of a verdict as it is printed
 * @verdict: the verdict
 *
 * Return: a constant lower-case word.
 */
const char *verdict_name(enum verdict verdict);

/**
 * predict_stores() - faults that NR_STORES first stores in order should take
 * @cost: the numbers of the single-page probes; @stores is not looked at
 *
 * A page that no earlier fault has mapped costs what the first store cost. One
 * that was mapped ahead costs nothing where the first store took a single
 * fault, and what a store after a load costs where it did not: it is mapped,
 * but clean or write-protected. In a huge page it costs nothing either way.
 *
 * Return: the number of faults.
 */
int predict_stores(const struct store_cost *cost);

/**
 * predict_neighbour() - faults that the store to a neighbour may take
 * @cost: the numbers of the other probes
 *
 * None where the store in front of it maps it anew, in one fault that leaves
 * its pages writable and dirty; elsewhere what a store after a load takes.
 *
 * Return: the number of faults.
 */
int predict_neighbour(const struct store_cost *cost);

#endif /* PFN_MKWRITE_VERDICT_H */
