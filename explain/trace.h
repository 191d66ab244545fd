/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Read the trace of one access, and conclude why it took its faults. Text goes in and
 * comes out: nothing here touches the system.
 */
#ifndef PFN_MKWRITE_TRACE_H
#define PFN_MKWRITE_TRACE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "pte.h"

/* Events of one access at most. */
#define TRACE_EVENTS	48

/* Prefixes of the names of the kprobe events. */
#define TRACE_FAULT	"fault"
#define TRACE_DONE	"done"
#define TRACE_INSERT	"insert"
#define TRACE_CHANGE	"change"
#define TRACE_NOTIFY	"notify"

/**
 * enum trace_kind - the function that an event comes from
 *
 * @TRACE_IS_FAULT:	entry of handle_mm_fault()
 * @TRACE_IS_DONE:	return of handle_mm_fault()
 * @TRACE_IS_INSERT:	entry of a function that makes a PTE
 * @TRACE_IS_CHANGE:	entry of ptep_set_access_flags()
 * @TRACE_IS_NOTIFY:	return of the driver's pfn_mkwrite or page_mkwrite
 */
enum trace_kind {
	TRACE_IS_FAULT,
	TRACE_IS_DONE,
	TRACE_IS_INSERT,
	TRACE_IS_CHANGE,
	TRACE_IS_NOTIFY,
};

/**
 * struct trace_event - one record
 *
 * @kind:	see there
 * @time_ns:	perf clock, rounded down to microseconds
 * @symbol:	the function
 * @chain:	its callers up to mm's fault handler, separated by " < "; empty if
 *		there is no stack
 * @flags:	@TRACE_IS_FAULT: FAULT_FLAG_*
 * @ret:	@TRACE_IS_DONE, @TRACE_IS_NOTIFY: VM_FAULT_*
 * @pte:	@TRACE_IS_FAULT, @TRACE_IS_DONE: the PTE at that time, if @has_pte
 * @pfn:	@TRACE_IS_INSERT: argument, if @has_pfn
 * @prot:	@TRACE_IS_INSERT: argument, if @has_prot
 * @mkwrite:	@TRACE_IS_INSERT: argument, if @has_mkwrite
 * @old:	@TRACE_IS_CHANGE: the PTE before
 * @new:	@TRACE_IS_CHANGE: the PTE after
 */
struct trace_event {
	enum trace_kind kind;
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

/* A callback of the VMA, and its module; empty if there is none, or it is built in. */
struct trace_handler {
	char name[64];
	char module[48];
};

/**
 * struct trace - the events of one access to one page, or of a load and a store
 *
 * @arch:	architecture of its PTEs
 * @nr:		entries in @event
 * @event:	in order of time
 * @ahead:	PTEs made for other pages meanwhile
 * @lost:	the kernel dropped records, or there were more than TRACE_EVENTS
 * @first:	first event of the store; those before are of the load
 * @end:	the PTE after the store, if @has_end
 * @fault:	callback of the VMA, if the kernel tells; so are the next two
 */
struct trace {
	enum pte_arch arch;
	int nr;
	struct trace_event event[TRACE_EVENTS];
	int ahead;
	bool lost;
	int first;
	uint64_t end;
	bool has_end;
	struct trace_handler fault;
	struct trace_handler pfn_mkwrite;
	struct trace_handler page_mkwrite;
};

/**
 * struct trace_places - addresses that the trace is searched for
 *
 * @page:	the page
 * @page_size:	bytes
 * @loaded:	page touched between load and store, or 0 if there is no load
 * @stored:	page touched after the store
 */
struct trace_places {
	uint64_t page;
	uint64_t page_size;
	uint64_t loaded;
	uint64_t stored;
};

/**
 * trace_parse() - find the events of a page
 * @text: contents of tracefs' trace; changed. Other lines are skipped
 * @where: the page
 * @trace: filled in, except for @trace->arch
 */
void trace_parse(char *text, const struct trace_places *where,
		 struct trace *trace);

/**
 * trace_find_pte() - the kernel address of a page's PTE
 * @text: as for trace_parse(), with a TRACE_CHANGE of a neighbour
 * @neighbour: address of a page in the same page table
 * @page: address of the page
 * @page_size: bytes of a page, and of a table
 *
 * Return: the address, or 0 if it is unknown.
 */
uint64_t trace_find_pte(char *text, uint64_t neighbour, uint64_t page,
			uint64_t page_size);

/* Faults of the store, without those to be retried. */
int trace_store_faults(const struct trace *trace);

/* Does a @TRACE_IS_DONE say VM_FAULT_RETRY? (include/linux/mm_types.h, 5.10 to 7.3) */
bool trace_is_retry(const struct trace_event *event);

/* Is the call of handle_mm_fault() at this event to be retried? */
bool trace_is_retried(const struct trace *trace, int nr);

/* The VMA's fault handler, or the function that __do_fault() called, or NULL. */
const char *trace_handler_of(const struct trace *trace);

/* Write one sentence without its full stop: why the store took its faults. */
void trace_conclude(const struct trace *trace, char *text, size_t size);

/* Print an event; one that is retried together with its return, the next event. */
void trace_print_event(FILE *out, const struct trace *trace, int nr);

/* Print the bits of a PTE: ": W 1, D 0, ...: writable and clean" */
void trace_print_pte(FILE *out, const struct trace *trace, uint64_t raw);

#endif /* PFN_MKWRITE_TRACE_H */
