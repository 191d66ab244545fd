// SPDX-License-Identifier: GPL-2.0
/*
 * What moves the times of the file that is mapped? A driver or file system that
 * tracks dirty pages moves them when it is told of a write (gem-shmem:
 * drm_gem_shmem_pfn_mkwrite(), DAX: the fault handler), so user space can see
 * that it was told.
 *
 * Others may write to the same file, a compositor to its own buffer of the same
 * card: what is seen to move is looked at again, and what once does not move the
 * times never does.
 */
#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "prober.h"

#define TRIES		3

/* Pages to be told of one by one. */
#define NR_TOLD		4

/* The coarsest clock ticks each 10 ms. */
#define SETTLE_MS	50

static bool same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool is_past(const struct timespec *time, const struct timespec *now)
{
	return time->tv_sec < now->tv_sec ||
	       (time->tv_sec == now->tv_sec && time->tv_nsec < now->tv_nsec);
}

/*
 * File times are those of the last tick: wait until an update could not write
 * the same once more. A time that stays in the future is changed by any update.
 */
static int settle(int fd, struct stat *st)
{
	const struct timespec tick = { .tv_nsec = 1000 * 1000 };
	struct timespec now;
	int ms;

	for (ms = 0; ms < SETTLE_MS; ms++) {
		if (fstat(fd, st))
			return -errno;
		clock_gettime(CLOCK_REALTIME_COARSE, &now);
		if (is_past(&st->st_mtim, &now) && is_past(&st->st_ctim, &now))
			break;
		nanosleep(&tick, NULL);
	}
	return 0;
}

/* 1 where they moved, 0 where they did not, NOT_MEASURED. */
static int moved_since(int fd, const struct stat *before)
{
	struct stat after;

	if (fstat(fd, &after))
		return NOT_MEASURED;
	return !same_time(&before->st_mtim, &after.st_mtim) ||
	       !same_time(&before->st_ctim, &after.st_ctim);
}

static int by_loads(struct prober *p, const struct mapping *map, int *moved)
{
	struct stat before;

	if (settle(p->backing.fd, &before))
		return 0;
	prober_load_all(map);
	*moved = moved_since(p->backing.fd, &before);
	return 0;
}

static int by_store(struct prober *p, const struct mapping *map, int *moved)
{
	struct stat before;
	struct access store;
	int err;

	if (settle(p->backing.fd, &before))
		return 0;
	err = prober_touch(p, map->addr, ACCESS_STORE, &store);
	*moved = moved_since(p->backing.fd, &before);
	return err;
}

static int by_upgrade(struct prober *p, const struct mapping *map, int *moved)
{
	struct access load;
	int err;

	err = prober_touch(p, map->addr, ACCESS_LOAD, &load);
	return err ? err : by_store(p, map, moved);
}

static int by_store_after_fsync(struct prober *p, const struct mapping *map,
				int *moved)
{
	struct access store;
	int err;

	err = prober_touch(p, map->addr, ACCESS_STORE, &store);
	if (err || fsync(p->backing.fd))
		return err;
	return by_store(p, map, moved);
}

static void child_stores(struct prober *p, const struct mapping *map)
{
	struct stat before;

	if (mprotect(map->addr, map->size, PROT_READ) ||
	    mprotect(map->addr, map->size, PROT_READ | PROT_WRITE) ||
	    settle(p->backing.fd, &before))
		return;
	*prober_word(map, 0) = 0;
	p->obs->cost.mtime_child_store = moved_since(p->backing.fd, &before);
}

/*
 * Whatever the driver's fault handler did with the page, fork() has made its PTE
 * clean, and a clean PTE gets its write permission from vm_page_prot when
 * mprotect() rewrites it: none where the driver asks to be told of writes. So
 * it is told of this store even if it was passed over before.
 */
static int by_child_store(struct prober *p, const struct mapping *map,
			  int *moved)
{
	struct access store;
	int err;

	err = prober_touch(p, map->addr, ACCESS_STORE, &store);
	if (err)
		return err;
	p->obs->cost.mtime_child_store = NOT_MEASURED;
	err = prober_in_child(p, map, child_stores);
	*moved = p->obs->cost.mtime_child_store;
	return err;
}

static int probe_times_of(struct prober *p, const char *stage,
			  int (*by)(struct prober *p, const struct mapping *map,
				    int *moved),
			  int *result)
{
	struct mapping map;
	int i, err = 0, moved = 1;

	for (i = 0; !err && moved == 1 && i < TRIES; i++) {
		err = prober_fresh(p, &map, stage);
		if (err)
			return err;
		moved = NOT_MEASURED;
		err = by(p, &map, &moved);
		mapping_close(&map);
	}
	*result = moved;
	return err;
}

/* One page of each huge page, where there are such: they are told of as a whole. */
static int store_told(struct prober *p, const struct mapping *map, int i,
		      struct stat *before, int *told)
{
	unsigned char *page = map->addr + i * mapping_step(&p->backing);
	struct access store;
	int err;

	err = prober_touch(p, page, ACCESS_STORE, &store);
	if (moved_since(p->backing.fd, before) == 1) {
		(*told)++;
		fstat(p->backing.fd, before);
	}
	return err;
}

static int told_once(struct prober *p, const struct mapping *map, int *told,
		     int *again)
{
	struct told_seen *seen = &p->obs->told;
	struct stat before;
	int err = 0, i;

	for (i = 0; !err && i < seen->pages; i++) {
		if (settle(p->backing.fd, &before))
			return 0;
		err = store_told(p, map, i, &before, told);
	}
	if (err || settle(p->backing.fd, &before))
		return err;
	for (i = 0; !err && i < seen->pages; i++)
		err = store_told(p, map, i, &before, again);
	return err;
}

/* Once for each page that is written, and no more. */
static int probe_told(struct prober *p)
{
	struct told_seen *seen = &p->obs->told;
	const struct store_cost *cost = &p->obs->cost;
	int err = 0, i, told, again = 1;
	struct mapping map;
	size_t pages;

	if (cost->mtime_upgrade != 1 && cost->mtime_child_store != 1)
		return 0;
	pages = p->backing.size / mapping_step(&p->backing);
	seen->pages = pages < NR_TOLD ? pages : NR_TOLD;
	for (i = 0; !err && again && i < TRIES; i++) {
		err = prober_fresh(p, &map, "notified_by_time");
		if (err)
			return err;
		told = 0;
		again = 0;
		err = told_once(p, &map, &told, &again);
		/* What once is not told of is not told of. */
		if (seen->pages - told > seen->untold)
			seen->untold = seen->pages - told;
		mapping_close(&map);
	}
	seen->again = again;
	return err;
}

int probe_file_times(struct prober *p)
{
	struct store_cost *cost = &p->obs->cost;
	int err;

	err = probe_times_of(p, "file_times_of_loads", by_loads,
			     &cost->mtime_loads);
	if (!err)
		err = probe_times_of(p, "file_times_of_first_store",
				     by_store, &cost->mtime_first_store);
	if (!err)
		err = probe_times_of(p, "file_times_of_store_after_load",
				     by_upgrade, &cost->mtime_upgrade);
	if (!err)
		err = probe_times_of(p, "file_times_of_store_after_fsync",
				     by_store_after_fsync,
				     &cost->mtime_after_fsync);
	cost->mtime_child_store = NOT_MEASURED;
	if (!err && prober_fork_copies(p))
		err = probe_times_of(p, "file_times_of_child_store",
				     by_child_store, &cost->mtime_child_store);
	return err ? err : probe_told(p);
}
