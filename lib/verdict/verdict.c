// SPDX-License-Identifier: GPL-2.0
/*
 * The second fault of a store has one of two causes, which look alike:
 * - the PTE was writable but clean: handle_pte_fault() sets the dirty bit
 *   (mm/memory.c, pte_mkdirty() without do_wp_page());
 * - the PTE was write-protected because the driver wants to be notified:
 *   do_wp_page() ends in wp_page_reuse(), which counts PGREUSE.
 * A CPU that sets dirty bits itself never takes the first one.
 */
#include <stdbool.h>

#include "verdict.h"

/* Faults that map NR_STORES pages. */
static int faults_ahead(const struct store_cost *c)
{
	int ahead = c->mapped_ahead > 0 ? c->mapped_ahead : 1;

	return (NR_STORES + ahead - 1) / ahead;
}

/*
 * One entry maps all pages, so an upgrade of one page upgrades them all. fork()
 * copies the PMD of a device mapping without cleaning it, or not at all without
 * pmd_special() (mm/huge_memory.c, copy_huge_pmd()), so a child's store tells nothing.
 */
static bool is_huge(const struct store_cost *c)
{
	return c->mapped_ahead == NR_STORES && c->upgrades == c->store_after_load;
}

/*
 * Upgrades cost the same, but one may dirty as many pages as a fault maps: a huge page, or
 * a block of a folio (arm64, contpte_ptep_set_access_flags()).
 */
static bool is_even(const struct store_cost *c)
{
	int least = c->load || is_huge(c) ? faults_ahead(c) : NR_STORES;
	int each = c->store_after_load;

	return c->upgrades >= each * least && c->upgrades <= each * NR_STORES &&
	       (!each || c->upgrades % each == 0);
}

/*
 * Does a store to a clean PTE fault? 1 if software sets the dirty bit, 0 if the CPU does,
 * and -1 if two mappings disagree. A child whose pages the driver unmaps
 * (vfio_pci_mmap_open() of 6.1) pays as much as a first store: that says nothing.
 */
static int clean_faults(const struct store_cost *c)
{
	bool tells = c->child_store != NOT_MEASURED && c->child_store != c->first_store &&
		     !is_huge(c);

	if (c->clean_store > 1 || (tells && c->child_store != c->clean_store))
		return -1;
	return c->clean_store;
}

/*
 * pgreuse is system-wide, so the verdict asks which of two far ends it is near;
 * the tests assert the exact number. NOT_MEASURED does not contradict none.
 */
static bool about_none(int pgreuse)
{
	return pgreuse <= NR_STORES / 8;
}

static bool about_each(int pgreuse)
{
	return pgreuse >= NR_STORES - NR_STORES / 8;
}

static struct judgement is(enum verdict word, const char *reason)
{
	return (struct judgement){ .verdict = word, .reason = reason };
}

static struct judgement unexpected(const char *reason)
{
	return is(VERDICT_UNEXPECTED, reason);
}

static struct judgement judge_premapped(const struct store_cost *c)
{
	if (c->first_store > 1 || c->store_after_load > 1)
		return unexpected("mapped before any fault, yet a store takes more than one");
	if (about_each(c->pgreuse)) {
		if (c->first_store == 1 && c->store_after_load == 1)
			return is(VERDICT_NOTIFY,
				  "mapped write-protected; the fault is the notification");
		return unexpected("notified without a fault at the page");
	}
	if (c->pgreuse == NOT_MEASURED && c->first_store)
		return is(VERDICT_UNDECIDED,
			  "no counter tells the dirty fault from a notification");
	if (!about_none(c->pgreuse))
		return unexpected("notified for some pages and not for others");
	return is(VERDICT_PREMAPPED, "mapped before any fault");
}

static struct judgement judge_single(const struct store_cost *c, bool software)
{
	if (!about_none(c->pgreuse))
		return unexpected("notified in the very fault that maps the page");

	switch (c->store_after_load) {
	case 0:
		if (software)
			return is(VERDICT_HONOURED,
				  "one fault leaves the PTE writable and dirty");
		return is(VERDICT_HIDDEN, "the CPU sets the dirty bit");
	case 1:
		/*
		 * If the CPU sets dirty bits, that fault can only be for the write
		 * permission, which the first store got without one.
		 */
		return is(VERDICT_HONOURED,
			  "honoured for write faults; a load leaves the page clean");
	case 2:
		if (software)
			return is(VERDICT_IGNORED,
				  "the upgrade after a load is notified and dirtied in two faults");
		return unexpected("two faults after a load, where software sets no dirty bit");
	default:
		return unexpected("a store after a load takes more than two faults");
	}
}

static struct judgement judge_double(const struct store_cost *c, bool software)
{
	if (c->store_after_load != 1)
		return unexpected("the second fault is not that of a store after a load");
	if (about_each(c->pgreuse))
		return is(VERDICT_NOTIFY, "the second fault is the notification");
	if (c->pgreuse == NOT_MEASURED)
		return is(VERDICT_UNDECIDED,
			  "no counter tells the dirty fault from a notification");
	if (!about_none(c->pgreuse))
		return unexpected("notified for some pages and not for others");
	if (software)
		return is(VERDICT_IGNORED,
			  "the second fault does nothing but set the dirty bit");
	return unexpected("a store takes two faults, and no counter says why");
}

struct judgement judge(const struct store_cost *c)
{
	int software = clean_faults(c);

	if (c->second_store)
		return unexpected("a second store to the same page faults");
	if (software < 0)
		return unexpected("forked child and clean page disagree on what sets the dirty bit");
	if (!is_even(c))
		return unexpected("stores after a load do not cost the same on each page");

	if (c->load == 0)
		return judge_premapped(c);
	if (c->load != 1)
		return unexpected("a load takes more than one fault");

	switch (c->first_store) {
	case 1:
		return judge_single(c, software);
	case 2:
		return judge_double(c, software);
	case 0:
		return unexpected("a load faults where a store does not");
	default:
		return unexpected("a store takes more than two faults");
	}
}

const char *verdict_name(enum verdict verdict)
{
	static const char *const names[] = {
		[VERDICT_HONOURED] = "honoured",
		[VERDICT_IGNORED] = "ignored",
		[VERDICT_NOTIFY] = "notify",
		[VERDICT_HIDDEN] = "hidden",
		[VERDICT_PREMAPPED] = "premapped",
		[VERDICT_UNDECIDED] = "undecided",
		[VERDICT_UNEXPECTED] = "unexpected",
	};

	return names[verdict];
}

int predict_stores(const struct store_cost *c)
{
	int fresh = faults_ahead(c);
	int mapped = NR_STORES - fresh;

	/* Mapped at mmap time: a store maps nothing ahead. */
	if (c->load == 0)
		return NR_STORES * c->first_store;
	if (c->first_store == 1 || is_huge(c))
		return fresh * c->first_store;
	return fresh * c->first_store + mapped * c->store_after_load;
}
