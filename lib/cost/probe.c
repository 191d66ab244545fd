// SPDX-License-Identifier: GPL-2.0
/*
 * The probes. Each starts on a fresh mapping: a fault may map more than its own
 * page, and a mapped page does not fault again.
 */
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../count/calibrate.h"
#include "../count/counters.h"
#include "../count/file_times.h"
#include "cost.h"

/*
 * Two passes that agree are enough. On a busy machine there are more, for at least
 * so long and so many.
 */
#define PASSES_MS	1000
#define PASSES_MIN	4

/* File times that another task moves stay the same in one of so many tries. */
#define TRIES		2

/**
 * struct reuse - notifications during a run of stores
 *
 * @total:	of all stores
 * @least:	on a noisy machine: of each store, the smallest reading
 */
struct reuse {
	struct event_delta *total;
	int64_t least[NR_STORES];
};

/**
 * struct prober - a measurement under way
 *
 * @src:	the source
 * @b:		its memory
 * @meter:	counts the faults
 * @obs:	the results so far
 * @noisy:	other tasks add to /proc/vmstat
 * @first:	notifications of first stores
 * @upgrade:	notifications of stores after loads
 */
struct prober {
	const struct source *src;
	struct backing b;
	struct meter meter;
	struct observation *obs;
	bool noisy;
	struct reuse first;
	struct reuse upgrade;
};

static int fail(struct prober *p, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int fail(struct prober *p, int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(p->obs->why, sizeof(p->obs->why), fmt, args);
	va_end(args);
	p->obs->err = err;
	return err;
}

void event_delta_add(struct event_delta *delta, int64_t before, int64_t after)
{
	int64_t moved = after - before;

	if (before < 0 || after < before) {
		delta->missing = true;
		return;
	}
	if (!delta->seen || moved < delta->least) {
		delta->least = moved;
		delta->seen = 0;
	}
	if (moved > delta->most)
		delta->most = moved;
	if (moved == delta->least)
		delta->seen++;
	delta->readings++;
}

bool event_delta_settled(const struct event_delta *delta)
{
	if (delta->missing || (delta->seen && !delta->least))
		return true;
	return delta->seen > 1 && 2 * delta->seen >= delta->readings;
}

/* Settled, and no further reading could be better: none, or one for each store. */
static bool is_calm(const struct event_delta *delta)
{
	return event_delta_settled(delta) &&
	       (delta->missing || !delta->least || delta->least == NR_STORES);
}

static int fresh(struct prober *p, struct mapping *map, const char *stage)
{
	int err = 0;

	p->obs->stage = stage;
	map->addr = MAP_FAILED;
	if (p->src->renew)
		err = p->src->renew(&p->b);
	if (!err)
		err = mapping_open(map, &p->b, PROT_READ | PROT_WRITE);
	return err ? fail(p, err, "%s", p->b.why) : 0;
}

static int touch(struct prober *p, unsigned char *addr, enum access_kind kind,
		 struct access *access)
{
	int err = access_page(&p->meter, addr, kind, access);

	switch (err) {
	case 0:
		return 0;
	case -EPROTO:
		return fail(p, err, "an instruction outside the probe faulted at the page");
	case -ENOBUFS:
		return fail(p, err, "the fault log lost records");
	default:
		return fail(p, err, "the fault log: %s", strerror(-err));
	}
}

static int in_child(struct prober *p, const struct mapping *map,
		    void (*body)(struct prober *p, const struct mapping *map))
{
	int status;
	pid_t pid;

	pid = fork();
	if (!pid) {
		body(p, map);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return fail(p, -errno, "fork() or waitpid(): %s", strerror(errno));
	if (WIFSIGNALED(status))
		return fail(p, -EFAULT, "the forked child died of signal %d at its store",
			    WTERMSIG(status));
	return 0;
}

/* Store to an untouched page, and store again. */
static int probe_first_store(struct prober *p)
{
	struct observation *obs = p->obs;
	struct mapping map;
	int err;

	err = fresh(p, &map, "first_store");
	if (!err)
		err = touch(p, map.addr, ACCESS_STORE, &obs->first);
	if (!err) {
		obs->vma_err = smaps_read(map.addr, &obs->vma);
		obs->stage = "second_store";
		err = touch(p, map.addr, ACCESS_STORE, &obs->again);
	}
	obs->cost.first_store = obs->first.faults;
	obs->cost.second_store = obs->again.faults;
	mapping_close(&map);
	return err;
}

static int probe_store_after_load(struct prober *p)
{
	struct observation *obs = p->obs;
	struct access load;
	struct mapping map;
	int err;

	err = fresh(p, &map, "store_after_load");
	if (!err)
		err = touch(p, map.addr, ACCESS_LOAD, &load);
	if (!err)
		err = touch(p, map.addr, ACCESS_STORE, &obs->upgrade);
	if (!err)
		obs->cost.load = load.faults;
	obs->cost.store_after_load = obs->upgrade.faults;
	mapping_close(&map);
	return err;
}

/*
 * fork() copies the PTEs of a VM_PFNMAP or VM_MIXEDMAP mapping (mm/memory.c,
 * vma_needs_copy()). Of other mappings the child gets nothing.
 */
static bool fork_copies(const struct observation *obs)
{
	return !obs->vma_err && !obs->vma.dontcopy &&
	       (obs->vma.pfnmap || obs->vma.mixedmap);
}

static void child_stores(struct prober *p, const struct mapping *map)
{
	/* Static: a page of the stack less that would fault after the fork. */
	static struct meter meter;
	struct access access;

	meter_open(&meter);
	if (meter.log_err == p->obs->log_err &&
	    !access_page(&meter, map->addr, ACCESS_STORE, &access))
		p->obs->cost.child_store = access.faults;
}

/*
 * Whatever the driver does, fork() cleans the PTEs of a shared mapping as it copies
 * them (mm/memory.c, __copy_present_ptes()): the child's store shows what sets the
 * dirty bit.
 */
static int probe_child_store(struct prober *p)
{
	struct observation *obs = p->obs;
	struct access access;
	struct mapping map;
	int err;

	obs->cost.child_store = NOT_MEASURED;
	if (!fork_copies(obs))
		return 0;

	err = fresh(p, &map, "child_store");
	if (!err)
		err = touch(p, map.addr, ACCESS_STORE, &access);
	if (!err)
		err = in_child(p, &map, child_stores);
	if (!err && obs->cost.child_store == NOT_MEASURED)
		err = fail(p, -EIO, "the forked child could not count its faults");
	mapping_close(&map);
	return err;
}

static int probe_mapped_ahead(struct prober *p)
{
	struct access access;
	struct mapping map;
	size_t i;
	int err;

	err = fresh(p, &map, "mapped_ahead");
	if (!err)
		err = touch(p, map.addr, ACCESS_STORE, &access);
	for (i = 1; !err && i < map.nr_pages && i < NR_STORES; i++) {
		err = touch(p, mapping_page(&map, i), ACCESS_LOAD, &access);
		if (access.faults)
			break;
	}
	p->obs->cost.mapped_ahead = i;
	mapping_close(&map);
	return err;
}

/* NR_STORES stores, and pgreuse during each, if noisy, and before and after all. */
struct store_run {
	struct access store[NR_STORES];
	int64_t reuse[NR_STORES];
	int64_t before;
	int64_t after;
};

/*
 * After a fork, the first write to each of our own pages is a fault, and mostly a
 * PGREUSE: take those before counting starts.
 */
static void warm_up(struct prober *p, struct store_run *run)
{
	unsigned char scratch;

	memset(run, 0, sizeof(*run));
	access_page(&p->meter, &scratch, ACCESS_STORE, &run->store[0]);
	run->before = vmstat_count("pgreuse");
}

/*
 * /proc/vmstat is system-wide. SCHED_FIFO, if permitted, keeps this CPU to
 * ourselves; repeating the pass filters the noise of the others.
 */
static void take_cpu(bool alone)
{
	struct sched_param param = { .sched_priority = alone ? 1 : 0 };

	sched_setscheduler(0, alone ? SCHED_FIFO : SCHED_OTHER, &param);
}

static int store_counted(struct prober *p, unsigned char *addr,
			 struct access *store, int64_t *reuse)
{
	int err;

	if (p->noisy)
		*reuse = -vmstat_count("pgreuse");
	err = touch(p, addr, ACCESS_STORE, store);
	if (p->noisy)
		*reuse += vmstat_count("pgreuse");
	return err;
}

/* A mapping with fewer pages is replaced by a fresh one when they are used up. */
static int run_stores(struct prober *p, const char *stage, bool after_load,
		      struct store_run *run)
{
	struct mapping map = { .addr = MAP_FAILED };
	size_t page;
	int err = 0, i;

	take_cpu(true);
	warm_up(p, run);
	run->before = vmstat_count("pgreuse");
	for (i = 0; !err && i < NR_STORES; i++) {
		if (!map.nr_pages || i % map.nr_pages == 0) {
			mapping_close(&map);
			err = fresh(p, &map, stage);
			if (err)
				break;
			for (page = 0; after_load && page < map.nr_pages &&
			     page < NR_STORES; page++)
				load_page(mapping_page(&map, page));
		}
		err = store_counted(p, mapping_page(&map, i % map.nr_pages),
				    &run->store[i], &run->reuse[i]);
	}
	run->after = vmstat_count("pgreuse");
	take_cpu(false);
	mapping_close(&map);
	return err;
}

/*
 * Noise adds to one store as to all of them: on a noisy machine, the sum of the
 * best readings of each store is closer to the truth than the best sum.
 */
static void reuse_add(const struct prober *p, struct reuse *reuse,
		      const struct store_run *run)
{
	int64_t sum = 0;
	int i;

	if (!p->noisy || run->before < 0) {
		event_delta_add(reuse->total, run->before, run->after);
		return;
	}
	for (i = 0; i < NR_STORES; i++) {
		if (reuse->least[i] > run->reuse[i])
			reuse->least[i] = run->reuse[i];
		sum += reuse->least[i];
	}
	event_delta_add(reuse->total, 0, sum);
}

static void keep_least(int *least, int64_t value)
{
	if (value < *least)
		*least = value;
}

static int probe_stores(struct prober *p)
{
	static struct store_run run;
	struct observation *obs = p->obs;
	int err, i, logged = 0, rusage = 0;

	err = run_stores(p, "sixty_four_pages", false, &run);
	if (err)
		return err;

	obs->cost.stores = 0;
	for (i = 0; i < NR_STORES; i++) {
		obs->strip[i] = run.store[i].faults;
		obs->cost.stores += run.store[i].faults;
		logged += run.store[i].logged;
		rusage += run.store[i].rusage;
	}
	keep_least(&obs->stores_logged, logged);
	keep_least(&obs->stores_rusage, rusage);
	reuse_add(p, &p->first, &run);
	return 0;
}

static int probe_upgrades(struct prober *p)
{
	static struct store_run run;
	int err, i;

	err = run_stores(p, "sixty_four_upgrades", true, &run);
	if (err)
		return err;

	p->obs->cost.upgrades = 0;
	for (i = 0; i < NR_STORES; i++)
		p->obs->cost.upgrades += run.store[i].faults;
	reuse_add(p, &p->upgrade, &run);
	return 0;
}

static void child_moves_times(struct prober *p, const struct mapping *map)
{
	struct stat before;

	if (mprotect(map->addr, map->size, PROT_READ) ||
	    mprotect(map->addr, map->size, PROT_READ | PROT_WRITE) ||
	    file_times_settle(p->b.fd, &before))
		return;
	*mapping_word(map, 0) = 0;
	p->obs->cost.mtime_child_store = file_times_moved(p->b.fd, &before);
}

/*
 * Does a store move the times of the file? After a load, if @after is ACCESS_LOAD.
 * After a store by a forked child: fork() has cleaned the PTE, and mprotect() takes
 * the write permission of a clean PTE from vm_page_prot, so a driver that wants to
 * be notified of writes is notified of this one in any case.
 */
static int probe_times(struct prober *p, const enum access_kind *after,
		       int *result)
{
	struct access access;
	struct stat before;
	struct mapping map;
	int err = 0, i;

	*result = 1;
	for (i = 0; !err && *result == 1 && i < TRIES; i++) {
		err = fresh(p, &map, "file_times");
		if (!err && after)
			err = touch(p, map.addr, *after, &access);
		*result = NOT_MEASURED;
		if (!err && after && *after == ACCESS_STORE) {
			err = in_child(p, &map, child_moves_times);
		} else if (!err && !file_times_settle(p->b.fd, &before)) {
			err = touch(p, map.addr, ACCESS_STORE, &access);
			*result = file_times_moved(p->b.fd, &before);
		}
		mapping_close(&map);
	}
	return err;
}

static int probe_file_times(struct prober *p)
{
	static const enum access_kind load = ACCESS_LOAD, store = ACCESS_STORE;
	struct store_cost *cost = &p->obs->cost;
	int err;

	cost->mtime_child_store = NOT_MEASURED;
	err = probe_times(p, NULL, &cost->mtime_first_store);
	if (!err)
		err = probe_times(p, &load, &cost->mtime_upgrade);
	if (!err && fork_copies(p->obs))
		err = probe_times(p, &store, &cost->mtime_child_store);
	return err;
}

static int pass(struct prober *p)
{
	static int (*const probes[])(struct prober *p) = {
		probe_first_store, probe_store_after_load, probe_child_store,
		probe_mapped_ahead, probe_stores, probe_upgrades,
	};
	size_t i;
	int err = 0;

	for (i = 0; !err && i < sizeof(probes) / sizeof(*probes); i++)
		err = probes[i](p);
	return err;
}

static bool same_pass(const struct observation *a, const struct observation *b)
{
	return !memcmp(&a->cost, &b->cost, sizeof(a->cost)) &&
	       !memcmp(a->strip, b->strip, sizeof(a->strip));
}

/* Is there nothing left that another pass could tell? */
static bool is_complete(const struct observation *obs)
{
	return (obs->log_err || obs->stores_logged == obs->stores_rusage) &&
	       is_calm(&obs->pgreuse) && is_calm(&obs->pgreuse_upgrade);
}

/* The first pass also makes driver and C library fetch what they need. */
static int repeat_passes(struct prober *p)
{
	/* Static: large, and its first use would fault on the stack. */
	static struct observation last;
	struct observation *obs = p->obs;
	bool same = false;
	int64_t end;
	int err, passes = 1;

	err = pass(p);
	end = now_ns() + PASSES_MS * 1000000LL;
	while (!err && (passes < PASSES_MIN || now_ns() < end)) {
		last = *obs;
		err = pass(p);
		passes++;
		same = same_pass(&last, obs);
		if (same && is_complete(obs))
			break;
		p->noisy = !is_calm(&obs->pgreuse) ||
			   !is_calm(&obs->pgreuse_upgrade);
	}
	if (!err && !same)
		err = fail(p, -EAGAIN, "no two passes in a row gave the same numbers");
	return err;
}

static int settled(const struct event_delta *delta)
{
	if (delta->missing || !event_delta_settled(delta))
		return NOT_MEASURED;
	return delta->least;
}

static int probe_all(struct prober *p)
{
	struct observation *obs = p->obs;
	int err, seen;

	obs->stage = "calibration";
	seen = calibrate_pick_cpu(&p->meter, &obs->mixed_cpus);
	if (seen < 0)
		return fail(p, seen, "calibration on shared memory: %s",
			    strerror(-seen));
	obs->cpu = sched_getcpu();

	obs->stage = "open";
	err = p->src->open(p->src, &p->b, NR_STORES * sysconf(_SC_PAGESIZE));
	if (err)
		return fail(p, err, "%s", p->b.why);

	err = repeat_passes(p);
	if (!err)
		err = probe_file_times(p);
	obs->cost.memfd_upgrade = seen;
	obs->cost.pgreuse = settled(&obs->pgreuse);
	obs->cost.pgreuse_upgrade = settled(&obs->pgreuse_upgrade);
	return err;
}

void probe(const struct source *src, struct observation *obs)
{
	static struct prober p;
	int i;

	memset(&p, 0, sizeof(p));
	p.src = src;
	p.obs = obs;
	p.first.total = &obs->pgreuse;
	p.upgrade.total = &obs->pgreuse_upgrade;
	for (i = 0; i < NR_STORES; i++) {
		p.first.least[i] = INT64_MAX;
		p.upgrade.least[i] = INT64_MAX;
	}
	obs->stores_logged = INT_MAX;
	obs->stores_rusage = INT_MAX;

	backing_init(&p.b);
	meter_open(&p.meter);
	obs->log_err = p.meter.log_err;
	probe_all(&p);
	src->close(&p.b);
	meter_close(&p.meter);
}
