/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The jobs of pfn_mkwrite_bench, and what they share.
 */
#ifndef PFN_MKWRITE_BENCH_H
#define PFN_MKWRITE_BENCH_H

#include <stdbool.h>
#include <stddef.h>

#include "../lib/count/count.h"
#include "../lib/source/source.h"
#include "fault_map.h"
#include "table.h"

/* 1 GiB of 4 KiB pages. */
#define MAX_PAGES	262144UL
/* Time after which a mapping gets no more rounds at one size. */
#define ROUNDS_MS	2000

/**
 * struct bench - the command line; main() fills it in
 *
 * @page_size:	bytes of a page
 * @json:	print JSON
 * @only:	the one mapping to measure, or NULL
 * @max_pages:	the most pages to map
 * @rounds:	number of rounds
 */
struct bench {
	size_t page_size;
	bool json;
	const char *only;
	size_t max_pages;
	int rounds;
};

extern struct bench bench;

/* Print a sentence to stderr, and exit. */
void bench_die(int status, const char *fmt, ...)
	__attribute__((format(printf, 2, 3), noreturn));

/* Bytes that a file in /proc has for a key, in a line "KEY: N kB"; 0 without one. */
size_t proc_bytes(const char *path, const char *key);

/* Do the pages take half of the free memory, or less? */
bool memory_fits(size_t pages);

/* Access each page once, in order. */
void touch(unsigned char *addr, size_t pages, enum access_kind kind);

/**
 * touch_logged() - the same, and log each fault
 * @log: an open log
 * @faults: filled in; incomplete after an error
 *
 * Return: 0, or -errno of fault_log_start(), fault_log_stop() or fault_map_add().
 */
int touch_logged(struct fault_log *log, struct fault_map *faults,
		 unsigned char *addr, size_t pages, enum access_kind kind);

/* The meaning of an error of the fault log or of touch_logged(). */
const char *log_error(int err);

/**
 * memory_open() - map a memfd, or exit
 * @map: filled in
 * @pages: its size
 * @there: it has its pages, as device memory has, and a fault only maps one; else a
 *	fault also allocates and clears one
 *
 * Return: its file descriptor.
 */
int memory_open(struct mapping *map, size_t pages, bool there);

/* Faults and time of a first touch of each mapping. Return: exit status. */
int bench_first_touch(void);

/* Measure the time that the fault log adds to a first touch. Return: exit status. */
int bench_cost(void);

/**
 * bench_way() - store once to each of bench.max_pages of a memfd
 * @way: how to count the faults: "nothing" or "log"
 *
 * Prints the pages with one fault, and the most memory that the process had beside the
 * mapping, KiB.
 *
 * Return: exit status.
 */
int bench_way(const char *way);

#endif /* PFN_MKWRITE_BENCH_H */
