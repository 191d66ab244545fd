// SPDX-License-Identifier: GPL-2.0
/*
 * The probes. First stores and first loads need fresh mappings: a fault may map more than
 * its own page, and a mapped page does not fault again.
 */
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../count/count.h"
#include "cost.h"

/* Two passes that agree are enough. If not, there are more, at least so long and many. */
#define PASSES_MS	1000
#define PASSES_MIN	4

/*
 * pgreuse events during NR_STORES stores. /proc/vmstat is system-wide: other tasks add to
 * it. If they do, read it around each store: the smallest readings of all passes, each of
 * one store, are closer to the truth than the smallest reading of a pass.
 */
struct reuse {
	int least[NR_STORES];	/* the smallest readings, each when this store ends */
	int total;		/* of these */
	bool each;		/* each of them is one event for each store */
	int low, high;		/* sums of all passes */
};

/* A measurement under way. */
struct prober {
	const struct source *src;
	struct backing b;
	struct meter meter;
	struct observation *obs;
	int step;		/* stores to a reading of pgreuse */
	struct reuse first;	/* of first stores */
	struct reuse upgrade;	/* of stores after loads */
};

static int fresh(struct prober *p, struct mapping *map, const char *stage)
{
	int err = 0;

	p->obs->stage = stage;
	map->addr = MAP_FAILED;
	if (p->src->renew)
		err = p->src->renew(&p->b);
	return err ?: mapping_open(map, &p->b, PROT_READ | PROT_WRITE);
}

static int touch(struct prober *p, unsigned char *addr, enum access_kind kind,
		 struct access *access)
{
	int err = access_page(&p->meter, addr, kind, access);

	if (err == -EPROTO)
		return backing_fail(&p->b, err, "an instruction outside the probe faulted at the page");
	if (err == -ENOBUFS)
		return backing_fail(&p->b, err, "the fault log lost records");
	return err ? backing_fail(&p->b, err, "the fault log: %m") : 0;
}

/*
 * fork() copies the PTEs of a VM_PFNMAP or VM_MIXEDMAP mapping (mm/memory.c,
 * vma_needs_copy()), unless it has VM_DONTCOPY.
 */
static bool fork_copies(const void *addr)
{
	struct vma_info vma;

	return !smaps_read(addr, &vma) && !vma_flag(&vma, "dc") &&
	       (vma_flag(&vma, "pf") || vma_flag(&vma, "mm"));
}

static void child_stores(struct prober *p, unsigned char *addr)
{
	/* Static: a page of the stack less that would fault after the fork. */
	static struct meter meter;
	struct access access;

	meter_open(&meter);
	if (meter.log_err == p->obs->log_err &&
	    !access_page(&meter, addr, ACCESS_STORE, &access))
		p->obs->cost.child_store = access.faults;
	_exit(0);
}

/*
 * Whatever the driver does, fork() cleans the PTEs of a shared mapping as it copies
 * them (mm/memory.c, __copy_present_ptes()): the child's store to a page that its
 * parent dirtied shows what sets the dirty bit.
 */
static int probe_child_store(struct prober *p, unsigned char *addr)
{
	int status;
	pid_t pid;

	p->obs->stage = "child_store";
	pid = fork();
	if (!pid)
		child_stores(p, addr);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return backing_fail(&p->b, -errno, "fork() or waitpid(): %m");
	if (WIFSIGNALED(status))
		return backing_fail(&p->b, -EFAULT, "the forked child died of signal %d at its store",
				    WTERMSIG(status));
	if (p->obs->cost.child_store == NOT_MEASURED)
		return backing_fail(&p->b, -EIO, "the forked child could not count its faults");
	return 0;
}

/* Store to an untouched page, store again, and look how many pages are mapped. */
static int probe_first_store(struct prober *p)
{
	struct observation *obs = p->obs;
	struct access load;
	struct mapping map;
	bool copies;
	size_t i;
	int err;

	obs->cost.child_store = NOT_MEASURED;
	err = fresh(p, &map, "first_store");
	if (!err)
		err = touch(p, map.addr, ACCESS_STORE, &obs->first);
	copies = !err && fork_copies(map.addr);
	if (!err)
		err = touch(p, map.addr, ACCESS_STORE, &obs->again);
	if (copies && !err)
		err = probe_child_store(p, map.addr);
	obs->stage = "mapped_ahead";
	for (i = 1; !err && i < map.nr_pages && i < NR_STORES; i++) {
		err = touch(p, mapping_page(&map, i), ACCESS_LOAD, &load);
		if (load.faults)
			break;
	}
	obs->cost.first_store = obs->first.faults;
	obs->cost.second_store = obs->again.faults;
	obs->cost.mapped_ahead = i;
	mapping_close(&map);
	return err;
}

/* Start again, with a reading for each @step stores. */
static void reuse_reset(struct prober *p, int step)
{
	int i;

	p->step = step;
	p->first.low = INT_MAX;
	p->first.high = 0;
	for (i = 0; i < NR_STORES; i++)
		p->first.least[i] = INT_MAX;
	p->upgrade = p->first;
}

/* No further reading could be better: none, or one for each store, and not by chance. */
static bool is_calm(const struct prober *p, const struct reuse *reuse)
{
	return p->obs->pgreuse_err || !reuse->total ||
	       (reuse->each && (p->step == 1 || reuse->low == reuse->high));
}

/* Calm, or each pass read the same. */
static int settled(const struct prober *p, const struct reuse *reuse)
{
	if (p->obs->pgreuse_err || (!is_calm(p, reuse) && reuse->low != reuse->high))
		return NOT_MEASURED;
	return reuse->total;
}

/*
 * Store to NR_STORES pages, after a load of each if the first of these is wanted. A
 * mapping with fewer pages is replaced by a fresh one when they are used up.
 */
static int run_stores(struct prober *p, const char *stage, struct access *load,
		      struct access stores[NR_STORES], struct reuse *reuse)
{
	struct mapping map = { .addr = MAP_FAILED };
	int err = 0, sum = 0, i;
	int64_t before = 0, after;
	size_t page;

	/* After a fork, the first write to each of our own pages counts as pgreuse, too. */
	memset(stores, 0, NR_STORES * sizeof(*stores));
	memset(p->meter.faults, 0, sizeof(p->meter.faults));
	vmstat_count("pgreuse");
	reuse->total = 0;
	reuse->each = true;
	for (i = 0; !err && i < NR_STORES; i++) {
		if (!map.nr_pages || i % map.nr_pages == 0) {
			mapping_close(&map);
			err = fresh(p, &map, stage);
			if (!err && load)
				err = touch(p, map.addr, ACCESS_LOAD, load);
			for (page = 1; !err && load && page < map.nr_pages &&
			     page < NR_STORES; page++)
				load_page(mapping_page(&map, page));
		}
		if (i % p->step == 0)
			before = vmstat_count("pgreuse");
		if (!err)
			err = touch(p, mapping_page(&map, i % map.nr_pages), ACCESS_STORE,
				    &stores[i]);
		if (err || (i + 1) % p->step)
			continue;
		after = vmstat_count("pgreuse");
		if (before < 0 || after < before)
			p->obs->pgreuse_err = -EIO;
		sum += after - before;
		if (after - before < reuse->least[i])
			reuse->least[i] = after - before;
		reuse->total += reuse->least[i];
		reuse->each &= reuse->least[i] == p->step;
	}
	mapping_close(&map);
	reuse->low = sum < reuse->low ? sum : reuse->low;
	reuse->high = sum > reuse->high ? sum : reuse->high;
	return err;
}

static int probe_stores(struct prober *p)
{
	static struct access stores[NR_STORES];
	struct observation *obs = p->obs;
	struct access load = { 0 };
	int err, i, logged = 0, rusage = 0;

	err = run_stores(p, "sixty_four_pages", NULL, stores, &p->first);
	obs->cost.stores = 0;
	for (i = 0; i < NR_STORES; i++) {
		obs->strip[i] = stores[i].faults;
		obs->cost.stores += stores[i].faults;
		logged += stores[i].logged;
		rusage += stores[i].rusage;
	}
	/* A pass in which they agree is enough. */
	if (obs->stores_logged != obs->stores_rusage || !obs->stores_rusage) {
		obs->stores_logged = logged;
		obs->stores_rusage = rusage;
	}
	if (err)
		return err;

	err = run_stores(p, "store_after_load", &load, stores, &p->upgrade);
	obs->upgrade = stores[0];
	obs->cost.load = load.faults;
	obs->cost.store_after_load = stores[0].faults;
	obs->cost.upgrades = 0;
	for (i = 0; i < NR_STORES; i++)
		obs->cost.upgrades += stores[i].faults;
	return err;
}

/* calibrate() pins the thread in the first pass, and again if its CPU has gone offline. */
static int find_cpu(struct prober *p)
{
	bool mixed;
	int seen;

	p->obs->stage = "calibration";
	seen = calibrate(&p->meter, &mixed);
	if (seen < 0)
		return backing_fail(&p->b, seen, "calibration by MADV_FREE: %m");
	p->obs->cost.clean_store = seen;
	p->obs->mixed_cpus |= mixed;
	p->obs->cpu = sched_getcpu();
	return 0;
}

/* The first pass also makes driver and C library fetch what they need. */
static int repeat_passes(struct prober *p)
{
	/* Static: large, and its first use would fault on the stack. */
	static struct observation last;
	struct observation *obs = p->obs;
	bool same = false, calm;
	int err, passes;
	int64_t end = now_ns() + PASSES_MS * 1000000LL;

	reuse_reset(p, NR_STORES);
	for (passes = 0; passes < PASSES_MIN || now_ns() < end; passes++) {
		last = *obs;
		err = find_cpu(p) ?: probe_first_store(p) ?: probe_stores(p);
		if (err)
			return err;
		same = passes && !memcmp(&last.cost, &obs->cost, sizeof(last.cost)) &&
		       !memcmp(last.strip, obs->strip, sizeof(last.strip));
		calm = is_calm(p, &p->first) && is_calm(p, &p->upgrade);
		if (same && calm && (obs->log_err || obs->stores_logged == obs->stores_rusage))
			break;
		if (passes && !calm && p->step > 1) {
			reuse_reset(p, 1);
			end = now_ns() + PASSES_MS * 1000000LL;
			passes = 0;
		}
	}
	if (!same)
		return backing_fail(&p->b, -EAGAIN, "no two passes in a row gave the same numbers");
	return 0;
}

static int probe_all(struct prober *p)
{
	struct observation *obs = p->obs;
	int err;

	obs->pgreuse_err = vmstat_count("pgreuse") < 0 ? -ENOENT : 0;

	obs->stage = "open";
	err = p->src->open(p->src, &p->b, NR_STORES * sysconf(_SC_PAGESIZE));
	if (!err)
		err = repeat_passes(p);
	obs->cost.pgreuse = settled(p, &p->first);
	obs->cost.pgreuse_upgrade = settled(p, &p->upgrade);
	return err;
}

void probe(const struct source *src, struct observation *obs)
{
	static struct prober p;

	memset(&p, 0, sizeof(p));
	p.src = src;
	p.obs = obs;
	backing_init(&p.b);
	meter_open(&p.meter);
	obs->log_err = p.meter.log_err;
	obs->err = probe_all(&p);
	snprintf(obs->why, sizeof(obs->why), "%s", p.b.why);
	src->close(&p.b);
	meter_close(&p.meter);
}
