/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A PTE must not be writable if the VMA is not: maybe_mkwrite() checks VM_WRITE,
 * pte_mkwrite() does not.
 */
#include <pthread.h>

static inline void assert_all_refused(struct __test_metadata *_metadata,
				      const struct mapping *map, const char *how)
{
	size_t i;

	for_each_page(i, map)
		ASSERT_RAISES(SIGSEGV, SEGV_ACCERR, ACCESS_STORE, mapping_page(map, i), how);
}

/*
 * The first load may map more than its own page, and a driver inserts those
 * neighbours without looking at the fault.
 */
TEST_F(mapping, read_only_refused)
{
	struct mapping map = map_prot(_metadata, self, PROT_READ);

	ASSERT_RAISES(SIGSEGV, SEGV_ACCERR, ACCESS_STORE, map.addr, "before any load");
	load_page(map.addr);
	assert_all_refused(_metadata, &map, "after a load of the first page");
	mapping_close(&map);

	map = map_prot(_metadata, self, PROT_READ);
	load_all(&map);
	assert_all_refused(_metadata, &map, "after a load of each page");
}

/* A fault of one thread maps the page for all of them. */
TEST_F(mapping, read_only_after_thread)
{
	struct mapping map = map_prot(_metadata, self, PROT_READ);
	pthread_t thread;

	if (pthread_create(&thread, NULL, load_all, &map))
		SKIP(return, WHY_NO_THREADS);
	pthread_join(thread, NULL);
	assert_all_refused(_metadata, &map, "after another thread's loads");
}

/* A page that is dirty in another mapping is not writable in this one. */
TEST_F(mapping, read_only_after_writer)
{
	struct mapping writer = map_fresh(_metadata, self), map;

	if (mapping_open(&map, &self->b, PROT_READ))
		SKIP(return, WHY_NOT_TWICE);
	store_words(&writer, 0);
	load_all(&map);
	assert_all_refused(_metadata, &map, "after stores by another mapping");
}

static inline void reprotect(struct __test_metadata *_metadata,
			     const struct mapping *map, bool check)
{
	if (mprotect(map->addr, map->size, PROT_READ))
		SKIP_WHY("this memory cannot be made read-only", strerror(errno));
	if (check)
		assert_all_refused(_metadata, map, "after mprotect()");
	ASSERT_EQ(0, mprotect(map->addr, map->size, PROT_READ | PROT_WRITE));
}

/*
 * mprotect() takes the write permission out of PTEs that have it, and gives it back
 * to dirty ones. Whether the next store faults is up to the architecture
 * (pte_modify()), as for any other shared page: compare with memory that behaves the
 * same on every kernel.
 */
TEST_F(mapping, mprotect_refused)
{
	struct mapping map = map_fresh(_metadata, self), memfd = map;
	int faults, most;

	store_words(&map, 0x4e970000);
	reprotect(_metadata, &map, true);
	faults = touch(_metadata, self, mapping_page(&map, map.nr_pages - 1), ACCESS_STORE);

	memfd.addr = mmap(NULL, memfd.size, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, memfd.addr);
	touch(_metadata, self, memfd.addr, ACCESS_STORE);
	reprotect(_metadata, &memfd, false);
	most = touch(_metadata, self, memfd.addr, ACCESS_STORE);
	/* change_huge_pmd() of older kernels leaves the write permission to a fault. */
	if (self->b.align > map.page_size)
		most = 1;
	expect_faults(_metadata, self, 0, most, faults, "a store after mprotect()");
	ASSERT_WORDS(0x4e970000, &map, "writable again");
}
