// SPDX-License-Identifier: GPL-2.0
/*
 * The DMA-BUF that a DRM card exports for a dumb buffer, as for another device or
 * process. Its mmap() calls the driver in another way than the card's
 * (drivers/gpu/drm/drm_prime.c, drm_gem_dmabuf_mmap()), and the driver may map the same
 * pages differently there.
 */
#include "drm_cards.h"

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
	err = drm_api_export(b->peer_fd, b->priv, &b->fd);
	if (err)
		backing_fail(b, err, "a DMA-BUF of a dumb buffer: %m; the driver exports none");
	return err;
}

const struct source prime_source = {
	.open = prime_open,
	.close = dumb_close,
};
