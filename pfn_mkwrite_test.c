// SPDX-License-Identifier: GPL-2.0
/*
 * One store to device memory that is mapped shared and writable is one page
 * fault: the one that maps the page. A second one that only sets the dirty bit
 * means that mkwrite was not honoured.
 *
 * On udmabuf, DMA-BUF heaps, DAX files and devices, PCI BARs, and on mappings
 * that every machine has and whose answer is known.
 */
#define TH_LOG_STREAM stdout

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "lib/mapping_tests.h"
#include "lib/module_tests.h"

#define WHY_NO_VVAR	"this kernel maps no vvar page"
#define WHY_NO_CLOCK	"this machine has no clock to map there"

/*
 * Kernel data that the vDSO reads. However its pages are inserted, a store must
 * not get through.
 */
FIXTURE(vdso)
{
	unsigned char *addr;
	bool loadable;
};

FIXTURE_VARIANT(vdso)
{
	const char *name;
};

/* VM_PFNMAP or, with lib/vdso/datastore.c of 7.3, VM_MIXEDMAP. */
FIXTURE_VARIANT_ADD(vdso, vvar)
{
	.name = "[vvar]",
};

/* The clocks of a hypervisor, on x86 apart since 6.13: pfns, at each fault. */
FIXTURE_VARIANT_ADD(vdso, vvar_vclock)
{
	.name = "[vvar_vclock]",
};

static unsigned char *find_vma(const char *name)
{
	unsigned long start;
	unsigned char *addr = NULL;
	char line[512];
	FILE *maps;

	maps = fopen("/proc/self/maps", "re");
	if (!maps)
		return NULL;
	while (!addr && fgets(line, sizeof(line), maps)) {
		if (strstr(line, name) && sscanf(line, "%lx-", &start) == 1)
			addr = (unsigned char *)start;
	}
	fclose(maps);
	return addr;
}

/* A page with nothing behind it raises SIGBUS; a child finds out. */
static bool can_load(const unsigned char *addr)
{
	int status;
	pid_t pid;

	pid = fork();
	if (!pid) {
		load_page(addr);
		_exit(0);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && !status;
}

FIXTURE_SETUP(vdso)
{
	size_t page_size = sysconf(_SC_PAGESIZE);
	struct vma_info vma;
	uint64_t addr;

	self->addr = find_vma(variant->name);
	if (!self->addr)
		SKIP(return, WHY_NO_VVAR);
	if (smaps_read(self->addr, &vma)) {
		self->addr = NULL;
		SKIP(return, WHY_NO_PROC);
	}
	ASSERT_TRUE(vma.pfnmap || vma.mixedmap);
	ASSERT_FALSE(vma.writable);
	for (addr = vma.start; addr < vma.end; addr += page_size) {
		self->loadable = can_load((void *)(uintptr_t)addr);
		if (!self->loadable)
			continue;
		self->addr = (void *)(uintptr_t)addr;
		break;
	}
}

FIXTURE_TEARDOWN(vdso)
{
}

TEST_F(vdso, store_refused)
{
	struct refusal refusal;

	if (!self->addr)
		return;
	store_expect_refusal(self->addr, &refusal);
	EXPECT_TRUE(refused_by_protection(&refusal, self->addr)) {
		TH_LOG("signal %d, code %d", refusal.signo, refusal.code);
	}
}

TEST_F(vdso, store_after_load_refused)
{
	struct refusal refusal;
	struct access load;
	struct meter meter;

	if (!self->addr)
		return;
	if (!self->loadable)
		SKIP(return, WHY_NO_CLOCK);
	meter_open(&meter);
	ASSERT_EQ(0, access_page(&meter, self->addr, ACCESS_LOAD, &load));
	meter_close(&meter);
	store_expect_refusal(self->addr, &refusal);
	EXPECT_TRUE(refused_by_protection(&refusal, self->addr)) {
		TH_LOG("signal %d, code %d", refusal.signo, refusal.code);
	}
}

/* What is not here is not listed: say so once, lest it be taken for tested. */
FIXTURE(mappings)
{
	int absent;
};

FIXTURE_SETUP(mappings)
{
	self->absent = mappings_report_absent(stdout);
}

FIXTURE_TEARDOWN(mappings)
{
}

TEST_F(mappings, all_here)
{
	if (self->absent)
		SKIP(return, WHY_NOT_ALL);
}

int main(int argc, char **argv)
{
	const struct source *const *plain;
	const struct source *heap;
	int nr_heaps, status;

	/* Tests run in forked children that do not flush. */
	setvbuf(stdout, NULL, _IOLBF, 0);

	for (plain = plain_sources; *plain; plain++) {
		if (!mapping_add(*plain))
			ksft_exit_fail_msg("out of memory\n");
	}
	if (!modules_add())
		ksft_exit_fail_msg("out of memory\n");
	for (heap = dma_heap_sources(&nr_heaps); nr_heaps--; heap++) {
		if (!mapping_add(heap))
			ksft_exit_fail_msg("out of memory\n");
	}

	if (plan_only(argc, argv))
		return 0;
	status = explain_only(argc, argv);
	if (status >= 0)
		return status;
	return test_harness_run(argc, argv);
}
