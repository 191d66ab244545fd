/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Flags of mmap() and advice. Each may be refused. If it is taken, the memory is shared
 * as before, and no store costs more.
 */

#define WHY_NO_FLAGS	"this memory is mapped in no other way"

/* Of /proc/kpageflags (include/linux/kernel-page-flags.h). */
#define KPF_ZERO_PAGE	(UINT64_C(1) << 24)
#define KPF_ARCH	(UINT64_C(1) << 38)	/* PG_arch_1 */

/* For build images that are older than the kernel. */
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ	22
#define MADV_POPULATE_WRITE	23
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE		25
#endif

/* Map the memory in another way. If it is taken, the first and the last page are tested. */
static inline bool map_otherwise(TEST_PARAMS, const char *name, int prot, int flags)
{
	struct mapping shared = map_measured(_metadata, self), map;
	/* The others may have loaded the pages. */
	int most = MAX(self->cost->first_store, flags ? self->cost->store_after_load : 0);
	size_t page;

	if (mapping_open_as(&map, &self->b, PROT_READ | PROT_WRITE | prot,
			    MAP_SHARED | flags, 0, self->b.size))
		return false;
	for (page = 0; page < map.nr_pages; page += MAX(1, map.nr_pages - 1)) {
		EXPECT_STORE(most, mapping_page(&map, page), name);
		*mapping_word(&map, page) = 0x54a7ed00 + page;
		ASSERT_WORD(0x54a7ed00 + page, &shared, page, name);
	}
	mapping_close(&map);
	mapping_close(&shared);
	return true;
}

TEST_F(mapping, map_flags)
{
	bool populated = map_otherwise(_metadata, self, "MAP_POPULATE", 0, MAP_POPULATE);

	if (!map_otherwise(_metadata, self, "MAP_LOCKED", 0, MAP_LOCKED) && !populated)
		SKIP(return, WHY_NO_FLAGS);
}

/*
 * flush_icache_pte() of riscv (6.1 to 7.3) takes the struct page of each executable PTE,
 * special or not, and oopses if there is none. It sets PG_dcache_clean there. If an
 * executable mapping of the zero page, whose PTE is special, leaves that bit clear, the
 * kernel skips special PTEs, and device memory is safe.
 */
static inline bool may_be_executable(const struct mapping *map)
{
#ifdef __riscv
	size_t size = sysconf(_SC_PAGESIZE);
	uint64_t entry, flags;
	unsigned char *zero;
	uint32_t word;
	bool marked;
	int fd;

	/* If get_user_pages() takes a page, there is a struct page. */
	if (take_by_writev(map, 0, &word) > 0)
		return true;
	zero = mmap(NULL, size, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (zero == MAP_FAILED)
		return false;
	load_page(zero);
	fd = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	marked = !pagemap_read(zero, &entry) ||
		 pread(fd, &flags, sizeof(flags), PM_PFN(entry) * sizeof(flags)) != sizeof(flags) ||
		 !(flags & KPF_ZERO_PAGE) || flags & KPF_ARCH;
	close(fd);
	munmap(zero, size);
	return !marked;
#else
	return map->addr;
#endif
}

TEST_F(mapping, map_executable)
{
	struct mapping map = map_measured(_metadata, self);

	if (!may_be_executable(&map))
		SKIP(return, "this kernel may oops on executable device memory");
	mapping_close(&map);
	if (!map_otherwise(_metadata, self, "PROT_EXEC", PROT_EXEC, 0))
		SKIP(return, WHY_NO_FLAGS);
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
