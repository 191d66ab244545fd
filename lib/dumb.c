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
#include "huge.h"

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

/*
 * As large as two huge pages, and mapped where they fit. Only a driver that takes
 * its memory from shmem can have some, and not each kernel maps them at once
 * (7.3 does: drivers/gpu/drm/drm_gem_shmem_helper.c, try_insert_pfn()).
 */
static int huge_open(const struct source *src, struct backing *b, size_t size)
{
	size_t pmd = huge_pmd_size();

	b->align = pmd;
	return dumb_open(src, b, size < 2 * pmd ? 2 * pmd : size);
}

static int huge_here(const struct source *src, struct backing *b)
{
	int err = huge_pmd_here(b);

	if (err)
		return err;
	if (!huge_shmem_is("always within_size force"))
		return backing_fail(b, -ENODEV,
				    "%s gives a driver no huge pages; write always to it",
				    HUGE_SHMEM_PATH);
	err = huge_open(src, b, 0);
	if (!err && !huge_mapped_at_once(b, false))
		err = backing_fail(b, -ENODEV,
				   "a dumb buffer of %s is not mapped in huge pages",
				   src->card->node);
	dumb_close(b);
	return err;
}

const struct source dumb_huge_source = {
	.here = huge_here,
	.open = huge_open,
	.close = dumb_close,
};
