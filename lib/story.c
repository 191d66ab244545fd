// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "story.h"

/* The only bit of VM_FAULT_* that decides anything here. */
#define VM_FAULT_RETRY	0x400

/* Up to Linux 6.16 the upper bits of a pfn_t were flags (include/linux/pfn_t.h). */
#define PFN_MASK	(~0ULL >> 4)

/* Three faults of a store, and one of the load before it, would be news already. */
#define MAX_ROUNDS	4

/* What one exception came to. */
struct round {
	const struct story_event *begin;
	const struct story_event *insert;
	const struct story_event *notify;
	const struct story_event *change;
	const struct story_event *end;
};

static bool starts_with(const char *text, const char *start)
{
	return !strncmp(text, start, strlen(start));
}

/* The value of " NAME=0x1f" in a line; 0 and false where there is none. */
static bool field(const char *line, const char *name, uint64_t *value)
{
	char key[32];
	const char *at;

	snprintf(key, sizeof(key), " %s=", name);
	at = strstr(line, key);
	*value = at ? strtoull(at + strlen(key), NULL, 0) : 0;
	return at;
}

/* A function's name out of "NAME+0x1c/0x40 [MODULE] ...". */
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
			  struct story_handler *handler)
{
	const char *at = strstr(line, key);

	if (at && !starts_with(at + strlen(key), "0x"))
		name_of(at + strlen(key), handler->name, sizeof(handler->name),
			handler->module, sizeof(handler->module));
}

/* Where a VMA has no operations the kernel cannot fetch more, and prints what it has. */
static void read_handlers(const char *line, struct story *story)
{
	uint64_t ops;

	if (!field(line, "ops", &ops) || !ops)
		return;
	handler_field(line, " vma_fault=", &story->fault);
	handler_field(line, " vma_pfn_mkwrite=", &story->pfn_mkwrite);
	handler_field(line, " vma_page_mkwrite=", &story->page_mkwrite);
}

static void chain_add(struct story_event *event, const char *at)
{
	size_t len = strlen(event->chain);
	char name[64];

	name_of(at, name, sizeof(name), NULL, 0);
	snprintf(event->chain + len, sizeof(event->chain) - len, "%s%s",
		 len ? " < " : "", name);
}

/* The last of the chain, or the whole chain. */
static const char *chain_end(const struct story_event *event)
{
	const char *end = event->chain, *next;

	while ((next = strstr(end, " < ")))
		end = next + 3;
	return end;
}

/* From here on up it is the same for all. */
static bool is_mm(const char *frame)
{
	return starts_with(frame, "__do_fault") ||
	       starts_with(frame, "handle_mm_fault") ||
	       starts_with(frame, "__handle_mm_fault");
}

/* How far the stack of a record was read. */
enum stack_at {
	STACK_TRACER,
	STACK_CALLERS,
	STACK_OVER,
};

/*
 * A stack begins with what records it. On arm64 it lacks the caller, whose frame is not
 * there yet as the function is entered: that one is fetched on its own.
 */
static void read_stack(struct story_event *event, const char *frame,
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

static bool kind_of(const char *name, enum story_kind *kind)
{
	static const struct {
		const char *name;
		enum story_kind kind;
	} names[] = {
		{ STORY_FAULT ":", STORY_IS_FAULT },
		{ STORY_DONE ":", STORY_IS_DONE },
		{ STORY_INSERT, STORY_IS_INSERT },
		{ STORY_CHANGE, STORY_IS_CHANGE },
		{ STORY_NOTIFY, STORY_IS_NOTIFY },
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
static bool read_line(const char *line, struct story_event *event,
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
	/* Of a return: where to, and from which function. */
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

/* Of a ring that was full the oldest are gone, and the head of the text counts both. */
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

void story_parse(char *text, const struct story_places *where,
		 struct story *story)
{
	enum stack_at stack = STACK_TRACER;
	bool inside = false;
	struct story_event event, *last = NULL;
	const char *ahead = NULL;
	char *line, *next;
	uint64_t addr;

	story->nr = 0;
	story->ahead = 0;
	story->first = 0;
	story->has_end = false;
	story->lost = lost_records(text);
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
		/* Of a record that is kept, the stack follows. */
		if (strstr(line, "<stack trace>"))
			continue;
		last = NULL;
		if (!read_line(line, &event, &addr))
			continue;
		if (event.kind == STORY_IS_FAULT) {
			inside = in_page(addr, where->page, where->page_size);
			if (in_page(addr, where->loaded, where->page_size))
				story->first = story->nr;
			if (in_page(addr, where->stored, where->page_size)) {
				story->end = event.pte;
				story->has_end = event.has_pte;
				break;
			}
		}
		if (!inside)
			continue;
		if (event.kind == STORY_IS_FAULT)
			read_handlers(line, story);
		if (addr && !in_page(addr, where->page, where->page_size)) {
			/* Each of several functions tells of the same page. */
			if (event.kind == STORY_IS_INSERT && ahead &&
			    !strcmp(ahead, event.symbol))
				story->ahead++;
			continue;
		}
		if (story->nr == STORY_EVENTS) {
			story->lost = true;
			break;
		}
		last = &story->event[story->nr++];
		*last = event;
		stack = STACK_TRACER;
		if (event.kind == STORY_IS_INSERT && !ahead)
			ahead = last->symbol;
		if (event.kind == STORY_IS_DONE)
			inside = false;
	}
}

uint64_t story_find_pte(char *text, uint64_t neighbour, uint64_t page,
			uint64_t page_size)
{
	const uint64_t in_table = page_size / sizeof(uint64_t);
	struct story_event event;
	uint64_t addr, pte;
	char *line, *next;

	if (neighbour / page_size / in_table != page / page_size / in_table)
		return 0;
	for (line = text; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (!read_line(line, &event, &addr) ||
		    event.kind != STORY_IS_CHANGE ||
		    !in_page(addr, neighbour, page_size) ||
		    !field(line, "ptep", &pte) || !pte)
			continue;
		return pte - (neighbour / page_size % in_table -
			      page / page_size % in_table) * sizeof(uint64_t);
	}
	return 0;
}

bool story_is_retry(const struct story_event *event)
{
	return event->ret & VM_FAULT_RETRY;
}

int story_faults(const struct story *story, bool store)
{
	int i, nr = 0;

	for (i = store ? story->first : 0;
	     i < (store ? story->nr : story->first); i++) {
		if (story->event[i].kind == STORY_IS_DONE &&
		    !story_is_retry(&story->event[i]))
			nr++;
	}
	return nr;
}

const char *story_handler_of(const struct story *story)
{
	static char name[64];
	const char *end, *start;
	int i;

	if (story->fault.name[0])
		return story->fault.name;
	for (i = 0; i < story->nr; i++) {
		if (story->event[i].kind != STORY_IS_INSERT)
			continue;
		start = story->event[i].chain;
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

static int read_rounds(const struct story *story,
		       struct round rounds[MAX_ROUNDS])
{
	struct round round = { 0 };
	int i, nr = 0;

	for (i = story->first; i < story->nr; i++) {
		const struct story_event *event = &story->event[i];

		switch (event->kind) {
		case STORY_IS_FAULT:
			if (!round.begin)
				round.begin = event;
			break;
		case STORY_IS_INSERT:
			if (!round.insert || !round.insert->has_prot)
				round.insert = event;
			break;
		case STORY_IS_NOTIFY:
			round.notify = event;
			break;
		case STORY_IS_CHANGE:
			round.change = event;
			break;
		case STORY_IS_DONE:
			if (story_is_retry(event) || !round.begin)
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

/* Who is told of writes: what has been called, or what the VMA has for it. */
static const char *tracker(const struct story *story, const struct round *round)
{
	if (round->notify)
		return round->notify->symbol;
	if (story->pfn_mkwrite.name[0])
		return story->pfn_mkwrite.name;
	if (story->page_mkwrite.name[0])
		return story->page_mkwrite.name;
	return NULL;
}

static void conclude_one(const struct story *story, const struct round *round,
			 char *text, size_t size)
{
	struct pte_bits before, after, end;
	const char *told = tracker(story, round);

	if (!round->end->has_pte ||
	    pte_decode(story->arch, round->begin->pte, &before) ||
	    pte_decode(story->arch, round->end->pte, &after)) {
		snprintf(text, size,
			 "one fault, and its PTE was not seen: whether the kernel or the CPU has set the dirty bit cannot be told");
		return;
	}
	if (!after.present || !after.write) {
		snprintf(text, size,
			 "one fault, yet it left the PTE %s: these records do not say how the store got through",
			 pte_state(&after));
		return;
	}
	if (!after.dirty) {
		if (!story->has_end ||
		    pte_decode(story->arch, story->end, &end) || !end.dirty)
			snprintf(text, size,
				 "one fault, which left the PTE writable and clean, and nothing was recorded that made it dirty");
		else
			snprintf(text, size,
				 "the fault left the PTE writable and clean, and the CPU set the dirty bit itself as it stored: a second fault never happens on this CPU, and would on one that leaves the dirty bit to software");
		return;
	}
	if (!before.present)
		snprintf(text, size,
			 "mkwrite is honoured: the fault that mapped the page left the PTE writable and dirty, which takes the store on every CPU");
	else if (!before.write)
		snprintf(text, size,
			 "the PTE was write-protected, and the one fault %s%s made it writable and dirty",
			 told ? "was the notification of " : "of the store",
			 told ? told : "");
	else
		snprintf(text, size,
			 "the PTE was there before, writable and clean: the one fault did nothing but set the dirty bit, which this CPU leaves to software");
}

/*
 * The PTE between two faults, and after the second: as it was seen, or as the second fault
 * has found and left it. What a PTE was made of is as good, where nobody asked for more.
 */
static bool between_and_after(const struct round *rounds, uint64_t *between,
			      uint64_t *after)
{
	const struct story_event *insert = rounds[0].insert;
	const struct story_event *change = rounds[1].change;

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

static void conclude_two(const struct story *story, const struct round *rounds,
			 char *text, size_t size)
{
	const struct story_event *insert = rounds[0].insert;
	const char *told = tracker(story, &rounds[1]);
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
		pte_decode(story->arch, rounds[0].begin->pte, &before);
		pte_decode(story->arch, raw_after, &after);
		dirtied = pte_same_but_dirty(story->arch, raw_between,
					     raw_after);
	}
	if (pte_decode(story->arch, raw_between, &between) ||
	    !between.present) {
		snprintf(text, size,
			 "two faults, and the records do not show the PTE between them");
	} else if (!between.write) {
		if (!told || (seen && !after.write))
			snprintf(text, size,
				 "the first fault left the PTE write-protected, and nothing was recorded that asks for it");
		else
			snprintf(text, size,
				 "a notification, and no bug: the first fault left the PTE write-protected on purpose, for %s is to be told of the first write; the second fault told it, and made the PTE writable",
				 told);
	} else if (between.dirty || !dirtied) {
		snprintf(text, size,
			 "the first fault left the PTE %s, and the records do not say why there was a second one",
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

void story_conclude(const struct story *story, char *text, size_t size)
{
	struct round rounds[MAX_ROUNDS];
	int nr = read_rounds(story, rounds);

	if (story->lost)
		snprintf(text, size,
			 "the kernel has dropped records, so nothing follows from the others");
	else if (nr == 0)
		snprintf(text, size,
			 "no fault: the PTE was there before, and took the store");
	else if (nr == 1)
		conclude_one(story, &rounds[0], text, size);
	else if (nr == 2)
		conclude_two(story, rounds, text, size);
	else
		snprintf(text, size, "%d faults, which nothing known explains",
			 nr);
}
