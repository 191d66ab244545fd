/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Helpers of the property tests. A property test maps the memory, acts and asserts
 * in one function. Each runs in a process of its own, with memory of its own.
 */
#ifndef PFN_MKWRITE_PROPERTY_H
#define PFN_MKWRITE_PROPERTY_H

#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"

#define WHY_ONE_PAGE	"this memory has too few pages"
#define WHY_NOT_TWICE	"this memory cannot be mapped twice"
#define WHY_NO_CALL	"this kernel has no such system call"
#define WHY_NO_THREADS	"no threads can be started here"

#define WHY_NO_PROC	"smaps or pagemap cannot be read here"

#define CHILD_MS	3000

/* Of a helper: the macros of the harness expect these names. */
#define TEST_PARAMS	struct __test_metadata *_metadata, FIXTURE_DATA(mapping) *self

#define SKIP_WHY(_statement, _reason, _why) do { \
	TH_LOG("%s", _why); \
	SKIP(_statement, _reason); \
} while (0)

static inline int larger(int a, int b)
{
	return a > b ? a : b;
}

/* The pages that a test of many pages looks at. */
static inline size_t pages_of(const struct mapping *map)
{
	return map->nr_pages < NR_STORES ? map->nr_pages : NR_STORES;
}

/* Some of many pages, the last one among them. */
static inline size_t next_page(const struct mapping *map, size_t page)
{
	size_t next = page + larger(1, map->nr_pages / NR_STORES);

	return page + 1 < map->nr_pages && next >= map->nr_pages ? map->nr_pages - 1 : next;
}

#define for_each_page(page, map) \
	for (page = 0; page < (map)->nr_pages; page = next_page(map, page))

/* Open the memory, and stay on the CPU that was measured. */
static inline void open_memory(TEST_PARAMS)
{
	cpu_set_t one;
	int err;

	/* A mapping that hangs or kills is not tried again. */
	if (self->obs->err && self->obs->err != -EAGAIN)
		SKIP_TEST(WHY_NOT_MEASURED);
	CPU_ZERO(&self->cpus);
	sched_getaffinity(0, sizeof(self->cpus), &self->cpus);
	if (self->obs->cpu >= 0) {
		CPU_ZERO(&one);
		CPU_SET(self->obs->cpu, &one);
		sched_setaffinity(0, sizeof(one), &one);
	}
	meter_open(&self->meter);
	err = self->src->open(self->src, &self->b, NR_STORES * sysconf(_SC_PAGESIZE));
	if (err == -ENOMEM || err == -EBUSY || err == -ENODEV)
		SKIP_TEST(WHY_BUSY);
	ASSERT_EQ(0, err) {
		TH_LOG("%s", self->b.why);
	}
}

/* Map memory that was never written, where that can be had. Return: 0 or -errno. */
static inline int map_renewed(TEST_PARAMS, struct mapping *map, int prot)
{
	if (self->b.fd < 0)
		open_memory(_metadata, self);
	ASSERT_EQ(0, self->src->renew ? self->src->renew(&self->b) : 0) {
		TH_LOG("%s", self->b.why);
	}
	return mapping_open(map, &self->b, prot);
}

/* An untouched mapping of such memory. */
static inline struct mapping map_fresh(TEST_PARAMS)
{
	struct mapping map;

	ASSERT_EQ(0, map_renewed(_metadata, self, &map, PROT_READ | PROT_WRITE)) {
		TH_LOG("%s", self->b.why);
	}
	return map;
}

/* The same for a test that compares with the cost of a store. */
static inline struct mapping map_measured(TEST_PARAMS)
{
	need_cost(_metadata, self->obs);
	return map_fresh(_metadata, self);
}

/* A second mapping of the same memory. */
static inline struct mapping map_again(TEST_PARAMS)
{
	struct mapping map;

	if (mapping_open(&map, &self->b, PROT_READ | PROT_WRITE))
		SKIP_WHY(_exit(0), WHY_NOT_TWICE, self->b.why);
	return map;
}

/* Load or store a byte. Return: the faults. */
static inline int touch(TEST_PARAMS, unsigned char *addr, enum access_kind kind)
{
	struct access access;

	ASSERT_EQ(0, access_page(&self->meter, addr, kind, &access));
	return access.faults;
}

/*
 * Without a log, other faults of the thread count as well: too many prove nothing, and
 * the rest of the test goes on.
 */
#define EXPECT_FAULTS_AT_MOST(_most, _faults, _how) do { \
	int __most = (_most), __faults = (_faults); \
	if (__faults > __most && self->meter.log_err) { \
		TH_LOG("%s: %d faults, and no fault log tells whose", _how, __faults); \
	} else { \
		EXPECT_GE(__most, __faults) { \
			TH_LOG("%s", _how); \
		} \
	} \
} while (0)

#define EXPECT_STORE(_most, _addr, _how) \
	EXPECT_FAULTS_AT_MOST(_most, touch(_metadata, self, _addr, ACCESS_STORE), _how)

/* The word of a page. The first wrong one ends the test. */
#define ASSERT_WORD(_value, _map, _page, _how) do { \
	uint32_t __value = (_value), __word = *mapping_word(_map, _page); \
	ASSERT_EQ(__value, __word) { \
		TH_LOG("%s: page %zu holds 0x%x, not 0x%x", _how, \
		       (size_t)(_page), __word, __value); \
	} \
} while (0)

/* The last word of page 0, for atomic operations. */
static inline volatile unsigned long *shared_word(const struct mapping *map)
{
	return (volatile unsigned long *)mapping_page(map, 1) - 1;
}

static inline void store_words(const struct mapping *map, uint32_t value)
{
	size_t page;

	for_each_page(page, map)
		*mapping_word(map, page) = value + page;
}

#define ASSERT_WORDS(_value, _map, _how) do { \
	size_t __page; \
	for_each_page(__page, _map) \
		ASSERT_WORD((_value) + __page, _map, __page, _how); \
} while (0)

/* Wait for a forked child, which must end by itself. Return: its exit status. */
static inline int reap(struct __test_metadata *_metadata, pid_t pid)
{
	int status = 0, err;

	ASSERT_LE(0, pid);
	err = child_wait(pid, &status, CHILD_MS);
	if (err)
		kill(pid, SIGKILL);
	ASSERT_EQ(0, err) {
		TH_LOG("the forked child has no end");
	}
	ASSERT_FALSE(WIFSIGNALED(status)) {
		TH_LOG("the forked child: %s", strsignal(WTERMSIG(status)));
	}
	return WEXITSTATUS(status);
}

#endif /* PFN_MKWRITE_PROPERTY_H */
