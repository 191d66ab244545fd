// SPDX-License-Identifier: GPL-2.0
/*
 * A shared memfd: ordinary page-cache memory, the control that every machine
 * has. do_shared_fault() maps a page written first writable and dirty at once.
 */
#include <fcntl.h>

#include "source.h"

/* A page that was dirty once would be mapped dirty by a mere load. */
static int memfd_renew(struct backing *b)
{
	backing_close(b);
	b->fd = backing_memfd(b, 0);
	if (b->fd < 0)
		return b->fd;
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
