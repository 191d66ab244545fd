// SPDX-License-Identifier: GPL-2.0
/*
 * A BAR of a PCI device, through vfio-pci: a page mapped in each fault, or a huge
 * page (drivers/vfio/pci/vfio_pci_core.c, vfio_pci_vmf_insert_pfn()). What a
 * virtual machine gets when a device is passed through to it.
 *
 * A store may make a device do anything, so only a device that was named for it
 * is touched.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/vfio.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "huge.h"

#define NAMED_BY	"PFN_MKWRITE_VFIO"
#define DEVICES		"/sys/bus/pci/devices/"

/* The last part of what a link of a device points to, "" where there is none. */
static void linked(const char *slot, const char *link, char name[64])
{
	char path[128], target[PATH_MAX];

	snprintf(path, sizeof(path), DEVICES "%.32s/%s", slot, link);
	*name = '\0';
	if (realpath(path, target))
		snprintf(name, 64, "%.63s", strrchr(target, '/') + 1);
}

static int vfio_bar_here(const struct source *src, struct backing *b)
{
	const char *slot = getenv(NAMED_BY);
	char driver[64];

	(void)src;
	if (!slot || !*slot)
		return backing_fail(b, -ENODEV,
				    "a store can make a PCI device do anything; bind one to vfio-pci and name it in %s=0000:00:05.0",
				    NAMED_BY);
	linked(slot, "driver", driver);
	if (strcmp(driver, "vfio-pci"))
		return backing_fail(b, -ENODEV,
				    "%s=%.32s has the driver %s; bind it to vfio-pci",
				    NAMED_BY, slot, *driver ? driver : "(none)");
	return 0;
}

static int vfio_bar_pmd_here(const struct source *src, struct backing *b)
{
	const char *slot = getenv(NAMED_BY);
	size_t pmd = huge_pmd_size();
	char path[128];
	struct stat st;
	int i, err;

	err = vfio_bar_here(src, b);
	if (!err)
		err = huge_pmd_here(b);
	for (i = 0; !err && i < 6; i++) {
		snprintf(path, sizeof(path), DEVICES "%.32s/resource%d", slot,
			 i);
		if (!stat(path, &st) && st.st_size >= (off_t)pmd)
			return 0;
	}
	return err ? err : backing_fail(b, -ENODEV,
					"%s=%.32s has no BAR of %zu bytes",
					NAMED_BY, slot, pmd);
}

/* Without an IOMMU a group has another file, and needs another container. */
static int open_group(struct backing *b, const char *slot, int *iommu)
{
	char id[64], path[96];
	int group;

	linked(slot, "iommu_group", id);
	*iommu = VFIO_TYPE1v2_IOMMU;
	snprintf(path, sizeof(path), "/dev/vfio/%s", id);
	group = open(path, O_RDWR | O_CLOEXEC);
	if (group < 0 && errno == ENOENT) {
		*iommu = VFIO_NOIOMMU_IOMMU;
		snprintf(path, sizeof(path), "/dev/vfio/noiommu-%s", id);
		group = open(path, O_RDWR | O_CLOEXEC);
	}
	if (group < 0)
		return backing_fail(b, -errno, "%s: %s; run as root", path,
				    strerror(errno));
	return group;
}

static int open_device(struct backing *b, const char *slot)
{
	int container, group, iommu, err = 0;

	group = open_group(b, slot, &iommu);
	if (group < 0)
		return group;
	container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	if (container < 0 ||
	    ioctl(group, VFIO_GROUP_SET_CONTAINER, &container) ||
	    ioctl(container, VFIO_SET_IOMMU, iommu)) {
		err = backing_fail(b, -errno, "a vfio container for %.32s: %s",
				   slot, strerror(errno));
		goto close_group;
	}
	b->fd = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, slot);
	if (b->fd < 0)
		err = backing_fail(b, -errno, "vfio device %.32s: %s", slot,
				   strerror(errno));
close_group:
	/* The device holds both of them. */
	if (container >= 0)
		close(container);
	close(group);
	return err;
}

/* The first BAR that is large enough and can be mapped. */
static int find_bar(struct backing *b, const char *slot)
{
	int i;

	for (i = VFIO_PCI_BAR0_REGION_INDEX; i <= VFIO_PCI_BAR5_REGION_INDEX;
	     i++) {
		struct vfio_region_info info = {
			.argsz = sizeof(info),
			.index = i,
		};

		if (!ioctl(b->fd, VFIO_DEVICE_GET_REGION_INFO, &info) &&
		    info.flags & VFIO_REGION_INFO_FLAG_MMAP &&
		    info.size >= b->size) {
			b->offset = info.offset;
			b->room = info.size;
			return 0;
		}
	}
	return backing_fail(b, -ENODEV,
			    "vfio device %.32s has no BAR of %zu bytes that can be mapped",
			    slot, b->size);
}

static int open_bar(struct backing *b)
{
	const char *slot = getenv(NAMED_BY);
	int err;

	err = open_device(b, slot);
	return err ? err : find_bar(b, slot);
}

static int vfio_bar_open(const struct source *src, struct backing *b,
			 size_t size)
{
	(void)src;
	b->size = size;
	return open_bar(b);
}

static int vfio_bar_pmd_open(const struct source *src, struct backing *b,
			     size_t size)
{
	int err;

	(void)src;
	huge_fit(b, size);
	err = open_bar(b);
	if (!err && !huge_mapped_at_once(b, false))
		err = backing_fail(b, -ENODEV,
				   "a BAR of %s is not mapped in huge pages",
				   getenv(NAMED_BY));
	return err;
}

const struct source vfio_bar_source = {
	.name = "vfio_bar",
	.here = vfio_bar_here,
	.open = vfio_bar_open,
	.close = backing_close,
};

const struct source vfio_bar_pmd_source = {
	.name = "vfio_bar_pmd",
	.here = vfio_bar_pmd_here,
	.open = vfio_bar_pmd_open,
	.close = backing_close,
};
