// SPDX-License-Identifier: GPL-2.0
/* The DRM calls by libdrm, 2.4.114 or newer. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <xf86drm.h>
#include <xf86drmMode.h>

#include "drm_api.h"

const char *drm_api_name(void)
{
	return "libdrm";
}

int drm_api_driver(int fd, struct drm_driver_info *info)
{
	drmVersionPtr version = drmGetVersion(fd);

	if (!version)
		return errno ? -errno : -EIO;
	snprintf(info->name, sizeof(info->name), "%.*s", version->name_len,
		 version->name);
	info->version[0] = version->version_major;
	info->version[1] = version->version_minor;
	info->version[2] = version->version_patchlevel;
	drmFreeVersion(version);
	return 0;
}

int drm_api_has_dumb(int fd)
{
	uint64_t value = 0;

	if (drmGetCap(fd, DRM_CAP_DUMB_BUFFER, &value))
		return -errno;
	return !!value;
}

int drm_api_create(int fd, uint32_t width, uint32_t height,
		   struct drm_dumb *dumb)
{
	uint32_t pitch;
	int err;

	err = drmModeCreateDumbBuffer(fd, width, height, 32, 0, &dumb->handle,
				      &pitch, &dumb->size);
	if (err)
		return err;
	err = drmModeMapDumbBuffer(fd, dumb->handle, &dumb->offset);
	if (err)
		drmModeDestroyDumbBuffer(fd, dumb->handle);
	return err;
}

int drm_api_export(int fd, uint32_t handle, int *dmabuf)
{
	return drmPrimeHandleToFD(fd, handle, DRM_CLOEXEC | DRM_RDWR, dmabuf) ?
	       -errno : 0;
}

int drm_api_destroy(int fd, uint32_t handle)
{
	return drmModeDestroyDumbBuffer(fd, handle);
}

void drm_api_drop_master(int fd)
{
	drmDropMaster(fd);
}
