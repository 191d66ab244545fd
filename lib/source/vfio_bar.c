// SPDX-License-Identifier: GPL-2.0
/*
 * A BAR of a PCI device, through vfio-pci: a page mapped in each fault, or a huge
 * page (drivers/vfio/pci/vfio_pci_core.c, vfio_pci_vmf_insert_pfn()). This is how a
 * virtual machine gets a device that is passed through to it.
 *
 * A store may make a device do anything: only touch a device named for it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "huge.h"

#define NAMED_BY	"PFN_MKWRITE_VFIO"

/* Open the device whose folder in sysfs is @dir. */
static int open_device(struct backing *b, const char *slot, const char *dir)
{
	int container, group, iommu = VFIO_TYPE1v2_IOMMU, err = 0;
	char id[SYSFS_NAME], path[96];

	sysfs_link(id, dir, "iommu_group");
	snprintf(path, sizeof(path), "/dev/vfio/%s", id);
	/* Without an IOMMU a group has another file, and needs another container. */
	if (access(path, F_OK)) {
		iommu = VFIO_NOIOMMU_IOMMU;
		snprintf(path, sizeof(path), "/dev/vfio/noiommu-%s", id);
	}
	group = backing_open(b, path, O_RDWR);
	if (group < 0)
		return group;
	container = backing_open(b, "/dev/vfio/vfio", O_RDWR);
	if (container < 0) {
		close(group);
		return container;
	}
	if (ioctl(group, VFIO_GROUP_SET_CONTAINER, &container) ||
	    ioctl(container, VFIO_SET_IOMMU, iommu))
		err = backing_fail(b, -errno, "a vfio container for %.32s: %m", slot);
	else
		b->fd = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, slot);
	if (!err && b->fd < 0)
		err = backing_fail(b, -errno, "vfio device %.32s: %m", slot);
	/* The device holds both of them. */
	close(container);
	close(group);
	return err;
}

/* The first BAR that is large enough and can be mapped. */
static int find_bar(struct backing *b, const char *slot)
{
	int i;

	for (i = VFIO_PCI_BAR0_REGION_INDEX; i <= VFIO_PCI_BAR5_REGION_INDEX; i++) {
		struct vfio_region_info info = { .argsz = sizeof(info), .index = i };

		if (!ioctl(b->fd, VFIO_DEVICE_GET_REGION_INFO, &info) &&
		    info.flags & VFIO_REGION_INFO_FLAG_MMAP && info.size >= b->size) {
			b->offset = info.offset;
			b->room = info.size;
			return 0;
		}
	}
	return backing_fail(b, -ENODEV,
			    "vfio device %.32s has no BAR of %zu bytes that can be mapped",
			    slot, b->size);
}

static int vfio_bar_open(const struct source *src, struct backing *b, size_t size)
{
	const char *slot = getenv(NAMED_BY);
	char dir[SYSFS_NAME], driver[SYSFS_NAME];
	int err;

	b->size = size;
	if (!slot || !*slot)
		return backing_fail(b, -ENODEV,
				    "a store can make a PCI device do anything; bind one to vfio-pci and name it in %s=0000:00:05.0",
				    NAMED_BY);
	snprintf(dir, sizeof(dir), "/sys/bus/pci/devices/%.32s", slot);
	if (access(dir, F_OK))
		return backing_fail(b, -EDESTADDRREQ, NAMED_BY "=%.32s is no PCI device", slot);
	sysfs_link(driver, dir, "driver");
	if (strcmp(driver, "vfio-pci"))
		return backing_fail(b, -EDESTADDRREQ,
				    NAMED_BY "=%.32s has the driver %s; bind it to vfio-pci",
				    slot, *driver ? driver : "(none)");
	err = src->data ? huge_fit(b, size) : 0;
	if (!err)
		err = open_device(b, slot, dir);
	if (!err)
		err = find_bar(b, slot);
	if (!err && src->data)
		err = huge_verify(b, false, "the BAR is not mapped in huge pages");
	return err;
}

const struct source vfio_bar_source = {
	.name = "vfio_bar",
	.open = vfio_bar_open,
	.close = backing_close,
};

const struct source vfio_bar_pmd_source = {
	.name = "vfio_bar_pmd",
	.data = "in huge pages",
	.open = vfio_bar_open,
	.close = backing_close,
};
