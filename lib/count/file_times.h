/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The times of a mapped file. A driver or file system that tracks dirty pages
 * updates them when it is notified of a write (gem-shmem:
 * drm_gem_shmem_pfn_mkwrite(); DAX: the fault handler). Other tasks may write to the
 * same file, so only times that stay the same prove anything at once.
 */
#ifndef PFN_MKWRITE_FILE_TIMES_H
#define PFN_MKWRITE_FILE_TIMES_H

#include <sys/stat.h>

/*
 * Wait until an update changes the times, which are those of the last tick. @st is for
 * file_times_moved(). Returns 0 or -errno: -ETIMEDOUT after 2 seconds.
 */
int file_times_settle(int fd, struct stat *st);

/* Have mtime or ctime changed since? 1, 0, or -1 if that cannot be told. */
int file_times_moved(int fd, const struct stat *before);

#endif /* PFN_MKWRITE_FILE_TIMES_H */
