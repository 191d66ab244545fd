// SPDX-License-Identifier: GPL-2.0
/*
 * A shared memfd: ordinary page-cache memory, the control that every machine
 * has. do_shared_fault() maps a page written first writable and dirty at once.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "source.h"

static int memfd_renew(struct backing *b)
{
	int err;

	/* A page that was dirty once would be mapped dirty by a mere load. */
	backing_close(b);
	b->fd = memfd_create("pfn_mkwrite", MFD_CLOEXEC);
	if (b->fd < 0 || ftruncate(b->fd, b->size)) {
		err = -errno;
		return backing_fail(b, err, "memfd of %zu bytes: %s", b->size,
				    strerror(-err));
	}
	/* read() and write() are another way to the pages. */
	b->peer_fd = fcntl(b->fd, F_DUPFD_CLOEXEC, 0);
	return 0;
}

static int memfd_open(const struct source *src, struct backing *b, size_t size)
{
	(void)src;
	b->size = size;
	return memfd_renew(b);
}

const struct source memfd_source = {
	.name = "memfd",
	.open = memfd_open,
	.renew = memfd_renew,
	.close = backing_close,
};
