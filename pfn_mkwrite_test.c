// SPDX-License-Identifier: GPL-2.0
/*
 * One store to device memory that is mapped shared and writable is one page
 * fault: the one that maps the page. A second one that only sets the dirty bit
 * means that mkwrite was not honoured.
 *
 * On udmabuf, and on mappings that every machine has and whose answer is known.
 */
#define TH_LOG_STREAM stdout

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"

#include "lib/mapping_tests.h"

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

static unsigned char *refused_addr;

static void on_segv(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	_exit(info->si_addr == refused_addr && info->si_code == SEGV_ACCERR ?
	      0 : 2);
}

/* In a child: 0 when the store is refused as it has to be. */
static int store_in_child(unsigned char *addr, bool load_first)
{
	struct sigaction action = {
		.sa_sigaction = on_segv,
		.sa_flags = SA_SIGINFO,
	};
	struct access access;
	struct meter meter;
	int status;
	pid_t pid;

	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid) {
		refused_addr = addr;
		meter_open(&meter);
		if (sigaction(SIGSEGV, &action, NULL))
			_exit(3);
		if (load_first &&
		    access_page(&meter, addr, ACCESS_LOAD, &access))
			_exit(4);
		access_page(&meter, addr, ACCESS_STORE, &access);
		_exit(1);
	}
	if (waitpid(pid, &status, 0) != pid)
		return -errno;
	return status;
}

TEST_F(vvar, store_refused)
{
	if (!self->addr)
		return;
	EXPECT_EQ(0, store_in_child(self->addr, false));
}

TEST_F(vvar, store_after_load_refused)
{
	if (!self->addr)
		return;
	EXPECT_EQ(0, store_in_child(self->addr, true));
}

int main(int argc, char **argv)
{
	/* Tests run in forked children that do not flush. */
	setvbuf(stdout, NULL, _IOLBF, 0);

	if (!mapping_add(&udmabuf_source) ||
	    !mapping_add(&memfd_source) ||
	    !mapping_add(&perf_ring_source))
		ksft_exit_fail_msg("out of memory\n");

	return test_harness_run(argc, argv);
}
