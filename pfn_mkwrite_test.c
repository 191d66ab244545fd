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

#include "kselftest_harness.h"

#include "lib/mapping_tests.h"
#include "lib/module_tests.h"

/*
 * [vvar]: kernel data to be read only, VM_PFNMAP or, with lib/vdso/datastore.c
 * of 7.3, VM_MIXEDMAP. However its pages are inserted, a store must not get
 * through.
 */
FIXTURE(vvar)
{
	unsigned char *addr;
};

static unsigned char *find_vvar(void)
{
	unsigned long start;
	unsigned char *addr = NULL;
	char line[512];
	FILE *maps;

	maps = fopen("/proc/self/maps", "re");
	if (!maps)
		return NULL;
	while (!addr && fgets(line, sizeof(line), maps)) {
		if (strstr(line, "[vvar]") && sscanf(line, "%lx-", &start) == 1)
			addr = (unsigned char *)start;
	}
	fclose(maps);
	return addr;
}

FIXTURE_SETUP(vvar)
{
	struct vma_info vma;

	self->addr = find_vvar();
	if (!self->addr)
		SKIP(return, "this kernel maps no vvar page");
	if (smaps_read(self->addr, &vma)) {
		self->addr = NULL;
		SKIP(return, WHY_NO_PROC);
	}
	ASSERT_TRUE(vma.pfnmap || vma.mixedmap);
	ASSERT_FALSE(vma.writable);
}

FIXTURE_TEARDOWN(vvar)
{
}

TEST_F(vvar, store_refused)
{
	struct refusal refusal;

	if (!self->addr)
		return;
	store_expect_refusal(self->addr, &refusal);
	EXPECT_TRUE(refused_by_protection(&refusal, self->addr)) {
		TH_LOG("signal %d, code %d", refusal.signo, refusal.code);
	}
}

TEST_F(vvar, store_after_load_refused)
{
	struct refusal refusal;
	struct access load;
	struct meter meter;

	if (!self->addr)
		return;
	meter_open(&meter);
	ASSERT_EQ(0, access_page(&meter, self->addr, ACCESS_LOAD, &load));
	meter_close(&meter);
	store_expect_refusal(self->addr, &refusal);
	EXPECT_TRUE(refused_by_protection(&refusal, self->addr)) {
		TH_LOG("signal %d, code %d", refusal.signo, refusal.code);
	}
}

/* What is not here is not listed: say so once, lest it be taken for tested. */
TEST(every_mapping_is_here)
{
	if (mappings_report_absent(stdout))
		SKIP(return, WHY_NOT_ALL);
}

int main(int argc, char **argv)
{
	const struct source *heap;
	int nr_heaps;

	/* Tests run in forked children that do not flush. */
	setvbuf(stdout, NULL, _IOLBF, 0);

	if (!mapping_add(&udmabuf_source) ||
	    !mapping_add(&udmabuf_hugetlb_source) ||
	    !mapping_add(&udmabuf_thp_source) ||
	    !mapping_add(&dax_source) ||
	    !mapping_add(&dax_pmd_source) ||
	    !mapping_add(&devdax_source) ||
	    !mapping_add(&devdax_pmd_source) ||
	    !mapping_add(&pci_bar_source) ||
	    !mapping_add(&vfio_bar_source) ||
	    !mapping_add(&vfio_bar_pmd_source) ||
	    !mapping_add(&memfd_source) ||
	    !mapping_add(&perf_ring_source) ||
	    !modules_add())
		ksft_exit_fail_msg("out of memory\n");
	for (heap = dma_heap_sources(&nr_heaps); nr_heaps--; heap++) {
		if (!mapping_add(heap))
			ksft_exit_fail_msg("out of memory\n");
	}

	return test_harness_run(argc, argv);
}
