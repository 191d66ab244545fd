// SPDX-License-Identifier: GPL-2.0
/* /proc/vmstat and smaps of this machine. */
#define TH_LOG_STREAM stdout

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "../lib/count/count.h"

TEST(vmstat)
{
	int64_t before = vmstat_count("pgfault");

	ASSERT_LT(0, before);
	EXPECT_LE(before, vmstat_count("pgfault"));
}

/* Neither a part of a name nor nothing is an event. */
TEST(vmstat_missing_event_is_no_zero)
{
	EXPECT_EQ(-ENOENT, vmstat_count("fault"));
	EXPECT_EQ(-ENOENT, vmstat_count("pgfaul"));
	EXPECT_EQ(-ENOENT, vmstat_count(""));
}

TEST(smaps)
{
	struct vma_info info;
	size_t size = sysconf(_SC_PAGESIZE);
	char *page;

	page = mmap(NULL, size, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, page);
	*page = 1;
	ASSERT_EQ(0, smaps_read(page, &info));
	EXPECT_TRUE(vma_flag(&info, "sh"));
	EXPECT_TRUE(vma_flag(&info, "wr"));
	EXPECT_FALSE(vma_flag(&info, "pf"));
	EXPECT_FALSE(vma_flag(&info, "h"));
	EXPECT_EQ(size / 1024, info.rss_kb);

	/* The next VMA is another one. */
	ASSERT_EQ(0, mprotect(page, size, PROT_READ));
	ASSERT_EQ(0, smaps_read(page, &info));
	EXPECT_FALSE(vma_flag(&info, "wr"));
	ASSERT_EQ(0, munmap(page, size));
	EXPECT_EQ(-ENODATA, smaps_read(page, &info));
	EXPECT_EQ(-ENODATA, smaps_read(NULL, &info));
}

TEST_HARNESS_MAIN
