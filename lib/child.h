/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Forked children that may never come back.
 */
#ifndef PFN_MKWRITE_CHILD_H
#define PFN_MKWRITE_CHILD_H

#include <sys/types.h>

/**
 * child_wait() - wait for the end of a child, but not for ever
 * @pid: the child
 * @status: filled in, as waitpid() does
 * @ms: how long
 *
 * Return: 0 when it ended within the time, -ETIMEDOUT, or -errno.
 */
int child_wait(pid_t pid, int *status, int ms);

#endif /* PFN_MKWRITE_CHILD_H */
