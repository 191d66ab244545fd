// SPDX-License-Identifier: GPL-2.0
/*
 * DRM dumb buffers: GPU memory by the one interface that all drivers with a display
 * share. The driver chooses the memory: TTM, shmem, VRAM.
 *
 * The numbers in /dev/dri change from boot to boot. A card gets the name of its driver,
 * and all but the first card of a driver also that of their bus.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "drm_cards.h"
#include "drm_uapi.h"

/* Pixels of 32 bits to a line: 4 KiB, a pitch that all drivers take. */
#define WIDTH		1024

int dumb_open(const struct source *src, struct backing *b, size_t size)
{
	uint32_t handle, pitch;
	uint64_t room, offset;
	int err;

	b->fd = backing_open(b, src->data, O_RDWR);
	if (b->fd < 0)
		return b->fd;
	/* Opening made us DRM master if there was none: a compositor may start now. */
	drmDropMaster(b->fd);

	err = drmModeCreateDumbBuffer(b->fd, WIDTH, (size + WIDTH * 4 - 1) / (WIDTH * 4),
				      32, 0, &handle, &pitch, &room);
	if (!err) {
		b->priv = handle;
		err = drmModeMapDumbBuffer(b->fd, handle, &offset);
	}
	if (err) {
		backing_fail(b, err, "a dumb buffer of %zu bytes: %m", size);
		return err == -EINVAL || err == -EOPNOTSUPP ? -ENODEV : err;
	}
	b->offset = offset;
	b->size = room;
	return 0;
}

void dumb_close(struct backing *b)
{
	if (b->priv)
		drmModeDestroyDumbBuffer(b->peer_fd >= 0 ? b->peer_fd : b->fd, b->priv);
	b->priv = 0;
	backing_close(b);
}

static const struct source dumb_source = {
	.name = "",
	.open = dumb_open,
	.close = dumb_close,
};

/* The kinds of memory that a card has. The name is a suffix. */
static const struct source *const kinds[] = {
	&dumb_source,
	&prime_source,
	&dumb_huge_source,
};

#define NR_KINDS	((int)(sizeof(kinds) / sizeof(*kinds)))

/* @bus is "pci:0000:00:02.0" or "platform:vgem". Never freed: sources stay in use. */
static struct card {
	char node[64], driver[32], bus[80], detail[256];
	char name[NR_KINDS][128];
	struct source source[NR_KINDS];
} *cards;

static void read_bus(char *bus, size_t size, int fd)
{
	char dir[SYSFS_NAME], device[SYSFS_NAME], subsystem[SYSFS_NAME];
	struct stat st = { 0 };

	fstat(fd, &st);
	snprintf(dir, sizeof(dir), "/sys/dev/char/%u:%u/device",
		 major(st.st_rdev), minor(st.st_rdev));
	sysfs_link(device, dir, "");
	/* A virtio device sits on a device of its own, mostly PCI. */
	if (!strncmp(device, "virtio", strlen("virtio"))) {
		strcat(dir, "/..");
		sysfs_link(device, dir, "");
	}
	sysfs_link(subsystem, dir, "subsystem");
	snprintf(bus, size, *subsystem ? "%.24s:%.48s" : "virtual", subsystem, device);
}

/* Fill in all but the names. */
static bool read_card(struct card *card, int fd, const char *node)
{
	__auto_type version = drmGetVersion(fd);

	if (!version)
		return false;
	read_bus(card->bus, sizeof(card->bus), fd);
	snprintf(card->node, sizeof(card->node), "%s", node);
	snprintf(card->driver, sizeof(card->driver), "%s", version->name);
	snprintf(card->detail, sizeof(card->detail), "driver %s %d.%d.%d, %s, %s, by %s",
		 version->name, version->version_major, version->version_minor,
		 version->version_patchlevel, card->bus, node, DRM_API);
	drmFreeVersion(version);
	return true;
}

static int by_driver_and_bus(const void *a, const void *b)
{
	const struct card *x = a, *y = b;

	return strcmp(x->driver, y->driver) ?: strcmp(x->bus, y->bus) ?:
	       strcmp(x->node, y->node);
}

static void name_card(struct card *card, bool first)
{
	int k;

	for (k = 0; k < NR_KINDS; k++) {
		snprintf(card->name[k], sizeof(card->name[k]), "%s%s%s%s", card->driver,
			 first ? "" : "-", first ? "" : card->bus, kinds[k]->name);
		source_tame(card->name[k]);
		card->source[k] = *kinds[k];
		card->source[k].name = card->name[k];
		card->source[k].detail = card->detail;
		card->source[k].data = card->node;
	}
}

/* Returns how many make dumb buffers. */
static int find_cards(char *why, size_t size)
{
	int i, err, nr = 0, nr_refused = 0;
	glob_t nodes;

	if (glob("/dev/dri/card[0-9]*", 0, NULL, &nodes)) {
		snprintf(why, size, "there is no /dev/dri/card*; modprobe vgem makes one");
		return 0;
	}
	cards = calloc(nodes.gl_pathc, sizeof(*cards));
	for (i = 0; cards && i < (int)nodes.gl_pathc; i++) {
		struct source src = { .data = nodes.gl_pathv[i] };
		struct backing b;

		backing_init(&b);
		/* Drivers without a display, as vgem, have no DRM_CAP_DUMB_BUFFER: try. */
		err = dumb_open(&src, &b, 1);
		if (b.fd < 0)
			snprintf(why, size,
				 "%d of %zu cards in /dev/dri could not be opened: %s%s",
				 ++nr_refused, nodes.gl_pathc, strerror(-err),
				 access_advice(-err));
		else if (err != -ENOSYS && read_card(&cards[nr], b.fd, src.data)) {
			nr++;
			/* The last close of a card restores the console: stay open. */
			fcntl(b.fd, F_DUPFD_CLOEXEC, 0);
		}
		dumb_close(&b);
	}
	globfree(&nodes);
	if (!nr && !nr_refused)
		snprintf(why, size, "none of the %d cards in /dev/dri makes dumb buffers", i);

	qsort(cards, nr, sizeof(*cards), by_driver_and_bus);
	for (i = 0; i < nr; i++)
		name_card(&cards[i], !i || strcmp(cards[i].driver, cards[i - 1].driver));
	return nr;
}

int drm_cards_each(int (*fn)(const struct source *src), char *why, size_t size)
{
	int i, k, nr = find_cards(why, size), err = 0;

	for (i = 0; i < nr; i++) {
		if (!drm_wanted(cards[i].name[0], cards[i].detail))	/* wanted.c */
			continue;					/* wanted.c */
		for (k = 0; !err && k < NR_KINDS; k++)
			err = fn(&cards[i].source[k]);
	}
	if (nr && drm_unmatched(why, size))	/* wanted.c */
		return -EDESTADDRREQ;		/* wanted.c */
	return err;
}
