// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mapping.h"

int backing_fail(struct backing *backing, int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(backing->why, sizeof(backing->why), fmt, args);
	va_end(args);
	return err;
}

void backing_close(struct backing *backing)
{
	if (backing->fd >= 0)
		close(backing->fd);
	backing->fd = -1;
}

int mapping_open(struct mapping *map, struct backing *backing, int prot)
{
	int err;

	map->page_size = sysconf(_SC_PAGESIZE);
	map->size = backing->size;
	map->nr_pages = map->size / map->page_size;

	map->addr = mmap(NULL, map->size, prot, MAP_SHARED, backing->fd,
			 backing->offset);
	if (map->addr == MAP_FAILED) {
		err = -errno;
		return backing_fail(backing, err, "mmap() of %zu bytes, shared and %s: %s",
				    map->size,
				    prot & PROT_WRITE ? "writable" : "read-only",
				    strerror(-err));
	}
	return 0;
}

void mapping_close(struct mapping *map)
{
	if (map->addr != MAP_FAILED)
		munmap(map->addr, map->size);
	map->addr = MAP_FAILED;
}
