// SPDX-License-Identifier: GPL-2.0
/*
 * What a first touch of device memory costs, and what it costs to measure that. For
 * people, and no test: the runner never starts it.
 *
 *   pfn_mkwrite_bench		each mapping: faults and time of a store to an
 *				untouched page, of a load, and of a store after it
 *   pfn_mkwrite_bench -c	the fault log against no log, and against perf,
 *				pagemap and vmstat, on a memfd
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/access.h"
#include "lib/calibrate.h"
#include "lib/child.h"
#include "lib/counters.h"
#include "lib/drm_cards.h"
#include "lib/fault_map.h"
#include "lib/mapping.h"
#include "lib/mod.h"
#include "lib/vma_info.h"

/* Records of so many pages are taken out at once; the ring has room for 8 a page. */
#define CHUNK		64
#define MAX_ROUNDS	101
#define MIN_ROUNDS	3
#define TOUCH_ROUNDS	11
#define COST_ROUNDS	5
/* From one page to so many, which is 1 GiB of 4 KiB pages. */
#define MAX_PAGES	262144UL
#define SIZE_STEP	8
/* No mapping gets more rounds at one size when it has had so much time. */
#define ROUNDS_MS	2000
/* One that takes this long hangs. */
#define LIMIT_MS	300000
#define MAX_SOURCES	128
/* The cost of measuring, from so many pages to MAX_PAGES in steps of COST_STEP. */
#define COST_PAGES	4096
#define COST_STEP	4
#define MAX_COSTS	4
/* What the log adds is less than what else happens: more rounds of up to MAX_COMPARED. */
#define OVERHEAD_TIMES	3
/* Beyond so many pages the other ways to count take minutes. */
#define MAX_COMPARED	65536
/*
 * The goals: percent that the log may add, times that it is to be faster than perf,
 * times that a page may cost more among the most pages than among the fewest, and KiB
 * that the log may take more for them.
 */
#define GOAL_PERCENT	10
#define GOAL_TIMES	5
#define GOAL_LINEAR	1.25
#define GOAL_KB		256

static size_t page_size;

/* What the command line asks for. */
static bool json;
static const char *only;
static size_t max_pages = MAX_PAGES;
static int rounds;

static void __attribute__((format(printf, 2, 3), noreturn))
die(int status, const char *fmt, ...)
{
	va_list args;

	fflush(stdout);
	fprintf(stderr, "pfn_mkwrite_bench: ");
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fprintf(stderr, "\n");
	exit(status);
}

static double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e9 + now.tv_nsec;
}

/**
 * struct sample - one number, measured some times
 *
 * @nr:		how often
 * @value:	they; in order after sample_sort()
 */
struct sample {
	int nr;
	double value[MAX_ROUNDS];
};

static void sample_add(struct sample *s, double value)
{
	if (s->nr < MAX_ROUNDS)
		s->value[s->nr++] = value;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void sample_sort(struct sample *s)
{
	qsort(s->value, s->nr, sizeof(s->value[0]), by_value);
}

/* Of a sorted sample: 1 is the first quartile, 2 the median. */
static double quartile(const struct sample *s, int which)
{
	double at = (s->nr - 1) * which / 4.0;
	int below = floor(at);

	if (!s->nr)
		return NAN;
	if (below + 1 >= s->nr)
		return s->value[s->nr - 1];
	return s->value[below] + (at - below) *
				 (s->value[below + 1] - s->value[below]);
}

/*
 * Accesses that the compiler neither drops nor merges; atomic ones, which as relaxed
 * ones are plain instructions.
 */
static void touch(unsigned char *addr, size_t pages, enum access_kind kind)
{
	size_t i, size = page_size;

	if (kind == ACCESS_STORE) {
		for (i = 0; i < pages; i++)
			__atomic_store_n(addr + i * size, 0x5a,
					 __ATOMIC_RELAXED);
		return;
	}
	for (i = 0; i < pages; i++)
		__atomic_load_n(addr + i * size, __ATOMIC_RELAXED);
}

/* Nanoseconds for each page. */
static double touch_timed(const struct mapping *map, enum access_kind kind)
{
	double start = now_ns();

	touch(map->addr, map->nr_pages, kind);
	return (now_ns() - start) / map->nr_pages;
}

/* The same with each fault logged, and folded into a map. */
static int touch_logged(struct fault_log *log, struct fault_map *faults,
			unsigned char *addr, size_t pages,
			enum access_kind kind)
{
	static struct fault taken[2 * FAULT_LOG_SAMPLES];
	size_t at, nr;
	int err, got;

	fault_map_init(faults, addr, page_size, pages);
	err = fault_log_start(log);
	if (err)
		return err;
	for (at = 0; !err && at < pages; at += nr) {
		nr = pages - at < CHUNK ? pages - at : CHUNK;
		touch(addr + at * page_size, nr, kind);
		got = fault_log_take(log, taken, 2 * FAULT_LOG_SAMPLES);
		err = got < 0 ? got : fault_map_add(faults, taken, got);
	}
	got = fault_log_stop(log, taken, 2 * FAULT_LOG_SAMPLES);
	if (!err)
		err = got < 0 ? got : fault_map_add(faults, taken, got);
	fault_map_end(faults);
	return err;
}

static const char *log_error(int err)
{
	switch (err) {
	case -ENOBUFS:
		return "the fault log lost records";
	case -EACCES:
	case -EPERM:
		return "perf is refused; run as root or lower kernel.perf_event_paranoid";
	case -EPROTO:
		return "a page faulted again after a later one had been touched";
	default:
		return strerror(-err);
	}
}

/* Bytes that can be had without swapping. */
static size_t memory_available(void)
{
	unsigned long kb = 0;
	char line[128];
	FILE *file;

	file = fopen("/proc/meminfo", "re");
	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "MemAvailable: %lu kB", &kb) == 1)
			break;
	}
	if (file)
		fclose(file);
	return kb * 1024;
}

/* One line or object after another. */
static void json_next(void)
{
	static bool later;

	printf("%s\n", later ? "," : "");
	later = true;
}

static void json_string(const char *key, const char *value)
{
	printf("\"%s\": \"", key);
	for (; *value; value++) {
		if (*value == '"' || *value == '\\')
			printf("\\%c", *value);
		else if ((unsigned char)*value < ' ')
			printf("\\u%04x", *value);
		else
			putchar(*value);
	}
	putchar('"');
}

static void json_sample(const char *key, const struct sample *s)
{
	if (!s->nr) {
		printf("\"%s\": null", key);
		return;
	}
	printf("\"%s\": {\"q1\": %.1f, \"median\": %.1f, \"q3\": %.1f, \"rounds\": %d}",
	       key, quartile(s, 1), quartile(s, 2), quartile(s, 3), s->nr);
}

/* "12.3", and how far the half of all rounds in the middle is apart. */
static const char *text_sample(const struct sample *s, int digits, char *text,
			       size_t size)
{
	if (s->nr)
		snprintf(text, size, "%.*f[%.*f..%.*f]", digits,
			 quartile(s, 2), digits, quartile(s, 1), digits,
			 quartile(s, 3));
	else
		snprintf(text, size, "-");
	return text;
}

/* What was not measured, in both forms. */
static void left_out(const char *name, size_t pages, const char *why)
{
	if (!json) {
		printf("# left out: %s", name);
		if (pages)
			printf(" of %zu pages", pages);
		printf(": %s\n", why);
		return;
	}
	json_next();
	printf("{");
	json_string("left_out", name);
	printf(", \"pages\": %zu, ", pages);
	json_string("why", why);
	printf("}");
}

static void header(const char *job, const char *more)
{
	struct sample clock = { 0 };
	struct utsname name;
	double start;
	int i;

	for (i = 0; i < MAX_ROUNDS; i++) {
		start = now_ns();
		sample_add(&clock, now_ns() - start);
	}
	sample_sort(&clock);
	uname(&name);
	if (!json) {
		printf("# %s: Linux %s, %s, pages of %zu bytes, %s\n", job,
		       name.release, name.machine, page_size, more);
		printf("# median[quartiles]; each time holds %.0f ns of reading the clock\n",
		       quartile(&clock, 2));
		return;
	}
	printf("{");
	json_string("job", job);
	printf(", ");
	json_string("kernel", name.release);
	printf(", ");
	json_string("machine", name.machine);
	printf(", ");
	json_string("note", more);
	printf(", \"page_size\": %zu, \"clock_ns\": %.0f, \"results\": [",
	       page_size, quartile(&clock, 2));
}

static void footer(void)
{
	if (json)
		printf("\n]}\n");
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
		start = now_ns();
		memset(map.addr, 0x5a, map.size);
		/* The memory may be read by others: the compiler has to write it. */
		asm volatile("" : : "r" (map.addr) : "memory");
		sample_add(&t->set, map.size / (now_ns() - start) * 1e9);
	}
	mapping_close(&map);
	return err;
}

/* In turns, so that whatever else the machine does hits all alike. */
static int time_rounds(const struct source *src, struct backing *b,
		       bool with_set, struct touched *t)
{
	double start = now_ns();
	int err = 0;

	for (; !err && t->rounds < rounds; t->rounds++) {
		if (t->rounds >= MIN_ROUNDS &&
		    now_ns() - start > ROUNDS_MS * 1e6)
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
	t->err = src->open(src, &b, pages * page_size);
	t->pages = t->err ? 0 : b.size / page_size;
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
		die(2, "fork(): %s", strerror(errno));
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
	if (!json) {
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

	for (pages = 1; pages <= max_pages; pages *= SIZE_STEP) {
		/* Some make more than they are asked for. */
		if (pages <= done)
			continue;
		available = memory_available();
		if (pages * page_size > available / 2) {
			snprintf(why, sizeof(why),
				 "half of the %zu MB that are free is less",
				 available >> 20);
			left_out(src->name, pages, why);
			return nr;
		}
		measure_apart(src, pages, true, t);
		/* Not each memory takes the stores of memset(). */
		if (!t->done && t->setting) {
			left_out(src->name, pages, t->why);
			measure_apart(src, pages, false, t);
		}
		if (!t->err && t->pages < pages) {
			snprintf(why, sizeof(why),
				 "this memory has %zu pages, and no more",
				 t->pages);
			left_out(src->name, pages, why);
			return nr;
		}
		if (t->err) {
			snprintf(why, sizeof(why), "%s",
				 t->why[0] ? t->why : strerror(-t->err));
			left_out(src->name, pages, why);
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

static int bench_first_touch(void)
{
	struct touched *t;
	struct backing b;
	int i, err, nr = 0;
	bool known = !only;

	t = mmap(NULL, sizeof(*t), PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (t == MAP_FAILED)
		die(2, "mmap(): %s", strerror(errno));
	find_sources();
	for (i = 0; i < nr_sources; i++)
		known |= only && !strcmp(only, sources[i]->name);
	if (!known) {
		fprintf(stderr, "pfn_mkwrite_bench: -m %s: no such mapping; there are:",
			only);
		for (i = 0; i < nr_sources; i++)
			fprintf(stderr, " %s", sources[i]->name);
		fprintf(stderr, "\n");
		return 2;
	}
	rounds = rounds ?: TOUCH_ROUNDS;
	header("first touch", who_sets_dirty());
	if (!json)
		printf("%-16s %7s %6s %7s %-26s %-26s %7s %-26s %5s %s\n",
		       "mapping", "pages", "rounds", "faults", "store_ns",
		       "load_ns", "faults", "store_after_load_ns", "share",
		       "memset_MB/s");
	for (i = 0; i < nr_sources; i++) {
		if (only && strcmp(only, sources[i]->name))
			continue;
		backing_init(&b);
		err = sources[i]->here ? sources[i]->here(sources[i], &b) : 0;
		if (err)
			left_out(sources[i]->name, 0, b.why);
		else
			nr += bench_source(sources[i], t);
	}
	footer();
	return nr ? 0 : 4;
}

/*
 * From here on: what it costs to measure. The memory is a memfd, which each machine
 * has: fresh, so that a fault has to allocate and clear a page, or with all pages there,
 * so that it only maps one, as for device memory.
 */
enum memory {
	MEMORY_FRESH,
	MEMORY_THERE,
	NR_MEMORIES,
};

static const char *const memory_names[] = {
	[MEMORY_FRESH] = "fresh",
	[MEMORY_THERE] = "there",
};

static int make_memory(enum memory memory, size_t pages)
{
	size_t size = pages * page_size;
	void *addr;
	int fd;

	/* Programs that this one starts are to have it. */
	fd = memfd_create("pfn_mkwrite_bench", 0);
	if (fd < 0 || ftruncate(fd, size))
		die(2, "a memfd of %zu bytes: %s", size, strerror(errno));
	if (memory == MEMORY_FRESH)
		return fd;
	addr = mmap(NULL, size, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_POPULATE, fd, 0);
	if (addr == MAP_FAILED)
		die(2, "mmap() of %zu bytes: %s", size, strerror(errno));
	munmap(addr, size);
	return fd;
}

static void map_memory(struct mapping *map, int fd, size_t pages)
{
	struct backing b;

	backing_init(&b);
	b.fd = fd;
	b.size = pages * page_size;
	if (mapping_open(map, &b, PROT_READ | PROT_WRITE))
		die(2, "%s", b.why);
}

/* What the thread has had of a CPU: others, who have it in between, do not count. */
static double cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return now.tv_sec * 1e9 + now.tv_nsec;
}

/**
 * struct overhead - the log against no log, for one kind and size of memory
 *
 * @off:	nanoseconds of a CPU for each page
 * @on:		the same with the log
 * @percent:	what it adds, of each round
 * @pages:	how many
 * @one_each:	rounds in which each page took one fault, and none was lost
 * @err:	why the log failed, or 0
 */
struct overhead {
	struct sample off;
	struct sample on;
	struct sample percent;
	size_t pages;
	int one_each;
	int err;
};

static void overhead_round(struct fault_log *log, enum memory memory,
			   bool logged_first, struct overhead *o)
{
	static struct fault_map faults;
	double start, ns[2] = { 0 };
	struct mapping map;
	int i, fd, err;
	bool logged;

	for (i = 0; i < 2 && !o->err; i++) {
		logged = logged_first ? !i : i;
		fd = make_memory(memory, o->pages);
		map_memory(&map, fd, o->pages);
		start = cpu_ns();
		if (logged) {
			err = touch_logged(log, &faults, map.addr, o->pages,
					   ACCESS_STORE);
			o->err = err;
			o->one_each += !err && faults.histogram[1] == o->pages;
		} else {
			touch(map.addr, o->pages, ACCESS_STORE);
		}
		ns[logged] = (cpu_ns() - start) / o->pages;
		mapping_close(&map);
		close(fd);
	}
	if (o->err)
		return;
	sample_add(&o->off, ns[0]);
	sample_add(&o->on, ns[1]);
	sample_add(&o->percent, 100 * (ns[1] / ns[0] - 1));
}

static void print_overhead(enum memory memory, struct overhead *o)
{
	char a[80], b[80], c[80];

	sample_sort(&o->off);
	sample_sort(&o->on);
	sample_sort(&o->percent);
	if (!json) {
		printf("%-7s %7zu %6d %-26s %-26s %-20s %6.0f %d/%d\n",
		       memory_names[memory], o->pages, o->off.nr,
		       text_sample(&o->off, 0, a, sizeof(a)),
		       text_sample(&o->on, 0, b, sizeof(b)),
		       text_sample(&o->percent, 1, c, sizeof(c)),
		       quartile(&o->on, 2) - quartile(&o->off, 2),
		       o->one_each, o->off.nr);
		return;
	}
	json_next();
	printf("{");
	json_string("memory", memory_names[memory]);
	printf(", \"pages\": %zu, \"rounds_of_one_fault_each\": %d, ", o->pages,
	       o->one_each);
	json_sample("ns_per_page", &o->off);
	printf(", ");
	json_sample("ns_per_page_logged", &o->on);
	printf(", ");
	json_sample("percent", &o->percent);
	printf("}");
}

/* The ways to count that are compared; see do_workload(). */
enum method {
	METHOD_NONE,
	METHOD_LOG,
	METHOD_RECORD,
	METHOD_STAT,
	METHOD_PAGEMAP,
	METHOD_VMSTAT,
	NR_METHODS,
};

static const char *const method_names[] = {
	[METHOD_NONE] = "nothing",
	[METHOD_LOG] = "fault_log",
	[METHOD_RECORD] = "perf_record+script",
	[METHOD_STAT] = "perf_stat",
	[METHOD_PAGEMAP] = "pagemap",
	[METHOD_VMSTAT] = "vmstat",
};

/* Whether the page is there, asked just before each store. */
static size_t count_by_pagemap(const struct mapping *map)
{
	uint64_t entry, at;
	size_t i, right = 0;
	int fd;

	fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die(3, "/proc/self/pagemap: %s", strerror(errno));
	for (i = 0; i < map->nr_pages; i++) {
		at = (uintptr_t)mapping_page(map, i) / page_size;
		if (pread(fd, &entry, sizeof(entry), at * sizeof(entry)) !=
		    sizeof(entry))
			die(3, "/proc/self/pagemap: %s", strerror(errno));
		touch(mapping_page(map, i), 1, ACCESS_STORE);
		right += !(entry >> 63);
	}
	close(fd);
	return right;
}

/* The faults of the machine, before and after each store. */
static size_t count_by_vmstat(const struct mapping *map)
{
	struct vmstat before, after;
	size_t i, right = 0;
	int err;

	for (i = 0; i < map->nr_pages; i++) {
		err = vmstat_read(&before);
		touch(mapping_page(map, i), 1, ACCESS_STORE);
		err = err ? err : vmstat_read(&after);
		if (err)
			die(3, "/proc/vmstat: %s", strerror(-err));
		right += after.pgfault - before.pgfault == 1;
	}
	return right;
}

static size_t count_by_log(const struct mapping *map)
{
	static struct fault_map faults;
	struct fault_log log;
	int err;

	err = fault_log_open(&log);
	if (err)
		die(3, "perf_event_open(): %s", log_error(err));
	err = touch_logged(&log, &faults, map->addr, map->nr_pages,
			   ACCESS_STORE);
	if (err)
		die(3, "%s", log_error(err));
	fault_log_close(&log);
	return faults.histogram[1];
}

/*
 * What is run for each method, in a process of its own: maps the memory that it was
 * given, stores to each page once, and prints where that was, how many faults the
 * thread took, and for how many pages the method says one.
 */
static int do_workload(int fd, enum method method, size_t pages)
{
	struct mapping map;
	int64_t faults;
	size_t right = 0;

	map_memory(&map, fd, pages);
	faults = rusage_faults();
	switch (method) {
	case METHOD_LOG:
		right = count_by_log(&map);
		break;
	case METHOD_PAGEMAP:
		right = count_by_pagemap(&map);
		break;
	case METHOD_VMSTAT:
		right = count_by_vmstat(&map);
		break;
	default:
		touch(map.addr, pages, ACCESS_STORE);
	}
	printf("%p %lld %zu\n", (void *)map.addr,
	       (long long)(rusage_faults() - faults), right);
	return 0;
}

/**
 * struct way - a method at one kind and size of memory, over all rounds
 *
 * @seconds:	of all its commands, from start to end
 * @kb:		memory that it takes beside the mapping, the most
 * @file_kb:	size of its file, the most
 * @right:	pages that it tells the right count of, the least
 * @total:	faults in all, as the kernel tells the process or perf stat
 * @why:	why it is not here
 */
struct way {
	struct sample seconds;
	long kb;
	long file_kb;
	size_t right;
	int64_t total;
	char why[256];
};

/* What the commands write, in a folder that is made for them. */
static char scratch[PATH_MAX + 32];
static char perf_file[] = "perf", script_file[] = "script", out_file[] = "out",
	    err_file[] = "err";

static void remove_scratch(void)
{
	unlink(perf_file);
	unlink(script_file);
	unlink(out_file);
	unlink(err_file);
	rmdir(scratch);
}

/* The command that is writing there, or 0. */
static volatile sig_atomic_t writer;

static void on_end(int sig)
{
	if (writer) {
		kill(writer, SIGKILL);
		waitpid(writer, NULL, 0);
	}
	remove_scratch();
	_exit(128 + sig);
}

static void make_scratch(void)
{
	const char *tmp = getenv("TMPDIR");
	sigset_t ends;

	/* Whoever ends this now has to wait for what is to be removed. */
	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGHUP);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	/* Absolute: it becomes the working directory, where the names above are. */
	if (!tmp || !*tmp)
		tmp = "/tmp";
	if (!realpath(tmp, scratch) ||
	    !mkdtemp(strcat(scratch, "/pfn_mkwrite.XXXXXX")) || chdir(scratch))
		die(2, "%s: %s; TMPDIR names another folder", tmp,
		    strerror(errno));
	atexit(remove_scratch);
	signal(SIGINT, on_end);
	signal(SIGTERM, on_end);
	signal(SIGHUP, on_end);
	sigprocmask(SIG_UNBLOCK, &ends, NULL);
}

/* The most that a process has had resident so far, KiB. */
static long peak_kb(pid_t pid)
{
	char path[64], line[128];
	long kb = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "VmHWM: %ld kB", &kb) == 1)
			break;
	}
	if (file)
		fclose(file);
	return kb;
}

/* How a command has begun to complain. */
static void complaint(const char *command, struct way *way)
{
	char said[160] = "";
	size_t len = 0;
	FILE *file;

	file = fopen(err_file, "re");
	if (file) {
		len = fread(said, 1, sizeof(said) - 1, file);
		fclose(file);
	}
	while (len && said[len - 1] == '\n')
		said[--len] = '\0';
	while (len--) {
		if (said[len] == '\n')
			said[len] = ' ';
	}
	snprintf(way->why, sizeof(way->why), "%.40s: %s", command,
		 said[0] ? said : "it failed and said nothing");
}

/*
 * Run a command to its end, its output in a file. @own is set to the most memory that
 * it had itself, as often as somebody looks, and @all to that of it or of a process
 * that it has started, exactly.
 */
static bool run(char *const argv[], const char *out, struct way *way, long *own,
		long *all)
{
	struct rusage usage;
	int status, fd;
	long kb;
	pid_t pid;

	pid = fork();
	if (pid < 0)
		die(2, "fork(): %s", strerror(errno));
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		fd = open(out, O_WRONLY | O_CREAT | O_TRUNC,
			  0600);
		dup2(fd, STDOUT_FILENO);
		fd = open(err_file, O_WRONLY | O_CREAT | O_TRUNC,
			  0600);
		dup2(fd, STDERR_FILENO);
		execvp(argv[0], argv);
		dprintf(STDERR_FILENO, "%s\n", strerror(errno));
		_exit(127);
	}
	writer = pid;
	*own = 0;
	while (!wait4(pid, &status, WNOHANG, &usage)) {
		kb = peak_kb(pid);
		*own = kb > *own ? kb : *own;
		usleep(1000);
	}
	writer = 0;
	*all = usage.ru_maxrss;
	if (!status)
		return true;
	complaint(argv[0], way);
	return false;
}

/* The lines of perf script: an address each, perhaps with words around it. */
static size_t pages_of_script(uint64_t start, size_t pages)
{
	unsigned char *count;
	size_t i, right = 0;
	uint64_t addr;
	char line[256];
	FILE *file;

	count = calloc(pages, 1);
	file = fopen(script_file, "re");
	if (!count || !file)
		die(2, "%s: %s", script_file, strerror(errno));
	while (fgets(line, sizeof(line), file)) {
		addr = strtoull(line, NULL, 16) - start;
		if (addr / page_size < pages && count[addr / page_size] < 255)
			count[addr / page_size]++;
	}
	fclose(file);
	for (i = 0; i < pages; i++)
		right += count[i] == 1;
	free(count);
	return right;
}

/* The first field of perf stat -x, for the event. */
static int64_t total_of_stat(void)
{
	long long total = -1;
	char line[256];
	FILE *file;

	file = fopen(perf_file, "re");
	while (file && fgets(line, sizeof(line), file)) {
		if (strstr(line, "page-faults") &&
		    sscanf(line, "%lld,", &total) == 1)
			break;
	}
	if (file)
		fclose(file);
	return total;
}

static long size_kb(const char *path)
{
	struct stat st;

	return stat(path, &st) ? 0 : (st.st_size + 1023) / 1024;
}

static void most(long *of, long kb)
{
	if (kb > *of)
		*of = kb;
}

/* Once more; the way says why where it cannot be done. */
static void way_round(enum method method, enum memory memory, size_t pages,
		      struct way *way)
{
	char fd_arg[16], method_arg[16], pages_arg[32];
	static char self[256];
	char *record[] = { "perf", "record", "-q", "-e", "page-faults", "-c",
			   "1", "-d", "-o", perf_file, "--", self, "-w",
			   fd_arg, "-x", method_arg, "-p", pages_arg, NULL };
	char *stat[] = { "perf", "stat", "-x,", "-e", "page-faults", "-o",
			 perf_file, "--", self, "-w", fd_arg, "-x", method_arg,
			 "-p", pages_arg, NULL };
	/* What both start, and what is started for the other methods. */
	char **workload = record + 11;
	char *script[] = { "perf", "script", "-F", "addr", "-i", perf_file,
			   NULL };
	long own, all, mapped_kb = pages * page_size / 1024;
	unsigned long long start_addr = 0;
	long long faults = 0;
	size_t right = 0;
	double start;
	FILE *file;
	bool ok;
	int fd;

	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		die(2, "/proc/self/exe: %s", strerror(errno));
	fd = make_memory(memory, pages);
	snprintf(fd_arg, sizeof(fd_arg), "%d", fd);
	snprintf(method_arg, sizeof(method_arg), "%d", method);
	snprintf(pages_arg, sizeof(pages_arg), "%zu", pages);
	unlink(perf_file);

	start = now_ns();
	if (method == METHOD_RECORD) {
		ok = run(record, out_file, way, &own, &all);
		most(&way->kb, own);
		if (ok) {
			ok = run(script, script_file, way, &own, &all);
			most(&way->kb, all);
		}
	} else if (method == METHOD_STAT) {
		ok = run(stat, out_file, way, &own, &all);
		most(&way->kb, own);
	} else {
		ok = run(workload, out_file, way, &own, &all);
		most(&way->kb, all - mapped_kb);
	}
	sample_add(&way->seconds, (now_ns() - start) / 1e9);
	close(fd);
	if (!ok)
		return;

	file = fopen(out_file, "re");
	if (!file || fscanf(file, "%llx %lld %zu", &start_addr, &faults,
			    &right) != 3)
		die(2, "the workload printed nothing with %s",
		    method_names[method]);
	fclose(file);
	if (method == METHOD_RECORD)
		right = pages_of_script(start_addr, pages);
	if (method == METHOD_RECORD || method == METHOD_STAT)
		most(&way->file_kb, size_kb(perf_file));
	way->total = method == METHOD_STAT ? total_of_stat() : faults;
	if (right < way->right)
		way->right = right;
}

/* What the method tells of each page. */
static const char *answer(enum method method)
{
	switch (method) {
	case METHOD_NONE:
	case METHOD_STAT:
		return "the total";
	case METHOD_PAGEMAP:
		return "whether any";
	default:
		return "how many";
	}
}

static void print_way(enum method method, enum memory memory, size_t pages,
		      const struct way *way, double alone)
{
	double seconds = quartile(&way->seconds, 2);
	bool each = method != METHOD_NONE && method != METHOD_STAT;
	char a[80], told[32];

	if (each)
		snprintf(told, sizeof(told), "%zu", way->right);
	else
		snprintf(told, sizeof(told), "(%lld)", (long long)way->total);
	if (!json) {
		printf("%-18s %-7s %7zu %6d %-22s %9.0f %8.3f %8ld %8ld %9s %s\n",
		       method_names[method], memory_names[memory], pages,
		       way->seconds.nr,
		       text_sample(&way->seconds, 3, a, sizeof(a)),
		       pages / seconds, seconds - alone, way->kb, way->file_kb,
		       told, answer(method));
		return;
	}
	json_next();
	printf("{");
	json_string("method", method_names[method]);
	printf(", ");
	json_string("memory", memory_names[memory]);
	printf(", ");
	json_string("tells", answer(method));
	printf(", \"pages\": %zu, \"pages_per_s\": %.0f, \"added_s\": %.4f", pages,
	       pages / seconds, seconds - alone);
	printf(", \"kb\": %ld, \"file_kb\": %ld", way->kb, way->file_kb);
	printf(", \"total\": %lld", (long long)way->total);
	if (each)
		printf(", \"pages_told_exactly\": %zu", way->right);
	printf(", \"seconds\": {\"q1\": %.4f, \"median\": %.4f, \"q3\": %.4f}}",
	       quartile(&way->seconds, 1), seconds, quartile(&way->seconds, 3));
}

static void __attribute__((format(printf, 3, 4)))
print_goal(const char *name, bool met, const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (!json) {
		printf("# goal %s: %s: %s\n", name, text, met ? "met" : "not met");
		return;
	}
	json_next();
	printf("{");
	json_string("goal", name);
	printf(", ");
	json_string("seen", text);
	printf(", \"met\": %s}", met ? "true" : "false");
}

/* Sizes of which half of the free memory is enough for one. */
static int cost_sizes(size_t *sizes)
{
	size_t pages;
	int nr = 0;

	for (pages = COST_PAGES; pages <= MAX_PAGES; pages *= COST_STEP) {
		if (pages > max_pages)
			break;
		if (pages * page_size > memory_available() / 2) {
			left_out("memfd", pages,
				 "half of the memory that is free is less");
			break;
		}
		sizes[nr++] = pages;
	}
	/* A quick look at fewer pages. */
	if (!nr)
		sizes[nr++] = max_pages;
	return nr;
}

/* In turns, sizes and kinds of memory as well: they are to be compared. */
static void bench_overhead(const size_t *sizes, int nr)
{
	static struct overhead costs[NR_MEMORIES][MAX_COSTS];
	const struct overhead *most_compared, *last;
	struct fault_log log;
	int i, m, s, err;
	double times;

	err = fault_log_open(&log);
	if (err) {
		left_out("fault log", 0, log_error(err));
		return;
	}
	for (i = 0; i < rounds * OVERHEAD_TIMES && i < MAX_ROUNDS; i++) {
		for (m = 0; m < NR_MEMORIES; m++) {
			for (s = 0; s < nr; s++) {
				costs[m][s].pages = sizes[s];
				if (sizes[s] > MAX_COMPARED &&
				    i % OVERHEAD_TIMES)
					continue;
				overhead_round(&log, m, (i + m + s) % 2,
					       &costs[m][s]);
			}
		}
	}
	fault_log_close(&log);
	if (!json)
		printf("%-7s %7s %6s %-26s %-26s %-20s %6s %s\n", "memory",
		       "pages", "rounds", "cpu_ns_per_page", "with_the_log",
		       "percent", "ns", "one_fault_each");
	for (m = 0; m < NR_MEMORIES; m++) {
		for (s = 0; s < nr; s++) {
			if (costs[m][s].err) {
				left_out("fault log", sizes[s],
					 log_error(costs[m][s].err));
				return;
			}
			print_overhead(m, &costs[m][s]);
		}
	}
	for (m = 0; m < NR_MEMORIES; m++) {
		last = &costs[m][nr - 1];
		most_compared = last;
		while (most_compared > costs[m] &&
		       most_compared->pages > MAX_COMPARED)
			most_compared--;
		times = quartile(&last->on, 2) / quartile(&costs[m][0].on, 2);
		print_goal("overhead", quartile(&most_compared->percent, 2) < GOAL_PERCENT,
			   "the log adds %.1f %% to %zu pages that are %s, less than %d %% wanted",
			   quartile(&most_compared->percent, 2), most_compared->pages,
			   memory_names[m], GOAL_PERCENT);
		if (nr > 1)
			print_goal("linear", times <= GOAL_LINEAR,
				   "a page of %zu that are %s costs %.2f times one of %zu, at most %.2f wanted",
				   last->pages, memory_names[m], times, costs[m][0].pages,
				   GOAL_LINEAR);
		print_goal("exact", last->one_each == last->off.nr,
			   "each of %zu pages that are %s had one fault in the log in %d of %d rounds",
			   last->pages, memory_names[m], last->one_each,
			   last->off.nr);
	}
}

/* The methods in turns, each round begun with another. */
static void bench_ways(enum memory memory, size_t pages, size_t largest,
		       long *log_kb)
{
	static struct way ways[NR_METHODS];
	double alone, log, perf;
	int i, j, m, nr;

	memset(ways, 0, sizeof(ways));
	nr = pages > MAX_COMPARED ? METHOD_RECORD + 1 : NR_METHODS;
	for (m = 0; m < nr; m++)
		ways[m].right = pages;
	for (i = 0; i < rounds; i++) {
		for (j = 0; j < nr; j++) {
			m = (i + j) % nr;
			if (!ways[m].why[0])
				way_round(m, memory, pages, &ways[m]);
		}
	}
	for (m = 0; m < nr; m++)
		sample_sort(&ways[m].seconds);
	alone = quartile(&ways[METHOD_NONE].seconds, 2);
	for (m = 0; m < nr; m++) {
		if (ways[m].why[0])
			left_out(method_names[m], pages, ways[m].why);
		else
			print_way(m, memory, pages, &ways[m], alone);
	}
	*log_kb = ways[METHOD_LOG].why[0] ? -1 : ways[METHOD_LOG].kb;
	if (ways[METHOD_LOG].why[0] || ways[METHOD_RECORD].why[0])
		return;
	log = quartile(&ways[METHOD_LOG].seconds, 2);
	perf = quartile(&ways[METHOD_RECORD].seconds, 2);
	/* Fixed costs of perf are the less, the more pages there are. */
	if (pages < largest)
		return;
	print_goal("faster", perf - alone >= GOAL_TIMES * (log - alone),
		   "to %zu pages that are %s, perf record and script add %.3f s and the log %.3f s, %d times less wanted",
		   pages, memory_names[memory], perf - alone, log - alone,
		   GOAL_TIMES);
	print_goal("faster_with_the_stores", perf >= GOAL_TIMES * log,
		   "with the stores, which take %.2f s alone, %.2f s and %.2f s, %.1f times less where %d times are wanted",
		   alone, perf, log, perf / log, GOAL_TIMES);
}

static int bench_cost(void)
{
	long kb, least = -1, most_kb = -1;
	size_t sizes[MAX_COSTS];
	int nr, m, s;

	rounds = rounds ?: COST_ROUNDS;
	header("cost of measuring", "one store to each page of a memfd");
	nr = cost_sizes(sizes);
	bench_overhead(sizes, nr);
	fflush(stdout);

	make_scratch();
	if (!json)
		printf("%-18s %-7s %7s %6s %-22s %9s %8s %8s %8s %9s %s\n",
		       "method", "memory", "pages", "rounds", "seconds",
		       "pages/s", "added_s", "KiB", "file_KiB", "right", "tells");
	for (m = 0; m < NR_MEMORIES; m++) {
		for (s = 0; s < nr; s++) {
			bench_ways(m, sizes[s], sizes[nr - 1], &kb);
			fflush(stdout);
			if (kb < 0)
				continue;
			least = least < 0 || kb < least ? kb : least;
			most(&most_kb, kb);
		}
	}
	if (nr > 1 && least >= 0)
		print_goal("bounded", most_kb - least <= GOAL_KB,
			   "the process with the log has %ld to %ld KiB beside the mapping of %zu to %zu pages, %d more wanted at most",
			   least, most_kb, sizes[0], sizes[nr - 1], GOAL_KB);
	footer();
	return 0;
}

static void print_usage(FILE *out)
{
	fprintf(out,
		"usage: pfn_mkwrite_bench [-c] [-j] [-m MAPPING] [-p PAGES] [-r ROUNDS]\n"
		"  what a first touch costs, for each mapping that this machine has\n"
		"  -c  what it costs to measure: the fault log, perf, pagemap and vmstat\n"
		"  -j  JSON\n"
		"  -m  one mapping\n"
		"  -p  no more than so many pages (%lu)\n"
		"  -r  so many rounds (%d, with -c %d; at most %d); of large mappings\n"
		"      fewer, when %d s are over\n"
		"PFN_MKWRITE_ONLY, _SKIP and _DRM pick mappings as they do for the tests.\n"
		"exit status: 0 measured, 4 nothing here to measure, 2 could not run\n",
		MAX_PAGES, TOUCH_ROUNDS, COST_ROUNDS, MAX_ROUNDS,
		ROUNDS_MS / 1000);
}

/* A whole number from 1 to @max, or the end. */
static unsigned long parse_option(char option, const char *text, unsigned long max)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || *end || *text < '0' || *text > '9' || !value ||
	    value > max)
		die(2, "-%c %s is no number from 1 to %lu", option, text, max);
	return value;
}

int main(int argc, char **argv)
{
	enum method method = METHOD_NONE;
	bool cost = false;
	int option, fd = -1;

	page_size = sysconf(_SC_PAGESIZE);
	while ((option = getopt(argc, argv, "cjm:p:r:w:x:h")) != -1) {
		switch (option) {
		case 'c':
			cost = true;
			break;
		case 'j':
			json = true;
			break;
		case 'm':
			only = optarg;
			break;
		case 'p':
			max_pages = parse_option('p', optarg, MAX_PAGES);
			break;
		case 'r':
			rounds = parse_option('r', optarg, MAX_ROUNDS);
			break;
		/* These two are for this program itself. */
		case 'w':
			fd = parse_option('w', optarg, 1048576);
			break;
		case 'x':
			method = atoi(optarg);
			break;
		case 'h':
			print_usage(stdout);
			return 0;
		default:
			print_usage(stderr);
			return 2;
		}
	}
	if (optind < argc)
		die(2, "%s is no option; -h lists them", argv[optind]);
	if (fd >= 0)
		return do_workload(fd, method, max_pages);
	if (cost && only)
		die(2, "-m is of no use with -c, which has a memfd");
	return cost ? bench_cost() : bench_first_touch();
}
