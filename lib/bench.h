/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the parts of pfn_mkwrite_bench share: a first touch of each mapping
 * (bench_touch.c), and what it costs to measure that (bench_cost.c, bench_ways.c).
 */
#ifndef PFN_MKWRITE_BENCH_H
#define PFN_MKWRITE_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "access.h"
#include "fault_log.h"
#include "fault_map.h"
#include "mapping.h"

#define MAX_ROUNDS	101
#define TOUCH_ROUNDS	11
#define COST_ROUNDS	5
/* From one page to so many, which is 1 GiB of 4 KiB pages. */
#define MAX_PAGES	262144UL
/* No mapping gets more rounds at one size when it has had so much time. */
#define ROUNDS_MS	2000
/* Beyond so many pages the other ways to count take minutes. */
#define MAX_COMPARED	65536

/**
 * struct bench - what the command line asks for, and of which pages
 *
 * @page_size:	bytes of a page
 * @json:	print JSON, not tables
 * @only:	the one mapping to measure, or NULL
 * @max_pages:	no more than so many
 * @rounds:	so many, or 0: as many as the job takes by itself
 */
struct bench {
	size_t page_size;
	bool json;
	const char *only;
	size_t max_pages;
	int rounds;
};

/* For main() to fill in, before it calls anything here. */
extern struct bench bench;

/**
 * bench_die() - say why it does not go on, and exit
 * @status: exit status
 * @fmt: a sentence without its end
 */
void __attribute__((format(printf, 2, 3), noreturn))
bench_die(int status, const char *fmt, ...);

/**
 * clock_ns() - the time
 * @clock: CLOCK_MONOTONIC, or CLOCK_THREAD_CPUTIME_ID: what the thread has had of a CPU,
 *	of which others, who have it in between, take nothing
 *
 * Return: nanoseconds since some time.
 */
double clock_ns(clockid_t clock);

/**
 * memory_available() - memory that can be had without swapping
 *
 * Return: bytes, or 0 where the kernel does not tell.
 */
size_t memory_available(void);

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

/**
 * sample_add() - one value more
 * @sample: a sample; one that is full stays as it is
 * @value: the value
 */
void sample_add(struct sample *sample, double value);

/**
 * sample_sort() - no value is to follow
 * @sample: in order after that
 */
void sample_sort(struct sample *sample);

/**
 * quartile() - of a sorted sample
 * @sample: a sample, after sample_sort()
 * @which: 1 is the first quartile, 2 the median, 3 the third
 *
 * Return: its value, between two that were measured if need be; NAN of no value.
 */
double quartile(const struct sample *sample, int which);

/**
 * touch() - access each page once, in order
 * @addr: where the pages start
 * @pages: how many there are
 * @kind: load or store
 */
void touch(unsigned char *addr, size_t pages, enum access_kind kind);

/**
 * touch_logged() - the same with each fault logged, and folded into a map
 * @log: an open log
 * @faults: filled in; complete unless there is an error
 * @addr: where the pages start
 * @pages: how many there are
 * @kind: load or store
 *
 * Return: 0, or as fault_log_start(), fault_log_stop() or fault_map_add().
 */
int touch_logged(struct fault_log *log, struct fault_map *faults,
		 unsigned char *addr, size_t pages, enum access_kind kind);

/**
 * log_error() - what an error of the fault log or of touch_logged() means
 * @err: -errno
 *
 * Return: a sentence without its end.
 */
const char *log_error(int err);

/**
 * bench_header() - what comes before all results
 * @job: what is measured
 * @more: what else is to be known of it
 *
 * As text or as JSON, like all that follows; see bench.json.
 */
void bench_header(const char *job, const char *more);

/**
 * bench_footer() - what comes after them
 */
void bench_footer(void);

/**
 * bench_left_out() - what was not measured
 * @name: what
 * @pages: how many, or 0 for any number
 * @why: a sentence without its end
 */
void bench_left_out(const char *name, size_t pages, const char *why);

/**
 * bench_goal() - whether a goal is met
 * @name: the goal
 * @met: whether it is
 * @fmt: what was seen, and what is wanted
 */
void __attribute__((format(printf, 3, 4)))
bench_goal(const char *name, bool met, const char *fmt, ...);

/**
 * json_next() - start another element of the results
 */
void json_next(void);

/**
 * json_string() - print a key and a text
 * @key: the key
 * @value: the text, of which what JSON does not take as it is gets escaped
 */
void json_string(const char *key, const char *value);

/**
 * json_sample() - print a key, and quartiles with one digit
 * @key: the key
 * @sample: a sorted sample; null where it has no value
 */
void json_sample(const char *key, const struct sample *sample);

/**
 * text_sample() - a sample in one word
 * @sample: a sorted sample
 * @digits: behind the point
 * @text: filled in, as "12.3[11.9..12.8]": the median, and between which values the
 *	half of all rounds in the middle is; "-" without a value
 * @size: room in @text
 *
 * Return: @text.
 */
const char *text_sample(const struct sample *sample, int digits, char *text,
			size_t size);

/**
 * bench_first_touch() - faults and time of a first touch, for each mapping
 *
 * Return: exit status: 0, 4 where there was nothing to measure, 2 where bench.only is
 * no mapping.
 */
int bench_first_touch(void);

/**
 * enum memory - a memfd, which each machine has
 *
 * @MEMORY_FRESH:	a fault has to allocate and clear a page
 * @MEMORY_THERE:	it only maps one, as for device memory
 * @NR_MEMORIES:	how many there are
 */
enum memory {
	MEMORY_FRESH,
	MEMORY_THERE,
	NR_MEMORIES,
};

extern const char *const memory_names[NR_MEMORIES];

/**
 * make_memory() - make such a memfd, or exit
 * @memory: which
 * @pages: how many it is to have
 *
 * Return: a file descriptor, which programs that are started have, too.
 */
int make_memory(enum memory memory, size_t pages);

/**
 * map_memory() - map it, or exit
 * @map: filled in
 * @fd: from make_memory(), here or in the process that has started this one
 * @pages: how many it has
 */
void map_memory(struct mapping *map, int fd, size_t pages);

/**
 * bench_cost() - what it costs to measure
 *
 * Return: exit status: 0.
 */
int bench_cost(void);

/**
 * bench_ways() - the log against other ways to count, each in a process of its own
 * @sizes: numbers of pages, in ascending order
 * @nr: how many of these
 *
 * Prints them as a table, and which goals are met. Works in a folder that it makes in
 * TMPDIR, which goes with the process, and exits where it cannot.
 */
void bench_ways(const size_t *sizes, int nr);

/**
 * bench_workload() - what is run for each of the ways, in that process
 * @fd: from make_memory() of the process that has started this one
 * @method: the way, by its number in bench_ways.c
 * @pages: how many that memory has
 *
 * Maps the memory, stores to each page once, and prints where that was, how many faults
 * the thread took, and for how many pages the way says one.
 *
 * Return: exit status: 0.
 */
int bench_workload(int fd, int method, size_t pages);

#endif /* PFN_MKWRITE_BENCH_H */
