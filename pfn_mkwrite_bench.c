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
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/bench.h"

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
		bench_die(2, "-%c %s is no number from 1 to %lu", option, text, max);
	return value;
}

int main(int argc, char **argv)
{
	bool cost = false;
	int option, method = 0, fd = -1;

	bench.page_size = sysconf(_SC_PAGESIZE);
	while ((option = getopt(argc, argv, "cjm:p:r:w:x:h")) != -1) {
		switch (option) {
		case 'c':
			cost = true;
			break;
		case 'j':
			bench.json = true;
			break;
		case 'm':
			bench.only = optarg;
			break;
		case 'p':
			bench.max_pages = parse_option('p', optarg, MAX_PAGES);
			break;
		case 'r':
			bench.rounds = parse_option('r', optarg, MAX_ROUNDS);
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
		bench_die(2, "%s is no option; -h lists them", argv[optind]);
	if (fd >= 0)
		return bench_workload(fd, method, bench.max_pages);
	if (cost && bench.only)
		bench_die(2, "-m is of no use with -c, which has a memfd");
	return cost ? bench_cost() : bench_first_touch();
}
