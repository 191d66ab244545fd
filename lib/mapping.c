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

/*
 * Not every kernel places a mapping so that huge pages fit: reserve more than it
 * takes, and give back what is too much.
 */
static void *aligned_place(size_t size, size_t align)
{
	char *room, *start;
	size_t ahead;

	room = mmap(NULL, size + align, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
		    -1, 0);
	if (room == MAP_FAILED)
		return MAP_FAILED;
	ahead = -(uintptr_t)room & (align - 1);
	start = room + ahead;
	if (ahead)
		munmap(room, ahead);
	munmap(start + size, align - ahead);
	return start;
}

int mapping_open(struct mapping *map, struct backing *backing, int prot)
{
	void *place = NULL;
	int err;

	map->page_size = sysconf(_SC_PAGESIZE);
	map->size = backing->size;
	map->nr_pages = map->size / map->page_size;

	if (backing->align)
		place = aligned_place(map->size, backing->align);
	if (place == MAP_FAILED)
		map->addr = MAP_FAILED;
	else
		map->addr = mmap(place, map->size, prot,
				 MAP_SHARED | (place ? MAP_FIXED : 0),
				 backing->fd, backing->offset);
	if (map->addr == MAP_FAILED) {
		err = -errno;
		if (place && place != MAP_FAILED)
			munmap(place, map->size);
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
