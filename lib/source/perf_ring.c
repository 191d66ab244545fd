// SPDX-License-Identifier: GPL-2.0
/*
 * The control page of a perf ring: a write-notified mapping without any device.
 * Its driver takes the notification of the first page and refuses the others
 * (kernel/events/core.c, perf_mmap_pfn_mkwrite(); in 6.12 perf_mmap_fault()), so
 * this source has a single page.
 */
#include <errno.h>
#include <linux/perf_event.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "source.h"

static int perf_ring_open(const struct source *src, struct backing *b, size_t size)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_DUMMY,
		.disabled = 1,
		.exclude_kernel = 1,
	};
	const char *advice =
		"be root outside of a user namespace, or lower kernel.perf_event_paranoid";
	void *keep;

	(void)src;
	(void)size;
	b->size = sysconf(_SC_PAGESIZE);
	b->fd = syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	if (b->fd < 0)
		return backing_fail(b, -errno, "perf_event_open(): %m; %s",
				    errno == EACCES ? advice :
				    "this kernel has no perf, or a container hides it");

	/*
	 * The last munmap() frees the ring and waits 10 ms for RCU: with one mapping
	 * left, the others come and go at once.
	 */
	keep = mmap(NULL, b->size, PROT_READ | PROT_WRITE, MAP_SHARED, b->fd, 0);
	if (keep == MAP_FAILED)
		return backing_fail(b, -errno, "mmap() of a perf event: %m");
	b->priv = (uintptr_t)keep;
	return 0;
}

static void perf_ring_close(struct backing *b)
{
	if (b->priv)
		munmap((void *)b->priv, b->size);
	b->priv = 0;
	backing_close(b);
}

const struct source perf_ring_source = {
	.name = "perf_ring",
	.open = perf_ring_open,
	.close = perf_ring_close,
};
