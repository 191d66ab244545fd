/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A PTE must not be writable if the VMA is not: maybe_mkwrite() checks VM_WRITE,
 * pte_mkwrite() does not.
 */
#ifndef PFN_MKWRITE_PROTECTION_TESTS_H
#define PFN_MKWRITE_PROTECTION_TESTS_H

#include <pthread.h>

#include "property.h"

static inline struct mapping map_read_only(TEST_PARAMS)
{
	struct mapping map;

	if (map_renewed(_metadata, self, &map, PROT_READ))
		SKIP_WHY(_exit(0), "this memory cannot be mapped read-only", self->b.why);
	return map;
}

static inline void *load_all(void *arg)
{
	const struct mapping *map = arg;
	size_t i;

	for_each_page(i, map)
		load_page(mapping_page(map, i));
	return NULL;
}

/* The first page that takes a store ends the test. */
static inline void assert_all_refused(struct __test_metadata *_metadata,
				      const struct mapping *map, const char *how)
{
	size_t i;

	for_each_page(i, map) {
		EXPECT_REFUSED(mapping_page(map, i), ACCESS_STORE, SIGSEGV, SEGV_ACCERR, how);
		ASSERT_EQ(SIGSEGV, refused_info.si_signo);
	}
}

/*
 * The first load may map more than its own page, and a driver inserts those
 * neighbours without looking at the fault.
 */
TEST_F(mapping, read_only_refused)
{
	struct mapping map = map_read_only(_metadata, self);

	EXPECT_REFUSED(map.addr, ACCESS_STORE, SIGSEGV, SEGV_ACCERR, "before any load");
	load_page(map.addr);
	assert_all_refused(_metadata, &map, "after a load of the first page");
	mapping_close(&map);

	map = map_read_only(_metadata, self);
	load_all(&map);
	assert_all_refused(_metadata, &map, "after a load of each page");
}

/* A fault of one thread maps the page for all of them. */
TEST_F(mapping, read_only_after_thread)
{
	struct mapping map = map_read_only(_metadata, self);
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
		SKIP_WHY(_exit(0), "this memory cannot be made read-only", strerror(errno));
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
	faults = touch(_metadata, self, map.addr, ACCESS_STORE);

	memfd.size = map.page_size;
	memfd.addr = mmap(NULL, memfd.size, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, memfd.addr);
	touch(_metadata, self, memfd.addr, ACCESS_STORE);
	reprotect(_metadata, &memfd, false);
	most = touch(_metadata, self, memfd.addr, ACCESS_STORE);
	/* change_huge_pmd() of older kernels leaves the write permission to a fault. */
	if (self->b.align > map.page_size)
		most = 1;
	EXPECT_FAULTS_AT_MOST(most, faults, "a store after mprotect()");
	ASSERT_WORDS(0x4e970000, &map, "writable again");
}

#endif /* PFN_MKWRITE_PROTECTION_TESTS_H */
