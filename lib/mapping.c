// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mapping.h"

void source_tame(char *name)
{
	for (; *name; name++) {
		if (!isalnum((unsigned char)*name) && *name != '-')
			*name = '_';
	}
}

int backing_fail(struct backing *backing, int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(backing->why, sizeof(backing->why), fmt, args);
	va_end(args);
	return err;
}

void backing_init(struct backing *backing)
{
	memset(backing, 0, sizeof(*backing));
	backing->fd = -1;
	backing->peer_fd = -1;
}

void backing_close(struct backing *backing)
{
	if (backing->fd >= 0)
		close(backing->fd);
	backing->fd = -1;
	if (backing->peer_fd >= 0)
		close(backing->peer_fd);
	backing->peer_fd = -1;
}

size_t mapping_step(const struct backing *backing)
{
	return backing->align ? backing->align : (size_t)sysconf(_SC_PAGESIZE);
}

/*
 * Not every kernel places a mapping so that huge pages fit: reserve more than it
 * takes, and give back what is too much.
 */
void *mapping_place(size_t size, size_t step)
{
	char *room, *start;
	size_t ahead;

	room = mmap(NULL, size + step, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
		    -1, 0);
	if (room == MAP_FAILED)
		return MAP_FAILED;
	ahead = -(uintptr_t)room & (step - 1);
	start = room + ahead;
	if (ahead)
		munmap(room, ahead);
	munmap(start + size, step - ahead);
	return start;
}

int mapping_open_as(struct mapping *map, struct backing *backing, int prot,
		    int flags, size_t start, size_t size)
{
	void *place = NULL;
	int err;

	map->page_size = sysconf(_SC_PAGESIZE);
	map->size = size;
	map->nr_pages = map->size / map->page_size;

	if (backing->align)
		place = mapping_place(map->size, backing->align);
	if (place == MAP_FAILED)
		map->addr = MAP_FAILED;
	else
		map->addr = mmap(place, map->size, prot,
				 flags | (place ? MAP_FIXED : 0),
				 backing->fd, backing->offset + start);
	if (map->addr == MAP_FAILED) {
		err = -errno;
		if (place && place != MAP_FAILED)
			munmap(place, map->size);
		return backing_fail(backing, err, "mmap() of %zu bytes, %s and %s: %s",
				    map->size,
				    flags & MAP_PRIVATE ? "private" : "shared",
				    prot & PROT_WRITE ? "writable" : "read-only",
				    strerror(-err));
	}
	return 0;
}

int mapping_open(struct mapping *map, struct backing *backing, int prot)
{
	return mapping_open_as(map, backing, prot, MAP_SHARED, 0,
			       backing->size);
}

void mapping_close(struct mapping *map)
{
	if (map->addr != MAP_FAILED)
		munmap(map->addr, map->size);
	map->addr = MAP_FAILED;
}
