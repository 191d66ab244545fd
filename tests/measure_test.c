// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that cannot be measured: the end of the measuring process must be in the
 * observation, and nowhere else.
 */
#define TH_LOG_STREAM stdout

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "../lib/cost/cost.h"

FIXTURE(measure)
{
	struct observation *obs;
};

FIXTURE_SETUP(measure)
{
	self->obs = observation_new();
	ASSERT_NE(NULL, self->obs);
}

FIXTURE_TEARDOWN(measure)
{
}

static void no_close(struct backing *b)
{
	(void)b;
}

/* A file that ends before its mapping does: the kernel sends SIGBUS. */
static int open_short(const struct source *src, struct backing *b, size_t size)
{
	(void)src;
	b->fd = memfd_create("short", MFD_CLOEXEC);
	b->size = size;
	return b->fd < 0 ? -errno : 0;
}

TEST_F(measure, sigbus)
{
	const struct source src = {
		.name = "short",
		.open = open_short,
		.close = no_close,
	};

	measure(&src, self->obs);
	EXPECT_TRUE(self->obs->done);
	EXPECT_EQ(-EFAULT, self->obs->err);
	EXPECT_NE(NULL, strstr(self->obs->why, strsignal(SIGBUS)));
	EXPECT_NE(NULL, strstr(self->obs->why, " in the probe first_store"));
	/* No child is left to wait for. */
	EXPECT_EQ(-1, waitpid(-1, NULL, WNOHANG));
	EXPECT_EQ(ECHILD, errno);
}

/* A driver that never answers. */
static int open_never(const struct source *src, struct backing *b, size_t size)
{
	(void)src;
	(void)b;
	(void)size;
	while (pause() < 0)
		continue;
	return -EINTR;
}

TEST_F(measure, hang)
{
	const struct source src = {
		.name = "never",
		.open = open_never,
		.close = no_close,
	};

	measure(&src, self->obs);
	EXPECT_TRUE(self->obs->done);
	EXPECT_EQ(-ETIMEDOUT, self->obs->err);
	EXPECT_STREQ("no end after 10 seconds in the probe open",
		     self->obs->why);
	EXPECT_EQ(-1, waitpid(-1, NULL, WNOHANG));
	EXPECT_EQ(ECHILD, errno);
}

static int open_refused(const struct source *src, struct backing *b,
			size_t size)
{
	(void)src;
	(void)size;
	return backing_fail(b, -EACCES, "/dev/%s: %s", "x", "refused");
}

TEST_F(measure, refused)
{
	const struct source src = {
		.name = "refused",
		.open = open_refused,
		.close = no_close,
	};

	measure(&src, self->obs);
	EXPECT_EQ(-EACCES, self->obs->err);
	EXPECT_STREQ("/dev/x: refused", self->obs->why);
}

/* A second look must not measure again, and not crash again. */
TEST_F(measure, once)
{
	const struct source src = {
		.name = "once",
		.open = open_short,
		.close = no_close,
	};

	self->obs->done = true;
	measure(&src, self->obs);
	EXPECT_EQ(0, self->obs->err);
	EXPECT_EQ(NULL, self->obs->stage);
}

TEST_HARNESS_MAIN
