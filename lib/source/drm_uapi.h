/* SPDX-License-Identifier: GPL-2.0 */
/* The ioctls of DRM dumb buffers. Errors are -errno, with errno set. */
#ifndef PFN_MKWRITE_DRM_UAPI_H
#define PFN_MKWRITE_DRM_UAPI_H

#ifdef LIBDRM			/* lib/libdrm.mk */
#include <xf86drm.h>		/* lib/libdrm.mk */
#include <xf86drmMode.h>	/* lib/libdrm.mk */
#define DRM_API	"libdrm"	/* lib/libdrm.mk */
#else				/* lib/libdrm.mk */

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
/* Without "make headers": where Debian has it. */
#if __has_include(<drm/drm.h>)
#include <drm/drm.h>
#else
#include <libdrm/drm.h>
#endif

#define DRM_API	"UAPI"
#define drmFreeVersion(version)

/* A signal may interrupt a DRM ioctl. */
static inline int drm_ioctl(int fd, unsigned long request, void *arg)
{
	int err;

	do {
		err = ioctl(fd, request, arg) ? -errno : 0;
	} while (err == -EINTR || err == -EAGAIN);
	return err;
}

/* The driver's name and version, or NULL. The kernel puts no NUL behind the name. */
static inline struct drm_version *drmGetVersion(int fd)
{
	static char name[32];
	static struct drm_version version;

	memset(name, 0, sizeof(name));
	version = (struct drm_version){ .name = name, .name_len = sizeof(name) - 1 };
	return drm_ioctl(fd, DRM_IOCTL_VERSION, &version) ? NULL : &version;
}

static inline int drmDropMaster(int fd)
{
	return drm_ioctl(fd, DRM_IOCTL_DROP_MASTER, NULL);
}

static inline int drmModeCreateDumbBuffer(int fd, uint32_t width, uint32_t height,
					  uint32_t bpp, uint32_t flags, uint32_t *handle,
					  uint32_t *pitch, uint64_t *size)
{
	struct drm_mode_create_dumb dumb = {
		.width = width, .height = height, .bpp = bpp, .flags = flags,
	};
	int err = drm_ioctl(fd, DRM_IOCTL_MODE_CREATE_DUMB, &dumb);

	*handle = dumb.handle;
	*pitch = dumb.pitch;
	*size = dumb.size;
	return err;
}

static inline int drmModeMapDumbBuffer(int fd, uint32_t handle, uint64_t *offset)
{
	struct drm_mode_map_dumb map = { .handle = handle };
	int err = drm_ioctl(fd, DRM_IOCTL_MODE_MAP_DUMB, &map);

	*offset = map.offset;
	return err;
}

static inline int drmModeDestroyDumbBuffer(int fd, uint32_t handle)
{
	struct drm_mode_destroy_dumb dumb = { .handle = handle };

	return drm_ioctl(fd, DRM_IOCTL_MODE_DESTROY_DUMB, &dumb);
}

#endif				/* lib/libdrm.mk */
#endif /* PFN_MKWRITE_DRM_UAPI_H */
