/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PFN_MKWRITE_UDMABUF_H
#define PFN_MKWRITE_UDMABUF_H

#include "source.h"

/* Make @b->fd a udmabuf of all of a sealable memfd. 0, or -errno with @b->why set. */
int udmabuf_create(struct backing *b, int memfd);

#endif /* PFN_MKWRITE_UDMABUF_H */
