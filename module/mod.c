// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../lib/source/huge.h"
#include "pfn_mkwrite_mod.h"
#include "mod.h"

/* Pages a fault, as many as TTM maps (TTM_BO_VM_NUM_PREFAULT). */
#define AHEAD		16

static int mod_open(const struct source *src, struct backing *b, size_t size);
static int mod_renew(struct backing *b);

#define MODE(_name, _insert, _flags, _ahead, _detail) { \
	.name = "mod_" _name, \
	.detail = _detail, \
	.data = &(const struct pfn_mkwrite_setup){ \
		.insert = PFN_MKWRITE_INSERT_##_insert, \
		.flags = _flags, \
		.ahead = _ahead, \
	}, \
	.open = mod_open, \
	.renew = mod_renew, \
	.close = backing_close, \
}

#define MIXEDMAP	PFN_MKWRITE_MIXEDMAP
#define NOTIFY		PFN_MKWRITE_PFN_NOTIFY
#define PAGE_NOTIFY	PFN_MKWRITE_PAGE_NOTIFY
#define UNSHARED	PFN_MKWRITE_PROT_UNSHARED
#define SHARED		PFN_MKWRITE_PROT_SHARED
#define QUIET		PFN_MKWRITE_QUIET

static const struct source modes[] = {
	MODE("pfn", PFN, 0, 0, "vmf_insert_pfn()"),
	MODE("pfn_ahead", PFN, 0, AHEAD, "vmf_insert_pfn(), 16 pages a fault"),
	MODE("pfn_notify", PFN, NOTIFY, 0, "vmf_insert_pfn(), with pfn_mkwrite"),
	MODE("pfn_prot", PFN_PROT, 0, 0, "vmf_insert_pfn_prot()"),
	MODE("vmwgfx_mkwrite", PFN_PROT, NOTIFY | PAGE_NOTIFY | UNSHARED | QUIET, AHEAD,
	     "vmf_insert_pfn_prot(), as vmwgfx with VMW_BO_DIRTY_MKWRITE"),
	MODE("vmwgfx_pagetable", PFN_PROT, NOTIFY | PAGE_NOTIFY | SHARED | QUIET, AHEAD,
	     "vmf_insert_pfn_prot(), as vmwgfx with VMW_BO_DIRTY_PAGETABLE"),
	MODE("mixed", MIXED, MIXEDMAP, 0, "vmf_insert_mixed()"),
	MODE("mixed_notify", MIXED, MIXEDMAP | NOTIFY, 0,
	     "vmf_insert_mixed(), with pfn_mkwrite"),
	MODE("page", PAGE, MIXEDMAP, 0, "vmf_insert_page_mkwrite()"),
	MODE("page_notify", PAGE, MIXEDMAP | PAGE_NOTIFY, 0,
	     "vmf_insert_page_mkwrite(), with page_mkwrite"),
	MODE("pmd", PMD, 0, 0, "vmf_insert_pfn_pmd()"),
	MODE("remap", REMAP, 0, 0, "remap_pfn_range()"),
	MODE("pfn_dirty", PFN_DIRTY, 0, 0, "vmf_insert_pfn_dirty()"),
	MODE("pfn_dirty_ahead", PFN_DIRTY, 0, AHEAD,
	     "vmf_insert_pfn_dirty(), 16 pages a fault"),
	MODE("pfn_dirty_notify", PFN_DIRTY, NOTIFY, 0,
	     "vmf_insert_pfn_dirty(), with pfn_mkwrite"),
	MODE("vmwgfx_mkwrite_fixed", PFN_PROT_DIRTY,
	     NOTIFY | PAGE_NOTIFY | UNSHARED | QUIET, AHEAD,
	     "vmf_insert_pfn_prot_dirty(), as vmwgfx with VMW_BO_DIRTY_MKWRITE"),
};

#define NR_MODES	(int)(sizeof(modes) / sizeof(*modes))

static const char *const mistakes[PFN_MKWRITE_NR_WRONGS] = {
	[PFN_MKWRITE_WRONG_READ_ONLY] = "read_only",
	[PFN_MKWRITE_WRONG_READ_ONLY_THREAD] = "read_only_thread",
	[PFN_MKWRITE_WRONG_READ_ONLY_WRITTEN] = "read_only_written",
	[PFN_MKWRITE_WRONG_PGOFF] = "pgoff",
	[PFN_MKWRITE_WRONG_BOUNDS] = "bounds",
	[PFN_MKWRITE_WRONG_MOVED] = "moved",
	[PFN_MKWRITE_WRONG_FORK] = "fork",
	[PFN_MKWRITE_WRONG_SECOND] = "second",
	[PFN_MKWRITE_WRONG_NEIGHBOUR] = "neighbour",
	[PFN_MKWRITE_WRONG_UNALIGNED] = "unaligned",
	[PFN_MKWRITE_WRONG_KERNEL] = "kernel",
	[PFN_MKWRITE_WRONG_THREAD] = "thread",
	[PFN_MKWRITE_WRONG_EXEC] = "exec",
	[PFN_MKWRITE_WRONG_LOCKED] = "locked",
	[PFN_MKWRITE_WRONG_ADVISED] = "advised",
	[PFN_MKWRITE_WRONG_SOMETIMES] = "sometimes",
	[PFN_MKWRITE_WRONG_AGAIN] = "again",
	[PFN_MKWRITE_WRONG_COUNTED] = "counted",
	[PFN_MKWRITE_WRONG_EARLY] = "early",
	[PFN_MKWRITE_WRONG_OPENED] = "opened",
	[PFN_MKWRITE_WRONG_SMAPS] = "smaps",
	[PFN_MKWRITE_WRONG_UNMAP] = "unmap",
	[PFN_MKWRITE_WRONG_CLEARED] = "cleared",
	[PFN_MKWRITE_WRONG_STUCK] = "stuck",
	[PFN_MKWRITE_WRONG_PRIVATE] = "private",
	[PFN_MKWRITE_WRONG_TIME] = "time",
	[PFN_MKWRITE_WRONG_KERNEL_PAGE] = "kernel_page",
};

/* The mistake that the environment asks for, or -EINVAL. */
static int mistake(void)
{
	const char *name = getenv("PFN_MKWRITE_WRONG");
	int i;

	if (!name || !*name)
		return PFN_MKWRITE_WRONG_NONE;
	for (i = 0; i < PFN_MKWRITE_NR_WRONGS; i++) {
		if (mistakes[i] && !strcmp(mistakes[i], name))
			return i;
	}
	return -EINVAL;
}

static int mod_open(const struct source *src, struct backing *b, size_t size)
{
	struct pfn_mkwrite_setup setup = *(const struct pfn_mkwrite_setup *)src->data;
	int wrong = mistake(), err = 0;

	if (wrong < 0)
		return backing_fail(b, wrong, "PFN_MKWRITE_WRONG=%.40s: no such mistake",
				    getenv("PFN_MKWRITE_WRONG"));
	b->fd = backing_open(b, MOD_PATH, O_RDWR);
	if (b->fd < 0)
		return b->fd;
	setup.wrong = wrong;
	if (setup.insert == PFN_MKWRITE_INSERT_PMD)
		err = huge_fit(b, 1);
	else
		setup.size = size;
	if (err)
		return err;
	if (ioctl(b->fd, PFN_MKWRITE_MOD_SETUP, &setup))
		return backing_fail(b, -errno, MOD_PATH ": memory for %s: %s",
				    src->detail, strerror(errno));
	b->size = setup.size;
	b->peer_fd = fcntl(b->fd, F_DUPFD_CLOEXEC, 0);
	if (setup.insert == PFN_MKWRITE_INSERT_PMD)
		b->align = setup.size;
	return 0;
}

static int mod_renew(struct backing *b)
{
	if (ioctl(b->fd, PFN_MKWRITE_MOD_RESET))
		return backing_fail(b, -errno, MOD_PATH ": reset: %s",
				    strerror(errno));
	return 0;
}

static struct pte_truth pte_truth(uint32_t bits)
{
	const uint32_t takes_store = PFN_MKWRITE_PTE_PRESENT |
				     PFN_MKWRITE_PTE_YOUNG |
				     PFN_MKWRITE_PTE_DIRTY |
				     PFN_MKWRITE_PTE_WRITE;

	return (struct pte_truth){
		.present = bits & PFN_MKWRITE_PTE_PRESENT,
		.young = bits & PFN_MKWRITE_PTE_YOUNG,
		.dirty = bits & PFN_MKWRITE_PTE_DIRTY,
		.write = bits & PFN_MKWRITE_PTE_WRITE,
		.takes_store = (bits & takes_store) == takes_store &&
			       !(bits & PFN_MKWRITE_PTE_READ_ONLY),
		.special = bits & PFN_MKWRITE_PTE_SPECIAL,
	};
}

int mod_truth(const struct backing *b, const void *addr, struct page_truth *truth)
{
	struct pfn_mkwrite_pte pte = { .addr = (uintptr_t)addr };

	if (ioctl(b->fd, PFN_MKWRITE_MOD_PTE, &pte))
		return -errno;
	*truth = (struct page_truth){
		.now = pte_truth(pte.now),
		.left = pte_truth(pte.left),
		.page = pte.page == PFN_MKWRITE_NO_PAGE ? -1 : (int)pte.page,
		.faults = pte.faults,
		.notified = pte.pfn_mkwrites + pte.page_mkwrites,
	};
	return 0;
}

/* This kernel has the functions for it, and the module is there. */
static bool is_known(const struct source *mode)
{
	struct pfn_mkwrite_setup setup = *(const struct pfn_mkwrite_setup *)mode->data;
	bool unknown;
	int fd;

	fd = open(MOD_PATH, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return false;
	unknown = ioctl(fd, PFN_MKWRITE_MOD_SETUP, &setup) && errno == EOPNOTSUPP;
	close(fd);
	return !unknown;
}

int mod_each(int (*fn)(const struct source *src))
{
	int err = 0, i;

	for (i = 0; !err && i < NR_MODES; i++)
		err = is_known(&modes[i]) ? fn(&modes[i]) : 0;
	return err;
}
