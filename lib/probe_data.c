// SPDX-License-Identifier: GPL-2.0
/*
 * Does each page of a mapping lead to its own memory? A wrong pfn for one that a
 * fault maps ahead of itself costs no fault more.
 *
 * The other side is a mapping of its own for each page, with nothing but that
 * page touched: there it is the page that faulted. Two mappings that both map
 * ahead could be wrong in the same way and agree.
 */
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

/* Each page through a mapping of its own: read what is there, and write. */
static int one_by_one(struct prober *p, size_t nr, struct readback *back)
{
	struct mapping own;
	size_t i;
	int err;

	for (i = 0; i < nr; i++) {
		err = mapping_open(&own, &p->backing, PROT_READ | PROT_WRITE);
		if (err)
			return err;
		readback_add(back, i, STORED_AHEAD + i, *prober_word(&own, i));
		*prober_word(&own, i) = LOADED_AHEAD + i;
		mapping_close(&own);
	}
	return 0;
}

int probe_data(struct prober *p)
{
	struct observation *obs = p->obs;
	struct mapping stored, loaded;
	size_t i, nr;
	int err;

	err = prober_fresh(p, &stored, "page_data");
	if (err)
		return err;
	nr = prober_pages(&stored);
	for (i = 0; i < nr; i++)
		*prober_word(&stored, i) = STORED_AHEAD + i;

	obs->twice_err = mapping_open(&loaded, &p->backing,
				      PROT_READ | PROT_WRITE);
	if (obs->twice_err)
		goto close_stored;
	load_page(loaded.addr);
	obs->twice_err = one_by_one(p, nr, &obs->stored_ahead);
	for (i = 0; !obs->twice_err && i < nr; i++)
		readback_add(&obs->loaded_ahead, i, LOADED_AHEAD + i,
			     *prober_word(&loaded, i));
	mapping_close(&loaded);
close_stored:
	mapping_close(&stored);
	return 0;
}
