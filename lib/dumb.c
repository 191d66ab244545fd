// SPDX-License-Identifier: GPL-2.0
/*
 * A DRM dumb buffer: GPU memory by the one interface that all drivers with a
 * display share. What is behind it is the driver's business: TTM, shmem, VRAM.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "drm_cards.h"

/* Pixels of 32 bits to a line: 4 KiB, and no driver finds it odd. */
#define WIDTH	1024

static int dumb_open(const struct source *src, struct backing *b, size_t size)
{
	size_t line = WIDTH * 4;
	struct drm_dumb dumb;
	int err;

	b->fd = open(src->card->node, O_RDWR | O_CLOEXEC);
	if (b->fd < 0)
		return backing_fail(b, -errno, "%s: %s; run as root or join the group that owns it",
				    src->card->node, strerror(errno));
	drm_api_drop_master(b->fd);

	err = drm_api_create(b->fd, WIDTH, (size + line - 1) / line, &dumb);
	if (err)
		return backing_fail(b, err, "a dumb buffer of %zu bytes: %s",
				    size, strerror(-err));
	b->handle = dumb.handle;
	b->offset = dumb.offset;
	b->size = dumb.size;
	return 0;
}

static void dumb_close(struct backing *b)
{
	if (b->handle)
		drm_api_destroy(b->fd, b->handle);
	b->handle = 0;
	backing_close(b);
}

const struct source dumb_source = {
	.open = dumb_open,
	.close = dumb_close,
};
