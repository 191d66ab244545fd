/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What pfn_mkwrite_mod/ tells, held against what was concluded without it, and whether
 * the module itself bears what user space can do to it.
 */
#ifndef PFN_MKWRITE_MODULE_TESTS_H
#define PFN_MKWRITE_MODULE_TESTS_H

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../pfn_mkwrite_mod/pfn_mkwrite_mod.h"
#include "mapping_tests.h"
#include "mod.h"

#define MOD_DEVICE	"/dev/" PFN_MKWRITE_MOD_NAME

#define WHY_NO_MODULE	"pfn_mkwrite_mod is not loaded"
#define WHY_NOT_HERE	"nothing was measured"

FIXTURE(truth)
{
	const struct observation *obs;
	enum verdict verdict;
};

FIXTURE_VARIANT(truth)
{
	const struct source *src;
	struct observation *obs;
};

FIXTURE_SETUP(truth)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* Without the module there is no variant. */
	if (!variant)
		SKIP(return, WHY_NO_MODULE);
	measure(variant->src, variant->obs);
	if (variant->obs->err)
		SKIP(return, WHY_NOT_HERE);
	self->obs = variant->obs;
	self->verdict = judge(&variant->obs->cost).verdict;
}

FIXTURE_TEARDOWN(truth)
{
}

/* The page table says what the count says. */
TEST_F(truth, verdict)
{
	const char *contradiction;

	if (!self->obs)
		return;
	contradiction = truth_contradicts(&self->obs->truth, self->verdict);
	EXPECT_EQ(NULL, contradiction) {
		TH_LOG("%s", contradiction);
	}
}

static inline bool truth_add(const struct source *src, struct observation *obs)
{
	struct {
		FIXTURE_VARIANT(truth) variant;
		struct __fixture_variant_metadata metadata;
	} *add;

	/* The harness keeps it to the end. */
	add = calloc(1, sizeof(*add));
	if (!add)
		return false;
	add->variant.src = src;
	add->variant.obs = obs;
	add->metadata.name = src->name;
	add->metadata.data = &add->variant;
	__register_fixture_variant(&_truth_fixture_object, &add->metadata);
	return true;
}

/**
 * modules_add() - let the tests run on each mapping that the module can make
 *
 * Return: false without memory.
 */
static inline bool modules_add(void)
{
	const struct source *const *sources;
	struct observation *obs;
	int i, nr;

	sources = mod_sources(&nr);
	for (i = 0; i < nr; i++) {
		obs = mapping_add(sources[i]);
		if (!obs || !truth_add(sources[i], obs))
			return false;
	}
	return true;
}

/* The module and what may be done to it. */
FIXTURE(module)
{
	int fd;
	size_t page_size;
};

FIXTURE_SETUP(module)
{
	self->page_size = sysconf(_SC_PAGESIZE);
	self->fd = open(MOD_DEVICE, O_RDWR | O_CLOEXEC);
	if (self->fd < 0 && errno == ENOENT)
		SKIP(return, WHY_NO_MODULE);
	if (self->fd < 0 && (errno == EACCES || errno == EPERM))
		SKIP(return, WHY_NO_ACCESS);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(module)
{
	if (self->fd >= 0)
		close(self->fd);
}

static inline int mod_setup(int fd, uint32_t insert, uint32_t flags,
			    uint64_t size)
{
	struct pfn_mkwrite_setup setup = {
		.insert = insert,
		.flags = flags,
		.size = size,
	};

	return ioctl(fd, PFN_MKWRITE_MOD_SETUP, &setup) ? -errno : 0;
}

static inline int mod_ask(int fd, const void *addr)
{
	struct pfn_mkwrite_pte pte = { .addr = (uintptr_t)addr };

	return ioctl(fd, PFN_MKWRITE_MOD_PTE, &pte) ? -errno : 0;
}

static inline unsigned char *mod_map(int fd, size_t size)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
}

TEST_F(module, refuses_bad_setup)
{
	struct pfn_mkwrite_setup ahead = { .ahead = ~0U };
	struct pfn_mkwrite_setup mistake = { .wrong = ~0U };
	size_t size;

	if (self->fd < 0)
		return;
	size = self->page_size;
	EXPECT_EQ(-EINVAL, mod_setup(self->fd, ~0U, 0, size));
	EXPECT_EQ(-EINVAL, mod_setup(self->fd, 0, ~0U, size));
	EXPECT_EQ(-EINVAL, mod_setup(self->fd, 0, 1U << 31, size));
	EXPECT_EQ(-EINVAL, mod_setup(self->fd, 0, 0, size + 1));
	EXPECT_EQ(-EINVAL, mod_setup(self->fd, 0, 0, 1ULL << 62));
	EXPECT_EQ(-EINVAL, mod_setup(self->fd, PFN_MKWRITE_INSERT_PFN,
				     PFN_MKWRITE_MIXEDMAP, size));
	EXPECT_EQ(-EINVAL, mod_setup(self->fd, PFN_MKWRITE_INSERT_MIXED, 0,
				     size));
	EXPECT_EQ(-1, ioctl(self->fd, PFN_MKWRITE_MOD_SETUP, &ahead));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, ioctl(self->fd, PFN_MKWRITE_MOD_SETUP, &mistake));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, ioctl(self->fd, PFN_MKWRITE_MOD_SETUP, 1));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, ioctl(self->fd, PFN_MKWRITE_MOD_RESET));
	EXPECT_EQ(ENXIO, errno);
	EXPECT_EQ(-1, ioctl(self->fd, _IO('m', 0x7f)));
	EXPECT_EQ(ENOTTY, errno);
	EXPECT_EQ(MAP_FAILED, mod_map(self->fd, size));

	/* After all of this it still works, once. */
	EXPECT_EQ(0, mod_setup(self->fd, 0, 0, size));
	EXPECT_EQ(-EBUSY, mod_setup(self->fd, 0, 0, size));
	EXPECT_EQ(MAP_FAILED, mod_map(self->fd, 2 * size));
}

/* It tells of its own mappings, of this file, and of nothing else. */
TEST_F(module, refuses_other_vmas)
{
	unsigned char *own, *other, on_stack;
	int fd;

	if (self->fd < 0)
		return;
	ASSERT_EQ(0, mod_setup(self->fd, 0, 0, self->page_size));
	own = mod_map(self->fd, self->page_size);
	ASSERT_NE(MAP_FAILED, own);
	fd = open(MOD_DEVICE, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, mod_setup(fd, 0, 0, self->page_size));
	other = mod_map(fd, self->page_size);
	ASSERT_NE(MAP_FAILED, other);

	EXPECT_EQ(0, mod_ask(self->fd, own));
	EXPECT_EQ(-EFAULT, mod_ask(self->fd, other));
	EXPECT_EQ(-EFAULT, mod_ask(self->fd, &on_stack));
	EXPECT_EQ(-EFAULT, mod_ask(self->fd, NULL));
	EXPECT_EQ(-EFAULT, mod_ask(self->fd, (void *)~0UL));
	munmap(own, self->page_size);
	EXPECT_EQ(-EFAULT, mod_ask(self->fd, own));
	close(fd);
}

/* Root without CAP_SYS_ADMIN may not open it, whatever the mode of the file. */
TEST_F(module, needs_cap_sys_admin)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct caps[2];

	if (self->fd < 0)
		return;
	ASSERT_EQ(0, syscall(SYS_capget, &header, caps));
	caps[0].effective &= ~(1U << CAP_SYS_ADMIN);
	ASSERT_EQ(0, syscall(SYS_capset, &header, caps));
	EXPECT_EQ(-1, open(MOD_DEVICE, O_RDWR | O_CLOEXEC));
	EXPECT_EQ(EPERM, errno);
}

/* A mapping outlives its file descriptor, and a forked child its parent's. */
TEST_F(module, survives_close_and_fork)
{
	unsigned char *addr;
	int status = -1;
	pid_t pid;

	if (self->fd < 0)
		return;
	ASSERT_EQ(0, mod_setup(self->fd, 0, 0, 2 * self->page_size));
	addr = mod_map(self->fd, 2 * self->page_size);
	ASSERT_NE(MAP_FAILED, addr);
	addr[0] = 1;
	close(self->fd);
	self->fd = -1;

	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		addr[0]++;
		addr[self->page_size] = 7;
		munmap(addr, self->page_size);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(2, addr[0]);
	EXPECT_EQ(7, addr[self->page_size]);
	munmap(addr, 2 * self->page_size);
}

/* Its code is not to go away while a fault may need it. */
TEST_F(module, not_unloaded_while_mapped)
{
	unsigned char *addr;

	if (self->fd < 0)
		return;
	ASSERT_EQ(0, mod_setup(self->fd, 0, 0, self->page_size));
	addr = mod_map(self->fd, self->page_size);
	ASSERT_NE(MAP_FAILED, addr);
	close(self->fd);
	self->fd = -1;

	EXPECT_EQ(-1, syscall(SYS_delete_module, "pfn_mkwrite_mod",
			      O_NONBLOCK));
	EXPECT_EQ(EWOULDBLOCK, errno);
	addr[0] = 1;
	EXPECT_EQ(1, addr[0]);
	munmap(addr, self->page_size);
}

#endif /* PFN_MKWRITE_MODULE_TESTS_H */
