// SPDX-License-Identifier: GPL-2.0
/*
 * The probes. Each starts on a fresh mapping, for a fault may map more than the
 * page that was asked for, and a page once mapped tells nothing any more.
 */
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "calibrate.h"
#include "child.h"
#include "counters.h"
#include "prober.h"

/*
 * Two passes that agree are enough; noise gets some time to calm down in, and a
 * machine on which a pass takes long some more passes.
 */
#define PASSES_MS	1000
#define PASSES_MIN	4

/* A child has little to do; one that was killed may be stuck in a driver. */
#define CHILD_MS	3000
#define CHILD_GONE_MS	100

int prober_fail(struct prober *p, int err, const char *fmt, ...)
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

void event_delta_add_each(struct event_delta *delta, int64_t least[NR_STORES],
			  const int64_t moved[NR_STORES])
{
	int64_t sum = 0;
	int i;

	for (i = 0; i < NR_STORES; i++) {
		if (least[i] > moved[i])
			least[i] = moved[i];
		sum += least[i];
	}
	event_delta_add(delta, 0, sum);
}

bool event_delta_settled(const struct event_delta *delta)
{
	if (delta->missing || (delta->seen && !delta->least))
		return true;
	return delta->seen > 1 && 2 * delta->seen >= delta->readings;
}

/* No reading to come could tell more: none at all, or one for each store. */
static bool calm(const struct event_delta *delta)
{
	return event_delta_settled(delta) &&
	       (delta->missing || !delta->least || delta->least == NR_STORES);
}

int prober_renew(struct prober *p, const char *stage)
{
	int err;

	p->obs->stage = stage;
	if (!p->src->renew)
		return 0;
	err = p->src->renew(&p->backing);
	return err ? prober_fail(p, err, "%s", p->backing.why) : 0;
}

int prober_fresh(struct prober *p, struct mapping *map, const char *stage)
{
	int err;

	map->addr = MAP_FAILED;
	err = prober_renew(p, stage);
	if (err)
		return err;
	err = mapping_open(map, &p->backing, PROT_READ | PROT_WRITE);
	return err ? prober_fail(p, err, "%s", p->backing.why) : 0;
}

static int access_failed(struct prober *p, int err)
{
	switch (err) {
	case 0:
		return 0;
	case -EPROTO:
		return prober_fail(p, err, "something else than the probe faulted at the page");
	case -ENOBUFS:
		return prober_fail(p, err, "the fault log lost records");
	default:
		return prober_fail(p, err, "the fault log: %s", strerror(-err));
	}
}

int prober_touch(struct prober *p, unsigned char *addr, enum access_kind kind,
		 struct access *access)
{
	return access_failed(p, access_page(&p->meter, addr, kind, access));
}

int prober_store(struct prober *p, const struct shape *shape,
		 unsigned char *addr, size_t len, struct access *access,
		 struct refusal *refusal)
{
	return access_failed(p, access_shape(&p->meter, shape, addr, len,
					     access, refusal));
}

void prober_load_all(const struct mapping *map)
{
	size_t i;

	for (i = 0; i < prober_pages(map); i++)
		load_page(mapping_page(map, i));
}

/* Store to an untouched page, and store again; look at it from outside, too. */
static int probe_first_store(struct prober *p)
{
	struct observation *obs = p->obs;
	struct mapping map;
	int err;

	err = prober_fresh(p, &map, "first_store");
	if (err)
		return err;

	obs->vma_err = pagemap_read(map.addr, &obs->untouched);
	err = prober_touch(p, map.addr, ACCESS_STORE, &obs->first);
	if (err)
		goto close_mapping;
	if (!obs->vma_err)
		obs->vma_err = pagemap_read(map.addr, &obs->stored);
	if (!obs->vma_err)
		obs->vma_err = smaps_read(map.addr, &obs->vma);

	obs->stage = "second_store";
	err = prober_touch(p, map.addr, ACCESS_STORE, &obs->again);
	obs->cost.first_store = obs->first.faults;
	obs->cost.second_store = obs->again.faults;
close_mapping:
	mapping_close(&map);
	return err;
}

static int probe_store_after_load(struct prober *p)
{
	struct observation *obs = p->obs;
	struct access load;
	struct mapping map;
	int err;

	err = prober_fresh(p, &map, "store_after_load");
	if (err)
		return err;
	err = prober_touch(p, map.addr, ACCESS_LOAD, &load);
	if (!err)
		err = prober_touch(p, map.addr, ACCESS_STORE, &obs->upgrade);
	obs->cost.load = load.faults;
	obs->cost.store_after_load = obs->upgrade.faults;
	mapping_close(&map);
	return err;
}

static int probe_mapped_ahead(struct prober *p)
{
	struct access access;
	struct mapping map;
	size_t i;
	int err;

	err = prober_fresh(p, &map, "mapped_ahead");
	if (err)
		return err;
	err = prober_touch(p, map.addr, ACCESS_STORE, &access);
	for (i = 1; !err && i < prober_pages(&map); i++) {
		err = prober_touch(p, mapping_page(&map, i), ACCESS_LOAD,
				   &access);
		if (access.faults)
			break;
	}
	p->obs->cost.mapped_ahead = i;
	mapping_close(&map);
	return err;
}

bool prober_fork_copies(const struct prober *p)
{
	const struct observation *obs = p->obs;

	return !obs->vma_err && !obs->vma.dontcopy &&
	       (obs->vma.pfnmap || obs->vma.mixedmap);
}

static int probe_neighbour(struct prober *p)
{
	struct store_cost *cost = &p->obs->cost;
	struct access access;
	struct mapping map;
	int err;

	cost->neighbour_store = NOT_MEASURED;
	err = prober_fresh(p, &map, "mapped_ahead_upgraded");
	if (err || map.nr_pages < 2)
		goto close_mapping;
	err = prober_touch(p, mapping_page(&map, 1), ACCESS_LOAD, &access);
	if (!err)
		err = prober_touch(p, map.addr, ACCESS_LOAD, &access);
	cost->neighbour_load = access.faults;
	mapping_close(&map);
	if (err)
		return err;

	err = prober_fresh(p, &map, "mapped_ahead_upgraded");
	if (err)
		goto close_mapping;
	err = prober_touch(p, mapping_page(&map, 1), ACCESS_LOAD, &access);
	if (!err)
		err = prober_touch(p, map.addr, ACCESS_STORE, &access);
	if (!err)
		err = prober_touch(p, mapping_page(&map, 1), ACCESS_STORE,
				   &access);
	cost->neighbour_store = access.faults;
close_mapping:
	mapping_close(&map);
	return err;
}

pid_t prober_fork(struct prober *p, const struct mapping *map,
		  void (*body)(struct prober *p, const struct mapping *map),
		  struct child_end *end)
{
	pid_t pid = fork();

	end->err = pid < 0 ? -errno : 0;
	end->signo = 0;
	if (!pid) {
		body(p, map);
		_exit(0);
	}
	return pid;
}

void prober_reap(pid_t pid, struct child_end *end)
{
	int status;

	/* There is none, and @end says why. */
	if (pid < 0)
		return;
	end->err = child_wait(pid, &status, CHILD_MS);
	if (end->err == -ETIMEDOUT) {
		kill(pid, SIGKILL);
		child_wait(pid, &status, CHILD_GONE_MS);
	} else if (!end->err && WIFSIGNALED(status)) {
		end->signo = WTERMSIG(status);
	}
}

int prober_in_child(struct prober *p, const struct mapping *map,
		    void (*body)(struct prober *p, const struct mapping *map))
{
	int status;
	pid_t pid;

	pid = fork();
	if (pid < 0)
		return prober_fail(p, -errno, "fork(): %s", strerror(errno));
	if (!pid) {
		body(p, map);
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid)
		return prober_fail(p, -errno, "waitpid(): %s", strerror(errno));
	if (WIFSIGNALED(status))
		return prober_fail(p, -EFAULT, "the forked child died of signal %d at its store",
				   WTERMSIG(status));
	return 0;
}

static void child_stores(struct prober *p, const struct mapping *map)
{
	/* Static: a page of the stack less to fault in after the fork. */
	static struct meter meter;
	struct access access;

	meter_open(&meter);
	if (meter.log_err == p->obs->log_err &&
	    !access_page(&meter, map->addr, ACCESS_STORE, &access))
		p->obs->cost.child_store = access.faults;
}

/*
 * fork() copies the PTEs of a VM_PFNMAP or VM_MIXEDMAP mapping and makes those
 * of a shared one clean (mm/memory.c, vma_needs_copy(), __copy_present_ptes()),
 * whatever the driver does: the child's store shows who sets the dirty bit. Of
 * other mappings the child gets nothing and would start anew.
 */
static int probe_child_store(struct prober *p)
{
	struct observation *obs = p->obs;
	struct access access;
	struct mapping map;
	int err;

	obs->cost.child_store = NOT_MEASURED;
	if (!prober_fork_copies(p))
		return 0;

	err = prober_fresh(p, &map, "child_store");
	if (err)
		return err;
	err = prober_touch(p, map.addr, ACCESS_STORE, &access);
	if (!err)
		err = prober_in_child(p, &map, child_stores);
	if (!err && obs->cost.child_store == NOT_MEASURED)
		err = prober_fail(p, -EIO, "the forked child could not count its faults");
	mapping_close(&map);
	return err;
}

static void child_does_nothing(struct prober *p, const struct mapping *map)
{
	(void)p;
	(void)map;
}

/* That the child's PTE is made clean is no reason to touch the parent's. */
static int probe_parent_store(struct prober *p)
{
	struct access access;
	struct mapping map;
	int err;

	err = prober_fresh(p, &map, "parent_store");
	if (err)
		return err;
	err = prober_touch(p, map.addr, ACCESS_STORE, &access);
	if (!err)
		err = prober_in_child(p, &map, child_does_nothing);
	if (!err)
		err = prober_touch(p, map.addr, ACCESS_STORE, &access);
	p->obs->cost.parent_store = access.faults;
	mapping_close(&map);
	return err;
}

/* Who writes a page back makes its PTE clean, and asks to be told anew. */
static int probe_store_after_fsync(struct prober *p)
{
	struct observation *obs = p->obs;
	struct access access;
	struct mapping map;
	int err;

	obs->cost.store_after_fsync = NOT_MEASURED;
	err = prober_fresh(p, &map, "store_after_fsync");
	if (err)
		return err;
	err = prober_touch(p, map.addr, ACCESS_STORE, &access);
	if (err)
		goto close_mapping;
	obs->fsync_err = fsync(p->backing.fd) ? -errno : 0;
	if (obs->fsync_err)
		goto close_mapping;
	err = prober_touch(p, map.addr, ACCESS_STORE, &access);
	obs->cost.store_after_fsync = access.faults;
close_mapping:
	mapping_close(&map);
	return err;
}

/*
 * NR_STORES stores, and what the machine counted before and after: of all, and of
 * each where it is noisy.
 */
struct store_run {
	struct access store[NR_STORES];
	int64_t reuse[NR_STORES];
	struct vmstat before;
	struct vmstat after;
	int64_t around;
};

/*
 * After a fork the kernel counts a fault, and mostly a PGREUSE, for each page of
 * our own that is written again. Have those behind us before counting starts.
 */
static void warm_up(struct prober *p, struct store_run *run)
{
	unsigned char scratch;

	memset(run, 0, sizeof(*run));
	access_page(&p->meter, &scratch, ACCESS_STORE, &run->store[0]);
	vmstat_read(&run->before);
	vmstat_read(&run->after);
}

/*
 * What the machine counts is about us as long as nobody else gets a turn. On the
 * other CPUs they do, and on this one without the permission: the passes see to
 * that.
 */
static void take_cpu(bool alone)
{
	struct sched_param param = { .sched_priority = alone ? 1 : 0 };

	sched_setscheduler(0, alone ? SCHED_FIFO : SCHED_OTHER, &param);
}

static int store_in_window(struct prober *p, unsigned char *addr,
			   struct access *store, int64_t *reuse)
{
	struct vmstat before, after;
	int err;

	if (!p->noisy)
		return prober_touch(p, addr, ACCESS_STORE, store);
	vmstat_read(&before);
	err = prober_touch(p, addr, ACCESS_STORE, store);
	vmstat_read(&after);
	*reuse = after.pgreuse - before.pgreuse;
	return err;
}

/*
 * Store to NR_STORES pages in order, and count what the machine counts
 * meanwhile. A mapping with fewer pages is mapped afresh when they are used up.
 */
static int probe_stores(struct prober *p, const char *stage, bool after_load,
			struct store_run *run)
{
	struct mapping map = { .addr = MAP_FAILED };
	int err = 0, i;

	take_cpu(true);
	warm_up(p, run);
	run->around = -rusage_faults();
	vmstat_read(&run->before);
	for (i = 0; !err && i < NR_STORES; i++) {
		if (!map.nr_pages || i % map.nr_pages == 0) {
			mapping_close(&map);
			err = prober_fresh(p, &map, stage);
			if (err)
				break;
			if (after_load)
				prober_load_all(&map);
		}
		err = store_in_window(p, mapping_page(&map, i % map.nr_pages),
				      &run->store[i], &run->reuse[i]);
	}
	vmstat_read(&run->after);
	run->around += rusage_faults();
	take_cpu(false);
	mapping_close(&map);
	return err;
}

static void reuse_add(const struct prober *p, struct event_delta *delta,
		      int64_t *least, const struct store_run *run)
{
	if (p->noisy && run->before.pgreuse >= 0)
		event_delta_add_each(delta, least, run->reuse);
	else
		event_delta_add(delta, run->before.pgreuse, run->after.pgreuse);
}

static int probe_first_stores(struct prober *p)
{
	static struct store_run run;
	struct observation *obs = p->obs;
	int err, i, logged = 0, rusage = 0;

	err = probe_stores(p, "sixty_four_pages", false, &run);
	if (err)
		return err;

	obs->cost.stores = 0;
	for (i = 0; i < NR_STORES; i++) {
		obs->strip[i] = run.store[i].faults;
		obs->cost.stores += run.store[i].faults;
		logged += run.store[i].logged;
		rusage += run.store[i].rusage;
	}
	if (logged < obs->stores_logged)
		obs->stores_logged = logged;
	if (rusage < obs->stores_rusage)
		obs->stores_rusage = rusage;
	if (run.around < obs->around_rusage)
		obs->around_rusage = run.around;
	event_delta_add(&obs->pgfault, run.before.pgfault, run.after.pgfault);
	event_delta_add(&obs->pgmajfault, run.before.pgmajfault,
			run.after.pgmajfault);
	reuse_add(p, &obs->pgreuse, p->first_reuse, &run);
	return 0;
}

static int probe_upgrades(struct prober *p)
{
	static struct store_run run;
	struct observation *obs = p->obs;
	int err, i;

	err = probe_stores(p, "sixty_four_upgrades", true, &run);
	if (err)
		return err;

	obs->cost.upgrades = 0;
	for (i = 0; i < NR_STORES; i++)
		obs->cost.upgrades += run.store[i].faults;
	reuse_add(p, &obs->pgreuse_upgrade, p->upgrade_reuse, &run);
	return 0;
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

/* The same stores with nothing between them: what the faults cost. */
static int probe_time(struct prober *p)
{
	struct observation *obs = p->obs;
	struct mapping map;
	int64_t ns;
	int err, i;

	err = prober_fresh(p, &map, "time");
	if (err || map.nr_pages < NR_STORES)
		goto close_mapping;
	take_cpu(true);
	ns = now_ns();
	for (i = 0; i < NR_STORES; i++)
		*mapping_page(&map, i) = i;
	ns = now_ns() - ns;
	take_cpu(false);
	if (!obs->stores_ns || ns < obs->stores_ns)
		obs->stores_ns = ns;
close_mapping:
	mapping_close(&map);
	return err;
}

static int pass(struct prober *p)
{
	static int (*const probes[])(struct prober *p) = {
		probe_first_store, probe_store_after_load, probe_child_store,
		probe_parent_store, probe_reprotect, probe_store_after_fsync,
		probe_mapped_ahead, probe_neighbour, probe_first_stores,
		probe_upgrades, probe_time,
	};
	size_t i;
	int err = 0;

	for (i = 0; !err && i < sizeof(probes) / sizeof(*probes); i++)
		err = probes[i](p);
	return err;
}

/* What is either right or wrong, and no count that the passes have to agree on. */
static int probe_once(struct prober *p)
{
	static int (*const probes[])(struct prober *p) = {
		probe_read_only, probe_data, probe_file_times, probe_truth,
		probe_parts, probe_door, probe_shapes, probe_fork,
		probe_threads, probe_gup, probe_flags,
	};
	size_t i;
	int err = 0;

	for (i = 0; !err && i < sizeof(probes) / sizeof(*probes); i++)
		err = probes[i](p);
	return err;
}

static int settled_count(const struct event_delta *delta)
{
	if (delta->missing || !event_delta_settled(delta))
		return NOT_MEASURED;
	return delta->least;
}

static bool same_pass(const struct observation *a, const struct observation *b)
{
	return !memcmp(&a->cost, &b->cost, sizeof(a->cost)) &&
	       !memcmp(a->strip, b->strip, sizeof(a->strip));
}

static int probe_all(struct prober *p)
{
	/* Static: large, and its first use would fault on the stack. */
	static struct observation last;
	struct observation *obs = p->obs;
	int err, seen, reprotected, passes = 1;
	int64_t end;

	obs->stage = "calibration";
	seen = calibrate_pick_cpu(&p->meter, &obs->mixed_cpus);
	if (seen < 0)
		return prober_fail(p, seen, "calibration on shared memory: %s",
				   strerror(-seen));
	reprotected = calibrate_memfd_reprotected(&p->meter);
	if (reprotected < 0)
		return prober_fail(p, reprotected,
				   "mprotect() of shared memory: %s",
				   strerror(-reprotected));

	obs->stage = "open";
	err = p->src->open(p->src, &p->backing,
			   NR_STORES * sysconf(_SC_PAGESIZE));
	if (err)
		return prober_fail(p, err, "%s", p->backing.why);

	obs->stores_logged = INT_MAX;
	obs->stores_rusage = INT_MAX;
	obs->around_rusage = INT_MAX;
	/* The first pass also makes driver and libc fetch what they need. */
	err = pass(p);
	end = now_ns() + PASSES_MS * 1000000LL;
	do {
		if (err)
			break;
		last = *obs;
		err = pass(p);
		passes++;
		obs->repeats = same_pass(&last, obs);
		if (obs->repeats &&
		    (obs->log_err ||
		     obs->stores_logged == obs->stores_rusage) &&
		    (obs->pgfault.missing ||
		     obs->pgfault.least == obs->around_rusage) &&
		    calm(&obs->pgreuse) && calm(&obs->pgreuse_upgrade))
			break;
		p->noisy = !calm(&obs->pgreuse) || !calm(&obs->pgreuse_upgrade);
	} while (passes < PASSES_MIN || now_ns() < end);
	if (!err)
		err = probe_once(p);
	obs->cost.memfd_upgrade = seen;
	obs->cost.memfd_reprotected = reprotected;
	obs->cost.pgreuse = settled_count(&obs->pgreuse);
	obs->cost.pgreuse_upgrade = settled_count(&obs->pgreuse_upgrade);
	return err;
}

void probe(const struct source *src, struct observation *obs)
{
	static struct prober p;
	int i;

	memset(&p, 0, sizeof(p));
	p.src = src;
	p.obs = obs;
	backing_init(&p.backing);
	if (sched_getaffinity(0, sizeof(p.cpus), &p.cpus))
		CPU_ZERO(&p.cpus);
	for (i = 0; i < NR_STORES; i++) {
		p.first_reuse[i] = INT64_MAX;
		p.upgrade_reuse[i] = INT64_MAX;
	}

	meter_open(&p.meter);
	obs->log_err = p.meter.log_err;
	if (!probe_all(&p) && !obs->repeats)
		prober_fail(&p, -EAGAIN, "no two passes in a row gave the same numbers");
	src->close(&p.backing);
	meter_close(&p.meter);
}
