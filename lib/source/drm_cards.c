// SPDX-License-Identifier: GPL-2.0
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "drm_cards.h"

/* The kinds of memory that a card has. A new one is one more line. */
static const struct {
	const struct source *source;
	const char *suffix;
} kinds[] = {
	{ &dumb_source, "" },
	{ &prime_source, "-prime" },
	{ &dumb_huge_source, "-huge" },
};

#define NR_KINDS	(sizeof(kinds) / sizeof(*kinds))
static_assert(NR_KINDS <= MAX_KINDS, "raise MAX_KINDS");

/* "platform:vgem", "faux:vkms", "pci:0000:00:02.0": what sysfs calls a card. */
static void sysfs_bus(int fd, char *bus, size_t size)
{
	char dir[SYSFS_NAME], device[SYSFS_NAME], subsystem[SYSFS_NAME];
	struct stat st;

	snprintf(bus, size, "virtual");
	if (fstat(fd, &st))
		return;
	snprintf(dir, sizeof(dir), "/sys/dev/char/%u:%u/device",
		 major(st.st_rdev), minor(st.st_rdev));
	sysfs_link(device, dir, "");
	/* A virtio device sits on a device of its own, mostly PCI. */
	if (!strncmp(device, "virtio", strlen("virtio"))) {
		strcat(dir, "/..");
		sysfs_link(device, dir, "");
	}
	sysfs_link(subsystem, dir, "subsystem");
	if (*subsystem)
		snprintf(bus, size, "%.24s:%.48s", subsystem, device);
}

static bool makes_dumb(int fd, struct drm_card *card)
{
	struct drm_dumb dumb;
	int has;

	if (drm_api_driver(fd, &card->driver))
		return false;
	has = drm_api_has_dumb(fd);
	/*
	 * A driver without a display, as vgem, is refused the question but not the
	 * buffer (drivers/gpu/drm/drm_ioctl.c, drm_getcap(), DRIVER_MODESET).
	 */
	if (has == -EOPNOTSUPP && !drm_api_create(fd, 64, 64, &dumb)) {
		drm_api_destroy(fd, dumb.handle);
		has = 1;
	}
	sysfs_bus(fd, card->bus, sizeof(card->bus));
	return has > 0;
}

static int by_driver_and_bus(const void *a, const void *b)
{
	const struct drm_card *x = a, *y = b;
	int order = strcmp(x->driver.name, y->driver.name);

	if (!order)
		order = strcmp(x->bus, y->bus);
	return order ? order : strcmp(x->node, y->node);
}

static void name_cards(struct drm_cards *cards)
{
	size_t k;
	int i;

	qsort(cards->card, cards->nr, sizeof(cards->card[0]), by_driver_and_bus);
	for (i = 0; i < cards->nr; i++) {
		struct drm_card *card = &cards->card[i];
		const struct drm_driver_info *driver = &card->driver;
		bool again = i && !strcmp(driver->name, card[-1].driver.name);

		snprintf(card->name, sizeof(card->name), "%s%s%s", driver->name,
			 again ? "-" : "", again ? card->bus : "");
		source_tame(card->name);
		snprintf(card->detail, sizeof(card->detail),
			 "driver %s %d.%d.%d, %s, %s, by %s", driver->name,
			 driver->version[0], driver->version[1], driver->version[2],
			 card->bus, card->node, drm_api_name());
		for (k = 0; k < NR_KINDS; k++) {
			snprintf(card->source_name[k], sizeof(card->source_name[k]),
				 "%s%s", card->name, kinds[k].suffix);
			card->source[k] = *kinds[k].source;
			card->source[k].name = card->source_name[k];
			card->source[k].detail = card->detail;
			card->source[k].data = card;
		}
	}
}

void drm_cards_find(struct drm_cards *cards)
{
	glob_t nodes;
	size_t i;

	memset(cards, 0, sizeof(*cards));
	if (glob("/dev/dri/card[0-9]*", 0, NULL, &nodes))
		return;

	for (i = 0; i < nodes.gl_pathc && cards->nr < MAX_CARDS; i++) {
		struct drm_card *card = &cards->card[cards->nr];
		int fd;

		cards->nr_nodes++;
		snprintf(card->node, sizeof(card->node), "%s", nodes.gl_pathv[i]);
		fd = open(card->node, O_RDWR | O_CLOEXEC);
		if (fd < 0) {
			cards->refused_err = -errno;
			cards->nr_refused++;
			continue;
		}
		drm_api_drop_master(fd);
		if (makes_dumb(fd, card))
			cards->nr++;
		close(fd);
	}
	globfree(&nodes);
	name_cards(cards);
}

static bool matches(const struct drm_card *card, const char *pick)
{
	const char *slot = card->bus + strlen("pci:0000:");

	if (!strcmp(pick, card->driver.name) || !strcmp(pick, card->name) ||
	    !strcmp(pick, card->node) || !strcmp(pick, card->bus))
		return true;
	/* "pci:00:02.0": lspci leaves out the first domain. */
	return !strncmp(card->bus, "pci:0000:", strlen("pci:0000:")) &&
	       !strncmp(pick, "pci:", 4) && !strcmp(pick + 4, slot);
}

int drm_cards_each(const struct drm_cards *cards, const char *pick,
		   int (*fn)(const struct source *src))
{
	bool any = !pick || !*pick;
	int i, err = 0;
	size_t k;

	for (i = 0; !err && i < cards->nr; i++) {
		const struct drm_card *card = &cards->card[i];

		if (pick && *pick && !matches(card, pick))
			continue;
		any = true;
		for (k = 0; !err && k < NR_KINDS; k++)
			err = fn(&card->source[k]);
	}
	return any ? err : -ENODEV;
}
