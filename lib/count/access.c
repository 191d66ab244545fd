// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "count.h"

/*
 * The access is what is measured: the compiler must not drop, move, merge or repeat
 * it. checkpatch warns of the volatile; nothing weaker does this.
 */
#define ONCE(addr) (*(volatile unsigned char *)(addr))

extern const char __start_pfn_mkwrite_access[];
extern const char __stop_pfn_mkwrite_access[];

static __access void do_store(void *addr)
{
	ONCE(addr) = 0x5a;
}

static __access void do_load(void *addr)
{
	(void)ONCE(addr);
}

void load_page(const unsigned char *addr)
{
	do_load((void *)addr);
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
		if (storer == STORER_OWN && access_offset(fault->ip) < 0)
			return -EPROTO;
		if (access->nr_evidence < NR_EVIDENCE)
			access->evidence[access->nr_evidence++] = *fault;
		access->faults++;
	}
	return 0;
}

bool access_exact(const struct meter *meter, enum storer storer)
{
	return !meter->log_err &&
	       (storer != STORER_KERNEL || !meter->log.user_only);
}

static int meter_start(struct meter *meter, struct access *access)
{
	int err = meter->log_err ? 0 : fault_log_start(&meter->log);

	access->rusage = -rusage_faults();
	return err;
}

static int meter_stop(struct meter *meter, struct access *access)
{
	int64_t after = rusage_faults();

	access->rusage += after;
	if (!meter->log_err)
		access->logged = fault_log_stop(&meter->log, meter->faults, NR_FAULTS_MAX);
	if (access->logged < 0)
		return access->logged;
	return after < 0 ? after : 0;
}

int access_measure(struct meter *meter, void (*fn)(void *arg), void *arg, const void *addr,
		   size_t len, enum storer storer, struct access *access)
{
	unsigned char scratch;
	int err;

	/*
	 * After a fork the stack is shared with the parent, and its first use faults.
	 * Without a log that fault could not be told apart: make the same calls first.
	 */
	memset(access, 0, sizeof(*access));
	do_store(&scratch);
	do_load(&scratch);
	if (meter->log_err) {
		meter_start(meter, access);
		meter_stop(meter, access);
	}
	err = meter_start(meter, access);
	if (err)
		return err;
	fn(arg);
	err = meter_stop(meter, access);
	if (err)
		return err;
	if (access_exact(meter, storer))
		return attribute(meter, (uintptr_t)addr, len, storer, access);
	access->faults = access->rusage;
	return 0;
}

int access_page(struct meter *meter, unsigned char *addr, enum access_kind kind,
		struct access *access)
{
	return access_measure(meter, kind == ACCESS_STORE ? do_store : do_load,
			      addr, addr, 1, STORER_OWN, access);
}
