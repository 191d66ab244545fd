// SPDX-License-Identifier: GPL-2.0
/*
 * The DMA-BUF that a DRM card exports for a dumb buffer: what another device or
 * another process is handed. Its mmap() ends up in the driver by another way
 * than the card's (drivers/gpu/drm/drm_prime.c, drm_gem_dmabuf_mmap()), and the
 * driver may map the same pages differently there.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "drm_cards.h"

static int prime_open(const struct source *src, struct backing *b, size_t size)
{
	int err;

	err = dumb_source.open(src, b, size);
	if (err)
		return err;
	/* The card is the other door to the same memory. */
	b->peer_fd = b->fd;
	b->peer_offset = b->offset;
	b->offset = 0;
	err = drm_api_export(b->peer_fd, b->handle, &b->fd);
	if (err) {
		b->fd = -1;
		return backing_fail(b, err,
				    "%s, a DMA-BUF of a dumb buffer: %s; the driver exports none",
				    src->card->node, strerror(-err));
	}
	return 0;
}

static void prime_close(struct backing *b)
{
	if (b->handle)
		drm_api_destroy(b->peer_fd >= 0 ? b->peer_fd : b->fd,
				b->handle);
	b->handle = 0;
	backing_close(b);
}

/* A driver may export what only another device can map, and not the CPU. */
static int prime_here(const struct source *src, struct backing *b)
{
	void *addr;
	int err;

	err = prime_open(src, b, sysconf(_SC_PAGESIZE));
	if (err)
		goto close_buffer;
	addr = mmap(NULL, b->size, PROT_READ | PROT_WRITE, MAP_SHARED, b->fd,
		    0);
	if (addr == MAP_FAILED)
		err = backing_fail(b, -errno,
				   "mmap() of a DMA-BUF of %s: %s; the driver exports none for the CPU",
				   src->card->node, strerror(errno));
	else
		munmap(addr, b->size);
close_buffer:
	prime_close(b);
	return err;
}

const struct source prime_source = {
	.here = prime_here,
	.open = prime_open,
	.close = prime_close,
};
