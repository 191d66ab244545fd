// SPDX-License-Identifier: GPL-2.0
/*
 * udmabuf: a DMA-BUF over the pages of a memfd, inserted with vmf_insert_pfn()
 * (drivers/dma-buf/udmabuf.c, udmabuf_vm_fault()). The device mapping that
 * needs no device.
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

int udmabuf_device(struct backing *b)
{
	int dev, err;

	dev = open(UDMABUF_PATH, O_RDWR | O_CLOEXEC);
	if (dev >= 0)
		return dev;
	err = -errno;
	if (err == -ENOENT || err == -ENODEV || err == -ENXIO)
		return backing_fail(b, -ENODEV,
				    UDMABUF_PATH ": %s; the kernel needs CONFIG_UDMABUF",
				    strerror(-err));
	return backing_fail(b, err, UDMABUF_PATH ": %s; run as root",
			    strerror(-err));
}

int udmabuf_create(struct backing *b, int dev, int memfd)
{
	struct udmabuf_create create = {
		.memfd = memfd,
		.flags = UDMABUF_FLAGS_CLOEXEC,
		.size = b->size,
	};

	/* The driver wants to be sure that the pages stay. */
	if (ftruncate(memfd, b->size) ||
	    fcntl(memfd, F_ADD_SEALS, F_SEAL_SHRINK))
		return backing_fail(b, -errno, "a sealed memfd of %zu bytes: %s",
				    b->size, strerror(errno));

	b->fd = ioctl(dev, UDMABUF_CREATE, &create);
	if (b->fd < 0)
		return backing_fail(b, -errno, "UDMABUF_CREATE of %zu bytes: %s",
				    b->size, strerror(errno));
	return 0;
}

static int udmabuf_open(const struct source *src, struct backing *b,
			size_t size)
{
	int dev, memfd, err;

	(void)src;
	b->size = size;

	dev = udmabuf_device(b);
	if (dev < 0)
		return dev;

	memfd = memfd_create("pfn_mkwrite", MFD_ALLOW_SEALING | MFD_CLOEXEC);
	if (memfd < 0) {
		err = backing_fail(b, -errno, "memfd_create(): %s",
				   strerror(errno));
		goto close_dev;
	}
	err = udmabuf_create(b, dev, memfd);

	/* The DMA-BUF holds its pages, and they are the same by this door. */
	b->peer_fd = memfd;
close_dev:
	close(dev);
	return err;
}

const struct source udmabuf_source = {
	.name = "udmabuf",
	.open = udmabuf_open,
	.close = backing_close,
};
