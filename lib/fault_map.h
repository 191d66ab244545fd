/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A fault map: how many faults each page of a mapping took, folded as they come into
 * what does not grow with the number of pages.
 *
 * For pages that are touched in order, each once. Then the count of a page is final as
 * soon as a later page faults, and a strip of counts is told by where it starts over:
 * "2 1 1 1 2 1 1 1" is "2 1 1 1" with a period of four.
 */
#ifndef PFN_MKWRITE_FAULT_MAP_H
#define PFN_MKWRITE_FAULT_MAP_H

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "fault_log.h"

/* Counts that are kept to find a period; twice what a huge page has of pages. */
#define FAULT_MAP_HEAD	1024
/* Pages that a histogram tells apart by their count; the last takes all above. */
#define FAULT_MAP_BINS	4
/* Pages off the period that are kept. */
#define FAULT_MAP_ODD	8

/**
 * struct fault_map - the faults of each page, folded
 *
 * @start:	address of the first page
 * @page_size:	bytes
 * @nr_pages:	pages
 * @page:	the page whose faults are being counted
 * @count:	they, so far
 * @faults:	faults of all pages
 * @elsewhere:	faults at other addresses
 * @histogram:	pages with no fault, one, two, and more
 * @head:	counts of the first pages
 * @lead:	pages that are not part of what is repeated, 0 or 1: a driver may map
 *		all of the memory in the first fault
 * @period:	pages after which the counts start over
 * @nr_odd:	pages whose count is not the one that the period has for them
 * @odd:	the first of those
 */
struct fault_map {
	uint64_t start;
	size_t page_size;
	size_t nr_pages;
	size_t page;
	unsigned int count;
	uint64_t faults;
	uint64_t elsewhere;
	uint64_t histogram[FAULT_MAP_BINS];
	unsigned int head[FAULT_MAP_HEAD];
	size_t lead;
	size_t period;
	size_t nr_odd;
	struct {
		size_t page;
		unsigned int count;
	} odd[FAULT_MAP_ODD];
};

/**
 * fault_map_init() - start with no fault
 * @map: filled in
 * @addr: where the pages start
 * @page_size: bytes of a page
 * @nr_pages: how many there are
 */
static inline void fault_map_init(struct fault_map *map, const void *addr,
				  size_t page_size, size_t nr_pages)
{
	memset(map, 0, sizeof(*map));
	map->start = (uintptr_t)addr;
	map->page_size = page_size;
	map->nr_pages = nr_pages;
}

/* The least number of pages after which all of them start over; @nr where none is. */
static inline size_t fault_map_period_of(const unsigned int *counts, size_t nr)
{
	size_t period;

	for (period = 1; period < nr; period++) {
		if (!memcmp(counts, counts + period,
			    (nr - period) * sizeof(*counts)))
			break;
	}
	return period;
}

static inline void fault_map_find_period(struct fault_map *map, size_t nr)
{
	size_t without;

	map->lead = 0;
	map->period = fault_map_period_of(map->head, nr);
	if (nr < 2)
		return;
	without = fault_map_period_of(map->head + 1, nr - 1);
	/* Twice at least, or it is none. */
	if (map->period > nr / 2 && without <= (nr - 1) / 2) {
		map->lead = 1;
		map->period = without;
	}
}

/**
 * fault_map_expected() - what the period has for a page
 * @map: a map that is complete
 * @page: which page
 *
 * Return: its faults, but for the pages that are counted in nr_odd.
 */
static inline unsigned int fault_map_expected(const struct fault_map *map,
					      size_t page)
{
	if (page < map->lead)
		return map->head[page];
	return map->head[map->lead + (page - map->lead) % map->period];
}

/* The count of a page is final. */
static inline void fault_map_next(struct fault_map *map)
{
	unsigned int count = map->count;
	size_t page = map->page;

	map->histogram[count < FAULT_MAP_BINS ? count : FAULT_MAP_BINS - 1]++;
	if (page < FAULT_MAP_HEAD) {
		map->head[page] = count;
		if (page == FAULT_MAP_HEAD - 1)
			fault_map_find_period(map, FAULT_MAP_HEAD);
	} else if (count != fault_map_expected(map, page)) {
		if (map->nr_odd < FAULT_MAP_ODD) {
			map->odd[map->nr_odd].page = page;
			map->odd[map->nr_odd].count = count;
		}
		map->nr_odd++;
	}
	map->count = 0;
	map->page++;
}

/**
 * fault_map_add() - fold faults
 * @map: an initialized map
 * @faults: from fault_log_take() or fault_log_stop(), in order of time
 * @nr: how many
 *
 * Return: 0, or -EPROTO for a fault at a page that another one was touched after.
 */
static inline int fault_map_add(struct fault_map *map,
				const struct fault *faults, int nr)
{
	int i;

	for (i = 0; i < nr; i++) {
		uint64_t at = faults[i].addr - map->start;

		if (at / map->page_size >= map->nr_pages) {
			map->elsewhere++;
			continue;
		}
		if (at / map->page_size < map->page)
			return -EPROTO;
		while (map->page < at / map->page_size)
			fault_map_next(map);
		map->count++;
		map->faults++;
	}
	return 0;
}

/**
 * fault_map_end() - no fault is to follow
 * @map: complete after that
 */
static inline void fault_map_end(struct fault_map *map)
{
	while (map->page < map->nr_pages)
		fault_map_next(map);
	if (map->nr_pages < FAULT_MAP_HEAD)
		fault_map_find_period(map, map->nr_pages);
}

/* More text behind what there is, as far as it fits. */
static inline void __attribute__((format(printf, 3, 4)))
fault_map_print(char *text, size_t size, const char *fmt, ...)
{
	size_t used = strlen(text);
	va_list args;

	va_start(args, fmt);
	vsnprintf(text + used, size - used, fmt, args);
	va_end(args);
}

/**
 * fault_map_text() - the strip in one line
 * @map: a map that is complete
 * @text: filled in, as "2, then 1" or "2 1x15" or "1, 3 pages differ"; cut where it is
 *	too long
 * @size: room in @text
 */
static inline void fault_map_text(const struct fault_map *map, char *text,
				  size_t size)
{
	size_t page = map->lead, end = map->lead + map->period, run;

	*text = '\0';
	if (map->lead)
		fault_map_print(text, size, "%u, then ", map->head[0]);
	for (; page < end; page += run) {
		for (run = 1; page + run < end; run++) {
			if (map->head[page + run] != map->head[page])
				break;
		}
		fault_map_print(text, size, "%s%u", page > map->lead ? " " : "",
				map->head[page]);
		if (run > 1)
			fault_map_print(text, size, "x%zu", run);
	}
	if (map->nr_odd)
		fault_map_print(text, size, ", %zu pages differ", map->nr_odd);
}

#endif /* PFN_MKWRITE_FAULT_MAP_H */
