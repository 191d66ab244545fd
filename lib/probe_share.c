// SPDX-License-Identifier: GPL-2.0
/*
 * Is it one memory for all who have it? By its other door, and in a forked child.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "prober.h"

/* So that what an earlier probe left behind is no match. */
#define WRITTEN_HERE	0xd0050000
#define WRITTEN_THERE	0xd0060000
#define BY_CHILD	0xc41d0000
#define BY_PARENT	0xfa7e0000

/* Where @door has the word of a page. */
static off_t word_at(const struct prober *p, const struct mapping *map,
		     size_t page)
{
	return p->backing.peer_offset +
	       ((unsigned char *)prober_word(map, page) - map->addr);
}

static int through_file(struct prober *p, const struct mapping *map)
{
	struct door_seen *seen = &p->obs->door;
	int fd = p->backing.peer_fd;
	uint32_t word;
	size_t i;

	for (i = 0; i < prober_pages(map); i++) {
		*prober_word(map, i) = WRITTEN_HERE + i;
		if (pread(fd, &word, sizeof(word), word_at(p, map, i)) !=
		    sizeof(word))
			return errno ? -errno : -EIO;
		readback_add(&seen->out, i, WRITTEN_HERE + i, word);
	}
	for (i = 0; i < prober_pages(map); i++) {
		word = WRITTEN_THERE + i;
		if (pwrite(fd, &word, sizeof(word), word_at(p, map, i)) !=
		    sizeof(word))
			return errno ? -errno : -EIO;
		readback_add(&seen->in, i, word, *prober_word(map, i));
	}
	return 0;
}

static int through_mapping(struct prober *p, const struct mapping *map)
{
	struct door_seen *seen = &p->obs->door;
	struct mapping door = *map;
	size_t i;

	door.addr = mmap(NULL, door.size, PROT_READ | PROT_WRITE, MAP_SHARED,
			 p->backing.peer_fd, p->backing.peer_offset);
	if (door.addr == MAP_FAILED)
		return -errno;
	for (i = 0; i < prober_pages(map); i++) {
		*prober_word(map, i) = ~(WRITTEN_HERE + i);
		readback_add(&seen->out, i, ~(WRITTEN_HERE + i),
			     *prober_word(&door, i));
		*prober_word(&door, i) = ~(WRITTEN_THERE + i);
		readback_add(&seen->in, i, ~(WRITTEN_THERE + i),
			     *prober_word(map, i));
	}
	mapping_close(&door);
	return 0;
}

/*
 * What read() does to a device is the device's business: a DRM card waits for its next
 * event.
 */
static bool is_file(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISREG(st.st_mode);
}

/* The door may be open to read() and write(), to mmap(), or to both. */
int probe_door(struct prober *p)
{
	struct door_seen *seen = &p->obs->door;
	struct mapping map;
	int err;

	seen->err = -ENXIO;
	if (p->backing.peer_fd < 0)
		return 0;
	err = prober_fresh(p, &map, "other_door");
	if (err)
		return err;
	seen->err = through_mapping(p, &map);
	if (is_file(p->backing.peer_fd) && !through_file(p, &map))
		seen->err = 0;
	mapping_close(&map);
	return 0;
}

/*
 * Pages 0 and 1 are the child's to write, 2 and 3 its parent's; the even ones are
 * touched before the fork. Where there is but one page, it is written by the
 * parent, and then by the child.
 */
#define NR_FORK_PAGES	4

/* What tells the child that its parent has written. */
static int go[2];

static bool for_child(const struct mapping *map, size_t page)
{
	return map->nr_pages < NR_FORK_PAGES || page < NR_FORK_PAGES / 2;
}

static bool for_parent(const struct mapping *map, size_t page)
{
	return map->nr_pages < NR_FORK_PAGES || page >= NR_FORK_PAGES / 2;
}

static size_t fork_pages(const struct mapping *map)
{
	return map->nr_pages < NR_FORK_PAGES ? 1 : NR_FORK_PAGES;
}

static void child_shares(struct prober *p, const struct mapping *map)
{
	size_t i;
	char c;

	/* A parent that dies closes it, and that is fine as well. */
	close(go[1]);
	if (read(go[0], &c, sizeof(c)) != sizeof(c))
		return;
	for (i = 0; i < fork_pages(map); i++) {
		if (for_parent(map, i))
			readback_add(&p->obs->forked.by_parent, i,
				     BY_PARENT + i, *prober_word(map, i));
		if (for_child(map, i))
			*prober_word(map, i) = BY_CHILD + i;
	}
}

static void parent_shares(struct prober *p, const struct mapping *map)
{
	struct fork_seen *seen = &p->obs->forked;
	size_t i;
	pid_t pid;

	for (i = 0; i < fork_pages(map); i += 2)
		*prober_word(map, i) = 0;
	pid = prober_fork(p, map, child_shares, &seen->end);
	if (pid < 0)
		return;
	for (i = 0; i < fork_pages(map); i++) {
		if (for_parent(map, i))
			*prober_word(map, i) = BY_PARENT + i;
	}
	if (write(go[1], "", 1) != 1)
		seen->end.err = -errno;
	prober_reap(pid, &seen->end);
	for (i = 0; i < fork_pages(map); i++) {
		if (for_child(map, i))
			readback_add(&seen->by_child, i, BY_CHILD + i,
				     *prober_word(map, i));
	}
}

int probe_fork(struct prober *p)
{
	struct observation *obs = p->obs;
	struct mapping map;
	int err;

	/* VM_DONTCOPY: the child does not get the mapping. */
	if (obs->vma_err || obs->vma.dontcopy)
		return 0;
	err = prober_fresh(p, &map, "fork_shares");
	if (err)
		return err;
	if (pipe(go)) {
		err = prober_fail(p, -errno, "pipe(): %s", strerror(errno));
		goto close_mapping;
	}
	obs->forked.tried = true;
	parent_shares(p, &map);
	close(go[0]);
	close(go[1]);
close_mapping:
	mapping_close(&map);
	return err;
}
