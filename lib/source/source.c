// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "source.h"

int backing_fail(struct backing *b, int err, const char *fmt, ...)
{
	va_list args;

	errno = -err;
	va_start(args, fmt);
	vsnprintf(b->why, sizeof(b->why), fmt, args);
	va_end(args);
	return err;
}

const char *access_advice(int err)
{
	if (err != EACCES && err != EPERM)
		return "";
	return geteuid() ? "; run as root, or as a user whom ls -l permits" :
			   "; be root outside of a user namespace or container";
}

int backing_open(struct backing *b, const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	return fd < 0 ? backing_fail(b, -errno, "%.80s: %m%s", path, access_advice(errno)) : fd;
}

int backing_memfd(struct backing *b, unsigned int flags)
{
	int fd = memfd_create("pfn_mkwrite", MFD_CLOEXEC | flags), err;

	if (fd >= 0 && !ftruncate(fd, b->size))
		return fd;
	err = backing_fail(b, -errno, "a memfd of %zu bytes: %m", b->size);
	if (fd >= 0)
		close(fd);
	return err;
}

void backing_init(struct backing *b)
{
	memset(b, 0, sizeof(*b));
	b->fd = -1;
	b->peer_fd = -1;
}

void backing_close(struct backing *b)
{
	if (b->fd >= 0)
		close(b->fd);
	b->fd = -1;
	if (b->peer_fd >= 0)
		close(b->peer_fd);
	b->peer_fd = -1;
}

size_t mapping_step(const struct backing *b)
{
	return b->align ? b->align : (size_t)sysconf(_SC_PAGESIZE);
}

/* Some DMA-BUFs are for devices alone: mmap() tells. */
int source_here(const struct source *src, struct backing *b)
{
	struct mapping map;
	int err;

	backing_init(b);
	if (src->here)
		return src->here(src, b);
	err = src->open(src, b, sysconf(_SC_PAGESIZE));
	if (!err) {
		err = mapping_open(&map, b, PROT_READ | PROT_WRITE);
		mapping_close(&map);
		if (err == -EINVAL)
			err = -ENODEV;
	}
	src->close(b);
	return err;
}

void *mapping_place(size_t size, size_t step)
{
	char *room = mmap(NULL, size + step, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (room == MAP_FAILED)
		return NULL;
	munmap(room, size + step);
	return room + (-(uintptr_t)room & (step - 1));
}

int mapping_open_as(struct mapping *map, struct backing *b, int prot, int flags,
		    size_t start, size_t size)
{
	map->page_size = sysconf(_SC_PAGESIZE);
	map->size = size;
	map->nr_pages = size / map->page_size;
	/* Aligned, so that what one fault maps is the same in each run. */
	map->addr = mmap(mapping_place(size, size & -size), size, prot, flags, b->fd,
			 b->offset + start);
	if (map->addr != MAP_FAILED)
		return 0;
	return backing_fail(b, -errno, "mmap() of %zu bytes, %s and %s: %m", size,
			    flags & MAP_PRIVATE ? "private" : "shared",
			    prot & PROT_WRITE ? "writable" : "read-only");
}

int mapping_open(struct mapping *map, struct backing *b, int prot)
{
	return mapping_open_as(map, b, prot, MAP_SHARED, 0, b->size);
}

void mapping_close(struct mapping *map)
{
	if (map->addr != MAP_FAILED)
		munmap(map->addr, map->size);
	map->addr = MAP_FAILED;
}
