/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the sources that make a udmabuf of a memfd share. Nobody else includes
 * this.
 */
#ifndef PFN_MKWRITE_UDMABUF_H
#define PFN_MKWRITE_UDMABUF_H

#include "source.h"

/**
 * udmabuf_device() - open /dev/udmabuf
 * @b: its why is set after an error
 *
 * Return: a file descriptor or -errno.
 */
int udmabuf_device(struct backing *b);

/**
 * udmabuf_create() - make a udmabuf of b->size bytes
 * @b: gets it as its fd
 * @dev: from udmabuf_device()
 * @memfd: the memory; is given its size here
 *
 * Return: 0 or -errno with @b->why set.
 */
int udmabuf_create(struct backing *b, int dev, int memfd);

#endif /* PFN_MKWRITE_UDMABUF_H */
