// SPDX-License-Identifier: GPL-2.0
/*
 * The tests of a mapping, for each mapping that pfn_mkwrite_mod makes; each verdict,
 * compared with the page table; and tests of the module itself.
 */
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/source/drm_cards.h"
#include "../lib/tests/compat.h"
#include "../lib/tests/mapping_tests.h"
#include "mod.h"

#define PM_SOFT_DIRTY	(UINT64_C(1) << 55)

/* Of a mapping that was added, or NULL. */
static struct observation *observation_of(const struct source *src)
{
	const FIXTURE_VARIANT(mapping) *variant;

	variant = harness_variant(&_mapping_fixture_object, src->name);
	return variant ? variant->obs : NULL;
}

FIXTURE(truth)
{
	struct backing b;
};

FIXTURE_VARIANT(truth)
{
	const struct source *src;
};

FIXTURE_SETUP(truth)
{
	struct observation *obs = observation_of(variant->src);
	int err;

	backing_init(&self->b);
	measure(variant->src, obs);
	if (obs->err)
		SKIP(return, WHY_NOT_MEASURED);
	err = variant->src->open(variant->src, &self->b,
				 NR_STORES * sysconf(_SC_PAGESIZE));
	ASSERT_EQ(0, err) {
		TH_LOG("%s", self->b.why);
	}
}

FIXTURE_TEARDOWN(truth)
{
	backing_close(&self->b);
}

static const char *state_of(const struct pte_truth *pte)
{
	if (!pte->present)
		return "absent";
	if (!pte->write)
		return pte->dirty ? "write-protected and dirty" :
				    "write-protected and clean";
	return pte->dirty ? "writable and dirty" : "writable and clean";
}

static void print_truth(const struct mapping_truth *truth)
{
	const struct page_truth *stored = &truth->stored;

	printf("#   page table: ");
	if (stored->faults)
		printf("the fault of the first store left it %s (%d call%s",
		       state_of(&stored->left), stored->faults,
		       stored->faults == 1 ? "" : "s");
	else
		printf("before any access %s (no call",
		       state_of(&truth->untouched.now));
	printf(", %d notified), a load %s\n", stored->notified,
	       state_of(&truth->loaded.now));
}

/* The page table agrees with the verdict that was reached by counting faults. */
TEST_F(truth, verdict)
{
	const struct source *src = variant->src;
	enum verdict verdict = judge(&observation_of(src)->cost).verdict;
	struct mapping_truth truth;
	const char *contradiction;
	struct mapping map;

	ASSERT_EQ(0, src->renew(&self->b));
	ASSERT_EQ(0, mapping_open(&map, &self->b, PROT_READ | PROT_WRITE));
	ASSERT_EQ(0, mod_truth(&self->b, map.addr, &truth.untouched));
	*mapping_word(&map, 0) = 1;
	ASSERT_EQ(0, mod_truth(&self->b, map.addr, &truth.stored));
	mapping_close(&map);

	ASSERT_EQ(0, src->renew(&self->b));
	ASSERT_EQ(0, mapping_open(&map, &self->b, PROT_READ | PROT_WRITE));
	load_page(map.addr);
	ASSERT_EQ(0, mod_truth(&self->b, map.addr, &truth.loaded));
	*mapping_word(&map, 0) = 1;
	ASSERT_EQ(0, mod_truth(&self->b, map.addr, &truth.upgraded));
	mapping_close(&map);

	print_truth(&truth);
	contradiction = truth_contradicts(&truth, verdict);
	EXPECT_EQ(NULL, contradiction) {
		TH_LOG("%s", contradiction);
	}
}

/* User space must not get the module to misbehave. */
FIXTURE(module)
{
	int fd;
	size_t page_size;
};

FIXTURE_SETUP(module)
{
	self->page_size = sysconf(_SC_PAGESIZE);
	self->fd = open(MOD_PATH, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(module)
{
	if (self->fd >= 0)
		close(self->fd);
}

static int mod_setup(int fd, uint32_t insert, uint32_t flags, uint64_t size)
{
	struct pfn_mkwrite_setup setup = {
		.insert = insert,
		.flags = flags,
		.size = size,
	};

	return ioctl(fd, PFN_MKWRITE_MOD_SETUP, &setup) ? -errno : 0;
}

static int mod_ask(int fd, const void *addr)
{
	struct pfn_mkwrite_pte pte = { .addr = (uintptr_t)addr };

	return ioctl(fd, PFN_MKWRITE_MOD_PTE, &pte) ? -errno : 0;
}

static unsigned char *mod_map(int fd, size_t size)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
}

/* Volatile: the compiler must not forward a store to this load. */
static unsigned char byte_at(const unsigned char *addr)
{
	return *(const volatile unsigned char *)addr;
}

TEST_F(module, refuses_bad_setup)
{
	struct pfn_mkwrite_setup ahead = { .ahead = ~0U };
	struct pfn_mkwrite_setup mistake = { .wrong = ~0U };
	size_t size = self->page_size;

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

/* Only mappings of the file itself can be looked at. */
TEST_F(module, refuses_other_vmas)
{
	unsigned char *own, *other, on_stack;
	int fd;

	ASSERT_EQ(0, mod_setup(self->fd, 0, 0, self->page_size));
	own = mod_map(self->fd, self->page_size);
	ASSERT_NE(MAP_FAILED, own);
	fd = open(MOD_PATH, O_RDWR | O_CLOEXEC);
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

/* The mode of the file is not enough: root needs CAP_SYS_ADMIN. */
TEST_F(module, needs_cap_sys_admin)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct caps[2];

	ASSERT_EQ(0, syscall(SYS_capget, &header, caps));
	caps[0].effective &= ~(1U << CAP_SYS_ADMIN);
	ASSERT_EQ(0, syscall(SYS_capset, &header, caps));
	EXPECT_EQ(-1, open(MOD_PATH, O_RDWR | O_CLOEXEC));
	EXPECT_EQ(EPERM, errno);
}

/* A mapping outlives its file descriptor, also in a forked child. */
TEST_F(module, survives_close_and_fork)
{
	unsigned char *addr;
	int status = -1;
	pid_t pid;

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
	EXPECT_EQ(2, byte_at(addr));
	EXPECT_EQ(7, byte_at(addr + self->page_size));
	munmap(addr, 2 * self->page_size);
}

/* A fault needs the code of the module. */
TEST_F(module, not_unloaded_while_mapped)
{
	unsigned char *addr;

	ASSERT_EQ(0, mod_setup(self->fd, 0, 0, self->page_size));
	addr = mod_map(self->fd, self->page_size);
	ASSERT_NE(MAP_FAILED, addr);
	close(self->fd);
	self->fd = -1;

	EXPECT_EQ(-1, syscall(SYS_delete_module, "pfn_mkwrite_mod",
			      O_NONBLOCK));
	EXPECT_EQ(EWOULDBLOCK, errno);
	addr[0] = 1;
	EXPECT_EQ(1, byte_at(addr));
	munmap(addr, self->page_size);
}

static unsigned char *mod_make(struct __test_metadata *_metadata, int fd, int prot,
			       struct pfn_mkwrite_setup setup)
{
	unsigned char *addr;

	ASSERT_EQ(0, ioctl(fd, PFN_MKWRITE_MOD_SETUP, &setup));
	addr = mmap(NULL, setup.size, prot, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, addr);
	return addr;
}

static unsigned char *mod_make_page(struct __test_metadata *_metadata, int fd, int prot,
				    uint32_t insert, uint32_t flags)
{
	const struct pfn_mkwrite_setup setup = { .insert = insert, .flags = flags };

	return mod_make(_metadata, fd, prot, setup);
}

static struct pfn_mkwrite_pte mod_pte(struct __test_metadata *_metadata, int fd,
				      const unsigned char *addr)
{
	struct pfn_mkwrite_pte pte = { .addr = (uintptr_t)addr };

	ASSERT_EQ(0, ioctl(fd, PFN_MKWRITE_MOD_PTE, &pte));
	return pte;
}

static uint32_t mod_loaded(struct __test_metadata *_metadata, int fd, unsigned char *addr)
{
	load_page(addr);
	return mod_pte(_metadata, fd, addr).now &
	       (PFN_MKWRITE_PTE_PRESENT | PFN_MKWRITE_PTE_DIRTY | PFN_MKWRITE_PTE_WRITE);
}

/*
 * comedi, udlfb, smscufx and atomisp pass PAGE_SHARED for any VMA. If the CPU does not
 * set the dirty bit, only a clean PTE protects a read-only VMA.
 */
TEST_F(module, read_only_stays_clean)
{
	unsigned char *addr = mod_make_page(_metadata, self->fd, PROT_READ,
					    PFN_MKWRITE_INSERT_PFN_PROT,
					    PFN_MKWRITE_PROT_WRITABLE);
	struct meter meter;
	bool mixed;

	EXPECT_EQ(PFN_MKWRITE_PTE_PRESENT | PFN_MKWRITE_PTE_WRITE,
		  mod_loaded(_metadata, self->fd, addr));
	meter_open(&meter);
	if (calibrate(&meter, &mixed) == 1 && !mixed) {
		catch_signals();
		ASSERT_RAISES(SIGSEGV, SEGV_ACCERR, ACCESS_STORE, addr, "after a load");
	}
}

/* mprotect() makes a dirty PTE writable, and nothing is notified. */
TEST_F(module, write_protected_stays_clean)
{
	unsigned char *addr = mod_make_page(_metadata, self->fd, PROT_READ | PROT_WRITE,
					    PFN_MKWRITE_INSERT_PFN_PROT,
					    PFN_MKWRITE_PROT_UNSHARED);

	EXPECT_EQ(PFN_MKWRITE_PTE_PRESENT, mod_loaded(_metadata, self->fd, addr));
}

/*
 * clear_refs makes vm_page_prot read-only to track soft-dirty pages: a page mapped since
 * must stay write-protected (fs/proc/task_mmu.c, clear_refs_write()).
 */
TEST_F(module, soft_dirty_tracked)
{
	unsigned char *addr = mod_make_page(_metadata, self->fd, PROT_READ | PROT_WRITE,
					    PFN_MKWRITE_INSERT_PFN, 0);
	int fd = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
	uint64_t before = 0, after = 0;
	unsigned char *plain;

	plain = mmap(NULL, self->page_size, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, plain);
	plain[0] = 1;
	pagemap_read(plain, &before);
	if (write(fd, "4", 1) != 1 || !pagemap_read(plain, &after) ||
	    !(before & PM_SOFT_DIRTY) || after & PM_SOFT_DIRTY)
		SKIP(return, "this kernel does not track soft-dirty pages");
	EXPECT_EQ(PFN_MKWRITE_PTE_PRESENT, mod_loaded(_metadata, self->fd, addr));
}

static long zero_pages_of_ksm(void)
{
	FILE *file = fopen("/sys/kernel/mm/ksm/ksm_zero_pages", "re");
	long nr = 0;

	if (file) {
		if (fscanf(file, "%ld", &nr) != 1)
			nr = 0;
		fclose(file);
	}
	return nr;
}

/* A dirty PTE of the zero page is KSM's: is_ksm_zero_pte(). munmap() counts it down. */
TEST_F(module, zero_page_stays_clean)
{
	unsigned char *addr = mod_make_page(_metadata, self->fd, PROT_READ | PROT_WRITE,
					    PFN_MKWRITE_INSERT_PFN,
					    PFN_MKWRITE_ZERO_PAGE);
	long nr = zero_pages_of_ksm();

	EXPECT_EQ(PFN_MKWRITE_PTE_PRESENT | PFN_MKWRITE_PTE_WRITE,
		  mod_loaded(_metadata, self->fd, addr));
	ASSERT_EQ(0, munmap(addr, self->page_size));
	EXPECT_EQ(nr, zero_pages_of_ksm());
}

/* vmwgfx uploads the pages that have a dirty PTE: a load, or a neighbour, is no write. */
TEST_F(module, dirty_ptes_recorded)
{
	unsigned char *addr = mod_make(_metadata, self->fd, PROT_READ | PROT_WRITE,
				       (struct pfn_mkwrite_setup){
		.insert = PFN_MKWRITE_INSERT_PFN_PROT,
		.flags = PFN_MKWRITE_PFN_NOTIFY | PFN_MKWRITE_PAGE_NOTIFY |
			 PFN_MKWRITE_PROT_SHARED | PFN_MKWRITE_QUIET,
		.ahead = 16,
		.size = 64 * self->page_size,
	});
	uint64_t dirty;

	load_page(addr);
	if (ioctl(self->fd, PFN_MKWRITE_MOD_RECORD, &dirty)) {
		ASSERT_EQ(EOPNOTSUPP, errno);
		SKIP(return, "this kernel has no CONFIG_MAPPING_DIRTY_HELPERS");
	}
	EXPECT_EQ(0, dirty);
	addr[3 * self->page_size] = 1;
	addr[32 * self->page_size] = 1;
	ASSERT_EQ(0, ioctl(self->fd, PFN_MKWRITE_MOD_RECORD, &dirty));
	EXPECT_EQ(UINT64_C(1) << 3 | UINT64_C(1) << 32, dirty);
	ASSERT_EQ(0, ioctl(self->fd, PFN_MKWRITE_MOD_RECORD, &dirty));
	EXPECT_EQ(0, dirty);
}

/*
 * ttm_bo_vm_dummy_page() and TTM's prefault insert over entries that are there, for the
 * same PFN or another one. fork() cleans entries, so a change shows.
 */
TEST_F(module, existing_entries_kept)
{
	unsigned char *addr = mod_make(_metadata, self->fd, PROT_READ | PROT_WRITE,
				       (struct pfn_mkwrite_setup){
		.insert = PFN_MKWRITE_INSERT_PFN,
		.ahead = 16,
		/* Each page ahead is another one than for its own fault. */
		.wrong = PFN_MKWRITE_WRONG_NEIGHBOUR,
		.size = 24 * self->page_size,
	});
	uint64_t before[16];
	int page, changed = 0;
	pid_t pid;

	load_page(addr + 8 * self->page_size);
	pid = fork();
	if (pid) {
		EXPECT_EQ(0, reap(_metadata, pid));
		return;
	}
	for (page = 8; page < 16; page++)
		before[page] = mod_pte(_metadata, self->fd, addr + page * self->page_size).value;
	load_page(addr);
	for (page = 8; page < 16; page++)
		changed += before[page] !=
			mod_pte(_metadata, self->fd, addr + page * self->page_size).value;
	_exit(changed);
}

/* A DRM driver takes the pages of a buffer out of all mappings by its fake offset. */
FIXTURE(card)
{
	struct backing b;
	struct meter meter;
	int fd;
};

FIXTURE_VARIANT(card)
{
	const struct source *src;
};

FIXTURE_SETUP(card)
{
	backing_init(&self->b);
	meter_open(&self->meter);
	self->fd = open(MOD_PATH, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
	if (!variant)
		SKIP(return, "no card makes dumb buffers");
	if (variant->src->open(variant->src, &self->b, NR_STORES * sysconf(_SC_PAGESIZE)))
		SKIP(return, "this card makes no buffer");
}

FIXTURE_TEARDOWN(card)
{
	if (variant)
		variant->src->close(&self->b);
}

static int card_load(struct __test_metadata *_metadata, FIXTURE_DATA(card) *self,
		     unsigned char *addr)
{
	struct access access;

	ASSERT_EQ(0, access_page(&self->meter, addr, ACCESS_LOAD, &access));
	return access.faults;
}

/* drm_vma_node_unmap() finds a VMA by vm_pgoff, on both sides of a hole. */
TEST_F(card, node_unmapped)
{
	struct pfn_mkwrite_unmap unmap = {
		.fd = self->b.fd,
		.offset = self->b.offset,
		.size = self->b.size,
	};
	struct mapping map;
	unsigned char *last;

	ASSERT_EQ(0, mapping_open(&map, &self->b, PROT_READ | PROT_WRITE));
	last = mapping_page(&map, map.nr_pages - 1);
	ASSERT_EQ(0, munmap(mapping_page(&map, map.nr_pages / 2), map.page_size));
	if (!card_load(_metadata, self, map.addr))
		SKIP(return, WHY_PREMAPPED);
	load_page(last);
	ASSERT_EQ(0, card_load(_metadata, self, map.addr));
	ASSERT_EQ(0, card_load(_metadata, self, last));
	ASSERT_EQ(0, ioctl(self->fd, PFN_MKWRITE_MOD_UNMAP, &unmap));
	EXPECT_EQ(1, card_load(_metadata, self, map.addr));
	EXPECT_EQ(1, card_load(_metadata, self, last));
}

static int card_add(const struct source *src)
{
	FIXTURE_VARIANT(card) *variant;

	if (src->open != dumb_open)
		return 0;
	variant = calloc(1, sizeof(*variant));
	if (!variant)
		ksft_exit_fail_msg("out of memory\n");
	variant->src = src;
	FIXTURE_VARIANT_REGISTER(card, src->name, variant);
	return 0;
}

static int truth_add(const struct source *src)
{
	FIXTURE_VARIANT(truth) *variant;

	mapping_add(src);
	if (!observation_of(src))
		return 0;
	variant = calloc(1, sizeof(*variant));
	if (!variant)
		ksft_exit_fail_msg("out of memory\n");
	variant->src = src;
	FIXTURE_VARIANT_REGISTER(truth, src->name, variant);
	return 0;
}

int main(int argc, char **argv)
{
	char why[256];

	if (access(MOD_PATH, F_OK))
		ksft_exit_skip("pfn_mkwrite_mod is not loaded\n");
	if (access(MOD_PATH, R_OK | W_OK))
		ksft_exit_skip("pfn_mkwrite_mod needs root\n");
	mod_each(truth_add);
	drm_cards_each(card_add, why, sizeof(why));
	return mappings_run(argc, argv);
}
