// SPDX-License-Identifier: GPL-2.0
/*
 * Faults and nanoseconds of a first touch of each mapping: a store to an untouched page,
 * a load of one, and a store after that load.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "../lib/cost/cost.h"
#include "../lib/count/count.h"
#include "../lib/source/drm_cards.h"
#include "../module/mod.h"

#define MIN_ROUNDS	3
#define SIZE_STEP	8
/* A measurement that takes longer hangs. */
#define LIMIT_MS	300000

enum step {
	STEP_STORE,
	STEP_LOAD,
	STEP_UPGRADE,
	NR_STEPS,
};

/**
 * struct touched - a mapping of one size; shared with the measuring child
 *
 * @pages:	pages of the mapping
 * @ns:		nanoseconds a page
 * @faults:	faults of all pages
 * @set:	MB/s of memset() on an untouched mapping
 * @rounds:	rounds so far
 * @setting:	memset() is running
 * @err:	0 or -errno
 * @why:	its meaning
 * @done:	the measurement has ended
 */
struct touched {
	size_t pages;
	struct sample ns[NR_STEPS];
	int64_t faults[NR_STEPS];
	struct sample set;
	int rounds;
	bool setting;
	int err;
	char why[256];
	bool done;
};

static struct touched *touched;
static int nr_picked, nr_measured;
static char names[4096];

static int fresh(const struct source *src, struct backing *b,
		 struct mapping *map)
{
	int err = 0;

	map->addr = MAP_FAILED;
	b->why[0] = '\0';
	if (src->renew)
		err = src->renew(b);
	return err ? err : mapping_open(map, b, PROT_READ | PROT_WRITE);
}

static int count_step(struct meter *meter, const struct mapping *map,
		      enum step step, struct touched *t)
{
	enum access_kind kind = step == STEP_LOAD ? ACCESS_LOAD : ACCESS_STORE;
	static struct fault_map faults;
	int64_t before;
	int err;

	if (meter->log_err) {
		before = rusage_faults();
		touch(map->addr, map->nr_pages, kind);
		t->faults[step] = rusage_faults() - before;
		return 0;
	}
	err = touch_logged(&meter->log, &faults, map->addr, map->nr_pages,
			   kind);
	t->faults[step] = faults.faults;
	return err;
}

/* Apart from the rounds, which are timed. */
static int count(const struct source *src, struct backing *b,
		 struct touched *t)
{
	static struct meter meter;
	struct mapping map;
	int err;

	meter_open(&meter);
	err = fresh(src, b, &map);
	if (err)
		goto close;
	err = count_step(&meter, &map, STEP_STORE, t);
	mapping_close(&map);
	if (err)
		goto log_failed;
	err = fresh(src, b, &map);
	if (err)
		goto close;
	err = count_step(&meter, &map, STEP_LOAD, t);
	if (!err)
		err = count_step(&meter, &map, STEP_UPGRADE, t);
log_failed:
	if (err)
		backing_fail(b, err, "%s", log_error(err));
close:
	mapping_close(&map);
	meter_close(&meter);
	return err;
}

static void time_step(const struct mapping *map, enum step step,
		      struct touched *t)
{
	int64_t start = now_ns();

	touch(map->addr, map->nr_pages,
	      step == STEP_LOAD ? ACCESS_LOAD : ACCESS_STORE);
	sample_add(&t->ns[step], (double)(now_ns() - start) / map->nr_pages);
}

static void time_set(const struct mapping *map, struct touched *t)
{
	int64_t start = now_ns();

	t->setting = true;
	memset(map->addr, 0x5a, map->size);
	/* Keep the compiler from dropping it. */
	asm volatile("" : : "r" (map->addr) : "memory");
	sample_add(&t->set, map->size * 1e3 / (now_ns() - start));
	t->setting = false;
}

/* One kind of access to a fresh mapping; a load and the store after it share one. */
static int time_fresh(const struct source *src, struct backing *b,
		      enum step step, bool set, struct touched *t)
{
	struct mapping map;
	int err = fresh(src, b, &map);

	if (!err && set) {
		time_set(&map, t);
	} else if (!err) {
		time_step(&map, step, t);
		if (step == STEP_LOAD)
			time_step(&map, STEP_UPGRADE, t);
	}
	mapping_close(&map);
	return err;
}

/* In turns, so that other load on the machine affects all of them. */
static int time_rounds(const struct source *src, struct backing *b,
		       bool with_set, struct touched *t)
{
	int64_t end = now_ns() + ROUNDS_MS * 1000000LL;
	int err = 0;

	for (; !err && t->rounds < bench.rounds; t->rounds++) {
		if (t->rounds >= MIN_ROUNDS && now_ns() > end)
			break;
		err = time_fresh(src, b, t->rounds % 2, false, t);
		if (!err)
			err = time_fresh(src, b, !(t->rounds % 2), false, t);
		if (!err && with_set)
			err = time_fresh(src, b, STEP_STORE, true, t);
	}
	return err;
}

static void measure_size(const struct source *src, size_t pages, bool with_set,
			 struct touched *t)
{
	struct backing b;

	backing_init(&b);
	t->err = src->open(src, &b, pages * bench.page_size);
	t->pages = t->err ? 0 : b.size / bench.page_size;
	/* The caller skips a source that has fewer pages. */
	if (!t->err && t->pages >= pages)
		t->err = count(src, &b, t);
	if (!t->err && t->pages >= pages)
		t->err = time_rounds(src, &b, with_set, t);
	snprintf(t->why, sizeof(t->why), "%s", b.why);
	src->close(&b);
}

/* In a child, since a driver may answer with a signal, or not at all. */
static void measure_apart(const struct source *src, size_t pages, bool with_set,
			  struct touched *t)
{
	int err, status = 0;
	pid_t pid;

	memset(t, 0, sizeof(*t));
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		bench_die(2, "fork(): %s", strerror(errno));
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		measure_size(src, pages, with_set, t);
		t->done = true;
		_exit(0);
	}
	err = child_wait(pid, &status, LIMIT_MS);
	if (err) {
		kill(pid, SIGKILL);
		child_wait(pid, &status, 1000);
	}
	if (t->done)
		return;
	t->err = err ? err : -EFAULT;
	if (err)
		snprintf(t->why, sizeof(t->why), "no end after %d seconds",
			 LIMIT_MS / 1000);
	else
		snprintf(t->why, sizeof(t->why), "%s in %s",
			 WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) :
			 "the measuring process exited",
			 t->setting ? "memset()" : "a store or load");
}

static void print_touched(const struct source *src, struct touched *t)
{
	struct sample *ns = t->ns;

	cell_text("mapping", 16, src->name);
	cell_number("pages", -6, 0, t->pages);
	cell_number("rounds", -6, 0, t->rounds);
	cell_number("faults", -6, 3, (double)t->faults[STEP_STORE] / t->pages);
	cell_sample("store_ns", -8, 0, &ns[STEP_STORE]);
	cell_sample("load_ns", -7, 0, &ns[STEP_LOAD]);
	cell_number("faults2", -7, 3,
		    (double)t->faults[STEP_UPGRADE] / t->pages);
	cell_sample("ns2", -5, 0, &ns[STEP_UPGRADE]);
	cell_number("pct", -3, 0, 100 * quartile(&ns[STEP_UPGRADE], 2) /
				  quartile(&ns[STEP_STORE], 2));
	cell_sample("MB/s", -5, 0, &t->set);
	row_end();
}

/* One size. Return: whether a larger one can be measured. */
static bool bench_size(const struct source *src, size_t pages, struct touched *t)
{
	char why[sizeof(t->why)] = "";

	if (!memory_fits(pages)) {
		left_out(src->name, pages, "they need more than half of the free memory");
		return false;
	}
	show_progress("%s, %zu pages", src->name, pages);
	measure_apart(src, pages, true, t);
	/* Some memory does not take the stores of memset(). */
	if (!t->done && t->setting) {
		left_out(src->name, pages, t->why);
		measure_apart(src, pages, false, t);
	}
	if (t->err)
		snprintf(why, sizeof(why), "%s",
			 t->why[0] ? t->why : strerror(-t->err));
	else if (t->pages < pages)
		snprintf(why, sizeof(why), "this memory has %zu in all", t->pages);
	if (why[0]) {
		left_out(src->name, pages, why);
		return false;
	}
	print_touched(src, t);
	nr_measured++;
	return true;
}

/* Names the mappings that there are. */
static int note_source(const struct source *src)
{
	if (source_wanted(src)) {
		strncat(names, " ", sizeof(names) - strlen(names) - 1);
		strncat(names, src->name, sizeof(names) - strlen(names) - 1);
		nr_picked += !bench.only || !strcmp(bench.only, src->name);
	}
	return 0;
}

static int bench_source(const struct source *src)
{
	struct backing b;
	size_t pages;

	if (!source_wanted(src) || (bench.only && strcmp(bench.only, src->name)))
		return 0;
	backing_init(&b);
	if (source_here(src, &b)) {
		left_out(src->name, 0, b.why);
		return 0;
	}
	for (pages = 1; pages <= bench.max_pages; pages *= SIZE_STEP) {
		if (!bench_size(src, pages, touched))
			break;
		/* A source may make more than it was asked for. */
		while (pages * SIZE_STEP <= touched->pages)
			pages *= SIZE_STEP;
	}
	return 0;
}

static const char *who_sets_dirty(void)
{
	static char text[160];
	struct meter meter;
	bool mixed = false;
	int dirty;

	meter_open(&meter);
	dirty = calibrate(&meter, &mixed);
	snprintf(text, sizeof(text), "%s%s%s%s",
		 dirty < 0 ? "it is unknown what sets the dirty bit" :
		 dirty ? "software sets the dirty bit" :
		 "the CPU sets the dirty bit",
		 mixed ? " on some CPUs, of which this is one" : "",
		 meter.log_err ? ", faults by getrusage(): perf is refused: " :
		 "", meter.log_err ? strerror(-meter.log_err) : "");
	meter_close(&meter);
	return text;
}

static void each_source(int (*fn)(const struct source *src))
{
	char why[1024];

	sources_each(fn);
	mod_each(fn);
	if (drm_cards_each(fn, why, sizeof(why)))
		bench_die(2, "%s", why);
}

int bench_first_touch(void)
{
	each_source(note_source);
	if (!names[0])
		bench_die(2, "PFN_MKWRITE_ONLY and PFN_MKWRITE_SKIP leave no mapping");
	if (!nr_picked)
		bench_die(2, "-m %s: no such mapping; there are:%s", bench.only, names);
	touched = mmap(NULL, sizeof(*touched), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (touched == MAP_FAILED)
		bench_die(2, "mmap(): %s", strerror(errno));
	table_begin(bench.json, "first touch", who_sets_dirty());
	if (!bench.json)
		printf("# faults and ns of a page; faults2, ns2: of a store after the load, pct of a\n# first store; MB/s: of memset()\n");
	each_source(bench_source);
	table_end();
	return nr_measured ? 0 : 4;
}
