/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Stores other than that of one byte. A fault handler does not know the difference,
 * but is reached in other ways: from the middle of a page, from two pages at once,
 * from a load and a store, from the kernel.
 */
#include <fcntl.h>
#include <sys/socket.h>

#define WHY_NO_CALL	"this kernel has no such system call"
#define WHY_NO_STORE	"this memory takes no such store"

struct store {
	void (*fn)(struct store *store);
	unsigned char *addr;
	size_t len;
	int arg;		/* the byte to set, or the file to read from */
	long answer;		/* of a system call, or the old value */
};

/* Bytes, if the architecture has no such store, but never a load. */
static void store_eight(struct store *store)
{
	__builtin_memset(store->addr, 0xa5, 8);
	__asm__ volatile("" : : : "memory");
}

static void store_add(struct store *store)
{
	store->answer = __atomic_fetch_add((uint32_t *)store->addr, 0xadd5, __ATOMIC_RELAXED);
}

/*
 * Page by page: the C library may start anywhere in a range. memset() to 0 is dc zva on
 * arm64, a store without a register.
 */
static void store_pages(struct store *store)
{
	size_t at, page_size = sysconf(_SC_PAGESIZE);

	for (at = 0; at < store->len; at += page_size)
		memset(store->addr + at, store->arg, page_size);
}

static void store_read(struct store *store)
{
	store->answer = read(store->arg, store->addr, store->len);
}

static void store_recv(struct store *store)
{
	store->answer = recv(store->arg, store->addr, store->len, 0);
}

static void store_futex(void *arg)
{
	struct store *store = arg;

	store->answer = futex_store((uint32_t *)store->addr);
}

static void store_caught(void *arg)
{
	struct store *store = arg;

	CATCH_SIGNAL(store->fn(store));
}

/* Device memory need not take every store: the CPU says so. */
static inline void expect_stored(TEST_PARAMS, struct store *store, int least, int most,
				 const char *how)
{
	bool is_call = store->fn == store_read || store->fn == store_recv;
	enum storer storer = is_call ? STORER_KERNEL : STORER_LIBC;
	static unsigned char scratch[64 << 10] __attribute__((aligned(16)));
	struct store rehearsal = *store;
	struct access access;

	/* Fetch and bind the code before it is measured. */
	rehearsal.addr = scratch;
	rehearsal.len = 8;
	store_caught(&rehearsal);
	ASSERT_EQ(0, access_measure(&self->meter, store_caught, store, store->addr,
				    store->len, storer, &access));
	if (caught.si_signo == SIGBUS && (caught.si_code == BUS_ADRALN ||
					  caught.si_code == BUS_OBJERR))
		SKIP_TEST(WHY_NO_STORE);
	ASSERT_EQ(0, caught.si_signo);
	if (!access_exact(&self->meter, storer))
		self->meter.log_err = -EPERM;
	expect_faults(_metadata, self, least, most, access.faults, how);
}

/* Byte by byte: not each memory is read as it was written. */
static inline void assert_eight(TEST_PARAMS, size_t at)
{
	struct mapping other = map_again(_metadata, self);
	size_t i;

	for (i = at; i < at + 8; i++)
		ASSERT_EQ(0xa5, ((volatile unsigned char *)other.addr)[i]);
}

/* Neither the place in a page nor the width of a store makes a difference. */
TEST_F(mapping, store_unaligned)
{
	struct mapping map = map_measured(_metadata, self);
	size_t at = map.page_size - 15;
	struct store store = { .fn = store_eight, .addr = map.addr + at, .len = 8 };
	int first = self->cost->first_store;

	expect_stored(_metadata, self, &store, first, first, "an unaligned store");
	assert_eight(_metadata, self, at);
}

/* One store to two pages costs at most two stores, whichever page faults first. */
TEST_F(mapping, store_across_pages)
{
	struct store store = { .fn = store_eight, .len = 8 };
	int apart = 0, faults, i;
	struct mapping map;

	for (i = 0; i < 2; i++) {
		map = map_measured(_metadata, self);
		if (map.nr_pages < 2)
			SKIP(return, WHY_ONE_PAGE);
		faults = touch(_metadata, self, mapping_page(&map, i), ACCESS_STORE);
		faults += touch(_metadata, self, mapping_page(&map, !i), ACCESS_STORE);
		apart = MAX(apart, faults);
		mapping_close(&map);
	}
	if (self->cost->first_store == 1)
		apart = MIN(apart, 2);
	map = map_fresh(_metadata, self);
	store.addr = mapping_page(&map, 1) - 3;
	expect_stored(_metadata, self, &store, 0, apart, "a store to two pages");
	assert_eight(_metadata, self, map.page_size - 3);
}

/*
 * A store that reads as well. If the CPU does it with a load and a store, or reports
 * its first fault as a read (arm64), it costs as much as these two.
 */
TEST_F(mapping, store_atomic)
{
	struct mapping other = map_measured(_metadata, self), map;
	int first = self->cost->first_store;
	int two = self->cost->load + self->cost->store_after_load;
	struct store store = { .fn = store_add, .len = sizeof(uint32_t) };

	*mapping_word(&other, 0) = 0x7e570000;
	map = map_again(_metadata, self);
	store.addr = (unsigned char *)mapping_word(&map, 0);
	expect_stored(_metadata, self, &store, MIN(first, two), MAX(first, two), "an atomic add");
	EXPECT_EQ(0x7e570000, store.answer);
	ASSERT_WORD(0x7e57add5, &other, 0, "an atomic add");
}

/* The stores of the C library cost what single ones do. */
TEST_F(mapping, memset_pages)
{
	static const unsigned char bytes[] = { 0x5a, 0 };
	int least, most, b;
	size_t i, nr;

	for (b = 0; b < 2; b++) {
		struct mapping map = map_measured(_metadata, self), other;
		struct store store = { .fn = store_pages, .addr = map.addr, .arg = bytes[b] };

		nr = MIN(map.nr_pages, NR_STORES);
		store.len = nr * map.page_size;
		least = nr == NR_STORES ? predict_stores(self->cost) : 0;
		most = least ?: (int)nr * self->cost->first_store;
		expect_stored(_metadata, self, &store, least, most, "memset()");
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
	struct mapping map = map_measured(_metadata, self), other;
	/* Less than a pipe holds if the user has many: PIPE_BUF. */
	struct store store = { .fn = fn, .len = 1024, .arg = fds[0] };
	int first = self->cost->first_store;
	unsigned char bytes[1024 + 8];

	memset(bytes, 0xa5, sizeof(bytes));
	ASSERT_EQ((ssize_t)sizeof(bytes), write(fds[1], bytes, sizeof(bytes)));
	store.addr = mapping_page(&map, 1) - store.len;
	expect_stored(_metadata, self, &store, first, first, "a system call");
	ASSERT_EQ((ssize_t)store.len, store.answer);
	other = map_again(_metadata, self);
	ASSERT_WORD(0xa5a5a5a5, &other, 0, "stored by a system call");
}

/* Non-blocking: missing data must not hang the test. */
TEST_F(mapping, kernel_read)
{
	int fds[2];

	if (pipe2(fds, O_NONBLOCK))
		SKIP(return, WHY_NO_CALL);
	kernel_stores(_metadata, self, store_read, fds);
}

TEST_F(mapping, kernel_recv)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds))
		SKIP(return, WHY_NO_CALL);
	kernel_stores(_metadata, self, store_recv, fds);
}

/* As arch_futex_atomic_op_inuser(): by load and store exclusive on arm64. */
static inline bool atomic_store(volatile uint32_t *word)
{
#ifdef __aarch64__
	int tries = 128, failed = 1;
	uint32_t value;

	while (failed && tries--)
		asm volatile("ldxr %w0, %2\n\tstlxr %w1, %w0, %2" :
			     "=&r" (value), "=&r" (failed), "+Q" (*word) : : "memory");
	return !failed;
#else
	__atomic_fetch_add(word, 1, __ATOMIC_RELAXED);
	return true;
#endif
}

/*
 * The kernel stores with page faults disabled (arch_futex_atomic_op_inuser()), and after
 * -EFAULT lets fixup_user_fault() make a write fault, which no perf event counts.
 */
TEST_F(mapping, kernel_write)
{
	struct mapping other = map_measured(_metadata, self), map;
	volatile bool stored = false;
	int faults = INT_MAX, i;
	struct access access;
	struct store store;

	/* If the CPU takes no atomic store to this memory, the kernel must not try. */
	CATCH_SIGNAL(stored = atomic_store(mapping_word(&other, 0)));
	if (caught.si_signo || !stored)
		SKIP(return, WHY_NO_STORE);
	if (futex_store(mapping_word(&other, 0)) == -ENOSYS)
		SKIP(return, WHY_NO_CALL);
	for (i = 0; i < NR_TRIES; i++) {
		map = map_again(_metadata, self);
		*mapping_word(&other, 0) = 0;
		store.addr = (unsigned char *)mapping_word(&map, 0);
		ASSERT_EQ(0, access_measure(&self->meter, store_futex, &store, store.addr,
					    sizeof(uint32_t), STORER_KERNEL, &access));
		ASSERT_EQ(0, store.answer);
		ASSERT_WORD(FUTEX_WORD, &other, 0, "stored by the kernel");
		faults = MIN(faults, access.rusage);
		mapping_close(&map);
	}
	EXPECT_GE(self->cost->first_store, faults);
	if (known_to_move(_metadata, self, FIRST_STORE)) {
		EXPECT_TRUE(moves_times(_metadata, self, KERNEL_STORE));
	}
}
