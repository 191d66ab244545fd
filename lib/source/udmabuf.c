// SPDX-License-Identifier: GPL-2.0
/*
 * udmabuf: a DMA-BUF over the pages of a memfd, inserted with vmf_insert_pfn()
 * (drivers/dma-buf/udmabuf.c, udmabuf_vm_fault()). It needs no device.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/udmabuf.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "source.h"

#define UDMABUF_PATH	"/dev/udmabuf"

/* Of the memfd in @b->peer_fd, or of a new one. */
static int udmabuf_open(const struct source *src, struct backing *b, size_t size)
{
	struct udmabuf_create create = {
		.flags = UDMABUF_FLAGS_CLOEXEC,
		.size = size,
	};
	int dev, err = 0;

	(void)src;
	b->size = size;
	/* The DMA-BUF holds the pages of the memfd: an alias. */
	if (b->peer_fd < 0)
		b->peer_fd = backing_memfd(b, MFD_ALLOW_SEALING);
	if (b->peer_fd < 0)
		return b->peer_fd;
	dev = backing_open(b, UDMABUF_PATH, O_RDWR);
	if (dev == -ENOENT || dev == -ENODEV || dev == -ENXIO)
		return backing_fail(b, -ENODEV,
				    UDMABUF_PATH ": %s; the kernel needs CONFIG_UDMABUF",
				    strerror(-dev));
	if (dev < 0)
		return dev;
	create.memfd = b->peer_fd;
	/* The driver refuses a memfd that can lose pages. */
	if (!fcntl(b->peer_fd, F_ADD_SEALS, F_SEAL_SHRINK))
		b->fd = ioctl(dev, UDMABUF_CREATE, &create);
	if (b->fd < 0)
		err = backing_fail(b, -errno, "UDMABUF_CREATE of %zu bytes: %m", size);
	close(dev);
	return err;
}

const struct source udmabuf_source = {
	.name = "udmabuf",
	.open = udmabuf_open,
	.close = backing_close,
};
