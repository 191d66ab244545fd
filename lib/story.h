/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the kernel did for one access, out of the records of its functions, and what
 * follows from that.
 *
 * Nothing in here touches the system: text goes in, and a sentence comes out.
 */
#ifndef PFN_MKWRITE_STORY_H
#define PFN_MKWRITE_STORY_H

#include <stdbool.h>
#include <stdint.h>

#include "pte.h"

/* More would be no story of one access any more. */
#define STORY_EVENTS	48

/* What the names of a story's events begin with. */
#define STORY_FAULT	"fault"
#define STORY_DONE	"done"
#define STORY_INSERT	"insert"
#define STORY_CHANGE	"change"
#define STORY_NOTIFY	"notify"

/**
 * enum story_kind - which function a record is of
 *
 * @STORY_IS_FAULT:	handle_mm_fault() is called
 * @STORY_IS_DONE:	and returns
 * @STORY_IS_INSERT:	a function that makes a PTE
 * @STORY_IS_CHANGE:	ptep_set_access_flags(), which changes one
 * @STORY_IS_NOTIFY:	the driver's pfn_mkwrite or page_mkwrite has returned
 */
enum story_kind {
	STORY_IS_FAULT,
	STORY_IS_DONE,
	STORY_IS_INSERT,
	STORY_IS_CHANGE,
	STORY_IS_NOTIFY,
};

/**
 * struct story_event - one record
 *
 * @kind:	which function
 * @time_ns:	the clock of perf, to the microsecond
 * @symbol:	the function, as the kernel has it
 * @chain:	how it was reached, " < " between callers, up to the fault handler of
 *		mm; empty where there is no stack
 * @flags:	FAULT_FLAG_* of handle_mm_fault()
 * @ret:	VM_FAULT_* that was returned
 * @pte:	the PTE at that time, of @STORY_IS_FAULT and @STORY_IS_DONE
 * @pfn:	of @STORY_IS_INSERT
 * @prot:	the protection that it was given
 * @old:	of @STORY_IS_CHANGE
 * @new:	of @STORY_IS_CHANGE
 * @mkwrite:	1 or 0: asked to make the PTE writable and dirty
 * @has_pte:	@pte was recorded
 * @has_pfn:	@pfn was
 * @has_prot:	@prot was
 * @has_mkwrite: @mkwrite was
 */
struct story_event {
	enum story_kind kind;
	uint64_t time_ns;
	char symbol[64];
	char chain[256];
	uint32_t flags;
	uint32_t ret;
	uint64_t pte;
	uint64_t pfn;
	uint64_t prot;
	uint64_t old;
	uint64_t new;
	bool mkwrite;
	bool has_pte;
	bool has_pfn;
	bool has_prot;
	bool has_mkwrite;
};

/**
 * struct story_handler - a callback of the VMA
 *
 * @name:	the function, or empty
 * @module:	the module that it is in, or empty
 */
struct story_handler {
	char name[64];
	char module[48];
};

/**
 * struct story - all records of the accesses to one page, in order
 *
 * @arch:	whose PTEs they are
 * @nr:		how many
 * @event:	they
 * @ahead:	PTEs that were made for other pages meanwhile
 * @lost:	the kernel has dropped records, or there were more than STORY_EVENTS
 * @first:	the first event of the store; those before are of a load
 * @end:	the PTE after the store
 * @has_end:	@end was recorded
 * @fault:	the VMA's callbacks, where the kernel tells
 * @pfn_mkwrite: likewise
 * @page_mkwrite: likewise
 */
struct story {
	enum pte_arch arch;
	int nr;
	struct story_event event[STORY_EVENTS];
	int ahead;
	bool lost;
	int first;
	uint64_t end;
	bool has_end;
	struct story_handler fault;
	struct story_handler pfn_mkwrite;
	struct story_handler page_mkwrite;
};

/**
 * struct story_places - where what happened
 *
 * @page:	address of the page
 * @page_size:	bytes
 * @loaded:	a page that is touched after the load, to tell when that is over; 0
 *		without a load
 * @stored:	a page that is touched after the store
 */
struct story_places {
	uint64_t page;
	uint64_t page_size;
	uint64_t loaded;
	uint64_t stored;
};

/**
 * story_parse() - find the records of a page in the text of tracefs' trace
 * @text: the text, NUL-terminated; changed
 * @where: which page
 * @story: filled in, @story->arch excepted, which is to be set
 *
 * Lines of others, and what no kernel prints, are passed over.
 */
void story_parse(char *text, const struct story_places *where,
		 struct story *story);

/**
 * story_find_pte() - where in the kernel's memory a page's PTE is
 * @text: as of story_parse(), with a STORY_CHANGE of a neighbour; changed
 * @neighbour: address of a page in the same page table
 * @page: address of the page
 * @page_size: bytes of a page, and of a table
 *
 * Return: the address of the PTE, or 0 when nothing tells.
 */
uint64_t story_find_pte(char *text, uint64_t neighbour, uint64_t page,
			uint64_t page_size);

/**
 * story_faults() - exceptions that the records tell of
 * @story: a story
 * @store: those of the store, or of the load before it
 *
 * Return: how many times handle_mm_fault() ended otherwise than with VM_FAULT_RETRY.
 */
int story_faults(const struct story *story, bool store);

/**
 * story_is_retry() - has handle_mm_fault() asked to be called again?
 * @event: a @STORY_IS_DONE
 *
 * VM_FAULT_RETRY, include/linux/mm_types.h, the same from Linux 5.10 to 7.3.
 *
 * Return: whether it has.
 */
bool story_is_retry(const struct story_event *event);

/**
 * story_handler_of() - the driver's fault handler
 * @story: a story
 *
 * What the VMA says, or what __do_fault() has called on the way to a PTE.
 *
 * Return: its name, or NULL.
 */
const char *story_handler_of(const struct story *story);

/**
 * story_conclude() - what the store came to, and why
 * @story: a story
 * @text: filled in: one sentence without its full stop
 * @size: bytes of @text
 */
void story_conclude(const struct story *story, char *text, size_t size);

#endif /* PFN_MKWRITE_STORY_H */
