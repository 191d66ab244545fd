// SPDX-License-Identifier: GPL-2.0
/*
 * A file on a file system that is mounted with dax: its pages are those of the
 * device, and the file system asks to be told of the first write to each. Its
 * faults are among the few that pass on whether they are a write (fs/dax.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "huge.h"

static bool mounted_with_dax(const struct mntent *mount)
{
	const char *option = hasmntopt(mount, "dax");

	if (!option)
		return false;
	option += strlen("dax");
	return !*option || *option == ',' ||
	       !strncmp(option, "=always", strlen("=always"));
}

/* A file without a name leaves nothing behind, however this process ends. */
static int open_file(const char *dir)
{
	struct statx st;
	int fd;

	fd = open(dir, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	/* The mount option alone does not make it so. */
	if (statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &st) ||
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
	while (b->fd < 0 && (mount = getmntent(mounts))) {
		if (!mounted_with_dax(mount))
			continue;
		b->fd = open_file(mount->mnt_dir);
		if (b->fd >= 0)
			break;
		err = b->fd == -EACCES || b->fd == -EPERM ? b->fd : -ENODEV;
		backing_fail(b, err, "a DAX file in %.100s: %s%s",
			     mount->mnt_dir, strerror(-b->fd),
			     err == -ENODEV ? "" : "; run as root");
	}
	endmntent(mounts);
	return b->fd < 0 ? err : 0;
}

/*
 * A hole, and a block that was allocated and never written, are mapped as the
 * zero page by a load.
 */
static int write_out(int fd, size_t size)
{
	static const char zeros[4096];
	ssize_t wrote;
	size_t done;

	for (done = 0; done < size; done += wrote) {
		size_t left = size - done;

		wrote = pwrite(fd, zeros,
			       left < sizeof(zeros) ? left : sizeof(zeros),
			       done);
		if (wrote <= 0)
			return wrote ? -errno : -EIO;
	}
	return fsync(fd) ? -errno : 0;
}

static int dax_pmd_here(const struct source *src, struct backing *b)
{
	int err = huge_pmd_here(b);

	(void)src;
	if (!err)
		err = find_file(b);
	backing_close(b);
	/* There is one, which this user may not write to. */
	return err == -EACCES || err == -EPERM ? 0 : err;
}

/*
 * A block as large as a huge page is asked for at once, and a file system that
 * has one free and aligned gives it; whether it did shows in the faults.
 */
static int dax_pmd_open(const struct source *src, struct backing *b,
			size_t size)
{
	int err;

	(void)src;
	huge_fit(b, size);
	err = find_file(b);
	if (err)
		return err;
	if (posix_fallocate(b->fd, 0, b->size))
		return backing_fail(b, -ENODEV,
				    "a DAX file got no room for %zu bytes; make some",
				    b->size);
	err = write_out(b->fd, b->size);
	if (err)
		return backing_fail(b, err, "a DAX file of %zu bytes: %s",
				    b->size, strerror(-err));
	err = huge_mapped_at_once(b, false);
	if (err)
		return err < 0 ? err : 0;
	return backing_fail(b, -ENODEV,
			    "a DAX file got no extent that is %zu bytes long and aligned; make room, or the file system with mke2fs -E stride=N,stripe-width=N",
			    b->align);
}

static int dax_open(const struct source *src, struct backing *b, size_t size)
{
	int err;

	(void)src;
	b->size = size;
	err = find_file(b);
	if (err)
		return err;
	err = write_out(b->fd, size);
	if (err)
		return backing_fail(b, err, "a DAX file of %zu bytes: %s", size,
				    strerror(-err));
	b->peer_fd = fcntl(b->fd, F_DUPFD_CLOEXEC, 0);
	return 0;
}

const struct source dax_source = {
	.name = "dax",
	.of_device = true,
	.open = dax_open,
	.close = backing_close,
};

const struct source dax_pmd_source = {
	.name = "dax_pmd",
	.of_device = true,
	.here = dax_pmd_here,
	.open = dax_pmd_open,
	.close = backing_close,
};
