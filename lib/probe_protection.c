// SPDX-License-Identifier: GPL-2.0
/*
 * A PTE must not be writable where the VMA is not: maybe_mkwrite() looks at
 * VM_WRITE, and pte_mkwrite() does not.
 */
#include <errno.h>
#include <sys/mman.h>

#include "prober.h"

static void refuse(const struct mapping *map, size_t page,
		   struct refusals *refusals)
{
	unsigned char *addr = mapping_page(map, page);
	struct refusal refusal;

	store_expect_refusal(addr, &refusal);
	if (refused_by_protection(&refusal, addr)) {
		refusals->refused++;
	} else if (refusals->refused == refusals->pages) {
		refusals->page = page;
		refusals->wrong = refusal;
	}
	refusals->pages++;
}

static void refuse_all(const struct mapping *map, struct refusals *refusals)
{
	size_t i;

	for (i = 0; i < prober_pages(map); i++)
		refuse(map, i, refusals);
}

static int open_read_only(struct prober *p, struct mapping *map)
{
	int err = prober_renew(p, "read_only");

	if (!err)
		p->obs->read_only_err = mapping_open(map, &p->backing,
						     PROT_READ);
	return err;
}

/*
 * The first load may map more than its own page, and it is those neighbours
 * that a driver inserts without a look at what the fault was. Where it does
 * not, each page gets a load of its own.
 */
int probe_read_only(struct prober *p)
{
	struct observation *obs = p->obs;
	struct mapping map;
	int err;

	err = open_read_only(p, &map);
	if (err || obs->read_only_err)
		return err;
	refuse(&map, 0, &obs->read_only);
	load_page(map.addr);
	refuse_all(&map, &obs->read_only_ahead);
	mapping_close(&map);

	err = open_read_only(p, &map);
	if (err || obs->read_only_err)
		return err;
	prober_load_all(&map);
	refuse_all(&map, &obs->read_only_loaded);
	mapping_close(&map);
	return 0;
}

/* So that what an earlier probe left behind is no match. */
#define KEPT		0x4e970000

/*
 * Dirty pages turn read-only and writable again: mprotect() rewrites the PTEs
 * without a fault, and may leave one fault for the next store.
 */
int probe_reprotect(struct prober *p)
{
	struct observation *obs = p->obs;
	struct access access;
	struct mapping map;
	size_t i;
	int err;

	obs->cost.reprotected_store = NOT_MEASURED;
	err = prober_fresh(p, &map, "reprotect");
	if (err)
		return err;
	for (i = 0; i < prober_pages(&map); i++)
		*prober_word(&map, i) = KEPT + i;
	if (mprotect(map.addr, map.size, PROT_READ))
		goto no_mprotect;
	/* Refusals are for good; what is counted is counted in each pass. */
	if (!obs->reprotected.pages)
		refuse_all(&map, &obs->reprotected);
	if (mprotect(map.addr, map.size, PROT_READ | PROT_WRITE))
		goto no_mprotect;

	err = prober_touch(p, map.addr, ACCESS_STORE, &access);
	obs->cost.reprotected_store = access.faults;
	for (i = 0; i < prober_pages(&map); i++)
		readback_add(&obs->kept, i, KEPT + i, *prober_word(&map, i));
	mapping_close(&map);
	return err;

no_mprotect:
	obs->reprotect_err = -errno;
	mapping_close(&map);
	return 0;
}
