// SPDX-License-Identifier: GPL-2.0
/*
 * Device-dax, /dev/daxN.M: memory that is mapped without a file system, in pages of
 * the one size that the device has as its alignment (drivers/dax/device.c). Its faults
 * pass on whether they are a write.
 *
 * A store destroys what the device holds: only touch those named for it.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "huge.h"

#define NAMED_BY	"PFN_MKWRITE_DEVDAX"

/* The first of the named devices that is large enough and has this alignment. */
static int devdax_open(const struct source *src, struct backing *b, size_t size)
{
	char path[PATH_MAX], dir[SYSFS_NAME], bus[SYSFS_NAME];
	const char *named = getenv(NAMED_BY);
	struct stat st;
	int length, err;

	b->size = size;
	b->align = sysconf(_SC_PAGESIZE);
	err = src->data ? huge_fit(b, size) : 0;
	if (err)
		return err;
	if (!named || !*named)
		return backing_fail(b, -ENODEV,
				    "a store destroys what device-dax holds; name some to lose in %s=/dev/daxN.M,...",
				    NAMED_BY);
	for (; *named; named += length + !!named[length]) {
		length = strcspn(named, ",");
		snprintf(path, sizeof(path), "%.*s", length, named);
		if (stat(path, &st))
			return backing_fail(b, -EDESTADDRREQ, NAMED_BY " names %.80s: %s",
					    path, strerror(errno));
		snprintf(dir, sizeof(dir), "/sys/dev/char/%u:%u",
			 major(st.st_rdev), minor(st.st_rdev));
		sysfs_link(bus, dir, "subsystem");
		if (!S_ISCHR(st.st_mode) || strcmp(bus, "dax"))
			return backing_fail(b, -EDESTADDRREQ,
					    NAMED_BY " names %.80s, which is no device-dax device",
					    path);
		b->room = sysfs_number(dir, "size");
		if (sysfs_number(dir, "align") == b->align && b->room >= b->size) {
			b->fd = backing_open(b, path, O_RDWR);
			return b->fd < 0 ? b->fd : 0;
		}
	}
	return backing_fail(b, -ENODEV,
			    "no device that " NAMED_BY " names is aligned to %zu bytes",
			    b->align);
}

const struct source devdax_source = {
	.name = "devdax",
	.open = devdax_open,
	.close = backing_close,
};

const struct source devdax_pmd_source = {
	.name = "devdax_pmd",
	.data = "of huge pages",
	.open = devdax_open,
	.close = backing_close,
};
