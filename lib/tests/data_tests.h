/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Each fault has to find the right page, for its own address and for those that it maps
 * ahead. In parts of a mapping, and in mappings of a part, the start of the VMA and its
 * offset in the memory are no longer the same.
 */

/*
 * A wrong PFN for a page that is mapped ahead costs no extra fault. Compare with a
 * fresh mapping for each page, in which that page is the one that faults: two
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
	load_page(mapping_page(&map, 1));
	inserts = touch(_metadata, self, map.addr, ACCESS_LOAD) > 0 &&
		  cost->first_store == 1 && cost->mapped_ahead > 1;
	mapping_close(&map);

	map = map_fresh(_metadata, self);
	load_page(mapping_page(&map, 1));
	*mapping_word(&map, 0) = 0;
	EXPECT_STORE(inserts ? 0 : cost->store_after_load, mapping_page(&map, 1),
		     inserts ? "a store to a page mapped ahead" : "a store to the page behind");
}

/* Page i of a mapping that leaves out the first ones is a later page of them. */
TEST_F(mapping, offset_mapping)
{
	struct mapping whole = map_fresh(_metadata, self), part;
	size_t step = mapping_step(&self->b), ahead = step / whole.page_size, i;

	if (whole.size <= step)
		SKIP(return, WHY_ONE_PAGE);
	if (mapping_open_as(&part, &self->b, PROT_READ | PROT_WRITE, MAP_SHARED,
			    step, whole.size - step))
		SKIP_WHY("this memory is only mapped from its start", self->b.why);
	for_each_page(i, &part)
		*mapping_word(&whole, ahead + i) = 0x0ff50000 + i;
	ASSERT_WORDS(0x0ff50000, &part, "written from the start, read with an offset");
	store_words(&part, 0x0ff60000);
	for_each_page(i, &part)
		ASSERT_WORD(0x0ff60000 + i, &whole, ahead + i,
			    "written with an offset, read from the start");
}

/* Unmap a part in the middle of a mapping, whose pages are mapped if @touched. */
static inline void unmap_middle(TEST_PARAMS, bool touched)
{
	struct mapping whole = map_fresh(_metadata, self), map;
	size_t step = mapping_step(&self->b), nr = step / whole.page_size, first, i;

	if (whole.size < 2 * step)
		SKIP_TEST(WHY_ONE_PAGE);
	map = map_again(_metadata, self);
	store_words(touched ? &map : &whole, 0x401e0000);
	first = (map.size / step - 1) / 2 * nr;
	if (munmap(mapping_page(&map, first), step))
		SKIP_WHY("this memory is only unmapped as a whole", strerror(errno));
	ASSERT_RAISES(SIGSEGV, SEGV_MAPERR, ACCESS_STORE, mapping_page(&map, first), "in the hole");
	for_each_page(i, &map) {
		if (i >= first && i < first + nr)
			continue;
		ASSERT_WORD(0x401e0000 + i, &map, i, "beside the hole");
		*mapping_word(&map, i) = 0x401f0000 + i;
		ASSERT_WORD(0x401f0000 + i, &whole, i, "written beside the hole");
	}
}

/* A hole is a hole, and the pages beside it stay as they were. */
TEST_F(mapping, partial_unmap)
{
	unmap_middle(_metadata, self, true);
}

/* A fault behind the hole, in a VMA of its own, finds the right page. */
TEST_F(mapping, fault_after_unmap)
{
	unmap_middle(_metadata, self, false);
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
	for (i = 0; i < half; i++)
		*mapping_word(&map, i) = 0x30ed0000 + i;
	place = mapping_place(map.size, mapping_step(&self->b));
	ASSERT_NE(NULL, place);
	if (mremap(map.addr, map.size, map.size, MREMAP_MAYMOVE | MREMAP_FIXED,
		   place) == MAP_FAILED)
		SKIP_WHY("this memory stays where it is mapped", strerror(errno));
	map.addr = place;
	for_each_page(i, &map)
		EXPECT_STORE(i < half ? 0 : self->cost->first_store, mapping_page(&map, i),
			     i < half ? "a page stored to before" : "a page not touched before");
	ASSERT_WORDS(0x30ed0000, &map, "after mremap()");
}

/*
 * There is nothing behind the last page, least of all the memory of others. The last
 * page is stored to first: the fault must not map pages beyond it.
 */
TEST_F(mapping, beyond_the_end)
{
	struct mapping whole = map_fresh(_metadata, self), more;
	size_t room = self->b.room ? self->b.room : self->b.size;
	size_t nr = room / whole.page_size;
	unsigned char *end;

	if (mapping_open_as(&more, &self->b, PROT_READ | PROT_WRITE, MAP_SHARED,
			    0, room + mapping_step(&self->b)))
		return;
	store_words(&whole, 0xe4d00000);
	if (nr == whole.nr_pages)
		*mapping_word(&more, nr - 1) = 0xe4d00000 + nr - 1;
	end = mapping_page(&more, nr);
	ASSERT_RAISES(SIGBUS, 0, ACCESS_LOAD, end, "a load beyond the end");
	ASSERT_RAISES(SIGBUS, 0, ACCESS_STORE, end, "a store beyond the end");
	ASSERT_WORDS(0xe4d00000, &whole, "after a store beyond the end");
}
