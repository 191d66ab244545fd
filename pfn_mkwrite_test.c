// SPDX-License-Identifier: GPL-2.0
/*
 * One store to device memory that is mapped shared and writable is one page fault:
 * the one that maps the page. A second one that only sets the dirty bit means that
 * mkwrite was not honoured.
 *
 * On all sources of lib/source but DRM cards, and on [vvar].
 */
#define TH_LOG_STREAM stdout

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "lib/tests/mapping_tests.h"

/* Kernel data that the vDSO reads: a store must not get through. */
FIXTURE(vdso)
{
	unsigned char *addr;
	int byte;
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

/* The clocks of a hypervisor, on x86 apart since 6.13: PFNs, inserted at each fault. */
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

/* The first byte of a page, or -1 if it raises SIGBUS. Not to be mapped here: a child. */
static int peek(const unsigned char *addr)
{
	int status;
	pid_t pid;

	pid = fork();
	if (!pid)
		_exit(*(const volatile unsigned char *)addr);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

/* The first page that has data behind it, or the first of all. */
FIXTURE_SETUP(vdso)
{
	struct vma_info vma;
	uint64_t addr;

	self->addr = find_vma(variant->name);
	if (!self->addr)
		SKIP(return, "this kernel maps no vvar page");
	if (smaps_read(self->addr, &vma))
		SKIP(return, "smaps or pagemap cannot be read here");
	ASSERT_FALSE(vma.writable);
	for (addr = vma.start; addr < vma.end; addr += sysconf(_SC_PAGESIZE)) {
		self->byte = peek((void *)(uintptr_t)addr);
		if (self->byte < 0)
			continue;
		self->addr = (void *)(uintptr_t)addr;
		break;
	}
}

FIXTURE_TEARDOWN(vdso)
{
}

/* Store what is there: a store that gets through must not change the clocks. */
static void expect_refused(struct __test_metadata *_metadata,
			   unsigned char *addr, int byte)
{
	EXPECT_EQ(SIGSEGV, access_refused(addr, ACCESS_STORE, byte < 0 ? 0 : byte));
	EXPECT_EQ(SEGV_ACCERR, refused_info.si_code);
	EXPECT_TRUE(refused_at(addr));
}

TEST_F(vdso, store_refused)
{
	expect_refused(_metadata, self->addr, self->byte);
}

TEST_F(vdso, store_after_load_refused)
{
	if (self->byte < 0)
		SKIP(return, "this machine has no clock to map there");
	load_page(self->addr);
	expect_refused(_metadata, self->addr, self->byte);
}

int main(int argc, char **argv)
{
	/* Tests run in forked children that do not flush. */
	setvbuf(stdout, NULL, _IOLBF, 0);

	sources_each(mapping_add);
	return mappings_run(argc, argv);
}
