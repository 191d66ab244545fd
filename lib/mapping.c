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

int mapping_open(struct mapping *map, const struct source *src,
		 struct backing *backing)
{
	int err;

	map->addr = MAP_FAILED;
	map->page_size = sysconf(_SC_PAGESIZE);
	if (src->renew) {
		err = src->renew(backing);
		if (err)
			return err;
	}
	map->size = backing->size;
	map->nr_pages = map->size / map->page_size;

	map->addr = mmap(NULL, map->size, PROT_READ | PROT_WRITE, MAP_SHARED,
			 backing->fd, backing->offset);
	if (map->addr == MAP_FAILED) {
		err = -errno;
		return backing_fail(backing, err,
				    "mmap() of %zu bytes, shared and writable: %s",
				    map->size, strerror(-err));
	}
	return 0;
}

void mapping_close(struct mapping *map)
{
	if (map->addr != MAP_FAILED)
		munmap(map->addr, map->size);
	map->addr = MAP_FAILED;
}
