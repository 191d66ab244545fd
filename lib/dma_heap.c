// SPDX-License-Identifier: GPL-2.0
/*
 * DMA-BUF heaps, /dev/dma_heap/NAME: memory for devices that no device has to
 * hand out. The system heap maps all of it in mmap(), the CMA heap a page in each
 * fault (drivers/dma-buf/heaps/).
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/dma-heap.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
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
	int heap, err;

	b->size = size;
	heap = open(src->detail, O_RDONLY | O_CLOEXEC);
	if (heap < 0)
		return backing_fail(b, -errno, "%.80s: %s; run as root",
				    src->detail, strerror(errno));
	err = ioctl(heap, DMA_HEAP_IOCTL_ALLOC, &alloc) ? -errno : 0;
	close(heap);
	if (err)
		return backing_fail(b, err, "%zu bytes of %.80s: %s", size,
				    src->detail, strerror(-err));
	b->fd = alloc.fd;
	return 0;
}

/* Some heaps have memory that only devices can reach. */
static int heap_here(const struct source *src, struct backing *b)
{
	void *addr;
	int err;

	err = heap_open(src, b, sysconf(_SC_PAGESIZE));
	/* It is there, but not for this user. */
	if (err == -EACCES || err == -EPERM)
		return 0;
	if (err)
		return err;
	addr = mmap(NULL, b->size, PROT_READ | PROT_WRITE, MAP_SHARED, b->fd,
		    0);
	if (addr == MAP_FAILED)
		err = backing_fail(b, -errno,
				   "mmap() of memory of %.80s: %s; the heap is not for the CPU",
				   src->detail, strerror(errno));
	else
		munmap(addr, b->size);
	backing_close(b);
	return err;
}

static int no_heap_here(const struct source *src, struct backing *b)
{
	(void)src;
	return backing_fail(b, -ENODEV,
			    "there is no heap in %s; the kernel needs CONFIG_DMABUF_HEAPS and one of its heaps",
			    HEAPS);
}

static const struct source no_heap = {
	.name = "heap",
	.here = no_heap_here,
	.open = heap_open,
	.close = backing_close,
};

/* "heap_linux_cma" of "/dev/dma_heap/linux,cma". */
static void name_heap(char *name, size_t size, const char *path)
{
	snprintf(name, size, "heap_%s", path + strlen(HEAPS));
	source_tame(name);
}

const struct source *dma_heap_sources(int *nr)
{
	static char names[MAX_HEAPS][64], paths[MAX_HEAPS][80];
	static struct source heaps[MAX_HEAPS];
	glob_t found;
	size_t i;

	*nr = 1;
	/* In alphabetical order: the same on each run. */
	if (glob(HEAPS "*", 0, NULL, &found))
		return &no_heap;
	for (i = 0; i < found.gl_pathc && i < MAX_HEAPS; i++) {
		snprintf(paths[i], sizeof(paths[i]), "%s", found.gl_pathv[i]);
		name_heap(names[i], sizeof(names[i]), paths[i]);
		heaps[i] = (struct source){
			.name = names[i],
			.detail = paths[i],
			.here = heap_here,
			.open = heap_open,
			.close = backing_close,
		};
	}
	*nr = i;
	globfree(&found);
	return heaps;
}
