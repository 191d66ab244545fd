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
static const struct source *heap_instance(int index)
{
	static char name[MAX_HEAPS][64], path[MAX_HEAPS][80];
	static struct source heap[MAX_HEAPS];
	bool there;
	glob_t found;

	if (glob(HEAPS "*", 0, NULL, &found))
		return index ? NULL : &no_heap;
	there = index < MAX_HEAPS && (size_t)index < found.gl_pathc;
	if (there) {
		snprintf(path[index], sizeof(path[index]), "%s", found.gl_pathv[index]);
		/* "heap_linux_cma" of "/dev/dma_heap/linux,cma". */
		snprintf(name[index], sizeof(name[index]), "heap_%s",
			 path[index] + strlen(HEAPS));
		source_tame(name[index]);
		heap[index] = (struct source){
			.name = name[index],
			.detail = path[index],
			.open = heap_open,
			.close = backing_close,
		};
	}
	globfree(&found);
	return there ? &heap[index] : NULL;
}

const struct source dma_heap_source = {
	.instance = heap_instance,
};
