/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A driver or file system that tracks dirty pages must be notified of each write to
 * a clean page. The times of the mapped file show it; other tasks may move them,
 * too, so only times that stay the same are proof at once.
 */
#ifndef PFN_MKWRITE_NOTIFY_TESTS_H
#define PFN_MKWRITE_NOTIFY_TESTS_H

#include "../count/counters.h"
#include "../count/file_times.h"
#include "property.h"

#define NR_TRIES	3

/* A load must not trigger the notification; the store after it must. */
TEST_F(mapping, load_leaves_clean)
{
	struct mapping map;
	struct stat before;
	int moved = 1, i;

	for (i = 0; moved && i < NR_TRIES; i++) {
		map = map_measured(_metadata, self);
		if (file_times_settle(self->b.fd, &before))
			SKIP(return, WHY_NO_TIMES);
		load_all(&map);
		moved = file_times_moved(self->b.fd, &before);
		mapping_close(&map);
	}
	EXPECT_EQ(0, moved);
	if (self->verdict == VERDICT_NOTIFY && self->cost->mtime_first_store == 1) {
		EXPECT_EQ(1, self->cost->mtime_upgrade);
	}
}

/* The first store to a page moves the times, a second one does not. */
TEST_F(mapping, notified_by_time)
{
	struct mapping map = map_measured(_metadata, self);
	/* A huge page is notified of as a whole. */
	size_t step = mapping_step(&self->b), at, end = step * 4;
	struct stat before;
	int again = 1, i;

	if (self->cost->mtime_upgrade != 1 && self->cost->mtime_child_store != 1)
		SKIP(return, WHY_NO_TIMES);
	end = map.size < end ? map.size : end;
	for (at = 0; at + step <= end; at += step) {
		ASSERT_EQ(0, file_times_settle(self->b.fd, &before));
		touch(_metadata, self, map.addr + at, ACCESS_STORE);
		EXPECT_EQ(1, file_times_moved(self->b.fd, &before)) {
			TH_LOG("first store to page %zu", at / step);
		}
	}
	for (i = 0; again && i < NR_TRIES; i++) {
		ASSERT_EQ(0, file_times_settle(self->b.fd, &before));
		for (at = 0; at + step <= end; at += step)
			touch(_metadata, self, map.addr + at, ACCESS_STORE);
		again = file_times_moved(self->b.fd, &before);
	}
	EXPECT_EQ(0, again);
}

/*
 * Writeback cleans and write-protects the PTE. The next store costs a notification
 * or a dirty fault, not both, and must be notified of, or it is not written back.
 */
TEST_F(mapping, store_after_fsync)
{
	struct mapping map = map_measured(_metadata, self);
	struct stat before;

	touch(_metadata, self, map.addr, ACCESS_STORE);
	if (fsync(self->b.fd))
		SKIP_WHY(return, "this memory is not written back", strerror(errno));
	file_times_settle(self->b.fd, &before);
	EXPECT_STORE(1, map.addr, "a store after fsync()");
	if (self->cost->mtime_upgrade == 1) {
		EXPECT_EQ(1, file_times_moved(self->b.fd, &before));
	}
}

/*
 * mprotect() may make the PTE of a clean page writable only if nothing asks to be
 * notified (mm/mprotect.c, can_change_shared_pte_writable()).
 */
TEST_F(mapping, notified_after_mprotect)
{
	struct mapping map = map_measured(_metadata, self);
	int64_t reuse, nr = 0;
	struct stat before;
	size_t i;

	if (self->verdict != VERDICT_NOTIFY && self->cost->mtime_upgrade != 1)
		SKIP(return, WHY_NO_TIMES);
	load_all(&map);
	reprotect(_metadata, &map, false);

	file_times_settle(self->b.fd, &before);
	reuse = vmstat_count("pgreuse");
	for_each_page(i, &map) {
		touch(_metadata, self, mapping_page(&map, i), ACCESS_STORE);
		nr++;
	}
	reuse = reuse < 0 ? nr : vmstat_count("pgreuse") - reuse;
	if (self->cost->mtime_upgrade == 1) {
		EXPECT_EQ(1, file_times_moved(self->b.fd, &before));
	}
	/* Other tasks can only add to it. */
	if (self->verdict == VERDICT_NOTIFY) {
		EXPECT_LE(nr, reuse);
	}
}

#endif /* PFN_MKWRITE_NOTIFY_TESTS_H */
