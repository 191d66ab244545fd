// SPDX-License-Identifier: GPL-2.0
#include <stddef.h>

#include "truth.h"

/* After any store, with any verdict. */
static const char *after_store(const struct page_truth *page)
{
	if (!page->now.present)
		return "a page that was stored to has no PTE";
	if (page->page != 0)
		return "the PTE of the first page maps another page";
	if (!page->now.write || !page->now.dirty || !page->now.young)
		return "after a store the PTE is not writable, dirty and young";
	return NULL;
}

static const char *contradicts_premapped(const struct mapping_truth *t)
{
	if (!t->untouched.now.present)
		return "premapped, but there was no PTE before the first access";
	if (t->stored.faults || t->stored.notified)
		return "premapped, but the fault handler or mkwrite was called";
	return NULL;
}

static const char *contradicts_notify(const struct mapping_truth *t)
{
	if (t->stored.left.write)
		return "notify, but the fault handler left a writable PTE";
	if (t->stored.notified != 1)
		return "notify, but the first store did not notify the driver once";
	if (t->upgraded.notified != 1)
		return "notify, but the store after a load did not notify the driver once";
	return NULL;
}

static const char *contradicts_honoured(const struct mapping_truth *t)
{
	if (t->stored.notified)
		return "honoured, but the first store notified the driver";
	if (!t->stored.left.takes_store || !t->stored.left.dirty)
		return "honoured, but after the first fault the PTE did not take a store";
	return NULL;
}

/* The second fault does not call the driver: it makes the PTE dirty, as the first one should. */
static const char *contradicts_ignored(const struct mapping_truth *t)
{
	const struct page_truth *page = &t->stored;

	/* The first store takes one fault: the store after a load takes two. */
	if (page->left.takes_store)
		page = &t->upgraded;
	if (page == &t->stored && page->notified)
		return "ignored, but the driver was notified";
	if (page->left.takes_store)
		return "ignored, but the PTE took a store after the first fault";
	if (page == &t->stored && !page->left.write)
		return "ignored, but the fault handler left a write-protected PTE";
	return NULL;
}

static const char *contradicts_hidden(const struct mapping_truth *t)
{
	if (t->stored.notified)
		return "hidden, but the driver was notified";
	if (!t->stored.left.write)
		return "hidden, but the fault handler left a write-protected PTE";
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
			return "not premapped, but there was a PTE before the first access";
		if (t->stored.faults != 1)
			return "the first store did not call the fault handler once";
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
	return "the page table shows the cause, and the verdict does not";
}
