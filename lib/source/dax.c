// SPDX-License-Identifier: GPL-2.0
/*
 * A file on a file system that is mounted with dax: its pages are those of the device,
 * and the file system is notified of the first write to each. Its faults are among the
 * few that pass on whether they are a write (fs/dax.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/stat.h>
#include <mntent.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "huge.h"

static bool mounted_with_dax(const struct mntent *mount)
{
	const char *option = hasmntopt(mount, "dax");

	if (!option)
		return false;
	option += strlen("dax");
	return !*option || *option == ',' || !strncmp(option, "=always", 7);
}

/* A file without a name leaves nothing behind, however this process ends. */
static int open_file(const char *dir)
{
	struct statx st;
	int fd;

	fd = open(dir, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	/* The mount option alone does not make it so. musl 1.2.3 has no statx(). */
	if (syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &st) ||
	    !(st.stx_attributes & STATX_ATTR_DAX)) {
		close(fd);
		return -EOPNOTSUPP;
	}
	return fd;
}

static int find_file(struct backing *b)
{
	struct mntent *mount;
	FILE *mounts;
	int err;

	err = backing_fail(b, -ENODEV,
			   "no file system is mounted with dax; on pmem, mount ext4 or xfs with -o dax");
	mounts = setmntent("/proc/mounts", "re");
	if (!mounts)
		return err;
	while (err && (mount = getmntent(mounts))) {
		if (!mounted_with_dax(mount))
			continue;
		b->fd = open_file(mount->mnt_dir);
		if (b->fd >= 0)
			err = 0;
		else if (b->fd == -EACCES || b->fd == -EPERM)
			err = backing_fail(b, b->fd, "a DAX file in %.100s: %m%s",
					   mount->mnt_dir, access_advice(-b->fd));
		else
			err = backing_fail(b, -ENODEV, "a DAX file in %.100s: %s",
					   mount->mnt_dir, strerror(-b->fd));
	}
	endmntent(mounts);
	return err;
}

/* A load maps a hole, or a block that was never written, as the zero page. */
static int write_out(struct backing *b)
{
	static const char zeros[4096];
	size_t done;
	ssize_t wrote;

	for (done = 0; done < b->size; done += wrote) {
		size_t left = b->size - done;

		wrote = pwrite(b->fd, zeros, left < sizeof(zeros) ? left : sizeof(zeros),
			       done);
		if (wrote <= 0)
			return backing_fail(b, wrote ? -errno : -EIO,
					    "a DAX file of %zu bytes: %m", b->size);
	}
	return fsync(b->fd) ? backing_fail(b, -errno, "fsync() of a DAX file: %m") : 0;
}

static int dax_open(const struct source *src, struct backing *b, size_t size)
{
	int err;

	b->size = size;
	err = src->data ? huge_fit(b, size) : 0;
	if (!err)
		err = find_file(b);
	/* All at once: a file system gives an aligned extent then, if it has one. */
	if (!err && src->data && posix_fallocate(b->fd, 0, b->size))
		err = backing_fail(b, -ENODEV,
				   "a DAX file got no room for %zu bytes; make some",
				   b->size);
	if (!err)
		err = write_out(b);
	if (err)
		return err;
	if (src->data)
		return huge_verify(b, false,
				   "a DAX file got no aligned extent of a huge page; make room, or the file system with mke2fs -E stride=N,stripe-width=N");
	b->peer_fd = fcntl(b->fd, F_DUPFD_CLOEXEC, 0);
	return 0;
}

const struct source dax_source = {
	.name = "dax",
	.open = dax_open,
	.close = backing_close,
};

const struct source dax_pmd_source = {
	.name = "dax_pmd",
	.data = "in huge pages",
	.open = dax_open,
	.close = backing_close,
};
