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
 * mapping_open_as() - map part of a backing, in any way
 * @map: filled in; to be closed with mapping_close() even after an error
 * @backing: what to map
 * @prot: PROT_READ, PROT_WRITE, PROT_EXEC
 * @flags: MAP_SHARED or MAP_PRIVATE, and more
 * @start: bytes to leave out at its start
 * @size: bytes to map, even beyond its end; both multiples of mapping_step()
 *
 * Return: as mapping_open().
 */
int mapping_open_as(struct mapping *map, struct backing *backing, int prot,
		    int flags, size_t start, size_t size);

/**
 * mapping_step() - what each piece of a mapping has to be a multiple of
 * @backing: an open backing
 *
 * Return: bytes.
 */
size_t mapping_step(const struct backing *backing);

/**
 * mapping_place() - reserve room that a mapping can be put to with MAP_FIXED
 * @size: bytes, a multiple of mapping_step()
 * @step: mapping_step()
 *
 * Return: its start, or MAP_FAILED.
 */
void *mapping_place(size_t size, size_t step);

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
