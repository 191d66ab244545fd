/* SPDX-License-Identifier: GPL-2.0 */
/* The page of a perf ring behind its control page: the kernel writes to it. */
#include <linux/perf_event.h>
#include <sys/syscall.h>

FIXTURE(perf)
{
	unsigned char *ring;
	size_t size;
};

FIXTURE_SETUP(perf)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_DUMMY,
		.exclude_kernel = 1,
	};
	int fd = syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);

	self->size = sysconf(_SC_PAGESIZE);
	self->ring = mmap(NULL, 2 * self->size, PROT_READ, MAP_SHARED, fd, 0);
	if (self->ring == MAP_FAILED)
		SKIP(return, "no perf ring can be mapped here");
}

FIXTURE_TEARDOWN(perf)
{
}

/*
 * perf_mmap_pfn_mkwrite() refuses each store (kernel/events/core.c). mprotect() makes
 * a dirty PTE writable without it.
 */
TEST_F(perf, data_refused)
{
	unsigned char *data = self->ring + self->size;

	load_page(data);
	ASSERT_EQ(0, mprotect(self->ring, 2 * self->size, PROT_READ | PROT_WRITE));
	catch_signals();
	ASSERT_RAISES(SIGBUS, 0, ACCESS_STORE, data, "after a load and mprotect()");
}
