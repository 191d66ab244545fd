/* SPDX-License-Identifier: GPL-2.0 */
/* Kernel data that the vDSO reads: a store must not get through. */
#include <sys/wait.h>

FIXTURE(vdso)
{
	volatile unsigned char *addr;
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

/*
 * The wait status of a forked child that loads a byte, which is its exit status, or
 * stores @byte, unless it is negative. In a child: no page is mapped here.
 */
static int child_accesses(volatile unsigned char *addr, bool load, int byte)
{
	int status, loaded = 0;
	pid_t pid;

	pid = fork();
	if (!pid) {
		prctl(PR_SET_DUMPABLE, 0);	/* no core */
		if (load)
			loaded = *addr;
		if (byte >= 0)
			*addr = byte;
		_exit(loaded);
	}
	return waitpid(pid, &status, 0) == pid ? status : -1;
}

/* The first page that has data behind it, or the first of all. */
FIXTURE_SETUP(vdso)
{
	unsigned long start, end, addr;
	char line[512], writable;
	FILE *maps;
	int status;

	self->byte = -1;
	maps = fopen("/proc/self/maps", "re");
	while (maps && !self->addr && fgets(line, sizeof(line), maps)) {
		if (strstr(line, variant->name) &&
		    sscanf(line, "%lx-%lx %*c%c", &start, &end, &writable) == 3)
			self->addr = (void *)start;
	}
	if (maps)
		fclose(maps);
	if (!self->addr)
		SKIP(return, "this kernel maps no vvar page");
	ASSERT_NE('w', writable);
	for (addr = start; self->byte < 0 && addr < end; addr += sysconf(_SC_PAGESIZE)) {
		status = child_accesses((void *)addr, true, -1);
		if (!WIFEXITED(status))
			continue;
		self->addr = (void *)addr;
		self->byte = WEXITSTATUS(status);
	}
}

FIXTURE_TEARDOWN(vdso)
{
}

/* If the store gets through, it changes nothing. */
TEST_F(vdso, store_refused)
{
	int status = child_accesses(self->addr, false, self->byte < 0 ? 0 : self->byte);

	EXPECT_EQ(SIGSEGV, WTERMSIG(status));
}

TEST_F(vdso, store_after_load_refused)
{
	if (self->byte < 0)
		SKIP(return, "this machine has no clock to map there");
	EXPECT_EQ(SIGSEGV, WTERMSIG(child_accesses(self->addr, true, self->byte)));
}
