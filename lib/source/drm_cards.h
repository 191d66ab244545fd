/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PFN_MKWRITE_DRM_CARDS_H
#define PFN_MKWRITE_DRM_CARDS_H

#include "source.h"

/*
 * Call @fn for each source of each card. Returns 0, an error of @fn, which ends the loop,
 * or -EDESTADDRREQ if PFN_MKWRITE_DRM names none of the cards. @why tells what is missing.
 */
int drm_cards_each(int (*fn)(const struct source *src), char *why, size_t size);

/* A dumb buffer; @src->data is the card's device file. To close: peer_fd, or else fd. */
int dumb_open(const struct source *src, struct backing *b, size_t size);
void dumb_close(struct backing *b);

extern const struct source prime_source;
extern const struct source dumb_huge_source;

#endif /* PFN_MKWRITE_DRM_CARDS_H */
