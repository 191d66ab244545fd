// SPDX-License-Identifier: GPL-2.0
/*
 * A DRM dumb buffer: GPU memory by the one interface that all drivers with a display
 * share. The driver chooses the memory: TTM, shmem, VRAM.
 */
#include <fcntl.h>

#include "drm_cards.h"

/* Pixels of 32 bits to a line: 4 KiB, a pitch that all drivers take. */
#define WIDTH	1024

int dumb_open(const struct source *src, struct backing *b, size_t size)
{
	const struct drm_card *card = src->data;
	size_t line = WIDTH * 4;
	struct drm_dumb dumb;
	int err;

	b->fd = backing_open(b, card->node, O_RDWR);
	if (b->fd < 0)
		return b->fd;
	drm_api_drop_master(b->fd);

	err = drm_api_create(b->fd, WIDTH, (size + line - 1) / line, &dumb);
	if (err)
		return backing_fail(b, err, "a dumb buffer of %zu bytes: %m", size);
	b->priv = dumb.handle;
	b->offset = dumb.offset;
	b->size = dumb.size;
	return 0;
}

void dumb_close(struct backing *b)
{
	if (b->priv)
		drm_api_destroy(b->peer_fd >= 0 ? b->peer_fd : b->fd, b->priv);
	b->priv = 0;
	backing_close(b);
}

const struct source dumb_source = {
	.open = dumb_open,
	.close = dumb_close,
};
