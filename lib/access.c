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

/*
 * A section of their own gives the two functions bounds that the linker knows,
 * so that a fault can be told to come from here and from nowhere else.
 */
#define __access __attribute__((noinline, section("pfn_mkwrite_access")))

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

/*
 * After a fork the stack is shared with the parent, and its first use would
 * fault within what is measured.
 */
static void warm_up(void)
{
	unsigned char scratch;

	do_store(&scratch);
	do_load(&scratch);
	rusage_faults();
}

static int attribute(const struct fault *faults, int nr, uint64_t addr,
		     struct access *access)
{
	uint64_t page_mask = ~((uint64_t)sysconf(_SC_PAGESIZE) - 1);
	int i;

	for (i = 0; i < nr; i++) {
		if ((faults[i].addr ^ addr) & page_mask)
			continue;
		if (access_offset(faults[i].ip) < 0)
			return -EPROTO;
		if (access->faults < NR_EVIDENCE)
			access->evidence[access->nr_evidence++] = faults[i];
		access->faults++;
	}
	return 0;
}

int access_page(struct meter *meter, unsigned char *addr, enum access_kind kind,
		struct access *access)
{
	int64_t before, after;
	int err;

	memset(access, 0, sizeof(*access));
	warm_up();

	if (!meter->log_err) {
		err = fault_log_start(&meter->log);
		if (err)
			return err;
	}
	before = rusage_faults();
	if (kind == ACCESS_STORE)
		do_store(addr);
	else
		do_load(addr);
	after = rusage_faults();
	if (!meter->log_err) {
		access->logged = fault_log_stop(&meter->log, meter->faults,
						NR_FAULTS_MAX);
		if (access->logged < 0)
			return access->logged;
	}

	if (before < 0 || after < 0)
		return before < 0 ? before : after;
	access->rusage = after - before;
	if (meter->log_err) {
		access->faults = access->rusage;
		return 0;
	}
	return attribute(meter->faults, access->logged, (uintptr_t)addr,
			 access);
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

void store_expect_refusal(unsigned char *addr, struct refusal *refusal)
{
	*refusal = (struct refusal){ 0 };
	catch_refusals();
	if (!sigsetjmp(back, 0)) {
		expected = true;
		do_store(addr);
	} else {
		refusal->signo = raised.si_signo;
		refusal->code = raised.si_code;
		refusal->addr = (uintptr_t)raised.si_addr;
	}
	expected = false;
}

bool refused_by_protection(const struct refusal *refusal,
			   const unsigned char *addr)
{
	return refusal->signo == SIGSEGV && refusal->code == SEGV_ACCERR &&
	       refusal->addr == (uintptr_t)addr;
}
