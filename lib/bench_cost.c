// SPDX-License-Identifier: GPL-2.0
/*
 * What it costs to measure: the fault log against no log.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"

/* From so many pages to MAX_PAGES in steps of COST_STEP. */
#define COST_PAGES	4096
#define COST_STEP	4
#define MAX_COSTS	4
/* What the log adds is less than what else happens: more rounds of up to MAX_COMPARED. */
#define OVERHEAD_TIMES	3
/*
 * The goals: percent that the log may add, and times that a page may cost more among
 * the most pages than among the fewest.
 */
#define GOAL_PERCENT	10
#define GOAL_LINEAR	1.25

const char *const memory_names[] = {
	[MEMORY_FRESH] = "fresh",
	[MEMORY_THERE] = "there",
};

int make_memory(enum memory memory, size_t pages)
{
	size_t size = pages * bench.page_size;
	void *addr;
	int fd;

	/* Programs that this one starts are to have it. */
	fd = memfd_create("pfn_mkwrite_bench", 0);
	if (fd < 0 || ftruncate(fd, size))
		bench_die(2, "a memfd of %zu bytes: %s", size, strerror(errno));
	if (memory == MEMORY_FRESH)
		return fd;
	addr = mmap(NULL, size, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_POPULATE, fd, 0);
	if (addr == MAP_FAILED)
		bench_die(2, "mmap() of %zu bytes: %s", size, strerror(errno));
	munmap(addr, size);
	return fd;
}

void map_memory(struct mapping *map, int fd, size_t pages)
{
	struct backing b;

	backing_init(&b);
	b.fd = fd;
	b.size = pages * bench.page_size;
	if (mapping_open(map, &b, PROT_READ | PROT_WRITE))
		bench_die(2, "%s", b.why);
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
		start = clock_ns(CLOCK_THREAD_CPUTIME_ID);
		if (logged) {
			err = touch_logged(log, &faults, map.addr, o->pages,
					   ACCESS_STORE);
			o->err = err;
			o->one_each += !err && faults.histogram[1] == o->pages;
		} else {
			touch(map.addr, o->pages, ACCESS_STORE);
		}
		ns[logged] = (clock_ns(CLOCK_THREAD_CPUTIME_ID) - start) / o->pages;
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
	if (!bench.json) {
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

/* Sizes of which half of the free memory is enough for one. */
static int cost_sizes(size_t *sizes)
{
	size_t pages;
	int nr = 0;

	for (pages = COST_PAGES; pages <= MAX_PAGES; pages *= COST_STEP) {
		if (pages > bench.max_pages)
			break;
		if (pages * bench.page_size > memory_available() / 2) {
			bench_left_out("memfd", pages,
				       "half of the memory that is free is less");
			break;
		}
		sizes[nr++] = pages;
	}
	/* A quick look at fewer pages. */
	if (!nr)
		sizes[nr++] = bench.max_pages;
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
		bench_left_out("fault log", 0, log_error(err));
		return;
	}
	for (i = 0; i < bench.rounds * OVERHEAD_TIMES && i < MAX_ROUNDS; i++) {
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
	if (!bench.json)
		printf("%-7s %7s %6s %-26s %-26s %-20s %6s %s\n", "memory",
		       "pages", "rounds", "cpu_ns_per_page", "with_the_log",
		       "percent", "ns", "one_fault_each");
	for (m = 0; m < NR_MEMORIES; m++) {
		for (s = 0; s < nr; s++) {
			if (costs[m][s].err) {
				bench_left_out("fault log", sizes[s],
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
		bench_goal("overhead", quartile(&most_compared->percent, 2) < GOAL_PERCENT,
			   "the log adds %.1f %% to %zu pages that are %s, less than %d %% wanted",
			   quartile(&most_compared->percent, 2), most_compared->pages,
			   memory_names[m], GOAL_PERCENT);
		if (nr > 1)
			bench_goal("linear", times <= GOAL_LINEAR,
				   "a page of %zu that are %s costs %.2f times one of %zu, at most %.2f wanted",
				   last->pages, memory_names[m], times, costs[m][0].pages,
				   GOAL_LINEAR);
		bench_goal("exact", last->one_each == last->off.nr,
			   "each of %zu pages that are %s had one fault in the log in %d of %d rounds",
			   last->pages, memory_names[m], last->one_each,
			   last->off.nr);
	}
}

int bench_cost(void)
{
	size_t sizes[MAX_COSTS];
	int nr;

	bench.rounds = bench.rounds ?: COST_ROUNDS;
	bench_header("cost of measuring", "one store to each page of a memfd");
	nr = cost_sizes(sizes);
	bench_overhead(sizes, nr);
	fflush(stdout);
	bench_ways(sizes, nr);
	bench_footer();
	return 0;
}
