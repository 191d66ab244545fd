/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Parts of a mapping, and mappings of a part. The start of the VMA and its offset in
 * the memory are no longer the same, and each fault has to get both right, for its
 * own page and for those that it maps ahead.
 */
#ifndef PFN_MKWRITE_PARTS_TESTS_H
#define PFN_MKWRITE_PARTS_TESTS_H

#include "property.h"

/* Page i of a mapping that leaves out the first ones is a later page of them. */
TEST_F(mapping, offset_mapping)
{
	struct mapping whole = map_fresh(_metadata, self), part;
	size_t step = mapping_step(&self->b), ahead = step / whole.page_size, i;

	if (whole.size <= step)
		SKIP(return, WHY_ONE_PAGE);
	if (mapping_open_as(&part, &self->b, PROT_READ | PROT_WRITE, MAP_SHARED,
			    step, whole.size - step))
		SKIP_WHY(return, "this memory is only mapped from its start", self->b.why);
	for_each_page(i, &part)
		*mapping_word(&whole, ahead + i) = 0x0ff50000 + i;
	ASSERT_WORDS(0x0ff50000, &part, "written from the start, read with an offset");
	store_words(&part, 0x0ff60000);
	for_each_page(i, &part)
		ASSERT_WORD(0x0ff60000 + i, &whole, ahead + i,
			    "written with an offset, read from the start");
}

/**
 * struct hole - a mapping with a hole in the middle, and one without
 *
 * @whole:	all of the memory; each word is 0x401e0000 and its page
 * @map:	the mapping with the hole
 * @first:	first page of the hole
 * @behind:	first page behind it
 */
struct hole {
	struct mapping whole;
	struct mapping map;
	size_t first;
	size_t behind;
};

/* If @touched, the pages on both sides were stored to before the hole was made. */
static inline struct hole make_hole(TEST_PARAMS, bool touched)
{
	struct hole hole = { .whole = map_fresh(_metadata, self) };
	size_t step = mapping_step(&self->b), i;
	unsigned char *addr;

	if (hole.whole.size < 2 * step)
		SKIP_TEST(WHY_ONE_PAGE);
	for (i = 0; i < hole.whole.nr_pages; i++)
		*mapping_word(&hole.whole, i) = 0x401e0000 + i;
	hole.map = map_again(_metadata, self);
	hole.first = (hole.map.size / step - 1) / 2 * (step / hole.map.page_size);
	hole.behind = hole.first + step / hole.map.page_size;
	if (touched) {
		*mapping_page(&hole.map, hole.behind) = 0;
		*mapping_page(&hole.map, hole.first ? hole.first - 1 : 0) = 0;
	}
	addr = mapping_page(&hole.map, hole.first);
	if (munmap(addr, step))
		SKIP_WHY(_exit(0), "this memory is only unmapped as a whole", strerror(errno));
	EXPECT_REFUSED(addr, ACCESS_STORE, SIGSEGV, SEGV_MAPERR, "in the hole");
	return hole;
}

/* The page is the same in both mappings, read and written. */
static inline void assert_same_page(struct __test_metadata *_metadata,
				    const struct hole *hole, size_t page)
{
	ASSERT_WORD(0x401e0000 + page, &hole->map, page, "beside the hole");
	*mapping_word(&hole->map, page) = 0x401f0000 + page;
	ASSERT_WORD(0x401f0000 + page, &hole->whole, page, "written beside the hole");
}

/* A hole is a hole, and the pages beside it stay as they were. */
TEST_F(mapping, partial_unmap)
{
	struct hole hole = make_hole(_metadata, self, true);

	if (hole.first)
		assert_same_page(_metadata, &hole, hole.first - 1);
	assert_same_page(_metadata, &hole, hole.behind);
}

/* A fault behind the hole, in a VMA of its own, finds the right page. */
TEST_F(mapping, fault_after_unmap)
{
	struct hole hole = make_hole(_metadata, self, false);
	size_t page;

	for_each_page(page, &hole.map) {
		if (page < hole.first || page >= hole.behind)
			assert_same_page(_metadata, &hole, page);
	}
}

/* mremap() moves PTEs as they are: data, and the dirty bit. */
TEST_F(mapping, moved_mapping)
{
	struct mapping map = map_measured(_metadata, self);
	size_t half = map.nr_pages / 2, i;
	void *place;

	store_words(&map, 0x30ed0000);
	mapping_close(&map);
	map = map_again(_metadata, self);
	/* The first half is stored to before, the rest is not touched. */
	for_each_page(i, &map) {
		if (i < half)
			*mapping_word(&map, i) = 0x30ed0000 + i;
	}
	place = mapping_place(map.size, mapping_step(&self->b));
	ASSERT_NE(MAP_FAILED, place);
	if (mremap(map.addr, map.size, map.size, MREMAP_MAYMOVE | MREMAP_FIXED,
		   place) == MAP_FAILED)
		SKIP_WHY(return, "this memory stays where it is mapped", strerror(errno));
	map.addr = place;
	for_each_page(i, &map)
		EXPECT_STORE(i < half ? 0 : self->cost->first_store, mapping_page(&map, i),
			     i < half ? "a page stored to before" : "a page not touched before");
	ASSERT_WORDS(0x30ed0000, &map, "after mremap()");
}

/*
 * There is nothing behind the last page, least of all the memory of others. The last
 * page is stored to first: what that maps ahead has to end with it.
 */
TEST_F(mapping, beyond_the_end)
{
	struct mapping whole = map_fresh(_metadata, self), more;
	size_t room = self->b.room ? self->b.room : self->b.size;
	size_t nr = room / whole.page_size;

	if (mapping_open_as(&more, &self->b, PROT_READ | PROT_WRITE, MAP_SHARED,
			    0, room + mapping_step(&self->b)))
		return;
	store_words(&whole, 0xe4d00000);
	if (nr == whole.nr_pages)
		*mapping_word(&more, nr - 1) = 0xe4d00000 + nr - 1;
	EXPECT_REFUSED(mapping_page(&more, nr), ACCESS_LOAD, SIGBUS, 0, "a load beyond the end");
	EXPECT_REFUSED(mapping_page(&more, nr), ACCESS_STORE, SIGBUS, 0, "a store beyond the end");
	ASSERT_WORDS(0xe4d00000, &whole, "after a store beyond the end");
}

#endif /* PFN_MKWRITE_PARTS_TESTS_H */
