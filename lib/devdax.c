// SPDX-License-Identifier: GPL-2.0
/*
 * Device-dax, /dev/daxN.M: memory that is mapped without a file system in
 * between, in pages of the one size that the device has as its alignment
 * (drivers/dax/device.c). Its faults pass on whether they are a write.
 *
 * To store to such a device is to destroy what it holds, so none is touched
 * that was not named for it.
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

static size_t wanted_align(const struct source *src)
{
	return src == &devdax_pmd_source ? huge_pmd_size() :
					   (size_t)sysconf(_SC_PAGESIZE);
}

/* What sysfs knows of a device file, 0 where it knows nothing. */
static size_t attribute(const struct stat *st, const char *name)
{
	unsigned long long value = 0;
	char path[96];
	FILE *file;

	snprintf(path, sizeof(path), "/sys/dev/char/%u:%u/%s",
		 major(st->st_rdev), minor(st->st_rdev), name);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (fscanf(file, "%llu", &value) != 1)
		value = 0;
	fclose(file);
	return value;
}

static bool is_devdax(const struct stat *st)
{
	char path[96], bus[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/dev/char/%u:%u/subsystem",
		 major(st->st_rdev), minor(st->st_rdev));
	return S_ISCHR(st->st_mode) && realpath(path, bus) &&
	       !strcmp(strrchr(bus, '/'), "/dax");
}

/* The first of the named devices that is large enough and has this alignment. */
static int find_device(const struct source *src, struct backing *b,
		       char *path, size_t size)
{
	size_t align = wanted_align(src);
	const char *named = getenv(NAMED_BY);
	struct stat st;
	int length;

	if (!named || !*named)
		return backing_fail(b, -ENODEV,
				    "a store destroys what device-dax holds; name some to lose in %s=/dev/daxN.M,...",
				    NAMED_BY);
	for (; *named; named += length + !!named[length]) {
		length = strcspn(named, ",");
		snprintf(path, PATH_MAX, "%.*s", length, named);
		if (stat(path, &st))
			return backing_fail(b, -ENODEV,
					    NAMED_BY " names %.80s: %s", path,
					    strerror(errno));
		if (!is_devdax(&st))
			return backing_fail(b, -ENODEV,
					    NAMED_BY " names %.80s, which is no device-dax device",
					    path);
		b->room = attribute(&st, "size");
		if (attribute(&st, "align") == align && b->room >= size)
			return 0;
	}
	return backing_fail(b, -ENODEV,
			    "no device that " NAMED_BY " names is aligned to %zu bytes",
			    align);
}

static size_t whole_pages(const struct source *src, size_t size)
{
	size_t align = wanted_align(src);

	return (size + align - 1) / align * align;
}

static int devdax_here(const struct source *src, struct backing *b)
{
	char path[PATH_MAX];
	int err = huge_pmd_here(b);

	if (err && src == &devdax_pmd_source)
		return err;
	return find_device(src, b, path, whole_pages(src, 1));
}

static int devdax_open(const struct source *src, struct backing *b, size_t size)
{
	char path[PATH_MAX];
	int err;

	b->size = whole_pages(src, size);
	b->align = wanted_align(src);
	err = find_device(src, b, path, b->size);
	if (err)
		return err;
	b->fd = open(path, O_RDWR | O_CLOEXEC);
	if (b->fd < 0)
		return backing_fail(b, -errno, "%.80s: %s; run as root", path,
				    strerror(errno));
	return 0;
}

const struct source devdax_source = {
	.name = "devdax",
	.of_device = true,
	.here = devdax_here,
	.open = devdax_open,
	.close = backing_close,
};

const struct source devdax_pmd_source = {
	.name = "devdax_pmd",
	.of_device = true,
	.here = devdax_here,
	.open = devdax_open,
	.close = backing_close,
};
