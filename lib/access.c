// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "access.h"
#include "counters.h"

/*
 * The compiler must neither drop, move, merge nor repeat the access: it is the
 * thing measured. checkpatch warns of the volatile; there is no weaker way.
 */
#define ONCE(addr) (*(volatile unsigned char *)(addr))

extern const char __start_pfn_mkwrite_access[];
extern const char __stop_pfn_mkwrite_access[];

static __access void do_store(unsigned char *addr)
{
	ONCE(addr) = 0x5a;
}

static __access unsigned char do_load(const unsigned char *addr)
{
	return ONCE(addr);
}

void load_page(const unsigned char *addr)
{
	do_load(addr);
}

long access_offset(uint64_t ip)
{
	uint64_t start = (uintptr_t)__start_pfn_mkwrite_access;
	uint64_t stop = (uintptr_t)__stop_pfn_mkwrite_access;

	return ip >= start && ip < stop ? (long)(ip - start) : -1;
}

void meter_open(struct meter *meter)
{
	memset(meter, 0, sizeof(*meter));
	meter->log_err = fault_log_open(&meter->log);
}

void meter_close(struct meter *meter)
{
	fault_log_close(&meter->log);
}

static int attribute(const struct meter *meter, uint64_t addr, size_t len,
		     enum storer storer, struct access *access)
{
	uint64_t page_mask = ~((uint64_t)sysconf(_SC_PAGESIZE) - 1);
	uint64_t first = addr & page_mask, last = (addr + len - 1) & page_mask;
	int i;

	for (i = 0; i < access->logged; i++) {
		const struct fault *fault = &meter->faults[i];

		if (fault->addr < first || (fault->addr & page_mask) > last)
			continue;
		if (storer == STORER_PROBE && access_offset(fault->ip) < 0)
			return -EPROTO;
		if (access->faults < NR_EVIDENCE)
			access->evidence[access->nr_evidence++] = *fault;
		access->faults++;
	}
	return 0;
}

static int meter_start(struct meter *meter, int64_t *before)
{
	int err = 0;

	if (!meter->log_err)
		err = fault_log_start(&meter->log);
	*before = rusage_faults();
	return err;
}

static int meter_stop(struct meter *meter, int64_t before,
		      struct access *access)
{
	int64_t after = rusage_faults();

	if (!meter->log_err)
		access->logged = fault_log_stop(&meter->log, meter->faults,
						NR_FAULTS_MAX);
	if (access->logged < 0)
		return access->logged;
	if (before < 0 || after < 0)
		return before < 0 ? before : after;
	access->rusage = after - before;
	return 0;
}

/*
 * After a fork the stack is shared with the parent, and its first use would
 * fault within what is measured. Where that could not be told from the rest, the
 * calls are the same, and go as far down as those that follow.
 */
static void warm_up(struct meter *meter, struct access *access)
{
	unsigned char scratch;

	do_store(&scratch);
	do_load(&scratch);
	if (meter->log_err)
		meter_stop(meter, rusage_faults(), access);
	else
		rusage_faults();
}

int access_page(struct meter *meter, unsigned char *addr, enum access_kind kind,
		struct access *access)
{
	int64_t before;
	int err;

	memset(access, 0, sizeof(*access));
	warm_up(meter, access);

	err = meter_start(meter, &before);
	if (err)
		return err;
	if (kind == ACCESS_STORE)
		do_store(addr);
	else
		do_load(addr);
	err = meter_stop(meter, before, access);
	if (err)
		return err;

	if (meter->log_err) {
		access->faults = access->rusage;
		return 0;
	}
	return attribute(meter, (uintptr_t)addr, 1, STORER_PROBE, access);
}

static sigjmp_buf back;
static volatile sig_atomic_t expected;
static siginfo_t raised;

static void on_refusal(int sig, siginfo_t *info, void *context)
{
	(void)context;
	if (!expected) {
		/* Somebody else's: the access happens again, and is the end. */
		signal(sig, SIG_DFL);
		return;
	}
	raised = *info;
	siglongjmp(back, 1);
}

/* Not blocked in the handler: there is no mask to restore by system calls. */
static void catch_refusals(void)
{
	const struct sigaction action = {
		.sa_sigaction = on_refusal,
		.sa_flags = SA_SIGINFO | SA_NODEFER,
	};
	static bool caught;

	if (caught)
		return;
	caught = true;
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
}

static void survive(const struct shape *shape, unsigned char *addr, size_t len,
		    struct refusal *refusal)
{
	*refusal = (struct refusal){ 0 };
	if (!sigsetjmp(back, 0)) {
		expected = true;
		shape->store(addr, len, shape->fd);
	} else {
		refusal->signo = raised.si_signo;
		refusal->code = raised.si_code;
		refusal->addr = (uintptr_t)raised.si_addr;
	}
	expected = false;
}

bool access_exact(const struct meter *meter, enum storer storer)
{
	return !meter->log_err &&
	       (storer != STORER_KERNEL || !meter->log.user_only);
}

int access_shape(struct meter *meter, const struct shape *shape,
		 unsigned char *addr, size_t len, struct access *access,
		 struct refusal *refusal)
{
	int64_t before;
	int err;

	memset(access, 0, sizeof(*access));
	warm_up(meter, access);
	catch_refusals();

	err = meter_start(meter, &before);
	if (err)
		return err;
	survive(shape, addr, len, refusal);
	err = meter_stop(meter, before, access);
	if (err)
		return err;

	if (!access_exact(meter, shape->storer)) {
		access->faults = access->rusage;
		return 0;
	}
	return attribute(meter, (uintptr_t)addr, len, shape->storer, access);
}

static void store_byte(unsigned char *addr, size_t len, int fd)
{
	(void)len;
	(void)fd;
	do_store(addr);
}

static void load_byte(unsigned char *addr, size_t len, int fd)
{
	(void)len;
	(void)fd;
	do_load(addr);
}

void store_expect_refusal(unsigned char *addr, struct refusal *refusal)
{
	const struct shape shape = { .store = store_byte, .fd = -1 };

	catch_refusals();
	survive(&shape, addr, 1, refusal);
}

void load_expect_refusal(unsigned char *addr, struct refusal *refusal)
{
	const struct shape shape = { .store = load_byte, .fd = -1 };

	catch_refusals();
	survive(&shape, addr, 1, refusal);
}

bool refused_by_protection(const struct refusal *refusal,
			   const unsigned char *addr)
{
	return refusal->signo == SIGSEGV && refusal->code == SEGV_ACCERR &&
	       refusal->addr == (uintptr_t)addr;
}
