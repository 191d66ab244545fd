/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A mapping: memory of a source, mapped shared.
 */
#ifndef PFN_MKWRITE_MAPPING_H
#define PFN_MKWRITE_MAPPING_H

#include <stddef.h>

#include "source.h"

/**
 * struct mapping - one mmap() of a backing
 *
 * @addr:	its start, or MAP_FAILED
 * @size:	bytes
 * @page_size:	bytes of a page
 * @nr_pages:	pages of @page_size
 */
struct mapping {
	unsigned char *addr;
	size_t size;
	size_t page_size;
	size_t nr_pages;
};

/**
 * mapping_open() - map all of a backing, shared
 * @map: filled in; to be closed with mapping_close() even after an error
 * @backing: what to map
 * @prot: PROT_READ, PROT_WRITE
 *
 * Return: 0, or -errno with backing->why set.
 */
int mapping_open(struct mapping *map, struct backing *backing, int prot);

/**
 * mapping_close() - unmap it
 * @map: a mapping; one that did not open is fine
 */
void mapping_close(struct mapping *map);

/**
 * mapping_page() - where a page starts
 * @map: an open mapping
 * @index: which one, less than nr_pages
 *
 * Return: its address.
 */
static inline unsigned char *mapping_page(const struct mapping *map,
					  size_t index)
{
	return map->addr + index * map->page_size;
}

#endif /* PFN_MKWRITE_MAPPING_H */
