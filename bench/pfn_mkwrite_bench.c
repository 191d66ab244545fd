// SPDX-License-Identifier: GPL-2.0
/*
 * The time of a first touch of device memory, and of measuring it. Not a
 * test: run_tests.sh does not start it.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench.h"

#define TOUCH_ROUNDS	11
#define COST_ROUNDS	5

static void print_usage(FILE *out)
{
	fprintf(out,
		"usage: pfn_mkwrite_bench [-c | -w WAY] [-j] [-m MAPPING] [-p PAGES] [-r ROUNDS]\n"
		"  prints faults and nanoseconds of a first touch of each mapping\n"
		"  -c  what the fault log adds to that time, on a memfd\n"
		"  -j  JSON\n"
		"  -m  this mapping only\n"
		"  -p  the most pages (%lu)\n"
		"  -r  rounds (%d, with -c %d; at most %d); large mappings get fewer after %d s\n"
		"  -w  store to a memfd once, and count by nothing or log; for bench/ways.sh\n"
		"PFN_MKWRITE_ONLY, _SKIP and _DRM pick mappings as for the tests.\n"
		"exit status: 0 measured, 4 nothing to measure, 2 could not run\n",
		MAX_PAGES, TOUCH_ROUNDS, COST_ROUNDS, MAX_ROUNDS,
		ROUNDS_MS / 1000);
}

/* A whole number from 1 to @max, or exit. */
static unsigned long parse_option(char option, const char *text, unsigned long max)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || *end || *text < '0' || *text > '9' || !value ||
	    value > max)
		bench_die(2, "-%c %s is not a number from 1 to %lu", option, text, max);
	return value;
}

int main(int argc, char **argv)
{
	const char *way = NULL;
	bool cost = false;
	int option;

	bench.page_size = sysconf(_SC_PAGESIZE);
	while ((option = getopt(argc, argv, "cjm:p:r:w:h")) != -1) {
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
		case 'w':
			way = optarg;
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
	if ((cost || way) && bench.only)
		bench_die(2, "-m does not go with -c or -w, which take a memfd");
	if (!bench.rounds)
		bench.rounds = cost ? COST_ROUNDS : TOUCH_ROUNDS;
	if (way)
		return bench_way(way);
	return cost ? bench_cost() : bench_first_touch();
}
