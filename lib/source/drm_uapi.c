// SPDX-License-Identifier: GPL-2.0
/* The DRM calls by ioctl(): the image of a lab may have no libdrm. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>

/* Debian's linux-libc-dev leaves the kernel's drm.h to libdrm-dev. */
#if __has_include(<drm/drm.h>)
#include <drm/drm.h>
#else
#include <libdrm/drm.h>
#endif

#include "drm_api.h"

const char *drm_api_name(void)
{
	return "UAPI";
}

/* A signal may end a DRM ioctl early; libdrm repeats it, too. */
static int drm_ioctl(int fd, unsigned long request, void *arg)
{
	int err;

	do {
		err = ioctl(fd, request, arg) ? -errno : 0;
	} while (err == -EINTR || err == -EAGAIN);
	return err;
}

int drm_api_driver(int fd, struct drm_driver_info *info)
{
	struct drm_version version = {
		.name = info->name,
		.name_len = sizeof(info->name) - 1,
	};
	int err;

	/* The kernel copies what fits and puts no NUL behind it. */
	memset(info, 0, sizeof(*info));
	err = drm_ioctl(fd, DRM_IOCTL_VERSION, &version);
	if (err)
		return err;
	info->version[0] = version.version_major;
	info->version[1] = version.version_minor;
	info->version[2] = version.version_patchlevel;
	return 0;
}

int drm_api_has_dumb(int fd)
{
	struct drm_get_cap cap = { .capability = DRM_CAP_DUMB_BUFFER };
	int err;

	err = drm_ioctl(fd, DRM_IOCTL_GET_CAP, &cap);
	return err ? err : !!cap.value;
}

int drm_api_create(int fd, uint32_t width, uint32_t height,
		   struct drm_dumb *dumb)
{
	struct drm_mode_create_dumb create = {
		.width = width,
		.height = height,
		.bpp = 32,
	};
	struct drm_mode_map_dumb map = { 0 };
	int err;

	err = drm_ioctl(fd, DRM_IOCTL_MODE_CREATE_DUMB, &create);
	if (err)
		return err;
	map.handle = create.handle;
	err = drm_ioctl(fd, DRM_IOCTL_MODE_MAP_DUMB, &map);
	if (err) {
		drm_api_destroy(fd, create.handle);
		return err;
	}
	*dumb = (struct drm_dumb){
		.handle = create.handle,
		.size = create.size,
		.offset = map.offset,
	};
	return 0;
}

int drm_api_export(int fd, uint32_t handle, int *dmabuf)
{
	struct drm_prime_handle export = {
		.handle = handle,
		.flags = DRM_CLOEXEC | DRM_RDWR,
	};
	int err;

	err = drm_ioctl(fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &export);
	if (!err)
		*dmabuf = export.fd;
	return err;
}

int drm_api_destroy(int fd, uint32_t handle)
{
	struct drm_mode_destroy_dumb destroy = { .handle = handle };

	return drm_ioctl(fd, DRM_IOCTL_MODE_DESTROY_DUMB, &destroy);
}

void drm_api_drop_master(int fd)
{
	drm_ioctl(fd, DRM_IOCTL_DROP_MASTER, NULL);
}
