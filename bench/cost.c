// SPDX-License-Identifier: GPL-2.0
/*
 * The time that the fault log adds to a first touch: the same loop with and without
 * it, in one process.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

/* From so many pages to MAX_PAGES in steps of COST_STEP. */
#define COST_PAGES	4096
#define COST_STEP	4
#define MAX_COSTS	4
/* Percent that the log may add. */
#define GOAL_PERCENT	10
/* Times that a page may cost more of the most pages than of the fewest. */
#define GOAL_LINEAR	1.25

/**
 * struct cost - one number of pages of one kind of memory
 *
 * @pages:	pages
 * @off:	nanoseconds of CPU time a page
 * @on:		the same with the log
 * @percent:	what the log adds in a round
 * @one_each:	rounds in which the log has one fault for each page
 * @err:	0, or -errno of the log
 */
struct cost {
	size_t pages;
	struct sample off;
	struct sample on;
	struct sample percent;
	int one_each;
	int err;
};

/* Without the time that other tasks have the CPU. */
static double cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return now.tv_sec * 1e9 + now.tv_nsec;
}

static double touch_once(struct fault_log *log, bool there, bool logged,
			 struct cost *c)
{
	static struct fault_map faults;
	struct mapping map;
	double start;
	int fd;

	fd = memory_open(&map, c->pages, there);
	start = cpu_ns();
	if (logged) {
		c->err = touch_logged(log, &faults, map.addr, c->pages, ACCESS_STORE);
		c->one_each += !c->err && faults.histogram[1] == c->pages;
	} else {
		touch(map.addr, c->pages, ACCESS_STORE);
	}
	start = cpu_ns() - start;
	mapping_close(&map);
	close(fd);
	return start / c->pages;
}

/* @swap: with the log first. */
static void cost_round(struct fault_log *log, bool there, bool swap,
		       struct cost *c)
{
	double ns[2];
	int i;

	for (i = 0; i < 2 && !c->err; i++)
		ns[i ^ swap] = touch_once(log, there, i ^ swap, c);
	if (c->err)
		return;
	sample_add(&c->off, ns[0]);
	sample_add(&c->on, ns[1]);
	sample_add(&c->percent, 100 * (ns[1] / ns[0] - 1));
}

static void print_cost(const char *memory, struct cost *c)
{
	if (c->err) {
		left_out("fault log", c->pages, log_error(c->err));
		return;
	}
	cell_text("memory", 7, memory);
	cell_number("pages", -6, 0, c->pages);
	cell_number("rounds", -6, 0, c->off.nr);
	cell_sample("ns_a_page", -9, 0, &c->off);
	cell_sample("with_log", -8, 0, &c->on);
	cell_number("added_ns", -8, 0, quartile(&c->on, 2) - quartile(&c->off, 2));
	cell_sample("percent", -7, 1, &c->percent);
	cell_number("exact_rounds", -12, 0, c->one_each);
	row_end();
}

static void print_goals(const char *memory, struct cost *first, struct cost *last)
{
	double percent = quartile(&last->percent, 2);
	double times = quartile(&last->on, 2) / quartile(&first->on, 2);

	if (first->err || last->err)
		return;
	print_goal("overhead", percent < GOAL_PERCENT,
		   "the log adds %.1f %% to %zu pages that are %s, less than %d %% wanted",
		   percent, last->pages, memory, GOAL_PERCENT);
	if (last != first)
		print_goal("linear", times <= GOAL_LINEAR,
			   "a page of %zu that are %s costs %.2f times one of %zu, at most %.2f wanted",
			   last->pages, memory, times, first->pages, GOAL_LINEAR);
	print_goal("exact", last->one_each == last->off.nr,
		   "each of %zu pages that are %s has one fault in the log in %d of %d rounds",
		   last->pages, memory, last->one_each, last->off.nr);
}

/* The numbers of pages that fit into the memory. */
static int cost_sizes(size_t *sizes)
{
	size_t pages;
	int nr = 0;

	for (pages = COST_PAGES; pages <= bench.max_pages; pages *= COST_STEP) {
		if (!memory_fits(pages)) {
			left_out("memfd", pages, "they need more than half of the free memory");
			break;
		}
		sizes[nr++] = pages;
	}
	if (!nr)
		sizes[nr++] = bench.max_pages;
	return nr;
}

int bench_cost(void)
{
	static const char *const memories[] = { "fresh", "there" };
	static struct cost costs[2][MAX_COSTS];
	size_t sizes[MAX_COSTS];
	struct fault_log log;
	int i, m, s, nr, err;

	table_begin(bench.json, "cost of measuring", "one store to each page of a memfd");
	nr = cost_sizes(sizes);
	err = fault_log_open(&log);
	if (err)
		left_out("fault log", 0, log_error(err));
	/* In turns, since sizes and kinds of memory are compared, too. */
	for (i = 0; !err && i < bench.rounds * nr; i++) {
		show_progress("round %d of %d", i / nr + 1, bench.rounds);
		for (m = 0; m < 2; m++) {
			s = i % nr;
			costs[m][s].pages = sizes[s];
			cost_round(&log, m, (i / nr + m) % 2, &costs[m][s]);
		}
	}
	fault_log_close(&log);
	for (m = 0; !err && m < 2; m++) {
		for (s = 0; s < nr; s++)
			print_cost(memories[m], &costs[m][s]);
	}
	for (m = 0; !err && m < 2; m++)
		print_goals(memories[m], &costs[m][0], &costs[m][nr - 1]);
	table_end();
	return 0;
}
