// SPDX-License-Identifier: GPL-2.0
/*
 * The parsers of /proc/vmstat, smaps and pagemap, on texts as kernels print them and
 * on damaged ones.
 */
#define TH_LOG_STREAM stdout

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "../lib/count/counters.h"
#include "../lib/count/vma_info.h"

TEST(vmstat_finds_an_event)
{
	static const char text[] = "nr_free_pages 12\n"
				   "pgfault 345\n"
				   "pgfault_lookalike 1\n"
				   "pgreuse 0\n";

	EXPECT_EQ(345, vmstat_find(text, "pgfault"));
	EXPECT_EQ(0, vmstat_find(text, "pgreuse"));
}

TEST(vmstat_missing_event_is_no_zero)
{
	EXPECT_EQ(-ENOENT, vmstat_find("pgfault 1\nxpgreuse 0\n", "pgreuse"));
	EXPECT_EQ(-ENOENT, vmstat_find("", "pgreuse"));
}

TEST(vmstat_truncated)
{
	EXPECT_EQ(-EBADMSG, vmstat_find("pgfault 12", "pgfault"));
	EXPECT_EQ(-EBADMSG, vmstat_find("pgfault \n", "pgfault"));
	EXPECT_EQ(-EBADMSG, vmstat_find("pgfault 1\npgreu", "pgreuse"));
}

TEST(vmstat_odd_numbers)
{
	EXPECT_EQ(-EBADMSG, vmstat_find("pgreuse -1\n", "pgreuse"));
	EXPECT_EQ(-EBADMSG, vmstat_find("pgreuse 0x10\n", "pgreuse"));
	EXPECT_EQ(-EBADMSG, vmstat_find("pgreuse 1 2\n", "pgreuse"));
	EXPECT_EQ(INT64_MAX, vmstat_find("pgreuse 9223372036854775807\n", "pgreuse"));
	EXPECT_EQ(-EBADMSG, vmstat_find("pgreuse 9223372036854775808\n", "pgreuse"));
	EXPECT_EQ(-EBADMSG, vmstat_find("pgreuse \n5\n", "pgreuse"));
}

TEST(vmstat_of_this_machine)
{
	int64_t before = vmstat_count("pgfault");

	ASSERT_LT(0, before);
	EXPECT_LE(before, vmstat_count("pgfault"));
}

/* Two VMAs of a process; the first one has no VmFlags yet. */
#define FIRST_VMA \
	"aaaac0de0000-aaaac0df0000 r-xp 00000000 00:1f 12 /usr/bin/a b-c r--p\n" \
	"Size:                 64 kB\n" \
	"Rss:                  64 kB\n"
#define SECOND_VMA \
	"ffff80000000-ffff80040000 rw-s 00000000 00:0e 1061 /dmabuf:\n" \
	"Size:                256 kB\n" \
	"Rss:                   0 kB\n" \
	"VmFlags: rd wr sh mr mw me ms pf io de dd \n"

static int find(const char *text, uint64_t addr, struct vma_info *info)
{
	FILE *smaps = fmemopen((void *)text, strlen(text), "r");
	int err;

	if (!smaps)
		return -errno;
	err = smaps_find(smaps, addr, info);
	fclose(smaps);
	return err;
}

TEST(smaps_finds_the_vma)
{
	const char *text = FIRST_VMA "VmFlags: rd ex mr mw me \n" SECOND_VMA;
	struct vma_info info;

	ASSERT_EQ(0, find(text, 0xffff8003ffff, &info));
	EXPECT_EQ(0xffff80000000, info.start);
	EXPECT_EQ(0xffff80040000, info.end);
	EXPECT_EQ(0, info.rss_kb);
	EXPECT_TRUE(info.pfnmap);
	EXPECT_FALSE(info.mixedmap);
	EXPECT_TRUE(info.shared);
	EXPECT_TRUE(info.writable);
	EXPECT_FALSE(info.dontcopy);

	ASSERT_EQ(0, find(text, 0xaaaac0de0000, &info));
	EXPECT_EQ(64, info.rss_kb);
	EXPECT_FALSE(info.pfnmap);
	EXPECT_FALSE(info.shared);
	EXPECT_FALSE(info.writable);
}

TEST(smaps_end_is_outside)
{
	struct vma_info info;

	EXPECT_EQ(-ENOENT, find(SECOND_VMA, 0xffff80040000, &info));
	EXPECT_EQ(-ENOENT, find(SECOND_VMA, 0xffff7fffffff, &info));
	EXPECT_EQ(-ENOENT, find("\n", 0xffff80000000, &info));
}

TEST(smaps_flags_are_words)
{
	struct vma_info info;

	ASSERT_EQ(0, find("1000-2000 rw-s 00000000 00:00 0\n"
			  "Rss: 4 kB\n"
			  "VmFlags: ?? mm dc pfx xsh\n", 0x1000, &info));
	EXPECT_TRUE(info.mixedmap);
	EXPECT_TRUE(info.dontcopy);
	EXPECT_FALSE(info.pfnmap);
	EXPECT_FALSE(info.shared);
}

TEST(smaps_truncated)
{
	struct vma_info info;

	/* Ends in the middle, or goes on with the next VMA. */
	EXPECT_EQ(-EBADMSG, find(FIRST_VMA, 0xaaaac0de0000, &info));
	EXPECT_EQ(-EBADMSG, find(FIRST_VMA "VmFlags: rd wr", 0xaaaac0de0000,
				 &info));
	EXPECT_EQ(-EBADMSG, find(FIRST_VMA SECOND_VMA, 0xaaaac0de0000, &info));
	EXPECT_EQ(-EBADMSG, find("1000-2000 rw-s 00000000 00:00 0\n"
				 "VmFlags: rd\n", 0x1000, &info));
	EXPECT_EQ(-EBADMSG, find("1000-2000 rw-s 00000000 00:00 0\n"
				 "Rss: many kB\nVmFlags: rd\n", 0x1000, &info));
}

TEST(smaps_of_this_process)
{
	struct vma_info info;
	size_t size = sysconf(_SC_PAGESIZE);
	char *page;

	page = mmap(NULL, size, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, page);
	*page = 1;
	ASSERT_EQ(0, smaps_read(page, &info));
	EXPECT_TRUE(info.shared);
	EXPECT_TRUE(info.writable);
	EXPECT_FALSE(info.pfnmap);
	EXPECT_LE((int64_t)size / 1024, info.rss_kb);
}

FIXTURE(pagemap)
{
	int fd;
	uint64_t page_size;
};

FIXTURE_SETUP(pagemap)
{
	const uint64_t entries[] = {
		0,
		UINT64_C(1) << 55,
		UINT64_C(0x8180000000012345),
		UINT64_C(0x4000000000000042),
		UINT64_MAX,
	};

	self->page_size = sysconf(_SC_PAGESIZE);
	self->fd = memfd_create("pagemap", MFD_CLOEXEC);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(sizeof(entries),
		  write(self->fd, entries, sizeof(entries)));
	/* Half an entry more. */
	ASSERT_EQ(4, write(self->fd, entries, 4));
}

FIXTURE_TEARDOWN(pagemap)
{
	close(self->fd);
}

TEST_F(pagemap, entries)
{
	struct pagemap_page page;

	/* A hole, and one where soft-dirty exists. */
	ASSERT_EQ(0, pagemap_entry(self->fd, 0, &page));
	EXPECT_FALSE(page.present);
	ASSERT_EQ(0, pagemap_entry(self->fd, self->page_size, &page));
	EXPECT_FALSE(page.present);
	EXPECT_FALSE(page.swapped);

	ASSERT_EQ(0, pagemap_entry(self->fd, 2 * self->page_size + 5, &page));
	EXPECT_TRUE(page.present);
	EXPECT_FALSE(page.file);

	ASSERT_EQ(0, pagemap_entry(self->fd, 3 * self->page_size, &page));
	EXPECT_FALSE(page.present);
	EXPECT_TRUE(page.swapped);

	ASSERT_EQ(0, pagemap_entry(self->fd, 4 * self->page_size, &page));
	EXPECT_TRUE(page.file);
}

TEST_F(pagemap, truncated)
{
	struct pagemap_page page;

	EXPECT_EQ(-ENODATA, pagemap_entry(self->fd, 5 * self->page_size, &page));
	EXPECT_EQ(-ENODATA, pagemap_entry(self->fd, 6 * self->page_size, &page));
	EXPECT_EQ(-EBADF, pagemap_entry(-1, 0, &page));
}

TEST_HARNESS_MAIN
