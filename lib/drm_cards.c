// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "drm_cards.h"

/* "platform:vgem", "faux:vkms", "pci:0000:00:02.0": what sysfs calls a card. */
static void sysfs_bus(int fd, char *bus, size_t size)
{
	char path[96], device[PATH_MAX], subsystem[PATH_MAX];
	struct stat st;

	snprintf(bus, size, "virtual");
	if (fstat(fd, &st))
		return;
	snprintf(path, sizeof(path), "/sys/dev/char/%u:%u/device",
		 major(st.st_rdev), minor(st.st_rdev));
	if (!realpath(path, device))
		return;
	snprintf(path, sizeof(path), "/sys/dev/char/%u:%u/device/subsystem",
		 major(st.st_rdev), minor(st.st_rdev));
	if (!realpath(path, subsystem))
		return;
	snprintf(bus, size, "%.24s:%.48s", strrchr(subsystem, '/') + 1,
		 strrchr(device, '/') + 1);
}

/*
 * A driver without a display, as vgem, is refused the question
 * (drivers/gpu/drm/drm_ioctl.c, drm_getcap(), DRIVER_MODESET) but not the
 * buffer.
 */
static int has_dumb(int fd)
{
	struct drm_dumb dumb;
	int has;

	has = drm_api_has_dumb(fd);
	if (has != -EOPNOTSUPP)
		return has;
	if (drm_api_create(fd, 64, 64, &dumb))
		return 0;
	drm_api_destroy(fd, dumb.handle);
	return 1;
}

static int look_at(int fd, struct drm_card *card)
{
	char slot[DRM_SLOT_MAX];
	int has, err;

	err = drm_api_driver(fd, &card->driver);
	if (err)
		return err;
	has = has_dumb(fd);
	if (has <= 0)
		return has ? has : -ENODEV;
	if (drm_api_pci_slot(fd, slot))
		sysfs_bus(fd, card->bus, sizeof(card->bus));
	else
		snprintf(card->bus, sizeof(card->bus), "pci:%s", slot);
	return 0;
}

static int by_driver_and_bus(const void *a, const void *b)
{
	const struct drm_card *x = a, *y = b;
	int order = strcmp(x->driver.name, y->driver.name);

	if (!order)
		order = strcmp(x->bus, y->bus);
	return order ? order : strcmp(x->node, y->node);
}

static struct source memory_of(const struct drm_card *card,
			       const struct source *kind, const char *name)
{
	struct source source = *kind;

	source.name = name;
	source.detail = card->detail;
	source.card = card;
	return source;
}

static void name_cards(struct drm_cards *cards)
{
	int i;

	qsort(cards->card, cards->nr, sizeof(cards->card[0]),
	      by_driver_and_bus);
	for (i = 0; i < cards->nr; i++) {
		struct drm_card *card = &cards->card[i];

		if (i && !strcmp(card->driver.name, card[-1].driver.name))
			snprintf(card->name, sizeof(card->name), "%s-%s",
				 card->driver.name, card->bus);
		else
			snprintf(card->name, sizeof(card->name), "%s",
				 card->driver.name);
		source_tame(card->name);
		snprintf(card->detail, sizeof(card->detail),
			 "driver %s %d.%d.%d, %s, %s, by %s",
			 card->driver.name, card->driver.version[0],
			 card->driver.version[1], card->driver.version[2],
			 card->bus, card->node, drm_api_name());
		card->source = memory_of(card, &dumb_source, card->name);
		snprintf(card->prime_name, sizeof(card->prime_name), "%s-prime",
			 card->name);
		card->prime = memory_of(card, &prime_source, card->prime_name);
		snprintf(card->huge_name, sizeof(card->huge_name), "%s-huge",
			 card->name);
		card->huge = memory_of(card, &dumb_huge_source,
				       card->huge_name);
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
		snprintf(card->node, sizeof(card->node), "%s",
			 nodes.gl_pathv[i]);
		fd = open(card->node, O_RDWR | O_CLOEXEC);
		if (fd < 0) {
			cards->refused_err = -errno;
			cards->nr_refused++;
			continue;
		}
		drm_api_drop_master(fd);
		if (look_at(fd, card))
			cards->nr_without++;
		else
			cards->nr++;
		close(fd);
	}
	globfree(&nodes);
	name_cards(cards);
}

bool drm_card_matches(const struct drm_card *card, const char *pick)
{
	const char *slot = card->bus + strlen("pci:0000:");

	if (!strcmp(pick, card->driver.name) || !strcmp(pick, card->name) ||
	    !strcmp(pick, card->node) || !strcmp(pick, card->bus))
		return true;
	/* "pci:00:02.0": lspci leaves out the first domain. */
	return !strncmp(card->bus, "pci:0000:", strlen("pci:0000:")) &&
	       !strncmp(pick, "pci:", 4) && !strcmp(pick + 4, slot);
}
