// SPDX-License-Identifier: GPL-2.0
/*
 * A BAR of a PCI device, through its resource file in sysfs: mapped by mmap(),
 * with nothing left to fault (drivers/pci/mmap.c, pci_mmap_resource_range()).
 *
 * A store may make a device do anything, so only a BAR that was named for it is
 * touched.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "source.h"

#define NAMED_BY	"PFN_MKWRITE_BAR"

/* Nothing else than a resource file, lest a slip of the pen overwrites a disk. */
static int named_bar(struct backing *b, const char **path)
{
	const char *name;

	*path = getenv(NAMED_BY);
	if (!*path || !**path)
		return backing_fail(b, -ENODEV,
				    "a store can make a PCI device do anything; name the memory of one in %s=/sys/bus/pci/devices/SLOT/resourceN",
				    NAMED_BY);
	name = strrchr(*path, '/');
	if (strncmp(*path, "/sys/", strlen("/sys/")) || !name ||
	    strncmp(name, "/resource", strlen("/resource")))
		return backing_fail(b, -ENODEV,
				    "%s=%.80s is no resource file of a PCI device",
				    NAMED_BY, *path);
	return 0;
}

static int pci_bar_here(const struct source *src, struct backing *b)
{
	const char *path;
	struct stat st;
	int err;

	(void)src;
	err = named_bar(b, &path);
	if (err)
		return err;
	if (stat(path, &st))
		return backing_fail(b, -ENODEV, "%.80s: %s", path,
				    strerror(errno));
	return 0;
}

static int pci_bar_open(const struct source *src, struct backing *b,
			size_t size)
{
	const char *path;
	struct stat st;
	int err;

	(void)src;
	err = named_bar(b, &path);
	if (err)
		return err;
	b->fd = open(path, O_RDWR | O_CLOEXEC);
	if (b->fd < 0 || fstat(b->fd, &st))
		return backing_fail(b, -errno, "%.80s: %s; run as root", path,
				    strerror(errno));
	if (st.st_size < (off_t)size)
		return backing_fail(b, -ENODEV,
				    "%.80s has %lld bytes, and %zu are needed",
				    path, (long long)st.st_size, size);
	b->size = size;
	b->room = st.st_size;
	return 0;
}

const struct source pci_bar_source = {
	.name = "pci_bar",
	.here = pci_bar_here,
	.open = pci_bar_open,
	.close = backing_close,
};
