// SPDX-License-Identifier: GPL-2.0
/*
 * A BAR of a PCI device, through its resource file in sysfs: mapped by mmap(),
 * with nothing left to fault (drivers/pci/mmap.c, pci_mmap_resource_range()).
 *
 * A store may make a device do anything: only touch a BAR named for it.
 */
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "source.h"

#define NAMED_BY	"PFN_MKWRITE_BAR"

static int pci_bar_open(const struct source *src, struct backing *b, size_t size)
{
	const char *path = getenv(NAMED_BY);
	struct stat st;

	(void)src;
	if (!path || !*path)
		return backing_fail(b, -ENODEV,
				    "a store can make a PCI device do anything; name the memory of one in %s=/sys/bus/pci/devices/SLOT/resourceN",
				    NAMED_BY);
	/* Nothing else, lest a slip of the pen overwrites a disk. */
	if (fnmatch("/sys/*/resource[0-9]*", path, 0))
		return backing_fail(b, -EDESTADDRREQ,
				    NAMED_BY "=%.80s is no resource file of a PCI device",
				    path);
	if (access(path, F_OK))
		return backing_fail(b, -EDESTADDRREQ, NAMED_BY "=%.80s: %s", path,
				    strerror(errno));
	b->fd = backing_open(b, path, O_RDWR);
	if (b->fd < 0)
		return b->fd;
	if (fstat(b->fd, &st))
		return backing_fail(b, -errno, "%.80s: %m", path);
	if (st.st_size < (off_t)size)
		return backing_fail(b, -ENODEV, "%.80s has %lld bytes, and %zu are needed",
				    path, (long long)st.st_size, size);
	b->size = size;
	b->room = st.st_size;
	return 0;
}

const struct source pci_bar_source = {
	.name = "pci_bar",
	.open = pci_bar_open,
	.close = backing_close,
};
