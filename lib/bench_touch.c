// SPDX-License-Identifier: GPL-2.0
/*
 * What a first touch of each mapping costs, in faults and nanoseconds.
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
#include "calibrate.h"
#include "child.h"
#include "counters.h"
#include "drm_cards.h"
#include "mod.h"

#define MIN_ROUNDS	3
#define SIZE_STEP	8
/* One that takes this long hangs. */
#define LIMIT_MS	300000
#define MAX_SOURCES	128

/* Nanoseconds for each page. */
static double touch_timed(const struct mapping *map, enum access_kind kind)
{
	double start = clock_ns(CLOCK_MONOTONIC);

	touch(map->addr, map->nr_pages, kind);
	return (clock_ns(CLOCK_MONOTONIC) - start) / map->nr_pages;
}

/* The three accesses that are counted and timed. */
enum step {
	STEP_STORE,
	STEP_LOAD,
	STEP_UPGRADE,
	NR_STEPS,
};

static const char *const step_names[] = {
	[STEP_STORE] = "store",
	[STEP_LOAD] = "load",
	[STEP_UPGRADE] = "store_after_load",
};

/**
 * struct touched - what a mapping of one size has shown; shared with a child
 *
 * @pages:	that were mapped
 * @ns:		nanoseconds for each page
 * @faults:	faults of all pages; -1 where they were not counted
 * @strip:	how they are spread over the pages
 * @set:	bytes a second that memset() has written to an untouched mapping
 * @rounds:	rounds that are over
 * @setting:	within memset()
 * @err:	0 or -errno
 * @why:	and what it means
 * @done:	with all of that
 */
struct touched {
	size_t pages;
	struct sample ns[NR_STEPS];
	int64_t faults[NR_STEPS];
	char strip[NR_STEPS][64];
	struct sample set;
	int rounds;
	bool setting;
	int err;
	char why[256];
	bool done;
};

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

/* The faults of a step: by the log, or without one all that the thread took. */
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
		snprintf(t->strip[step], sizeof(t->strip[step]), "?");
		return 0;
	}
	err = touch_logged(&meter->log, &faults, map->addr, map->nr_pages,
			   kind);
	if (err)
		return err;
	t->faults[step] = faults.faults;
	fault_map_text(&faults, t->strip[step], sizeof(t->strip[step]));
	return 0;
}

/* Nobody looks at the clock here, and nobody counts in the rounds. */
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

static int time_store(const struct source *src, struct backing *b,
		      struct touched *t)
{
	struct mapping map;
	int err = fresh(src, b, &map);

	if (!err)
		sample_add(&t->ns[STEP_STORE], touch_timed(&map, ACCESS_STORE));
	mapping_close(&map);
	return err;
}

/* The pages of the store are those that the load has just mapped. */
static int time_load(const struct source *src, struct backing *b,
		     struct touched *t)
{
	struct mapping map;
	int err = fresh(src, b, &map);

	if (!err) {
		sample_add(&t->ns[STEP_LOAD], touch_timed(&map, ACCESS_LOAD));
		sample_add(&t->ns[STEP_UPGRADE],
			   touch_timed(&map, ACCESS_STORE));
	}
	mapping_close(&map);
	return err;
}

static int time_set(const struct source *src, struct backing *b,
		    struct touched *t)
{
	struct mapping map;
	int err = fresh(src, b, &map);
	double start;

	if (!err) {
		start = clock_ns(CLOCK_MONOTONIC);
		memset(map.addr, 0x5a, map.size);
		/* The memory may be read by others: the compiler has to write it. */
		asm volatile("" : : "r" (map.addr) : "memory");
		sample_add(&t->set, map.size / (clock_ns(CLOCK_MONOTONIC) - start) * 1e9);
	}
	mapping_close(&map);
	return err;
}

/* In turns, so that whatever else the machine does hits all alike. */
static int time_rounds(const struct source *src, struct backing *b,
		       bool with_set, struct touched *t)
{
	double start = clock_ns(CLOCK_MONOTONIC);
	int err = 0;

	for (; !err && t->rounds < bench.rounds; t->rounds++) {
		if (t->rounds >= MIN_ROUNDS &&
		    clock_ns(CLOCK_MONOTONIC) - start > ROUNDS_MS * 1e6)
			break;
		if (t->rounds % 2) {
			err = time_load(src, b, t);
			err = err ? err : time_store(src, b, t);
		} else {
			err = time_store(src, b, t);
			err = err ? err : time_load(src, b, t);
		}
		t->setting = true;
		if (!err && with_set)
			err = time_set(src, b, t);
		t->setting = false;
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
	/* The caller knows these from smaller or larger sizes. */
	if (!t->err && t->pages >= pages)
		t->err = count(src, &b, t);
	if (!t->err && t->pages >= pages)
		t->err = time_rounds(src, &b, with_set, t);
	snprintf(t->why, sizeof(t->why), "%s", b.why);
	src->close(&b);
}

/* In a child: a driver may answer with a signal, or not at all. */
static void measure_apart(const struct source *src, size_t pages, bool with_set,
			  struct touched *t)
{
	int err, status = 0, step;
	pid_t pid;

	memset(t, 0, sizeof(*t));
	for (step = 0; step < NR_STEPS; step++)
		t->faults[step] = -1;
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
			 "the measuring process went away",
			 t->setting ? "memset()" : "a store or load");
}

static void print_touched(const struct source *src, struct touched *t)
{
	char a[80], b[80], c[80], d[80];
	int step;

	for (step = 0; step < NR_STEPS; step++)
		sample_sort(&t->ns[step]);
	sample_sort(&t->set);
	if (!bench.json) {
		for (step = 0; step < t->set.nr; step++)
			t->set.value[step] /= 1e6;
		printf("%-16s %7zu %6d %7.3f %-26s %-26s %7.3f %-26s %4.0f%% %s\n",
		       src->name, t->pages, t->rounds,
		       (double)t->faults[STEP_STORE] / t->pages,
		       text_sample(&t->ns[STEP_STORE], 0, a, sizeof(a)),
		       text_sample(&t->ns[STEP_LOAD], 0, b, sizeof(b)),
		       (double)t->faults[STEP_UPGRADE] / t->pages,
		       text_sample(&t->ns[STEP_UPGRADE], 0, c, sizeof(c)),
		       100 * quartile(&t->ns[STEP_UPGRADE], 2) /
		       quartile(&t->ns[STEP_STORE], 2),
		       text_sample(&t->set, 0, d, sizeof(d)));
		return;
	}
	json_next();
	printf("{");
	json_string("mapping", src->name);
	printf(", \"pages\": %zu, \"rounds\": %d", t->pages, t->rounds);
	for (step = 0; step < NR_STEPS; step++) {
		printf(", \"%s\": {\"faults\": %lld, ", step_names[step],
		       (long long)t->faults[step]);
		json_string("faults_of_pages", t->strip[step]);
		printf(", ");
		json_sample("ns_per_page", &t->ns[step]);
		printf("}");
	}
	printf(", ");
	json_sample("memset_bytes_per_s", &t->set);
	printf("}");
}

/* All sizes of one source; says why it stops where it does. */
static int bench_source(const struct source *src, struct touched *t)
{
	size_t pages, done = 0, available;
	char why[320];
	int nr = 0;

	for (pages = 1; pages <= bench.max_pages; pages *= SIZE_STEP) {
		/* Some make more than they are asked for. */
		if (pages <= done)
			continue;
		available = memory_available();
		if (pages * bench.page_size > available / 2) {
			snprintf(why, sizeof(why),
				 "half of the %zu MB that are free is less",
				 available >> 20);
			bench_left_out(src->name, pages, why);
			return nr;
		}
		measure_apart(src, pages, true, t);
		/* Not each memory takes the stores of memset(). */
		if (!t->done && t->setting) {
			bench_left_out(src->name, pages, t->why);
			measure_apart(src, pages, false, t);
		}
		if (!t->err && t->pages < pages) {
			snprintf(why, sizeof(why),
				 "this memory has %zu pages, and no more",
				 t->pages);
			bench_left_out(src->name, pages, why);
			return nr;
		}
		if (t->err) {
			snprintf(why, sizeof(why), "%s",
				 t->why[0] ? t->why : strerror(-t->err));
			bench_left_out(src->name, pages, why);
			return nr;
		}
		print_touched(src, t);
		fflush(stdout);
		done = t->pages;
		nr++;
	}
	return nr;
}

static const struct source *sources[MAX_SOURCES];
static int nr_sources;

static void add_source(const struct source *src)
{
	if (nr_sources < MAX_SOURCES && mapping_wanted(src))
		sources[nr_sources++] = src;
}

/* Those of pfn_mkwrite_test and of pfn_mkwrite_drm. */
static void find_sources(void)
{
	const char *pick = getenv("PFN_MKWRITE_DRM");
	const struct source *const *plain, *const *mod;
	static struct drm_cards cards;
	const struct source *heap;
	int nr, i;

	for (plain = plain_sources; *plain; plain++)
		add_source(*plain);
	for (mod = mod_sources(&nr); nr--; mod++)
		add_source(*mod);
	for (heap = dma_heap_sources(&nr); nr--; heap++)
		add_source(heap);
	drm_cards_find(&cards);
	for (i = 0; i < cards.nr; i++) {
		if (pick && *pick && !drm_card_matches(&cards.card[i], pick))
			continue;
		add_source(&cards.card[i].source);
		add_source(&cards.card[i].prime);
		add_source(&cards.card[i].huge);
	}
}

static const char *who_sets_dirty(void)
{
	static char text[160];
	struct meter meter;
	bool mixed = false;
	int dirty;

	meter_open(&meter);
	dirty = calibrate_pick_cpu(&meter, &mixed);
	snprintf(text, sizeof(text), "%s%s%s%s",
		 dirty < 0 ? "nobody knows who sets the dirty bit" :
		 dirty ? "software sets the dirty bit" :
		 "the CPU sets the dirty bit",
		 mixed ? " on some CPUs, of which this is one" : "",
		 meter.log_err ? ", faults by getrusage(): perf is refused: " :
		 "", meter.log_err ? strerror(-meter.log_err) : "");
	meter_close(&meter);
	return text;
}

int bench_first_touch(void)
{
	struct touched *t;
	struct backing b;
	int i, err, nr = 0;
	bool known = !bench.only;

	t = mmap(NULL, sizeof(*t), PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (t == MAP_FAILED)
		bench_die(2, "mmap(): %s", strerror(errno));
	find_sources();
	for (i = 0; i < nr_sources; i++)
		known |= bench.only && !strcmp(bench.only, sources[i]->name);
	if (!known) {
		fprintf(stderr, "pfn_mkwrite_bench: -m %s: no such mapping; there are:",
			bench.only);
		for (i = 0; i < nr_sources; i++)
			fprintf(stderr, " %s", sources[i]->name);
		fprintf(stderr, "\n");
		return 2;
	}
	bench.rounds = bench.rounds ?: TOUCH_ROUNDS;
	bench_header("first touch", who_sets_dirty());
	if (!bench.json)
		printf("%-16s %7s %6s %7s %-26s %-26s %7s %-26s %5s %s\n",
		       "mapping", "pages", "rounds", "faults", "store_ns",
		       "load_ns", "faults", "store_after_load_ns", "share",
		       "memset_MB/s");
	for (i = 0; i < nr_sources; i++) {
		if (bench.only && strcmp(bench.only, sources[i]->name))
			continue;
		backing_init(&b);
		err = sources[i]->here ? sources[i]->here(sources[i], &b) : 0;
		if (err)
			bench_left_out(sources[i]->name, 0, b.why);
		else
			nr += bench_source(sources[i], t);
	}
	bench_footer();
	return nr ? 0 : 4;
}
