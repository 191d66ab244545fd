/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Flags of mmap() and advice. Each may be refused. If it is taken, the memory is shared
 * as before, and no store costs more.
 */

/* For build images that are older than the kernel. */
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ	22
#define MADV_POPULATE_WRITE	23
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE		25
#endif

/*
 * On riscv flush_icache_pte() (arch/riscv/mm/cacheflush.c, up to Linux 7.3) takes the
 * struct page of all memory that is mapped executable, and oopses if there is none.
 * If get_user_pages() takes a page, there is one.
 */
static inline bool may_be_executable(const struct mapping *map)
{
#ifdef __riscv
	uint32_t word;

	return take_by_writev(map, 0, &word) > 0;
#else
	return map->addr;
#endif
}

/* The first and the last page are stored to, and read by an ordinary mapping. */
TEST_F(mapping, map_flags)
{
	static const struct {
		const char *name;
		int prot, flags;
	} ways[] = {
		{ "PROT_EXEC", PROT_EXEC, 0 },
		{ "MAP_POPULATE", 0, MAP_POPULATE },
		{ "MAP_LOCKED", 0, MAP_LOCKED },
	};
	struct mapping shared, map;
	int most, taken = 0;
	size_t i, page;

	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		shared = map_measured(_metadata, self);
		if (ways[i].prot && !may_be_executable(&shared))
			continue;
		if (mapping_open_as(&map, &self->b, PROT_READ | PROT_WRITE | ways[i].prot,
				    MAP_SHARED | ways[i].flags, 0, self->b.size))
			continue;
		taken++;
		/* The others may have loaded the pages. */
		most = MAX(self->cost->first_store,
			   ways[i].flags ? self->cost->store_after_load : 0);
		for (page = 0; page < map.nr_pages; page += MAX(1, map.nr_pages - 1)) {
			EXPECT_STORE(most, mapping_page(&map, page), ways[i].name);
			*mapping_word(&map, page) = 0x54a7ed00 + page;
			ASSERT_WORD(0x54a7ed00 + page, &shared, page, ways[i].name);
		}
		mapping_close(&map);
		mapping_close(&shared);
	}
	if (!taken)
		SKIP(return, "this memory is mapped in no other way");
}

#define ADVICE(name) { MADV_##name, #name }

/* Not the advice that is meant to lose data, or to keep it from a child. */
TEST_F(mapping, madvise_harmless)
{
	static const struct {
		int advice;
		const char *name;
	} all[] = {
		ADVICE(NORMAL), ADVICE(RANDOM), ADVICE(SEQUENTIAL), ADVICE(WILLNEED),
		ADVICE(DONTNEED), ADVICE(COLD), ADVICE(PAGEOUT), ADVICE(FREE),
		ADVICE(HUGEPAGE), ADVICE(NOHUGEPAGE), ADVICE(DONTDUMP), ADVICE(DODUMP),
		ADVICE(MERGEABLE), ADVICE(UNMERGEABLE), ADVICE(POPULATE_READ),
		ADVICE(POPULATE_WRITE), ADVICE(COLLAPSE),
	};
	struct mapping map = map_measured(_metadata, self);
	int first = self->cost->first_store, taken = 0;
	int most = MAX(first, self->cost->store_after_load);
	size_t page, pages = map.nr_pages < 3 ? 1 : 3, i;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		mapping_close(&map);
		map = map_again(_metadata, self);
		/* Page 0 is stored to before, page 1 is loaded from, page 2 is not touched. */
		*mapping_word(&map, 0) = 0xad71ce01 + i;
		if (pages > 1)
			load_page(mapping_page(&map, 1));
		if (madvise(map.addr, map.size, all[i].advice))
			continue;
		taken++;
		for (page = 0; page < pages; page++)
			EXPECT_STORE(page ? most : first, mapping_page(&map, page), all[i].name);
		for (page = 0; page < pages; page++)
			EXPECT_STORE(0, mapping_page(&map, page), all[i].name);
		ASSERT_WORD(0xad71ce01 + i, &map, 0, all[i].name);
	}
	if (!taken)
		SKIP(return, "this memory takes no advice");
}
