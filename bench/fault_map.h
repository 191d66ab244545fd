/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How many pages of a mapping took no fault, one, two and more: folded as the records
 * come, in memory that does not grow with the mapping. For pages that are accessed in
 * order, each once, so that a fault at a later page makes the count of a page final.
 */
#ifndef PFN_MKWRITE_FAULT_MAP_H
#define PFN_MKWRITE_FAULT_MAP_H

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "../lib/count/count.h"

#define FAULT_MAP_BINS	4

/**
 * struct fault_map - the faults of each page, folded
 *
 * @start:	address of the first page
 * @page_size:	bytes
 * @nr_pages:	pages
 * @page:	page whose faults are being counted
 * @count:	its faults so far
 * @faults:	faults of all pages
 * @elsewhere:	faults at other addresses
 * @histogram:	pages with as many faults; the last entry is for more, too
 */
struct fault_map {
	uint64_t start;
	size_t page_size;
	size_t nr_pages;
	size_t page;
	size_t count;
	uint64_t faults;
	uint64_t elsewhere;
	size_t histogram[FAULT_MAP_BINS];
};

static inline void fault_map_init(struct fault_map *map, const void *addr,
				  size_t page_size, size_t nr_pages)
{
	memset(map, 0, sizeof(*map));
	map->start = (uintptr_t)addr;
	map->page_size = page_size;
	map->nr_pages = nr_pages;
}

/* The counts of all pages before @page are final. */
static inline void fault_map_reach(struct fault_map *map, size_t page)
{
	size_t last = FAULT_MAP_BINS - 1;

	for (; map->page < page; map->page++) {
		map->histogram[map->count < last ? map->count : last]++;
		map->count = 0;
	}
}

/**
 * fault_map_add() - fold faults
 * @map: an initialized map
 * @faults: in order of time
 * @nr: how many
 *
 * Return: 0, or -EPROTO for a fault at a page before one that has faulted.
 */
static inline int fault_map_add(struct fault_map *map,
				const struct fault *faults, int nr)
{
	int i;

	for (i = 0; i < nr; i++) {
		uint64_t page = (faults[i].addr - map->start) / map->page_size;

		if (page >= map->nr_pages) {
			map->elsewhere++;
			continue;
		}
		if (page < map->page)
			return -EPROTO;
		fault_map_reach(map, page);
		map->count++;
		map->faults++;
	}
	return 0;
}

/* No fault follows. */
static inline void fault_map_end(struct fault_map *map)
{
	fault_map_reach(map, map->nr_pages);
}

#endif /* PFN_MKWRITE_FAULT_MAP_H */
