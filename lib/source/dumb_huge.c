// SPDX-License-Identifier: GPL-2.0
/*
 * A DRM dumb buffer of at least two huge pages, and aligned to them. Only a driver that
 * takes its memory from shmem can have some, and not each kernel maps them at once (7.3
 * does: drivers/gpu/drm/drm_gem_shmem_helper.c, try_insert_pfn()).
 */
#include <errno.h>

#include "drm_cards.h"
#include "huge.h"

static int huge_open(const struct source *src, struct backing *b, size_t size)
{
	int err = huge_fit(b, size);

	if (err)
		return err;
	return dumb_open(src, b, size < 2 * b->align ? 2 * b->align : size);
}

static int huge_here(const struct source *src, struct backing *b)
{
	int err = huge_fit(b, 0);

	if (!err && !huge_shmem_is("always within_size force"))
		err = backing_fail(b, -ENODEV,
				   "%s gives a driver no huge pages; write always to it",
				   HUGE_SHMEM_PATH);
	if (!err)
		err = huge_open(src, b, 0);
	if (!err)
		err = huge_verify(b, false, "a dumb buffer is not mapped in huge pages");
	dumb_close(b);
	return err;
}

const struct source dumb_huge_source = {
	.name = "-huge",
	.here = huge_here,
	.open = huge_open,
	.close = dumb_close,
};
