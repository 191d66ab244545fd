// SPDX-License-Identifier: GPL-2.0
/*
 * Stores of other shapes than one byte by one instruction. A fault handler is not
 * told of them, but they come to it in other ways: from the middle of a page, from
 * two pages at once, as a load and a store, from code of the kernel's own.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "prober.h"

/* Where others' faults count as well, the least of so many is the best. */
#define TRIES		3

#define EIGHT_BYTES	0x8b7e5a11a1165eedULL
#define ADDED		0xadd5
#define SET_BYTE	0x5a
#define SENT_BYTE	0xa5

/* Bytes of a store that crosses from one page to the next, on the first. */
#define BEFORE_BORDER	3

static size_t page_size;

/* What the last store answered, and for a system call -errno. */
static unsigned long old_value;
static int answer;

struct __attribute__((packed)) unaligned {
	uint64_t value;
};

/* A store by bytes, where the architecture knows no other, is in order. */
static __access void store_eight(unsigned char *addr, size_t len, int fd)
{
	(void)len;
	(void)fd;
	((volatile struct unaligned *)addr)->value = EIGHT_BYTES;
}

static __access void store_atomic(unsigned char *addr, size_t len, int fd)
{
	(void)len;
	(void)fd;
	old_value = __atomic_fetch_add((unsigned long *)addr, ADDED,
				       __ATOMIC_RELAXED);
}

/* Page by page: where in its range a memset() starts is the library's choice. */
static void set_pages(unsigned char *addr, size_t len, int byte)
{
	size_t at, chunk;

	for (at = 0; at < len; at += chunk) {
		chunk = len - at < page_size ? len - at : page_size;
		memset(addr + at, byte, chunk);
	}
}

static void store_bytes(unsigned char *addr, size_t len, int fd)
{
	(void)fd;
	set_pages(addr, len, SET_BYTE);
}

/* On arm64 this is dc zva: a store that has no register to come from. */
static void store_zeros(unsigned char *addr, size_t len, int fd)
{
	(void)fd;
	set_pages(addr, len, 0);
}

static void store_read(unsigned char *addr, size_t len, int fd)
{
	answer = prober_answer(read(fd, addr, len), len);
}

static void store_recv(unsigned char *addr, size_t len, int fd)
{
	answer = prober_answer(recv(fd, addr, len, MSG_WAITALL), len);
}

/**
 * struct attempt - a store to be tried
 *
 * @stage:	its name
 * @shape:	how it is done
 * @at:		where in a fresh mapping, bytes from its start
 * @len:	bytes
 * @feed:	where the bytes come from that a system call stores, or -1
 * @check:	look at what the pages hold, by another mapping
 */
struct attempt {
	const char *stage;
	struct shape shape;
	size_t at;
	size_t len;
	int feed;
	void (*check)(const struct attempt *attempt, const struct mapping *map,
		      struct readback *back);
};

/* Give a system call something to read. */
static int feed(const struct attempt *attempt, size_t len)
{
	static unsigned char bytes[1024];
	size_t done, chunk;

	memset(bytes, SENT_BYTE, sizeof(bytes));
	for (done = 0; attempt->feed >= 0 && done < len; done += chunk) {
		chunk = len - done < sizeof(bytes) ? len - done : sizeof(bytes);
		if (write(attempt->feed, bytes, chunk) != (ssize_t)chunk)
			return errno ? -errno : -EIO;
	}
	return 0;
}

/* The code is fetched and bound before it is measured. */
static int rehearse(const struct attempt *attempt)
{
	static union {
		unsigned long word;
		unsigned char bytes[sizeof(EIGHT_BYTES)];
	} scratch;
	int err = feed(attempt, sizeof(scratch));

	if (!err)
		attempt->shape.store(scratch.bytes, sizeof(scratch),
				     attempt->shape.fd);
	return err ? err : feed(attempt, attempt->len);
}

static void look(struct prober *p, const struct attempt *attempt,
		 const struct mapping *map, struct readback *back)
{
	struct mapping other;

	if (mapping_open(&other, &p->backing, PROT_READ | PROT_WRITE)) {
		attempt->check(attempt, map, back);
		return;
	}
	attempt->check(attempt, &other, back);
	mapping_close(&other);
}

static int attempt_once(struct prober *p, const struct attempt *attempt,
			struct store_seen *seen)
{
	struct access access;
	struct mapping map;
	int err;

	err = prober_fresh(p, &map, attempt->stage);
	if (err)
		return err;
	seen->err = rehearse(attempt);
	if (seen->err)
		goto close_mapping;
	answer = 0;
	err = prober_store(p, &attempt->shape, map.addr + attempt->at,
			   attempt->len, &access, &seen->refusal);
	if (err || seen->refusal.signo)
		goto close_mapping;
	if (access.faults < seen->faults)
		seen->faults = access.faults;
	if (answer)
		seen->answer = answer;
	look(p, attempt, &map, &seen->data);
close_mapping:
	mapping_close(&map);
	return err;
}

static int try_store(struct prober *p, const struct attempt *attempt,
		     struct store_seen *seen)
{
	int tries = access_exact(&p->meter, attempt->shape.storer) ? 1 : TRIES;
	int err = 0;

	seen->faults = NR_FAULTS_MAX;
	seen->pages = (attempt->at + attempt->len - 1) / page_size -
		      attempt->at / page_size + 1;
	while (!err && !seen->err && tries-- > 0)
		err = attempt_once(p, attempt, seen);
	return err;
}

static void check_eight(const struct attempt *attempt,
			const struct mapping *map, struct readback *back)
{
	static const uint64_t value = EIGHT_BYTES;
	const unsigned char *stored = (const unsigned char *)&value;
	size_t i;

	/* One by one: not each memory is read as it was written. */
	for (i = 0; i < sizeof(value); i++)
		readback_add(back, (attempt->at + i) / page_size, stored[i],
			     map->addr[attempt->at + i]);
}

static int probe_unaligned(struct prober *p)
{
	const struct attempt attempt = {
		.stage = "store_unaligned",
		.shape = { .store = store_eight, .fd = -1 },
		.at = page_size - 2 * sizeof(uint64_t) + 1,
		.len = sizeof(uint64_t),
		.feed = -1,
		.check = check_eight,
	};

	return try_store(p, &attempt, &p->obs->stores.unaligned);
}

/* The faults of a store to page @first, and of one to page @then. */
static int store_apart(struct prober *p, size_t first, size_t then, int *faults)
{
	struct access one, two;
	struct mapping map;
	int err;

	err = prober_fresh(p, &map, "store_across_pages");
	if (err)
		return err;
	err = prober_touch(p, mapping_page(&map, first), ACCESS_STORE, &one);
	if (!err)
		err = prober_touch(p, mapping_page(&map, then), ACCESS_STORE,
				   &two);
	if (!err && one.faults + two.faults > *faults)
		*faults = one.faults + two.faults;
	mapping_close(&map);
	return err;
}

/* Which of the two pages faults first is the CPU's choice. */
static int probe_across(struct prober *p)
{
	const struct attempt attempt = {
		.stage = "store_across_pages",
		.shape = { .store = store_eight, .fd = -1 },
		.at = page_size - BEFORE_BORDER,
		.len = sizeof(uint64_t),
		.feed = -1,
		.check = check_eight,
	};
	struct stores_seen *seen = &p->obs->stores;
	int err;

	if (p->backing.size < 2 * page_size) {
		seen->across.err = TOO_SMALL;
		return 0;
	}
	err = store_apart(p, 0, 1, &seen->apart);
	if (!err)
		err = store_apart(p, 1, 0, &seen->apart);
	return err ? err : try_store(p, &attempt, &seen->across);
}

/* What the word holds before, and how much more the next time. */
static unsigned long before_atomic, next_atomic;

static unsigned long *atomic_word(const struct attempt *attempt,
				  const struct mapping *map)
{
	return (unsigned long *)(map->addr + attempt->at);
}

static void check_atomic(const struct attempt *attempt,
			 const struct mapping *map, struct readback *back)
{
	readback_add(back, 0, before_atomic, old_value);
	readback_add(back, 0, before_atomic + ADDED,
		     *atomic_word(attempt, map));
	before_atomic += next_atomic;
}

/*
 * The compiler may call a function that takes what this CPU has: one instruction,
 * or a loop of a load and a store.
 */
static int probe_atomic(struct prober *p)
{
	const struct attempt attempt = {
		.stage = "store_atomic",
		.shape = {
			.store = store_atomic, .fd = -1,
			.storer = STORER_LIBC,
		},
		.at = page_size - sizeof(unsigned long),
		.len = sizeof(unsigned long),
		.feed = -1,
		.check = check_atomic,
	};
	struct mapping map;
	int err;

	/* What is there before; memory that is made anew for each is empty. */
	err = prober_fresh(p, &map, attempt.stage);
	if (err)
		return err;
	before_atomic = p->src->renew ? 0 : *atomic_word(&attempt, &map);
	next_atomic = p->src->renew ? 0 : ADDED;
	mapping_close(&map);
	return try_store(p, &attempt, &p->obs->stores.atomic);
}

static void check_bytes(const struct attempt *attempt,
			const struct mapping *map, struct readback *back,
			unsigned char byte)
{
	size_t i;

	for (i = 0; i < attempt->len / page_size; i++)
		readback_add(back, i, 0x01010101u * byte, *prober_word(map, i));
}

static void check_set(const struct attempt *attempt, const struct mapping *map,
		      struct readback *back)
{
	check_bytes(attempt, map, back, SET_BYTE);
}

static void check_zero(const struct attempt *attempt, const struct mapping *map,
		       struct readback *back)
{
	check_bytes(attempt, map, back, 0);
}

static void check_sent(const struct attempt *attempt, const struct mapping *map,
		       struct readback *back)
{
	check_bytes(attempt, map, back, SENT_BYTE);
}

static int probe_memset(struct prober *p)
{
	size_t all = NR_STORES * page_size;
	struct attempt attempt = {
		.stage = "memset_pages",
		.shape = {
			.store = store_bytes, .fd = -1, .storer = STORER_LIBC,
		},
		.len = p->backing.size < all ? p->backing.size : all,
		.feed = -1,
		.check = check_set,
	};
	int err;

	err = try_store(p, &attempt, &p->obs->stores.set);
	if (err)
		return err;
	attempt.shape.store = store_zeros;
	attempt.check = check_zero;
	return try_store(p, &attempt, &p->obs->stores.zeroed);
}

/* A page that the kernel fills, out of the first of @fds: the other one feeds it. */
static int kernel_stores(struct prober *p, const char *stage, const int fds[2],
			 void (*store)(unsigned char *addr, size_t len, int fd),
			 struct store_seen *seen)
{
	const struct attempt attempt = {
		.stage = stage,
		.shape = {
			.store = store, .fd = fds[0], .storer = STORER_KERNEL,
		},
		.len = page_size,
		.feed = fds[1],
		.check = check_sent,
	};
	int err;

	err = try_store(p, &attempt, seen);
	close(fds[0]);
	close(fds[1]);
	return err;
}

static int probe_read(struct prober *p)
{
	struct store_seen *seen = &p->obs->stores.read;
	int fds[2];

	/* Nothing that is missing shall be waited for. */
	if (pipe2(fds, O_NONBLOCK | O_CLOEXEC)) {
		seen->err = -errno;
		return 0;
	}
	return kernel_stores(p, "kernel_read", fds, store_read, seen);
}

static int probe_recv(struct prober *p)
{
	struct store_seen *seen = &p->obs->stores.recv;
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
		       fds)) {
		seen->err = -errno;
		return 0;
	}
	return kernel_stores(p, "kernel_recv", fds, store_recv, seen);
}

int probe_shapes(struct prober *p)
{
	static int (*const probes[])(struct prober *p) = {
		probe_unaligned, probe_across, probe_atomic, probe_memset,
		probe_read, probe_recv,
	};
	size_t i;
	int err = 0;

	page_size = sysconf(_SC_PAGESIZE);
	for (i = 0; !err && i < sizeof(probes) / sizeof(*probes); i++)
		err = probes[i](p);
	return err;
}
