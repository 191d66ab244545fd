// SPDX-License-Identifier: GPL-2.0
/* Stores to a memfd, with or without the fault log: what ways.sh runs and times. */
#include <stdio.h>
#include <string.h>

#include "bench.h"

static size_t count_by_log(const struct mapping *map)
{
	static struct fault_map faults;
	struct fault_log log;
	int err;

	err = fault_log_open(&log);
	if (!err)
		err = touch_logged(&log, &faults, map->addr, map->nr_pages, ACCESS_STORE);
	if (err)
		bench_die(4, "%s", log_error(err));
	fault_log_close(&log);
	return faults.histogram[1];
}

int bench_way(const char *way)
{
	bool log = !strcmp(way, "log");
	struct mapping map;
	size_t right = 0;

	if (!log && strcmp(way, "nothing"))
		bench_die(2, "-w %s is no way to count: nothing or log", way);
	memory_open(&map, bench.max_pages, true);
	if (log)
		right = count_by_log(&map);
	else
		touch(map.addr, map.nr_pages, ACCESS_STORE);
	printf("%zu %zu\n", right, (proc_bytes("/proc/self/status", "VmHWM") - map.size) / 1024);
	return 0;
}
