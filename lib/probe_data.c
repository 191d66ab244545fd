// SPDX-License-Identifier: GPL-2.0
/*
 * Does each page of a mapping lead to its own memory? A wrong pfn for one that a
 * fault maps ahead of itself costs no fault more.
 *
 * The other side is a mapping of its own for each page, with nothing but that
 * page touched: there it is the page that faulted. Two mappings that both map
 * ahead could be wrong in the same way and agree.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "prober.h"

/* So that what an earlier probe left behind is no match. */
#define STORED_AHEAD	0x5afe0000
#define LOADED_AHEAD	0xda7a0000

void readback_add(struct readback *back, size_t page, uint32_t written,
		  uint32_t read)
{
	back->pages++;
	if (written == read)
		return;
	if (!back->wrong++) {
		back->page = page;
		back->written = written;
		back->read = read;
	}
}

/* Write all through @map, and read each through a mapping of its own. */
static void read_elsewhere(struct prober *p, const struct mapping *map,
			   struct readback *back)
{
	struct mapping other;
	size_t i;

	for (i = 0; i < prober_pages(map); i++)
		*prober_word(map, i) = STORED_AHEAD + i;
	for (i = 0; !back->err && i < prober_pages(map); i++) {
		back->err = mapping_open(&other, &p->backing,
					 PROT_READ | PROT_WRITE);
		if (!back->err)
			readback_add(back, i, STORED_AHEAD + i, *prober_word(&other, i));
		mapping_close(&other);
	}
}

/* Write each through a mapping of its own, and read all through @map. */
static void write_elsewhere(struct prober *p, const struct mapping *map,
			    struct readback *back)
{
	struct mapping other;
	size_t i;

	for (i = 0; !back->err && i < prober_pages(map); i++) {
		back->err = mapping_open(&other, &p->backing,
					 PROT_READ | PROT_WRITE);
		if (!back->err)
			*prober_word(&other, i) = LOADED_AHEAD + i;
		mapping_close(&other);
	}
	for (i = 0; !back->err && i < prober_pages(map); i++)
		readback_add(back, i, LOADED_AHEAD + i, *prober_word(map, i));
}

int probe_data(struct prober *p)
{
	struct access load;
	struct mapping map;
	int err;

	err = prober_fresh(p, &map, "page_data");
	if (err)
		return err;
	read_elsewhere(p, &map, &p->obs->stored_ahead);
	mapping_close(&map);

	err = prober_fresh(p, &map, "page_data");
	if (err)
		return err;
	err = prober_touch(p, map.addr, ACCESS_LOAD, &load);
	if (!err)
		write_elsewhere(p, &map, &p->obs->loaded_ahead);
	mapping_close(&map);
	return err;
}
