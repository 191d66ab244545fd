// SPDX-License-Identifier: GPL-2.0
/* The times of a file, on a file whose only user is the test. */
#define TH_LOG_STREAM stdout

#include <errno.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "../lib/count/count.h"
#include "../lib/count/file_times.h"

FIXTURE(times)
{
	int fd;
	struct stat then;
};

FIXTURE_SETUP(times)
{
	self->fd = memfd_create("times", MFD_CLOEXEC);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(1, pwrite(self->fd, "x", 1, 0));
}

FIXTURE_TEARDOWN(times)
{
	close(self->fd);
}

/* A second write within the tick of the first one would move nothing. */
TEST_F(times, moved_by_write)
{
	struct timespec now;
	int i;

	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, file_times_settle(self->fd, &self->then));
		clock_gettime(CLOCK_REALTIME_COARSE, &now);
		ASSERT_TRUE(self->then.st_mtim.tv_sec < now.tv_sec ||
			    self->then.st_mtim.tv_nsec < now.tv_nsec);
		EXPECT_EQ(0, file_times_moved(self->fd, &self->then));
		ASSERT_EQ(1, pwrite(self->fd, "y", 1, 0));
		EXPECT_EQ(1, file_times_moved(self->fd, &self->then));
	}
}

TEST_F(times, not_moved_by_read)
{
	char byte;

	ASSERT_EQ(0, file_times_settle(self->fd, &self->then));
	ASSERT_EQ(1, pread(self->fd, &byte, 1, 0));
	EXPECT_EQ(0, file_times_moved(self->fd, &self->then));
}

/* ctime alone. */
TEST_F(times, moved_by_chmod)
{
	ASSERT_EQ(0, file_times_settle(self->fd, &self->then));
	ASSERT_EQ(0, fchmod(self->fd, 0600));
	EXPECT_EQ(1, file_times_moved(self->fd, &self->then));
}

/* A time in the far future is not waited for, and an update changes it. */
TEST_F(times, future)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT } };
	int64_t start = now_ns();

	times[1].tv_sec = time(NULL) + 3600;
	ASSERT_EQ(0, futimens(self->fd, times));
	ASSERT_EQ(0, file_times_settle(self->fd, &self->then));
	EXPECT_GE(INT64_C(1000000000), now_ns() - start);
	ASSERT_EQ(1, pwrite(self->fd, "y", 1, 0));
	EXPECT_EQ(1, file_times_moved(self->fd, &self->then));
}

/* One in the near future is. */
TEST_F(times, near_future)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT } };

	clock_gettime(CLOCK_REALTIME, &times[1]);
	times[1].tv_sec++;
	ASSERT_EQ(0, futimens(self->fd, times));
	ASSERT_EQ(0, file_times_settle(self->fd, &self->then));
	clock_gettime(CLOCK_REALTIME, &times[0]);
	EXPECT_LE(times[1].tv_sec, times[0].tv_sec);
}

TEST_F(times, no_file)
{
	EXPECT_EQ(-EBADF, file_times_settle(-1, &self->then));
	EXPECT_EQ(-1, file_times_moved(-1, &self->then));
}

TEST_HARNESS_MAIN
