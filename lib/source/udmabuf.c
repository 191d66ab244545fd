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

#include "udmabuf.h"

#define UDMABUF_PATH	"/dev/udmabuf"

int udmabuf_create(struct backing *b, int memfd)
{
	struct udmabuf_create create = {
		.memfd = memfd,
		.flags = UDMABUF_FLAGS_CLOEXEC,
		.size = b->size,
	};
	int dev, err = 0;

	dev = backing_open(b, UDMABUF_PATH, O_RDWR);
	if (dev == -ENOENT || dev == -ENODEV || dev == -ENXIO)
		return backing_fail(b, -ENODEV,
				    UDMABUF_PATH ": %s; the kernel needs CONFIG_UDMABUF",
				    strerror(-dev));
	if (dev < 0)
		return dev;
	/* The driver refuses a memfd that can lose pages. */
	if (!fcntl(memfd, F_ADD_SEALS, F_SEAL_SHRINK))
		b->fd = ioctl(dev, UDMABUF_CREATE, &create);
	if (b->fd < 0)
		err = backing_fail(b, -errno, "UDMABUF_CREATE of %zu bytes: %m", b->size);
	close(dev);
	return err;
}

static int udmabuf_open(const struct source *src, struct backing *b, size_t size)
{
	(void)src;
	b->size = size;
	/* The DMA-BUF holds the pages of the memfd: an alias. */
	b->peer_fd = backing_memfd(b, MFD_ALLOW_SEALING);
	return b->peer_fd < 0 ? b->peer_fd : udmabuf_create(b, b->peer_fd);
}

const struct source udmabuf_source = {
	.name = "udmabuf",
	.open = udmabuf_open,
	.close = backing_close,
};
