// SPDX-License-Identifier: GPL-2.0
/*
 * DMA-BUF heaps, /dev/dma_heap/NAME: memory for devices without a device. The system
 * heap maps all of it in mmap(), the CMA heap a page in each fault
 * (drivers/dma-buf/heaps/).
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/dma-heap.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "source.h"

#define HEAPS		"/dev/dma_heap/"
#define MAX_HEAPS	8

static int heap_open(const struct source *src, struct backing *b, size_t size)
{
	struct dma_heap_allocation_data alloc = {
		.len = size,
		.fd_flags = O_RDWR | O_CLOEXEC,
	};
	int heap, err = 0;

	b->size = size;
	heap = backing_open(b, src->detail, O_RDONLY);
	if (heap < 0)
		return heap;
	if (ioctl(heap, DMA_HEAP_IOCTL_ALLOC, &alloc))
		err = backing_fail(b, -errno, "%zu bytes of %.80s: %m", size, src->detail);
	else
		b->fd = alloc.fd;
	close(heap);
	return err;
}

static int no_heap_open(const struct source *src, struct backing *b, size_t size)
{
	(void)src;
	(void)size;
	return backing_fail(b, -ENODEV,
			    "there is no heap in %s; the kernel needs CONFIG_DMABUF_HEAPS and one of its heaps",
			    HEAPS);
}

static const struct source no_heap = {
	.name = "heap",
	.open = no_heap_open,
	.close = backing_close,
};

/* In alphabetical order: the same on each run. */
int dma_heaps_each(int (*fn)(const struct source *src))
{
	static char name[MAX_HEAPS][64], path[MAX_HEAPS][80];
	static struct source heap[MAX_HEAPS];
	int err = 0, i;
	glob_t found;

	if (glob(HEAPS "*", 0, NULL, &found))
		return fn(&no_heap);
	for (i = 0; !err && i < MAX_HEAPS && i < (int)found.gl_pathc; i++) {
		snprintf(path[i], sizeof(path[i]), "%s", found.gl_pathv[i]);
		/* "heap_linux_cma" of "/dev/dma_heap/linux,cma". */
		snprintf(name[i], sizeof(name[i]), "heap_%s", path[i] + strlen(HEAPS));
		source_tame(name[i]);
		heap[i] = (struct source){
			.name = name[i],
			.detail = path[i],
			.open = heap_open,
			.close = backing_close,
		};
		err = fn(&heap[i]);
	}
	globfree(&found);
	return err;
}
