/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The DRM cards of this machine, named so that a name means the same card on
 * the next run and on the next boot.
 */
#ifndef PFN_MKWRITE_DRM_CARDS_H
#define PFN_MKWRITE_DRM_CARDS_H

#include <stdbool.h>

#include "drm_api.h"
#include "source.h"

#define MAX_CARDS	32

/**
 * struct drm_card - a card that makes dumb buffers
 *
 * @node:	its device file; the number in it changes from boot to boot
 * @bus:	where it sits: "pci:0000:00:02.0", "platform:vgem"
 * @driver:	its driver
 * @name:	the driver's name; a second card of one driver, in the order of
 *		@bus, gets its @bus behind it
 * @detail:	all of this in one line
 * @source:	memory of this card
 * @prime_name:	@name, and that it is exported
 * @prime:	the same memory as a DMA-BUF
 * @huge_name:	@name, and that it is huge
 * @huge:	memory of this card in huge pages
 */
struct drm_card {
	char node[64];
	char bus[80];
	struct drm_driver_info driver;
	char name[DRM_NAME_MAX + 80];
	char detail[256];
	struct source source;
	char prime_name[DRM_NAME_MAX + 96];
	struct source prime;
	char huge_name[DRM_NAME_MAX + 96];
	struct source huge;
};

/**
 * struct drm_cards - what a look into /dev/dri found
 *
 * @nr:		cards that make dumb buffers, in @card, in the order of their
 *		driver and bus
 * @card:	they
 * @nr_nodes:	card nodes that there are
 * @nr_refused:	of those, the ones that could not be opened
 * @refused_err: -errno of the last of those
 * @nr_without:	of those, the ones without dumb buffers
 */
struct drm_cards {
	int nr;
	struct drm_card card[MAX_CARDS];
	int nr_nodes;
	int nr_refused;
	int refused_err;
	int nr_without;
};

/**
 * drm_cards_find() - look for cards that make dumb buffers
 * @cards: filled in
 *
 * Leaves no card open.
 */
void drm_cards_find(struct drm_cards *cards);

/**
 * drm_card_matches() - is this the card that was asked for?
 * @card: a card
 * @pick: a driver's name, a card's name, a device file or "pci:" with a slot
 *
 * Return: whether it is.
 */
bool drm_card_matches(const struct drm_card *card, const char *pick);

#endif /* PFN_MKWRITE_DRM_CARDS_H */
