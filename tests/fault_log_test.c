// SPDX-License-Identifier: GPL-2.0
/*
 * The fault log: rings that were made up, the real ring filled beyond its size,
 * a system that refuses perf, and the map that faults are folded into.
 */
#define TH_LOG_STREAM stdout

#include <errno.h>
#include <linux/filter.h>
#include <linux/perf_event.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"

/* Its parser is static. */
#include "../lib/count/fault_log.c"
#include "../bench/fault_map.h"
#include "../lib/cost/cost.h"

#define RING_SIZE	256

FIXTURE(ring)
{
	unsigned char *data;
	uint64_t head;
	struct fault faults[16];
};

FIXTURE_SETUP(ring)
{
	self->data = malloc(RING_SIZE);
	ASSERT_NE(NULL, self->data);
	memset(self->data, 0xff, RING_SIZE);
	self->head = 0;
}

FIXTURE_TEARDOWN(ring)
{
	free(self->data);
}

static void put(FIXTURE_DATA(ring) *ring, const void *from, size_t len)
{
	const unsigned char *byte = from;

	while (len--)
		ring->data[ring->head++ % RING_SIZE] = *byte++;
}

static void put_header(FIXTURE_DATA(ring) *ring, uint32_t type, uint16_t size)
{
	struct perf_event_header header = { .type = type, .size = size };

	put(ring, &header, sizeof(header));
}

static void put_sample(FIXTURE_DATA(ring) *ring, uint64_t ip, uint64_t time,
		       uint64_t addr)
{
	put_header(ring, PERF_RECORD_SAMPLE, 32);
	put(ring, &ip, sizeof(ip));
	put(ring, &time, sizeof(time));
	put(ring, &addr, sizeof(addr));
}

static int parse_ring(FIXTURE_DATA(ring) *ring, uint64_t tail, size_t max)
{
	return parse(ring->data, RING_SIZE, tail, ring->head, ring->faults, max);
}

TEST_F(ring, empty)
{
	EXPECT_EQ(0, parse_ring(self, 0, 16));
}

TEST_F(ring, samples_in_order)
{
	put_sample(self, 1, 2, 3);
	put_sample(self, 4, 5, 6);
	ASSERT_EQ(2, parse_ring(self, 0, 16));
	EXPECT_EQ(1, self->faults[0].ip);
	EXPECT_EQ(2, self->faults[0].time_ns);
	EXPECT_EQ(3, self->faults[0].addr);
	EXPECT_EQ(4, self->faults[1].ip);
	EXPECT_EQ(5, self->faults[1].time_ns);
	EXPECT_EQ(6, self->faults[1].addr);
}

TEST_F(ring, wrapped)
{
	uint64_t tail = 5 * RING_SIZE - 32;

	self->head = tail;
	put_sample(self, 0x1111111111111111, 0x2222222222222222,
		   0x3333333333333333);
	put_sample(self, 4, 5, 6);
	ASSERT_EQ(2, parse_ring(self, tail, 16));
	EXPECT_EQ(0x1111111111111111, self->faults[0].ip);
	EXPECT_EQ(0x2222222222222222, self->faults[0].time_ns);
	EXPECT_EQ(0x3333333333333333, self->faults[0].addr);
	EXPECT_EQ(6, self->faults[1].addr);
}

/* A record of another size leaves such a position behind. */
TEST_F(ring, odd_position)
{
	self->head = 8;
	put_sample(self, 1, 2, 3);
	EXPECT_EQ(-EBADMSG, parse_ring(self, 8, 16));
}

TEST_F(ring, full)
{
	int i;

	for (i = 0; i < RING_SIZE / 32; i++)
		put_sample(self, i, i, i);
	EXPECT_EQ(RING_SIZE / 32, parse_ring(self, 0, 16));
	EXPECT_EQ(-E2BIG, parse_ring(self, 0, RING_SIZE / 32 - 1));
}

TEST_F(ring, overwritten)
{
	int i;

	for (i = 0; i < RING_SIZE / 32 + 1; i++)
		put_sample(self, i, i, i);
	EXPECT_EQ(-EBADMSG, parse_ring(self, 0, 16));
}

TEST_F(ring, lost)
{
	const uint64_t lost[2] = { 1, 3 };

	put_sample(self, 1, 2, 3);
	put_header(self, PERF_RECORD_LOST, 24);
	put(self, lost, sizeof(lost));
	EXPECT_EQ(-ENOBUFS, parse_ring(self, 0, 16));
}

TEST_F(ring, lost_samples)
{
	const uint64_t lost = 1;

	put_header(self, PERF_RECORD_LOST_SAMPLES, 16);
	put(self, &lost, sizeof(lost));
	EXPECT_EQ(-ENOBUFS, parse_ring(self, 0, 16));
}

TEST_F(ring, throttled)
{
	const uint64_t body[3] = { 0 };

	put_header(self, PERF_RECORD_THROTTLE, 32);
	put(self, body, sizeof(body));
	EXPECT_EQ(-EBADMSG, parse_ring(self, 0, 16));
}

TEST_F(ring, truncated)
{
	put_sample(self, 1, 2, 3);
	self->head -= 8;
	EXPECT_EQ(-EBADMSG, parse_ring(self, 0, 16));
	self->head = 4;
	EXPECT_EQ(-EBADMSG, parse_ring(self, 0, 16));
}

TEST_F(ring, odd_sizes)
{
	put_header(self, PERF_RECORD_SAMPLE, 0);
	EXPECT_EQ(-EBADMSG, parse_ring(self, 0, 16));
	self->head = 0;
	put_header(self, PERF_RECORD_SAMPLE, 24);
	put_sample(self, 1, 2, 3);
	EXPECT_EQ(-EBADMSG, parse_ring(self, 0, 16));
	self->head = 0;
	put_header(self, PERF_RECORD_SAMPLE, 40);
	put(self, self->data, 32);
	EXPECT_EQ(-EBADMSG, parse_ring(self, 0, 16));
	EXPECT_EQ(-EBADMSG, parse(self->data, RING_SIZE, 32, 0, self->faults, 16));
}

FIXTURE(log)
{
	struct fault_log log;
	size_t page_size;
};

FIXTURE_SETUP(log)
{
	int err;

	self->page_size = sysconf(_SC_PAGESIZE);
	err = fault_log_open(&self->log);
	if (err == -EACCES || err == -EPERM || err == -ENOSYS) {
		self->page_size = 0;
		SKIP(return, "perf is refused here");
	}
	ASSERT_EQ(0, err);
}

FIXTURE_TEARDOWN(log)
{
	fault_log_close(&self->log);
}

static __attribute__((noinline)) void touch_pages(unsigned char *addr, size_t nr, size_t page_size)
{
	size_t i;

	for (i = 0; i < nr; i++)
		addr[i * page_size] = 1;
}

static unsigned char *map_pages(size_t nr, size_t page_size)
{
	unsigned char *addr;

	addr = mmap(NULL, nr * page_size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	/* One fault a page, whatever this machine's settings for THP are. */
	if (addr != MAP_FAILED)
		madvise(addr, nr * page_size, MADV_NOHUGEPAGE);
	return addr;
}

TEST_F(log, each_fault_once)
{
	struct fault faults[64];
	unsigned char *addr;
	int i, nr;

	if (!self->page_size)
		return;
	memset(faults, 0, sizeof(faults));
	addr = map_pages(16, self->page_size);
	ASSERT_NE(MAP_FAILED, addr);
	ASSERT_EQ(0, fault_log_start(&self->log));
	touch_pages(addr, 16, self->page_size);
	nr = fault_log_stop(&self->log, faults, 64);
	ASSERT_EQ(16, nr);
	for (i = 0; i < nr; i++) {
		EXPECT_EQ((uintptr_t)addr + i * self->page_size,
			  faults[i].addr);
		/* The compiler may have unrolled the loop: near is enough. */
		EXPECT_GT(4096, faults[i].ip - (uintptr_t)touch_pages);
	}

	/* A stopped log counts nothing. */
	touch_pages(map_pages(4, self->page_size), 4, self->page_size);
	ASSERT_EQ(0, fault_log_start(&self->log));
	EXPECT_EQ(0, fault_log_stop(&self->log, faults, 64));
}

/* More faults than the ring has room for: an error, never a smaller number. */
TEST_F(log, overflow)
{
	const size_t nr = 4096;
	static struct fault faults[4096];
	unsigned char *addr;

	if (!self->page_size)
		return;
	memset(faults, 0, sizeof(faults));
	addr = map_pages(nr, self->page_size);
	ASSERT_NE(MAP_FAILED, addr);
	ASSERT_EQ(0, fault_log_start(&self->log));
	touch_pages(addr, nr, self->page_size);
	EXPECT_EQ(-ENOBUFS, fault_log_stop(&self->log, faults, nr));
}

/* No room for what there is: that is no smaller number. */
TEST_F(log, stop_without_room)
{
	struct fault faults[64];
	unsigned char *addr;

	if (!self->page_size)
		return;
	addr = map_pages(64, self->page_size);
	ASSERT_NE(MAP_FAILED, addr);
	ASSERT_EQ(0, fault_log_start(&self->log));
	touch_pages(addr, 64, self->page_size);
	EXPECT_EQ(-E2BIG, fault_log_stop(&self->log, faults, 63));
}

/* The kernel says only with the next record that it dropped one: the count knows. */
TEST_F(log, count_disagrees)
{
	struct fault faults[64];
	unsigned char *addr;

	if (!self->page_size)
		return;
	addr = map_pages(1, self->page_size);
	ASSERT_NE(MAP_FAILED, addr);
	ASSERT_EQ(0, fault_log_start(&self->log));
	touch_pages(addr, 1, self->page_size);
	ASSERT_EQ(0, ioctl(self->log.fd, PERF_EVENT_IOC_RESET, 0));
	EXPECT_EQ(-ENOBUFS, fault_log_stop(&self->log, faults, 64));
}

#define MAP_START	0x10000
#define MAP_PAGE	0x1000

/* Pages with 0 to 5 faults, in turns. */
TEST(map_counts_pages)
{
	struct fault fault = { 0 };
	struct fault_map map;
	size_t page, i;

	fault_map_init(&map, (void *)MAP_START, MAP_PAGE, 600);
	for (page = 0; page < 600; page++) {
		fault.addr = MAP_START + page * MAP_PAGE + page;
		for (i = 0; i < page % 6; i++)
			ASSERT_EQ(0, fault_map_add(&map, &fault, 1));
	}
	fault_map_end(&map);
	for (i = 0; i < 3; i++)
		EXPECT_EQ(100, map.histogram[i]);
	EXPECT_EQ(300, map.histogram[3]);
	EXPECT_EQ(1500, map.faults);
	EXPECT_EQ(0, map.elsewhere);
}

TEST(map_elsewhere_and_back)
{
	const struct fault faults[] = {
		{ .addr = MAP_START - 1 },
		{ .addr = MAP_START + 4 * MAP_PAGE },
		{ .addr = MAP_START + 2 * MAP_PAGE },
		{ .addr = MAP_START + 3 * MAP_PAGE - 1 },
		{ .addr = MAP_START + MAP_PAGE },
	};
	struct fault_map map;

	fault_map_init(&map, (void *)MAP_START, MAP_PAGE, 4);
	EXPECT_EQ(0, fault_map_add(&map, faults, 4));
	EXPECT_EQ(2, map.elsewhere);
	EXPECT_EQ(2, map.faults);
	EXPECT_EQ(2, map.count);
	EXPECT_EQ(-EPROTO, fault_map_add(&map, &faults[4], 1));
}

/* As a container does it: perf_event_open() fails, all else goes on. */
static int refuse_perf(int err)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_perf_event_open, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | err),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = {
		.len = ARRAY_SIZE(filter),
		.filter = filter,
	};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog))
		return -errno;
	return 0;
}

TEST(denied_perf_leaves_rusage)
{
	static struct meter meter;
	struct access access;
	unsigned char *addr;

	ASSERT_EQ(0, refuse_perf(EACCES));
	meter_open(&meter);
	EXPECT_EQ(-EACCES, meter.log_err);

	addr = map_pages(1, sysconf(_SC_PAGESIZE));
	ASSERT_NE(MAP_FAILED, addr);
	ASSERT_EQ(0, access_page(&meter, addr, ACCESS_STORE, &access));
	EXPECT_EQ(1, access.faults);
	EXPECT_EQ(0, access.nr_evidence);
	ASSERT_EQ(0, access_page(&meter, addr, ACCESS_STORE, &access));
	EXPECT_EQ(0, access.faults);
	meter_close(&meter);
}

/* The faults that a forked child counts, its stack so much further down. */
static int faults_in_child(unsigned char *addr, size_t down)
{
	static struct meter meter = { .log_err = -EACCES };
	static struct access access;
	int status;
	pid_t pid;

	pid = fork();
	if (!pid) {
		asm volatile("" : : "r" (__builtin_alloca(down)));
		access_page(&meter, addr, ACCESS_STORE, &access);
		_exit(access.faults);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

/*
 * Where nothing tells whose the faults are, the child's stack must not be among
 * them, wherever a page of it ends.
 */
TEST(denied_perf_counts_no_stack)
{
	size_t page_size = sysconf(_SC_PAGESIZE), down;
	unsigned char *addr;

	addr = map_pages(1, page_size);
	ASSERT_NE(MAP_FAILED, addr);
	for (down = 0; down < page_size; down += 16) {
		ASSERT_EQ(1, faults_in_child(addr, down)) {
			TH_LOG("stack pointer %zu bytes down", down);
		}
	}
}

/* The verdict must not depend on the fault log. */
TEST(denied_perf_changes_no_verdict)
{
	struct observation *with = observation_new();
	struct observation *without = observation_new();

	ASSERT_NE(NULL, with);
	ASSERT_NE(NULL, without);
	measure(&memfd_source, with);
	ASSERT_EQ(0, with->err) {
		TH_LOG("%s", with->why);
	}
	ASSERT_EQ(0, refuse_perf(ENOSYS));
	measure(&memfd_source, without);
	ASSERT_EQ(0, without->err) {
		TH_LOG("%s", without->why);
	}
	EXPECT_EQ(-ENOSYS, without->log_err);
	EXPECT_EQ(judge(&with->cost).verdict, judge(&without->cost).verdict);
	EXPECT_EQ(with->cost.first_store, without->cost.first_store);
	EXPECT_EQ(with->cost.stores, without->cost.stores);
}

TEST(instruction_is_known)
{
	static struct meter meter;
	struct access access;
	unsigned char *addr;

	meter_open(&meter);
	if (meter.log_err)
		SKIP(return, "perf is refused here");
	addr = map_pages(1, sysconf(_SC_PAGESIZE));
	ASSERT_NE(MAP_FAILED, addr);
	ASSERT_EQ(0, access_page(&meter, addr, ACCESS_STORE, &access));
	ASSERT_EQ(1, access.nr_evidence);
	EXPECT_LE(0, access_offset(access.evidence[0].ip));
	EXPECT_EQ(-1, access_offset((uintptr_t)touch_pages));
	meter_close(&meter);
}

TEST_HARNESS_MAIN
