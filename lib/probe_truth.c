// SPDX-License-Identifier: GPL-2.0
/*
 * The first store and the store after a load once more, with a look into the page table
 * after each step.
 */
#include <string.h>

#include "prober.h"

static int look(struct prober *p, const struct mapping *map,
		struct page_truth *truth)
{
	int err = p->src->truth(&p->backing, map->addr, truth);

	return err ? prober_fail(p, err, "the page table: %s", strerror(-err)) :
		     0;
}

static int first_store(struct prober *p, struct mapping_truth *truth)
{
	struct access access;
	struct mapping map;
	int err;

	err = prober_fresh(p, &map, "truth_of_first_store");
	if (!err)
		err = look(p, &map, &truth->untouched);
	if (!err)
		err = prober_touch(p, map.addr, ACCESS_STORE, &access);
	if (!err)
		err = look(p, &map, &truth->stored);
	mapping_close(&map);
	return err;
}

static int store_after_load(struct prober *p, struct mapping_truth *truth)
{
	struct access access;
	struct mapping map;
	int err;

	err = prober_fresh(p, &map, "truth_of_store_after_load");
	if (!err)
		err = prober_touch(p, map.addr, ACCESS_LOAD, &access);
	if (!err)
		err = look(p, &map, &truth->loaded);
	if (!err)
		err = prober_touch(p, map.addr, ACCESS_STORE, &access);
	if (!err)
		err = look(p, &map, &truth->upgraded);
	mapping_close(&map);
	return err;
}

int probe_truth(struct prober *p)
{
	struct mapping_truth *truth = &p->obs->truth;
	int err;

	if (!p->src->truth)
		return 0;
	err = first_store(p, truth);
	return err ? err : store_after_load(p, truth);
}
