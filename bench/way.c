// SPDX-License-Identifier: GPL-2.0
/*
 * Stores to a memfd with one way to count their faults: what ways.sh runs and times.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "../lib/count/count.h"

static size_t count_nothing(const struct mapping *map)
{
	touch(map->addr, map->nr_pages, ACCESS_STORE);
	return 0;
}

static size_t count_by_log(const struct mapping *map)
{
	static struct fault_map faults;
	struct fault_log log;
	int err;

	err = fault_log_open(&log);
	if (!err)
		err = touch_logged(&log, &faults, map->addr, map->nr_pages,
				   ACCESS_STORE);
	if (err)
		bench_die(4, "%s", log_error(err));
	fault_log_close(&log);
	return faults.histogram[1];
}

/* Was the page there before the store? */
static size_t count_by_pagemap(const struct mapping *map)
{
	uint64_t entry, at;
	size_t i, right = 0;
	int fd;

	fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	for (i = 0; i < map->nr_pages; i++) {
		at = (uintptr_t)mapping_page(map, i) / bench.page_size;
		if (pread(fd, &entry, sizeof(entry), at * sizeof(entry)) !=
		    sizeof(entry))
			bench_die(4, "/proc/self/pagemap: %s", strerror(errno));
		touch(mapping_page(map, i), 1, ACCESS_STORE);
		right += !(entry >> 63);
	}
	close(fd);
	return right;
}

/* The faults of the machine, before and after each store. */
static size_t count_by_vmstat(const struct mapping *map)
{
	size_t i, right = 0;
	int64_t before;

	for (i = 0; i < map->nr_pages; i++) {
		before = vmstat_count("pgfault");
		if (before < 0)
			bench_die(4, "/proc/vmstat: %s", strerror(-before));
		touch(mapping_page(map, i), 1, ACCESS_STORE);
		right += vmstat_count("pgfault") - before == 1;
	}
	return right;
}

static const struct {
	const char *name;
	size_t (*count)(const struct mapping *map);
} ways[] = {
	{ "nothing", count_nothing },
	{ "log", count_by_log },
	{ "pagemap", count_by_pagemap },
	{ "vmstat", count_by_vmstat },
};

int bench_way(const char *way)
{
	struct mapping map;
	size_t i, right;

	for (i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		if (strcmp(way, ways[i].name))
			continue;
		memory_open(&map, bench.max_pages, true);
		right = ways[i].count(&map);
		printf("%p %zu %zu\n", (void *)map.addr, right,
		       (proc_bytes("/proc/self/status", "VmHWM") - map.size) / 1024);
		return 0;
	}
	bench_die(2, "-w %s is no way to count: nothing, log, pagemap, vmstat", way);
}
