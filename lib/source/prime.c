// SPDX-License-Identifier: GPL-2.0
/*
 * The DMA-BUF that a DRM card exports for a dumb buffer, as for another device or
 * process. Its mmap() calls the driver in another way than the card's
 * (drivers/gpu/drm/drm_prime.c, drm_gem_dmabuf_mmap()), and the driver may map the same
 * pages differently there.
 */
#include <errno.h>
#include <fcntl.h>

#include "drm_cards.h"
#include "drm_uapi.h"

#ifndef LIBDRM	/* lib/libdrm.mk */
static int drmPrimeHandleToFD(int fd, uint32_t handle, uint32_t flags, int *dmabuf)
{
	struct drm_prime_handle prime = { .handle = handle, .flags = flags };
	int err = drm_ioctl(fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime);

	*dmabuf = err ? -1 : prime.fd;
	return err;
}
#endif		/* lib/libdrm.mk */

static int prime_open(const struct source *src, struct backing *b, size_t size)
{
	int err = dumb_open(src, b, size);

	if (err)
		return err;
	/* The card has an alias of the same memory. */
	b->peer_fd = b->fd;
	b->peer_offset = b->offset;
	b->fd = -1;
	b->offset = 0;
	if (drmPrimeHandleToFD(b->peer_fd, b->priv, DRM_CLOEXEC | DRM_RDWR, &b->fd))
		return backing_fail(b, -errno,
				    "a DMA-BUF of a dumb buffer: %m; the driver exports none");
	return 0;
}

const struct source prime_source = {
	.name = "-prime",
	.open = prime_open,
	.close = dumb_close,
};
