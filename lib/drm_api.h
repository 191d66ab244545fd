/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The handful of DRM calls that a dumb buffer needs. Two files implement them,
 * and the build takes one: drm_libdrm.c where libdrm can be linked, otherwise
 * drm_uapi.c, which needs nothing but <drm/drm.h>.
 */
#ifndef PFN_MKWRITE_DRM_API_H
#define PFN_MKWRITE_DRM_API_H

#include <stddef.h>
#include <stdint.h>

/* Room for the name of a driver; the longest in the kernel has 17 letters. */
#define DRM_NAME_MAX	32
/* Room for "0000:00:02.0". */
#define DRM_SLOT_MAX	32

/**
 * struct drm_driver_info - what DRM_IOCTL_VERSION answers
 *
 * @name:	the driver
 * @version:	major, minor, patch level
 */
struct drm_driver_info {
	char name[DRM_NAME_MAX];
	int version[3];
};

/**
 * struct drm_dumb - a dumb buffer
 *
 * @handle:	GEM handle
 * @size:	bytes, as the kernel chose them
 * @offset:	what mmap() of the card gets
 */
struct drm_dumb {
	uint32_t handle;
	uint64_t size;
	uint64_t offset;
};

/* All of them take an open card and return 0 or -errno. */

/* "libdrm" or "UAPI": which of the two files this is. */
const char *drm_api_name(void);

/* The driver and its version; longer names are cut. */
int drm_api_driver(int fd, struct drm_driver_info *info);

/* 1 where the driver makes dumb buffers, 0 where it does not. */
int drm_api_has_dumb(int fd);

/*
 * The PCI slot, "0000:00:02.0"; -ENODEV for a card that is not on PCI, or where
 * nobody but sysfs knows.
 */
int drm_api_pci_slot(int fd, char slot[DRM_SLOT_MAX]);

/* A buffer of @width times @height pixels of 32 bits, and its mmap() offset. */
int drm_api_create(int fd, uint32_t width, uint32_t height,
		   struct drm_dumb *dumb);

/* A DMA-BUF of the buffer that can be mapped to be written. */
int drm_api_export(int fd, uint32_t handle, int *dmabuf);

/* Give the buffer back. */
int drm_api_destroy(int fd, uint32_t handle);

/*
 * Give up being DRM master, which the first to open a card becomes unasked: a
 * compositor that starts now must not be refused.
 */
void drm_api_drop_master(int fd);

#endif /* PFN_MKWRITE_DRM_API_H */
