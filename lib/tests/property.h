/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Helpers of the property tests. A property test maps the memory, acts and asserts
 * in one function. Each runs in a process of its own, with memory of its own.
 */
#ifndef PFN_MKWRITE_PROPERTY_H
#define PFN_MKWRITE_PROPERTY_H

#include <linux/futex.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/param.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"

#define WHY_ONE_PAGE	"this memory has too few pages"
#define WHY_NOT_TWICE	"this memory cannot be mapped twice"
#define WHY_NO_THREADS	"no threads can be started here"
#define WHY_NO_CPU	"the CPU of the measurement is offline"
#define WHY_NO_PROC	"smaps or pagemap cannot be read here"

#ifndef SYS_futex	/* riscv32 */
#define SYS_futex	SYS_futex_time64
#endif

#define CHILD_MS	3000
/* Other tasks add events, but not to each of several tries. */
#define NR_TRIES	3

/* Of a helper: the macros of the harness expect these names. */
#define TEST_PARAMS	struct __test_metadata *_metadata, FIXTURE_DATA(mapping) *self

#define SKIP_WHY(_reason, _why) do { \
	TH_LOG("%s", _why); \
	SKIP_TEST(_reason); \
} while (0)

/* Some of many pages, the last one among them. */
#define PAGE_STEP(map)	MAX(1, (map)->nr_pages / NR_STORES)
#define for_each_page(page, map) \
	for (page = ((map)->nr_pages - 1) % PAGE_STEP(map); page < (map)->nr_pages; \
	     page += PAGE_STEP(map))

/* The last signal of the thread. */
static __thread siginfo_t caught;
static __thread sigjmp_buf catch_here;
static __thread volatile sig_atomic_t catching;

static inline void catch_signal(int sig, siginfo_t *info, void *context)
{
	(void)context;
	caught = *info;
	if (catching)
		siglongjmp(catch_here, 1);
	/* The access is repeated, and ends the process. */
	signal(sig, SIG_DFL);
}

static inline void catch_signals(void)
{
	/* SA_NODEFER: no signal mask to restore when the handler is left by a jump. */
	const struct sigaction action = {
		.sa_sigaction = catch_signal,
		.sa_flags = SA_SIGINFO | SA_NODEFER,
	};

	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
}

#define CATCH_SIGNAL(_statement) do { \
	caught = (siginfo_t){ 0 }; \
	if (!sigsetjmp(catch_here, 0)) { \
		catching = 1; \
		_statement; \
	} \
	catching = 0; \
} while (0)

/* Does an access raise this signal at its page? Some CPUs report only the page. */
static inline bool raises(int signo, int code, enum access_kind kind, unsigned char *addr)
{
	if (kind == ACCESS_STORE)
		CATCH_SIGNAL(*(volatile unsigned char *)addr = 0);
	else
		CATCH_SIGNAL(load_page(addr));
	return caught.si_signo == signo && (!code || caught.si_code == code) &&
	       ((uintptr_t)caught.si_addr ^ (uintptr_t)addr) < (size_t)sysconf(_SC_PAGESIZE);
}

#define ASSERT_RAISES(_signo, _code, _kind, _addr, _how) do { \
	bool __raised = raises(_signo, _code, _kind, _addr); \
	ASSERT_TRUE(__raised) { \
		TH_LOG("%s: signal %d, si_code %d", _how, caught.si_signo, caught.si_code); \
	} \
} while (0)

/* Open the memory. Return: 0 or -errno. */
static inline int open_memory(TEST_PARAMS)
{
	cpu_set_t one;
	int err;

	/* A mapping that hangs or kills is not tried again. */
	if (self->obs->err && self->obs->err != -EAGAIN)
		SKIP_TEST(WHY_NOT_MEASURED);
	catch_signals();
	/* The CPUs differ in what sets the dirty bit: stay on the one that was measured. */
	if (self->obs->mixed_cpus) {
		CPU_ZERO(&one);
		CPU_SET(self->obs->cpu, &one);
		if (sched_setaffinity(0, sizeof(one), &one))
			SKIP_TEST(WHY_NO_CPU);
	}
	meter_open(&self->meter);
	err = self->src->open(self->src, &self->b, NR_STORES * sysconf(_SC_PAGESIZE));
	if (err == -ENOMEM || err == -EBUSY || err == -ENODEV)
		SKIP_TEST(WHY_BUSY);
	return err;
}

/* Map memory that was never written, if there is such. */
static inline struct mapping map_prot(TEST_PARAMS, int prot)
{
	struct mapping map;
	int err = self->b.fd < 0 ? open_memory(_metadata, self) : 0;

	if (!err && self->src->renew)
		err = self->src->renew(&self->b);
	if (!err)
		err = mapping_open(&map, &self->b, prot);
	if (err && prot == PROT_READ)
		SKIP_WHY("this memory cannot be mapped read-only", self->b.why);
	ASSERT_EQ(0, err) {
		TH_LOG("%s", self->b.why);
	}
	return map;
}

static inline struct mapping map_fresh(TEST_PARAMS)
{
	return map_prot(_metadata, self, PROT_READ | PROT_WRITE);
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
		SKIP_WHY(WHY_NOT_TWICE, self->b.why);
	return map;
}

/* Load or store a byte. Return: the faults. */
static inline int touch(TEST_PARAMS, unsigned char *addr, enum access_kind kind)
{
	struct access access;

	ASSERT_EQ(0, access_page(&self->meter, addr, kind, &access));
	return access.faults;
}

static inline void expect_faults(TEST_PARAMS, int least, int most, int faults, const char *how)
{
	/* Without a log, other faults of the thread count as well: too many prove nothing. */
	if (self->meter.log_err)
		most = MAX(most, faults);
	/* The cost was measured on another CPU. */
	if (self->obs->mixed_cpus && sched_getcpu() != self->obs->cpu)
		return;
	EXPECT_GE(most, faults) {
		TH_LOG("%s", how);
	}
	EXPECT_LE(least, faults) {
		TH_LOG("%s", how);
	}
}

#define EXPECT_STORE(_most, _addr, _how) \
	expect_faults(_metadata, self, 0, _most, \
		      touch(_metadata, self, _addr, ACCESS_STORE), _how)

/* The word of a page. The first wrong one ends the test. */
#define ASSERT_WORD(_value, _map, _page, _how) do { \
	uint32_t __value = (_value), __word = *mapping_word(_map, _page); \
	ASSERT_EQ(__value, __word) { \
		TH_LOG("%s: page %zu holds 0x%x, not 0x%x", _how, \
		       (size_t)(_page), __word, __value); \
	} \
} while (0)

#define ASSERT_WORDS(_value, _map, _how) do { \
	size_t __page; \
	for_each_page(__page, _map) \
		ASSERT_WORD((_value) + __page, _map, __page, _how); \
} while (0)

static inline void store_words(const struct mapping *map, uint32_t value)
{
	size_t page;

	for_each_page(page, map)
		*mapping_word(map, page) = value + page;
}

/* Let the kernel store FUTEX_WORD. Return: 0 or -errno. */
#define FUTEX_WORD	0x5e7
static inline int futex_store(volatile uint32_t *word)
{
	static uint32_t nobody;

	if (syscall(SYS_futex, &nobody, FUTEX_WAKE_OP_PRIVATE, 0, 0, word,
		    FUTEX_OP(FUTEX_OP_SET, FUTEX_WORD, FUTEX_OP_CMP_EQ, 0)) < 0)
		return -errno;
	return 0;
}

static inline void *load_all(void *arg)
{
	const struct mapping *map = arg;
	size_t page;

	for_each_page(page, map)
		load_page(mapping_page(map, page));
	return NULL;
}

/* Wait for a forked child, which must end by itself. Return: its status. */
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
	return status;
}

#endif /* PFN_MKWRITE_PROPERTY_H */
