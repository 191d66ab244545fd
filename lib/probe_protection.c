// SPDX-License-Identifier: GPL-2.0
/*
 * A PTE must not be writable where the VMA is not: maybe_mkwrite() looks at
 * VM_WRITE, and pte_mkwrite() does not.
 */
#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>

#include "prober.h"

void refusals_add(struct refusals *refusals, size_t page, bool refused,
		  const struct refusal *refusal)
{
	if (refused) {
		refusals->refused++;
	} else if (refusals->refused == refusals->pages) {
		refusals->page = page;
		refusals->wrong = *refusal;
	}
	refusals->pages++;
}

static void refuse(const struct mapping *map, size_t page,
		   struct refusals *refusals)
{
	unsigned char *addr = mapping_page(map, page);
	struct refusal refusal;

	store_expect_refusal(addr, &refusal);
	refusals_add(refusals, page, refused_by_protection(&refusal, addr),
		     &refusal);
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

static void *load_all(void *map)
{
	prober_load_all(map);
	return NULL;
}

/* The fault that maps a page is one thread's, and the PTE is for all of them. */
static int probe_other_thread(struct prober *p)
{
	struct observation *obs = p->obs;
	struct mapping map;
	pthread_t thread;
	int err;

	err = open_read_only(p, &map);
	if (err || obs->read_only_err)
		return err;
	obs->thread_err = -pthread_create(&thread, NULL, load_all, &map);
	if (!obs->thread_err) {
		pthread_join(thread, NULL);
		refuse_all(&map, &obs->read_only_thread);
	}
	mapping_close(&map);
	return 0;
}

/* What is dirty by another mapping is no more writable by this one. */
static int probe_other_writer(struct prober *p)
{
	struct observation *obs = p->obs;
	struct mapping map, writer;
	size_t i;
	int err;

	err = prober_renew(p, "read_only");
	if (err)
		return err;
	obs->writer_err = mapping_open(&writer, &p->backing,
				       PROT_READ | PROT_WRITE);
	if (obs->writer_err)
		return 0;
	obs->writer_err = mapping_open(&map, &p->backing, PROT_READ);
	if (obs->writer_err)
		goto close_writer;
	for (i = 0; i < prober_pages(&writer); i++)
		*prober_word(&writer, i) = i;
	prober_load_all(&map);
	refuse_all(&map, &obs->read_only_writer);
	mapping_close(&map);
close_writer:
	mapping_close(&writer);
	return 0;
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

	err = probe_other_thread(p);
	return err || obs->read_only_err ? err : probe_other_writer(p);
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
