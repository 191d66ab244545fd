/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The DRM calls that a dumb buffer needs. drm_uapi.c makes them with nothing but
 * <drm/drm.h>.
 */
#ifndef PFN_MKWRITE_DRM_API_H
#define PFN_MKWRITE_DRM_API_H

#include <stddef.h>
#include <stdint.h>

/* Room for the name of a driver; the longest in the kernel has 17 letters. */
#define DRM_NAME_MAX	32

struct drm_driver_info {
	char name[DRM_NAME_MAX];
	int version[3];
};

/**
 * struct drm_dumb - a dumb buffer
 *
 * @handle:	GEM handle
 * @size:	bytes, as the kernel chose them
 * @offset:	for mmap() of the card
 */
struct drm_dumb {
	uint32_t handle;
	uint64_t size;
	uint64_t offset;
};

/* "UAPI", or the library that makes the calls. */
const char *drm_api_name(void);

/* The others take an open card and return 0 or -errno. */
int drm_api_driver(int fd, struct drm_driver_info *info);

/* 1 if the driver makes dumb buffers, 0 if not. */
int drm_api_has_dumb(int fd);

/* A buffer of @width times @height pixels of 32 bits. */
int drm_api_create(int fd, uint32_t width, uint32_t height,
		   struct drm_dumb *dumb);

/* A DMA-BUF of the buffer, writable. */
int drm_api_export(int fd, uint32_t handle, int *dmabuf);

int drm_api_destroy(int fd, uint32_t handle);

/*
 * The first to open a card becomes DRM master: give that up, lest a compositor that
 * starts now is refused.
 */
void drm_api_drop_master(int fd);

#endif /* PFN_MKWRITE_DRM_API_H */
