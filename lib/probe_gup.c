// SPDX-License-Identifier: GPL-2.0
/*
 * Who takes pages out of a mapping: get_user_pages(). What VM_PFNMAP says is that
 * there may be none behind it, so it has to refuse, also where a PTE is there that
 * it could walk to without a look at the VMA (mm/gup.c, gup_fast_pte_range()). A
 * PTE that is not special ends in a page that nobody holds a reference to.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "prober.h"

#define OLD_WORD	0x01d01d01
#define NEW_WORD	0x6e006e00

/* What to read from without the page cache, and of what is there everywhere. */
#define DIRECT_ENV	"PFN_MKWRITE_DIRECT_IO"
#define DIRECT_FILE	"/proc/self/exe"

/* What a kernel does not have, or this process may not, says nothing. */
static bool is_missing(int answer)
{
	return answer == -ENOSYS || answer == -EPERM || answer == -EACCES;
}

static int write_to(uint32_t *word, uint32_t value)
{
	struct iovec from = { &value, sizeof(value) };
	struct iovec to = { word, sizeof(*word) };

	return prober_answer(process_vm_writev(getpid(), &from, 1, &to, 1, 0),
			 sizeof(value));
}

/* Into a page that is mapped, and into one that is not. */
static void try_writev(const struct mapping *map, struct gup_try *seen)
{
	size_t last = map->nr_pages - 1;
	int answer;

	seen->answer = write_to(prober_word(map, 0), NEW_WORD);
	seen->tried = !is_missing(seen->answer);
	readback_add(&seen->data, 0, seen->answer ? OLD_WORD : NEW_WORD,
		     *prober_word(map, 0));
	if (!seen->tried || !last)
		return;
	answer = write_to(prober_word(map, last), NEW_WORD);
	if (!answer)
		readback_add(&seen->data, last, NEW_WORD,
			     *prober_word(map, last));
	if (answer != seen->answer)
		seen->differs = true;
}

static void try_splice(const struct mapping *map, struct gup_try *seen)
{
	struct iovec from = { prober_word(map, 0), sizeof(uint32_t) };
	uint32_t word = 0;
	int fds[2];

	if (pipe2(fds, O_NONBLOCK | O_CLOEXEC))
		return;
	*prober_word(map, 0) = OLD_WORD;
	seen->answer = prober_answer(vmsplice(fds[1], &from, 1, 0), sizeof(word));
	seen->tried = !is_missing(seen->answer);
	if (!seen->answer && read(fds[0], &word, sizeof(word)) == sizeof(word))
		readback_add(&seen->data, 0, OLD_WORD, word);
	readback_add(&seen->data, 0, OLD_WORD, *prober_word(map, 0));
	close(fds[0]);
	close(fds[1]);
}

/*
 * O_DIRECT alone does not say that nothing is copied: some file systems take it and
 * go through the page cache. A copy would be taken by any mapping.
 */
static bool is_direct(int fd)
{
	struct stat st;
#ifdef STATX_DIOALIGN
	struct statx stx;

	if (!statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &stx) &&
	    stx.stx_mask & STATX_DIOALIGN)
		return stx.stx_dio_offset_align > 0;
#endif
	return !fstat(fd, &st) && S_ISBLK(st.st_mode);
}

static void try_direct(const struct mapping *map, struct gup_try *seen)
{
	const char *path = getenv(DIRECT_ENV);
	uint32_t *plain = NULL, last = map->page_size / sizeof(*plain) - 1;
	int fd;

	fd = open(path && *path ? path : DIRECT_FILE,
		  O_RDONLY | O_DIRECT | O_CLOEXEC);
	if (fd < 0)
		return;
	if (!is_direct(fd) ||
	    posix_memalign((void **)&plain, map->page_size, map->page_size) ||
	    prober_answer(pread(fd, plain, map->page_size, 0), map->page_size))
		goto close_file;

	*prober_word(map, 0) = ~plain[last];
	seen->tried = true;
	seen->answer = prober_answer(pread(fd, map->addr, map->page_size, 0),
				     map->page_size);
	readback_add(&seen->data, 0, seen->answer ? ~plain[last] : plain[last],
		     *prober_word(map, 0));
close_file:
	free(plain);
	close(fd);
}

/*
 * A VM_MIXEDMAP VMA may have PFNs without a page to take. Linux 5.10 does not refuse:
 * process_vm_writev() takes a pointer for the page that nobody has set, and the kernel
 * oopses (mm/gup.c, follow_pfn_pte(), -EEXIST).
 */
static bool has_pages(const struct prober *p, const struct mapping *map)
{
	struct pagemap_page page;

	return !p->obs->vma.mixedmap ||
	       (!pagemap_read(map->addr, &page) && page.file);
}

/* In a process of its own: who waits for a page may wait for ever. */
static void child_takes_pages(struct prober *p, const struct mapping *map)
{
	struct gup_seen *seen = &p->obs->gup;
	struct mapping own;

	(void)map;
	seen->err = mapping_open(&own, &p->backing, PROT_READ | PROT_WRITE);
	if (seen->err)
		return;
	*prober_word(&own, 0) = OLD_WORD;
	if (has_pages(p, &own)) {
		try_writev(&own, &seen->writev);
		try_splice(&own, &seen->splice);
		try_direct(&own, &seen->direct);
	}
	mapping_close(&own);
}

int probe_gup(struct prober *p)
{
	struct gup_seen *seen = &p->obs->gup;
	int err = prober_renew(p, "gup_refused");
	pid_t pid;

	if (err)
		return err;
	pid = prober_fork(p, NULL, child_takes_pages, &seen->end);
	prober_reap(pid, &seen->end);
	return 0;
}
