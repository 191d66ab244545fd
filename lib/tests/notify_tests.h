/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A driver or file system that tracks dirty pages must be notified of each write to
 * a clean page. The times of the mapped file show it; other tasks may move them,
 * too, so only times that stay the same are proof at once.
 */
#include "../count/file_times.h"

#define WHY_NO_TIMES	"no file time tells whether the driver was notified"

enum clean_access {
	FIRST_STORE,
	STORE_AFTER_LOAD,
	CHILD_STORE,
	KERNEL_STORE,
	LOADS,
};

/*
 * fork() cleans the child's PTE (mm/memory.c, __copy_present_ptes()), and mprotect()
 * takes the write permission of a clean PTE from vm_page_prot: whatever a load maps,
 * a driver that wants to be notified of writes is notified of this store.
 */
static inline void store_in_child(struct __test_metadata *_metadata, const struct mapping *map)
{
	pid_t pid = fork();

	if (!pid) {
		if (!mprotect(map->addr, map->size, PROT_READ) &&
		    !mprotect(map->addr, map->size, PROT_READ | PROT_WRITE))
			*mapping_word(map, 0) = 0;
		_exit(0);
	}
	ASSERT_EQ(0, reap(_metadata, pid));
}

/* Does such an access to clean pages move the times of the file, in each try? */
static inline bool moves_times(TEST_PARAMS, enum clean_access access)
{
	bool moved = access != CHILD_STORE || self->cost->child_store != NOT_MEASURED;
	struct mapping map;
	struct stat before;
	int i;

	for (i = 0; moved && i < NR_TRIES; i++) {
		map = map_measured(_metadata, self);
		if (access == STORE_AFTER_LOAD)
			load_page(map.addr);
		if (access == CHILD_STORE)
			*mapping_word(&map, 0) = 0;
		if (file_times_settle(self->b.fd, &before))
			SKIP_TEST(WHY_NO_TIMES);
		if (access == LOADS)
			load_all(&map);
		else if (access == CHILD_STORE)
			store_in_child(_metadata, &map);
		else if (access == KERNEL_STORE)
			futex_store(mapping_word(&map, 0));
		else
			*mapping_word(&map, 0) = 0;
		moved = file_times_moved(self->b.fd, &before) == 1;
		mapping_close(&map);
	}
	return moved;
}

/*
 * The same for FIRST_STORE or STORE_AFTER_LOAD, asked once for all tests of a mapping: 1 is
 * no, 2 is yes.
 */
static inline bool known_to_move(TEST_PARAMS, enum clean_access access)
{
	unsigned char *told = &self->obs->told[access];

	if (!*told)
		*told = moves_times(_metadata, self, access) ? 2 : 1;
	return *told == 2;
}

static inline void need_times(TEST_PARAMS)
{
	need_cost(_metadata, self->obs);
	if (!known_to_move(_metadata, self, STORE_AFTER_LOAD) &&
	    !moves_times(_metadata, self, CHILD_STORE))
		SKIP_TEST(WHY_NO_TIMES);
}

/*
 * A driver that is notified of writes to clean pages must be notified of the first
 * write as well, even if mapping and write take a single fault.
 */
TEST_F(mapping, first_store_noticed)
{
	need_times(_metadata, self);
	EXPECT_TRUE(moves_times(_metadata, self, FIRST_STORE));
}

/* A load must not trigger the notification; the store after it must. */
TEST_F(mapping, load_leaves_clean)
{
	need_cost(_metadata, self->obs);
	EXPECT_FALSE(moves_times(_metadata, self, LOADS));
	if (self->verdict == VERDICT_NOTIFY && known_to_move(_metadata, self, FIRST_STORE)) {
		EXPECT_TRUE(moves_times(_metadata, self, STORE_AFTER_LOAD));
	}
}

/* The first store to a page moves the times, a second one does not. */
TEST_F(mapping, notified_by_time)
{
	size_t page, step, end;
	struct mapping map;
	struct stat before;
	int again = 1, i;

	need_times(_metadata, self);
	map = map_fresh(_metadata, self);
	/* A huge page is notified of as a whole. */
	step = mapping_step(&self->b) / map.page_size;
	end = MIN(map.nr_pages, 4 * step);
	for (page = 0; page < end; page += step) {
		ASSERT_EQ(0, file_times_settle(self->b.fd, &before));
		*mapping_word(&map, page) = 0;
		EXPECT_EQ(1, file_times_moved(self->b.fd, &before)) {
			TH_LOG("first store to page %zu", page);
		}
	}
	for (i = 0; again && i < NR_TRIES; i++) {
		ASSERT_EQ(0, file_times_settle(self->b.fd, &before));
		for (page = 0; page < end; page += step)
			*mapping_word(&map, page) = 0;
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
	bool noticed = known_to_move(_metadata, self, STORE_AFTER_LOAD);
	struct mapping map = map_fresh(_metadata, self);
	struct stat before;

	*mapping_word(&map, 0) = 0;
	if (fsync(self->b.fd))
		SKIP_WHY("this memory is not written back", strerror(errno));
	file_times_settle(self->b.fd, &before);
	EXPECT_STORE(1, map.addr, "a store after fsync()");
	if (noticed) {
		EXPECT_EQ(1, file_times_moved(self->b.fd, &before));
	}
}

/*
 * mprotect() may make the PTE of a clean page writable only if nothing asks to be
 * notified (mm/mprotect.c, can_change_shared_pte_writable()).
 */
TEST_F(mapping, notified_after_mprotect)
{
	bool noticed = known_to_move(_metadata, self, STORE_AFTER_LOAD);
	struct mapping map = map_fresh(_metadata, self);
	int64_t reuse, nr = 0;
	struct stat before;
	size_t i;

	if (self->verdict != VERDICT_NOTIFY && !noticed)
		SKIP(return, WHY_NO_TIMES);
	load_all(&map);
	reprotect(_metadata, &map, false);

	file_times_settle(self->b.fd, &before);
	reuse = vmstat_count("pgreuse");
	for_each_page(i, &map)
		nr++;
	store_words(&map, 0);
	if (noticed) {
		EXPECT_EQ(1, file_times_moved(self->b.fd, &before));
	}
	/* Other tasks can only add to it. */
	if (self->verdict == VERDICT_NOTIFY && reuse >= 0) {
		EXPECT_LE(nr, vmstat_count("pgreuse") - reuse);
	}
}
