/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The pages that a fault maps ahead of itself, and what /proc shows of the mapping.
 */
#ifndef PFN_MKWRITE_DATA_TESTS_H
#define PFN_MKWRITE_DATA_TESTS_H

#include "property.h"

/*
 * A wrong PFN for a page that is mapped ahead costs no extra fault. Compare with a
 * mapping of each page alone, in which that page is the one that faults: two
 * mappings that map ahead could be wrong in the same way.
 */
TEST_F(mapping, page_data)
{
	struct mapping stored = map_fresh(_metadata, self), loaded, own;
	size_t i;

	store_words(&stored, 0x5afe0000);
	loaded = map_again(_metadata, self);
	load_page(loaded.addr);
	for_each_page(i, &stored) {
		own = map_again(_metadata, self);
		ASSERT_WORD(0x5afe0000 + i, &own, i, "written where a store had mapped ahead");
		*mapping_word(&own, i) = 0xda7a0000 + i;
		mapping_close(&own);
	}
	ASSERT_WORDS(0xda7a0000, &loaded, "read where a load had mapped ahead");
}

/*
 * A write fault that maps ahead may find a PTE of a page that was read before. If
 * mkwrite is honoured, that PTE becomes writable and dirty as well.
 */
TEST_F(mapping, mapped_ahead_upgraded)
{
	struct mapping map = map_measured(_metadata, self);
	const struct store_cost *cost = self->cost;
	bool inserts;

	if (map.nr_pages < 2)
		SKIP(return, WHY_ONE_PAGE);
	/* If the load maps the page in front as well, the store inserts nothing. */
	touch(_metadata, self, mapping_page(&map, 1), ACCESS_LOAD);
	inserts = touch(_metadata, self, map.addr, ACCESS_LOAD) > 0;
	mapping_close(&map);

	map = map_fresh(_metadata, self);
	touch(_metadata, self, mapping_page(&map, 1), ACCESS_LOAD);
	touch(_metadata, self, map.addr, ACCESS_STORE);
	inserts = inserts && cost->first_store == 1 && cost->mapped_ahead > 1;
	EXPECT_STORE(inserts ? 0 : cost->store_after_load, mapping_page(&map, 1),
		     inserts ? "a store to a page mapped ahead" : "a store to the page behind");
}

/*
 * pagemap and smaps treat a VM_PFNMAP VMA as a hole (mm/pagewalk.c,
 * walk_page_test()): a page that is mapped and written stays absent. Other mappings
 * have to show it.
 */
TEST_F(mapping, pagemap_and_smaps)
{
	struct mapping map = map_fresh(_metadata, self);
	struct pagemap_page untouched, stored;
	struct vma_info vma;

	if (pagemap_read(map.addr, &untouched))
		SKIP(return, WHY_NO_PROC);
	touch(_metadata, self, map.addr, ACCESS_STORE);
	ASSERT_EQ(0, pagemap_read(map.addr, &stored));
	ASSERT_EQ(0, smaps_read(map.addr, &vma));

	EXPECT_TRUE(vma.shared);
	EXPECT_TRUE(vma.writable);
	EXPECT_FALSE(stored.swapped);
	EXPECT_EQ(!vma.pfnmap, stored.present);
	if (vma.pfnmap) {
		EXPECT_EQ(0, vma.rss_kb);
	}
	if (vma.pfnmap || (!self->obs->err && self->cost->load)) {
		EXPECT_FALSE(untouched.present);
	}
}

#endif /* PFN_MKWRITE_DATA_TESTS_H */
