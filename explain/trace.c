// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace.h"

/* include/linux/mm_types.h */
#define VM_FAULT_RETRY	0x400

/* Up to 6.16 the upper bits of a pfn_t are flags (include/linux/pfn_t.h). */
#define PFN_MASK	(~0ULL >> 4)

/* Exceptions of one store that are looked at. */
#define MAX_ROUNDS	4

/* The events of one exception; NULL if there is none of that kind. */
struct round {
	const struct trace_event *begin;
	const struct trace_event *insert;
	const struct trace_event *notify;
	const struct trace_event *change;
	const struct trace_event *end;
};

static bool starts_with(const char *text, const char *start)
{
	return !strncmp(text, start, strlen(start));
}

/* Find " NAME=0x1f" in a line. */
static bool field(const char *line, const char *name, uint64_t *value)
{
	char key[32];
	const char *at;

	snprintf(key, sizeof(key), " %s=", name);
	at = strstr(line, key);
	*value = at ? strtoull(at + strlen(key), NULL, 0) : 0;
	return at;
}

/* Take "NAME+0x1c/0x40 [MODULE] ..." apart. */
static void name_of(const char *at, char *name, size_t name_size, char *module,
		    size_t module_size)
{
	size_t len = strcspn(at, "+ \n");

	if (module)
		module[0] = '\0';
	snprintf(name, name_size, "%.*s", (int)len, at);
	if (!module || at[len] != '+')
		return;
	len = strcspn(at, " \n");
	if (starts_with(at + len, " ["))
		snprintf(module, module_size, "%.*s",
			 (int)strcspn(at + len + 2, "]\n"), at + len + 2);
}

static void handler_field(const char *line, const char *key,
			  struct trace_handler *handler)
{
	const char *at = strstr(line, key);

	if (at && !starts_with(at + strlen(key), "0x"))
		name_of(at + strlen(key), handler->name, sizeof(handler->name),
			handler->module, sizeof(handler->module));
}

/* If vm_ops is NULL, the kernel prints stale data for its members. */
static void read_handlers(const char *line, struct trace *trace)
{
	uint64_t ops;

	if (!field(line, "ops", &ops) || !ops)
		return;
	handler_field(line, " vma_fault=", &trace->fault);
	handler_field(line, " vma_pfn_mkwrite=", &trace->pfn_mkwrite);
	handler_field(line, " vma_page_mkwrite=", &trace->page_mkwrite);
}

static void chain_add(struct trace_event *event, const char *at)
{
	size_t len = strlen(event->chain);
	char name[64];

	name_of(at, name, sizeof(name), NULL, 0);
	snprintf(event->chain + len, sizeof(event->chain) - len, "%s%s",
		 len ? " < " : "", name);
}

/* The last function of the chain. */
static const char *chain_end(const struct trace_event *event)
{
	const char *end = event->chain, *next;

	while ((next = strstr(end, " < ")))
		end = next + 3;
	return end;
}

/* The callers of these are the same for every fault. */
static bool is_mm(const char *frame)
{
	return starts_with(frame, "__do_fault") ||
	       starts_with(frame, "handle_mm_fault") ||
	       starts_with(frame, "__handle_mm_fault");
}

/* How far the stack of an event has been read. */
enum stack_at {
	STACK_TRACER,
	STACK_CALLERS,
	STACK_OVER,
};

/*
 * A stack starts with the tracer's own functions. On arm64 it lacks the caller, because
 * the function has no frame yet at its entry: CALLER fetches that one.
 */
static void read_stack(struct trace_event *event, const char *frame,
		       enum stack_at *at)
{
	char name[64];

	name_of(frame, name, sizeof(name), NULL, 0);
	if (*at == STACK_TRACER) {
		if (!strcmp(name, event->symbol))
			*at = STACK_CALLERS;
		return;
	}
	if (is_mm(chain_end(event)))
		*at = STACK_OVER;
	if (*at == STACK_OVER)
		return;
	if (is_mm(name))
		*at = STACK_OVER;
	if (!event->chain[0] || !strcmp(name, "__do_fault") ||
	    (!is_mm(name) && strcmp(chain_end(event), name)))
		chain_add(event, name);
}

static bool kind_of(const char *name, enum trace_kind *kind)
{
	static const struct {
		const char *name;
		enum trace_kind kind;
	} names[] = {
		{ TRACE_FAULT ":", TRACE_IS_FAULT },
		{ TRACE_DONE ":", TRACE_IS_DONE },
		{ TRACE_INSERT, TRACE_IS_INSERT },
		{ TRACE_CHANGE, TRACE_IS_CHANGE },
		{ TRACE_NOTIFY, TRACE_IS_NOTIFY },
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (starts_with(name, names[i].name)) {
			*kind = names[i].kind;
			return true;
		}
	}
	return false;
}

/* "   TASK-PID [CPU] FLAGS 12.345678: NAME: (FUNCTION+0x0/0x40) FIELD=VALUE ..." */
static bool read_line(const char *line, struct trace_event *event,
		      uint64_t *addr)
{
	unsigned long long seconds, us;
	const char *at, *symbol;
	uint64_t value;

	memset(event, 0, sizeof(*event));
	at = strstr(line, "] ");
	if (!at || sscanf(at, "] %*s %llu.%6llu:", &seconds, &us) != 2)
		return false;
	at = strstr(at, ": ");
	if (!at || !kind_of(at + 2, &event->kind))
		return false;
	symbol = strchr(at, '(');
	if (!symbol)
		return false;
	symbol++;
	/* A return is "(CALLER+0x0/0x40 <- FUNCTION)". */
	at = strstr(symbol, " <- ");
	name_of(at ? at + 4 : symbol, event->symbol, sizeof(event->symbol),
		NULL, 0);
	event->symbol[strcspn(event->symbol, ")")] = '\0';
	event->time_ns = seconds * 1000000000ULL + us * 1000;

	field(line, "addr", addr);
	field(line, "flags", &value);
	event->flags = value;
	field(line, "ret", &value);
	event->ret = value;
	event->has_pte = field(line, "pte", &event->pte);
	event->has_pfn = field(line, "pfn", &event->pfn);
	event->pfn &= PFN_MASK;
	event->has_prot = field(line, "prot", &event->prot);
	event->has_mkwrite = field(line, "mkwrite", &value);
	event->mkwrite = value;
	field(line, "old", &event->old);
	field(line, "new", &event->new);
	at = strstr(line, " caller=");
	if (at && !starts_with(at + 8, "0x"))
		chain_add(event, at + 8);
	return true;
}

static bool in_page(uint64_t addr, uint64_t page, uint64_t page_size)
{
	return page && addr >= page && addr - page < page_size;
}

/* A full ring overwrites the oldest records; the header has both counts. */
static bool lost_records(const char *text)
{
	static const char head[] = "entries-in-buffer/entries-written: ";
	const char *at = strstr(text, head);
	unsigned long long kept, written;

	if (strstr(text, "LOST EVENTS"))
		return true;
	return at && sscanf(at + strlen(head), "%llu/%llu", &kept, &written) == 2 &&
	       kept != written;
}

void trace_parse(char *text, const struct trace_places *where,
		 struct trace *trace)
{
	enum stack_at stack = STACK_TRACER;
	bool inside = false;
	struct trace_event event, *last = NULL;
	const char *ahead = NULL;
	char *line, *next;
	uint64_t addr;

	trace->nr = 0;
	trace->ahead = 0;
	trace->first = 0;
	trace->has_end = false;
	trace->lost = lost_records(text);
	for (line = text; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (starts_with(line + strspn(line, " "), "=> ")) {
			if (last)
				read_stack(last, line + strspn(line, " ") + 3,
					   &stack);
			continue;
		}
		/* The stack of the last event follows. */
		if (strstr(line, "<stack trace>"))
			continue;
		last = NULL;
		if (!read_line(line, &event, &addr))
			continue;
		if (event.kind == TRACE_IS_FAULT) {
			inside = in_page(addr, where->page, where->page_size);
			if (in_page(addr, where->loaded, where->page_size))
				trace->first = trace->nr;
			if (in_page(addr, where->stored, where->page_size)) {
				trace->end = event.pte;
				trace->has_end = event.has_pte;
				break;
			}
		}
		if (!inside)
			continue;
		if (event.kind == TRACE_IS_FAULT)
			read_handlers(line, trace);
		if (addr && !in_page(addr, where->page, where->page_size)) {
			/* Functions that call each other make the same PTE. */
			if (event.kind == TRACE_IS_INSERT && ahead &&
			    !strcmp(ahead, event.symbol))
				trace->ahead++;
			continue;
		}
		if (trace->nr == TRACE_EVENTS) {
			trace->lost = true;
			break;
		}
		last = &trace->event[trace->nr++];
		*last = event;
		stack = STACK_TRACER;
		if (event.kind == TRACE_IS_INSERT && !ahead)
			ahead = last->symbol;
		if (event.kind == TRACE_IS_DONE)
			inside = false;
	}
}

uint64_t trace_find_pte(char *text, uint64_t neighbour, uint64_t page,
			uint64_t page_size)
{
	const uint64_t in_table = page_size / sizeof(uint64_t);
	struct trace_event event;
	uint64_t addr, pte;
	char *line, *next;

	if (neighbour / page_size / in_table != page / page_size / in_table)
		return 0;
	for (line = text; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (!read_line(line, &event, &addr) ||
		    event.kind != TRACE_IS_CHANGE ||
		    !in_page(addr, neighbour, page_size) ||
		    !field(line, "ptep", &pte) || !pte)
			continue;
		return pte - (neighbour / page_size % in_table -
			      page / page_size % in_table) * sizeof(uint64_t);
	}
	return 0;
}

bool trace_is_retry(const struct trace_event *event)
{
	return event->ret & VM_FAULT_RETRY;
}

bool trace_is_retried(const struct trace *trace, int nr)
{
	return nr + 1 < trace->nr && trace->event[nr].kind == TRACE_IS_FAULT &&
	       trace->event[nr + 1].kind == TRACE_IS_DONE &&
	       trace_is_retry(&trace->event[nr + 1]);
}

int trace_store_faults(const struct trace *trace)
{
	int i, nr = 0;

	for (i = trace->first; i < trace->nr; i++)
		nr += trace->event[i].kind == TRACE_IS_DONE &&
		      !trace_is_retry(&trace->event[i]);
	return nr;
}

const char *trace_handler_of(const struct trace *trace)
{
	static char name[64];
	const char *end, *start;
	int i;

	if (trace->fault.name[0])
		return trace->fault.name;
	for (i = 0; i < trace->nr; i++) {
		if (trace->event[i].kind != TRACE_IS_INSERT)
			continue;
		start = trace->event[i].chain;
		end = strstr(start, " < __do_fault");
		if (!end)
			continue;
		for (; strstr(start, " < ") < end; start = strstr(start, " < ") + 3)
			;
		snprintf(name, sizeof(name), "%.*s", (int)(end - start), start);
		return name;
	}
	return NULL;
}

static int read_rounds(const struct trace *trace,
		       struct round rounds[MAX_ROUNDS])
{
	struct round round = { 0 };
	int i, nr = 0;

	for (i = trace->first; i < trace->nr; i++) {
		const struct trace_event *event = &trace->event[i];

		switch (event->kind) {
		case TRACE_IS_FAULT:
			if (!round.begin)
				round.begin = event;
			break;
		case TRACE_IS_INSERT:
			if (!round.insert || !round.insert->has_prot)
				round.insert = event;
			break;
		case TRACE_IS_NOTIFY:
			round.notify = event;
			break;
		case TRACE_IS_CHANGE:
			round.change = event;
			break;
		case TRACE_IS_DONE:
			if (trace_is_retry(event) || !round.begin)
				break;
			round.end = event;
			if (nr < MAX_ROUNDS)
				rounds[nr] = round;
			nr++;
			memset(&round, 0, sizeof(round));
			break;
		}
	}
	return nr;
}

/* The callback that was notified, or the one that the VMA has. */
static const char *notified(const struct trace *trace, const struct round *round)
{
	if (round->notify)
		return round->notify->symbol;
	if (trace->pfn_mkwrite.name[0])
		return trace->pfn_mkwrite.name;
	if (trace->page_mkwrite.name[0])
		return trace->page_mkwrite.name;
	return NULL;
}

static void conclude_one(const struct trace *trace, const struct round *round,
			 char *text, size_t size)
{
	struct pte_bits before, after, end;
	const char *callback = notified(trace, round);

	if (!round->end->has_pte ||
	    pte_decode(trace->arch, round->begin->pte, &before) ||
	    pte_decode(trace->arch, round->end->pte, &after)) {
		snprintf(text, size,
			 "one fault, but the trace does not show its PTE: either the kernel or the CPU set the dirty bit");
		return;
	}
	if (!after.present || !after.write) {
		snprintf(text, size,
			 "one fault, but it left the PTE %s: the trace does not show how the store got through",
			 pte_state(&after));
		return;
	}
	if (!after.dirty) {
		if (!trace->has_end ||
		    pte_decode(trace->arch, trace->end, &end) || !end.dirty)
			snprintf(text, size,
				 "one fault, which left the PTE writable and clean, and the trace does not show what made it dirty");
		else
			snprintf(text, size,
				 "the fault left the PTE writable and clean, and the CPU set the dirty bit itself as it stored: there is no second fault on this CPU, but there is one on a CPU that leaves the dirty bit to software");
		return;
	}
	if (!before.present)
		snprintf(text, size,
			 "mkwrite is honoured: the fault that mapped the page left the PTE writable and dirty, which takes the store on every CPU");
	else if (!before.write)
		snprintf(text, size,
			 "the PTE was write-protected, and the one fault %s%s%s made it writable and dirty",
			 callback ? "notified " : "of the store",
			 callback ? callback : "",
			 callback ? " and" : "");
	else
		snprintf(text, size,
			 "the PTE was writable and clean before the store: the one fault did nothing but set the dirty bit, which this CPU leaves to software");
}

/*
 * The PTE between two faults, and after the second one: as the events show it, or as
 * ptep_set_access_flags() was passed it. The prot that the PTE was made of has the same
 * bits. Return: whether @after is known.
 */
static bool between_and_after(const struct round *rounds, uint64_t *between,
			      uint64_t *after)
{
	const struct trace_event *insert = rounds[0].insert;
	const struct trace_event *change = rounds[1].change;

	if (rounds[0].end->has_pte && rounds[1].end->has_pte) {
		*between = rounds[0].end->pte;
		*after = rounds[1].end->pte;
		return true;
	}
	if (change) {
		*between = change->old;
		*after = change->new;
		return true;
	}
	*between = insert ? insert->prot : 0;
	return false;
}

static void conclude_two(const struct trace *trace, const struct round *rounds,
			 char *text, size_t size)
{
	const struct trace_event *insert = rounds[0].insert;
	const char *callback = notified(trace, &rounds[1]);
	struct pte_bits before = { 0 }, between, after = { 0 };
	uint64_t raw_between, raw_after;
	bool seen, dirtied = true;
	char given[128] = "";

	if (insert && insert->has_prot)
		snprintf(given, sizeof(given),
			 ", as is the prot 0x%llx that %s() was given",
			 (unsigned long long)insert->prot, insert->symbol);
	seen = between_and_after(rounds, &raw_between, &raw_after);
	if (seen) {
		pte_decode(trace->arch, rounds[0].begin->pte, &before);
		pte_decode(trace->arch, raw_after, &after);
		dirtied = pte_same_but_dirty(trace->arch, raw_between,
					     raw_after);
	}
	if (pte_decode(trace->arch, raw_between, &between) ||
	    !between.present) {
		snprintf(text, size,
			 "two faults, and the trace does not show the PTE between them");
	} else if (!between.write) {
		if (!callback || (seen && !after.write))
			snprintf(text, size,
				 "the first fault left the PTE write-protected, and the trace does not show why");
		else
			snprintf(text, size,
				 "a notification, and no bug: the first fault left the PTE write-protected on purpose, so that the second fault notified %s of the first write and made the PTE writable",
				 callback);
	} else if (between.dirty || !dirtied) {
		snprintf(text, size,
			 "the first fault left the PTE %s, and the trace does not show why there was a second one",
			 pte_state(&between));
	} else if (before.present) {
		snprintf(text, size,
			 "the dirty bit is missing at the upgrade: the first fault of the store made the PTE writable, but left it clean; this CPU leaves the dirty bit to software, so the store faulted again, and that fault did nothing but set it");
	} else {
		snprintf(text, size,
			 "mkwrite is not honoured: the fault that mapped the page left the PTE writable but clean%s; this CPU leaves the dirty bit to software, so the store faulted again, and that fault did nothing but set it",
			 given);
	}
}

void trace_conclude(const struct trace *trace, char *text, size_t size)
{
	struct round rounds[MAX_ROUNDS];
	int nr = read_rounds(trace, rounds);

	if (trace->lost)
		snprintf(text, size,
			 "the kernel dropped records: nothing follows from the others");
	else if (nr == 0)
		snprintf(text, size,
			 "no fault: the PTE was writable and dirty before the store");
	else if (nr == 1)
		conclude_one(trace, &rounds[0], text, size);
	else if (nr == 2)
		conclude_two(trace, rounds, text, size);
	else
		snprintf(text, size, "%d faults, for no reason known here",
			 nr);
}
