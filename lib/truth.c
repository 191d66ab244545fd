// SPDX-License-Identifier: GPL-2.0
#include <stddef.h>

#include "truth.h"

/* What has to be so after any store, however many faults it took. */
static const char *after_store(const struct page_truth *page)
{
	if (!page->now.present)
		return "a page that was stored to has no PTE";
	if (page->page != 0)
		return "the PTE of the first page leads to another one";
	if (!page->now.write || !page->now.dirty || !page->now.young)
		return "a store has left a PTE that is not writable, dirty and young";
	return NULL;
}

static const char *contradicts_premapped(const struct mapping_truth *t)
{
	if (!t->untouched.now.present)
		return "called mapped before any fault, but it was not";
	if (t->stored.faults || t->stored.notified)
		return "called mapped before any fault, but the driver was called";
	return NULL;
}

static const char *contradicts_notify(const struct mapping_truth *t)
{
	if (t->stored.left.write)
		return "called notify, but the fault handler has left a writable PTE";
	if (t->stored.notified != 1)
		return "called notify, but the driver was not told once of the first store";
	if (t->upgraded.notified != 1)
		return "called notify, but the driver was not told once of the store after a load";
	return NULL;
}

static const char *contradicts_honoured(const struct mapping_truth *t)
{
	if (t->stored.notified)
		return "called honoured, but the driver was notified of the first store";
	if (!t->stored.left.takes_store || !t->stored.left.dirty)
		return "called honoured, but the fault handler has left a PTE that takes no store";
	return NULL;
}

/*
 * The second fault goes to the driver in none of the two cases: what it does to the PTE
 * is what the driver has left undone.
 */
static const char *contradicts_ignored(const struct mapping_truth *t)
{
	const struct page_truth *page = &t->stored;

	/* The first store is in order: it is the one after a load. */
	if (page->left.takes_store)
		page = &t->upgraded;
	if (page == &t->stored && page->notified)
		return "called ignored, but the driver was notified";
	if (page->left.takes_store)
		return "called ignored, but the fault handler has left a PTE that takes a store";
	if (page == &t->stored && !page->left.write)
		return "called ignored, but the fault handler has left a write-protected PTE";
	return NULL;
}

static const char *contradicts_hidden(const struct mapping_truth *t)
{
	if (t->stored.notified)
		return "called hidden, but the driver was notified";
	if (!t->stored.left.write)
		return "called hidden, but the fault handler has left a write-protected PTE";
	return NULL;
}

const char *truth_contradicts(const struct mapping_truth *t,
			      enum verdict verdict)
{
	const char *why;

	why = after_store(&t->stored);
	if (!why)
		why = after_store(&t->upgraded);
	if (!why && !t->loaded.now.present)
		why = "a page that was loaded has no PTE";
	if (why)
		return why;
	if (verdict != VERDICT_PREMAPPED) {
		if (t->untouched.now.present)
			return "not called mapped before any fault, but it was";
		if (t->stored.faults != 1)
			return "the fault handler was not called once for the first store";
	}

	switch (verdict) {
	case VERDICT_HONOURED:
		return contradicts_honoured(t);
	case VERDICT_IGNORED:
		return contradicts_ignored(t);
	case VERDICT_NOTIFY:
		return contradicts_notify(t);
	case VERDICT_HIDDEN:
		return contradicts_hidden(t);
	case VERDICT_PREMAPPED:
		return contradicts_premapped(t);
	case VERDICT_UNDECIDED:
		return NULL;
	case VERDICT_UNEXPECTED:
		break;
	}
	return "the page table can tell, and the count could not";
}
