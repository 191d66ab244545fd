/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Stores other than that of one byte. A fault handler does not know the difference,
 * but is reached in other ways: from the middle of a page, from two pages at once,
 * from a load and a store, from the kernel.
 */
#ifndef PFN_MKWRITE_STORE_TESTS_H
#define PFN_MKWRITE_STORE_TESTS_H

#include <fcntl.h>
#include <sys/socket.h>

#include "property.h"

#define EIGHT_BYTES	0x8b7e5a11a1165eedULL

/**
 * struct store - a store
 *
 * @fn:		stores
 * @addr:	first byte
 * @len:	bytes
 * @fd:		file that a system call reads from, or the byte to set
 * @answer:	return value of the system call, or the old value
 */
struct store {
	void (*fn)(struct store *store);
	unsigned char *addr;
	size_t len;
	int fd;
	long answer;
};

/* Bytes, if the architecture has no such store, but never a load. */
static void store_eight(struct store *store)
{
	const uint64_t value = EIGHT_BYTES;

	__builtin_memcpy(store->addr, &value, sizeof(value));
	__asm__ volatile("" : : : "memory");
}

static void store_add(struct store *store)
{
	store->answer = __atomic_fetch_add((unsigned long *)store->addr, 0xadd5,
					   __ATOMIC_RELAXED);
}

/*
 * Page by page: the C library may start anywhere in a range. memset() to 0 is dc zva on
 * arm64, a store without a register.
 */
static void store_bytes(struct store *store)
{
	size_t at, page_size = sysconf(_SC_PAGESIZE);

	for (at = 0; at < store->len; at += page_size)
		memset(store->addr + at, store->fd, page_size);
}

static void store_read(struct store *store)
{
	store->answer = read(store->fd, store->addr, store->len);
}

static void store_recv(struct store *store)
{
	store->answer = recv(store->fd, store->addr, store->len, MSG_WAITALL);
}

static void store_caught(void *arg)
{
	struct store *store = arg;

	CATCH_SIGNAL(store->fn(store));
}

/* Store, and return the faults. Device memory need not take every store: the CPU says so. */
static inline int store_faults(TEST_PARAMS, struct store *store, enum storer storer)
{
	static unsigned char scratch[64 << 10] __attribute__((aligned(16)));
	struct store rehearsal = *store;
	struct access access;

	/* Fetch and bind the code before it is measured. */
	rehearsal.addr = scratch;
	rehearsal.len = 8;
	refused_catch();
	store_caught(&rehearsal);
	ASSERT_EQ(0, access_measure(&self->meter, store_caught, store, store->addr,
				    store->len, storer, &access));
	if (refused_info.si_signo == SIGBUS && (refused_info.si_code == BUS_ADRALN ||
						refused_info.si_code == BUS_OBJERR))
		SKIP_TEST("this memory takes no such store");
	ASSERT_EQ(0, refused_info.si_signo);
	if (!access_exact(&self->meter, storer))
		self->meter.log_err = -EPERM;
	return access.faults;
}

#define EXPECT_FAULTS(_want, _faults, _how) do { \
	EXPECT_FAULTS_AT_MOST(_want, _faults, _how); \
	EXPECT_LE(_want, _faults); \
} while (0)

static inline void assert_eight(TEST_PARAMS, size_t at)
{
	const uint64_t value = EIGHT_BYTES;
	struct mapping other = map_again(_metadata, self);
	size_t i;

	/* Byte by byte: not each memory is read as it was written. */
	for (i = 0; i < sizeof(value); i++)
		ASSERT_EQ(((const unsigned char *)&value)[i],
			  ((volatile unsigned char *)other.addr)[at + i]);
}

/* Neither the place in a page nor the width of a store makes a difference. */
TEST_F(mapping, store_unaligned)
{
	struct mapping map = map_measured(_metadata, self);
	struct store store = { store_eight, mapping_page(&map, 1) - 15, 8, -1, 0 };
	int faults = store_faults(_metadata, self, &store, STORER_LIBC);

	EXPECT_FAULTS(self->cost->first_store, faults, "an unaligned store");
	assert_eight(_metadata, self, store.addr - map.addr);
}

/* One store to two pages costs at most two stores, whichever page faults first. */
TEST_F(mapping, store_across_pages)
{
	struct store store = { store_eight, NULL, 8, -1, 0 };
	int apart = 0, faults, i;
	struct mapping map;

	for (i = 0; i < 2; i++) {
		map = map_measured(_metadata, self);
		if (map.nr_pages < 2)
			SKIP(return, WHY_ONE_PAGE);
		faults = touch(_metadata, self, mapping_page(&map, i), ACCESS_STORE);
		faults += touch(_metadata, self, mapping_page(&map, !i), ACCESS_STORE);
		apart = larger(apart, faults);
		mapping_close(&map);
	}
	map = map_fresh(_metadata, self);
	store.addr = mapping_page(&map, 1) - 3;
	faults = store_faults(_metadata, self, &store, STORER_LIBC);
	if (self->cost->first_store == 1 && apart > 2)
		apart = 2;
	EXPECT_FAULTS_AT_MOST(apart, faults, "a store to two pages");
	assert_eight(_metadata, self, store.addr - map.addr);
}

/*
 * A store that reads as well. If the CPU does it with a load and a store, or reports
 * its first fault as a read (arm64), it costs as much as these two.
 */
TEST_F(mapping, store_atomic)
{
	struct mapping map = map_measured(_metadata, self);
	struct store store = { store_add, NULL, sizeof(long), -1, 0 };
	const struct store_cost *cost = self->cost;
	unsigned long before = 0;
	int faults;

	/* Memory that is replaced for each mapping is empty. */
	if (!self->src->renew)
		before = *shared_word(&map);
	mapping_close(&map);

	map = map_fresh(_metadata, self);
	store.addr = (unsigned char *)shared_word(&map);
	faults = store_faults(_metadata, self, &store, STORER_LIBC);
	EXPECT_EQ(before, (unsigned long)store.answer);
	EXPECT_EQ(before + 0xadd5, *shared_word(&map));
	if (faults != cost->load + cost->store_after_load)
		EXPECT_FAULTS(cost->first_store, faults, "an atomic add");
}

/* The stores of the C library cost what single ones do. */
TEST_F(mapping, memset_pages)
{
	static const unsigned char bytes[] = { 0x5a, 0 };
	struct mapping map, other;
	int faults, want, b;
	size_t i, nr;

	for (b = 0; b < 2; b++) {
		struct store store = { .fn = store_bytes, .fd = bytes[b] };

		map = map_measured(_metadata, self);
		nr = pages_of(&map);
		store.addr = map.addr;
		store.len = nr * map.page_size;
		faults = store_faults(_metadata, self, &store, STORER_LIBC);
		want = nr == NR_STORES ? predict_stores(self->cost) :
		       (int)nr * self->cost->first_store;
		EXPECT_FAULTS_AT_MOST(want, faults, "memset()");
		EXPECT_LE(nr == NR_STORES ? want : 0, faults);
		other = map_again(_metadata, self);
		for (i = 0; i < nr; i++)
			ASSERT_WORD(bytes[b] * 0x01010101u, &other, i, "memset()");
		mapping_close(&other);
		mapping_close(&map);
	}
}

/* A system call stores from fds[0]; fds[1] feeds it. */
static inline void kernel_stores(TEST_PARAMS, void (*fn)(struct store *store), const int fds[2])
{
	struct mapping map = map_fresh(_metadata, self), other;
	/* Less than a pipe holds if the user has many: PIPE_BUF. */
	struct store store = { fn, mapping_page(&map, 1) - 1024, 1024, fds[0], 0 };
	unsigned char bytes[1024 + 8];
	int faults;

	memset(bytes, 0xa5, sizeof(bytes));
	ASSERT_EQ((ssize_t)sizeof(bytes), write(fds[1], bytes, sizeof(bytes)));
	faults = store_faults(_metadata, self, &store, STORER_KERNEL);
	ASSERT_EQ((long)store.len, store.answer);
	EXPECT_FAULTS(self->cost->first_store, faults, "a system call");
	other = map_again(_metadata, self);
	ASSERT_WORD(0xa5a5a5a5, &other, 0, "stored by a system call");
}

TEST_F(mapping, kernel_read)
{
	int fds[2];

	need_cost(_metadata, self->obs);
	/* Nothing that is missing must be waited for. */
	if (pipe2(fds, O_NONBLOCK | O_CLOEXEC))
		SKIP(return, WHY_NO_CALL);
	kernel_stores(_metadata, self, store_read, fds);
}

TEST_F(mapping, kernel_recv)
{
	int fds[2];

	need_cost(_metadata, self->obs);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds))
		SKIP(return, WHY_NO_CALL);
	kernel_stores(_metadata, self, store_recv, fds);
}

#endif /* PFN_MKWRITE_STORE_TESTS_H */
