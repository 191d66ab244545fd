/* SPDX-License-Identifier: GPL-2.0 */
/* The DRM cards of this machine, under names that stay the same from boot to boot. */
#ifndef PFN_MKWRITE_DRM_CARDS_H
#define PFN_MKWRITE_DRM_CARDS_H

#include "drm_api.h"
#include "source.h"

#define MAX_CARDS	32
#define MAX_KINDS	3	/* of memory that a card has */

/**
 * struct drm_card - a card that makes dumb buffers
 *
 * @node:	device file; its number changes from boot to boot
 * @bus:	"pci:0000:00:02.0", "platform:vgem"
 * @driver:	its driver
 * @name:	the driver's name, with @bus for all but the first card of a driver
 * @detail:	all of this in one line
 * @source_name: @name, and what makes the kind: "-prime", "-huge"
 * @source:	each kind of its memory
 */
struct drm_card {
	char node[64];
	char bus[80];
	struct drm_driver_info driver;
	char name[DRM_NAME_MAX + 80];
	char detail[256];
	char source_name[MAX_KINDS][DRM_NAME_MAX + 96];
	struct source source[MAX_KINDS];
};

/**
 * struct drm_cards - the contents of /dev/dri
 *
 * @nr:		cards in @card, sorted by driver and bus
 * @card:	the cards that make dumb buffers
 * @nr_nodes:	card nodes
 * @nr_refused:	card nodes that could not be opened
 * @refused_err: -errno of the last of those
 */
struct drm_cards {
	int nr;
	struct drm_card card[MAX_CARDS];
	int nr_nodes;
	int nr_refused;
	int refused_err;
};

/* The kinds of memory that a card has; source->data is its struct drm_card. */
extern const struct source dumb_source;
extern const struct source prime_source;
extern const struct source dumb_huge_source;

/* A dumb buffer; to close it, the card is peer_fd, or fd if there is no peer. */
int dumb_open(const struct source *src, struct backing *b, size_t size);
void dumb_close(struct backing *b);

/* Find the cards; leaves none open. */
void drm_cards_find(struct drm_cards *cards);

/*
 * Call @fn for each source of the cards that @pick names: a driver, a card's name, a
 * device file or "pci:SLOT"; all, if it is NULL or empty. Returns 0, -ENODEV if it names
 * no card, or an error of @fn, which ends the loop.
 */
int drm_cards_each(const struct drm_cards *cards, const char *pick,
		   int (*fn)(const struct source *src));

#endif /* PFN_MKWRITE_DRM_CARDS_H */
