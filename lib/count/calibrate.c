// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include "calibrate.h"

/*
 * Anonymous shared memory is shmem, as a memfd is (mm/shmem.c,
 * shmem_zero_setup()), and no seccomp filter refuses it.
 */
static int store_after_load(struct meter *meter)
{
	size_t size = sysconf(_SC_PAGESIZE);
	struct access access;
	unsigned char *addr;
	int err;

	addr = mmap(NULL, size, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (addr == MAP_FAILED)
		return -errno;
	err = access_page(meter, addr, ACCESS_LOAD, &access);
	if (!err)
		err = access_page(meter, addr, ACCESS_STORE, &access);
	munmap(addr, size);
	return err ? err : access.faults;
}

/* Without a log, other faults of the thread count as well: the least of three. */
int calibrate_memfd(struct meter *meter)
{
	int seen = store_after_load(meter), again, i;

	for (i = 0; i < 2 && seen > 0 && meter->log_err; i++) {
		again = store_after_load(meter);
		seen = again < seen ? again : seen;
	}
	return seen;
}

static int pin_to(int cpu)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	return sched_setaffinity(0, sizeof(one), &one) ? -errno : 0;
}

int calibrate_pick_cpu(struct meter *meter, bool *mixed)
{
	int best = -1, best_seen = 0, cpu, seen, err;
	cpu_set_t allowed;

	*mixed = false;
	/* More CPUs than a cpu_set_t holds, or a seccomp filter: stay here. */
	if (sched_getaffinity(0, sizeof(allowed), &allowed))
		return calibrate_memfd(meter);

	for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		/* A CPU can go offline between the two calls. */
		if (!CPU_ISSET(cpu, &allowed) || pin_to(cpu))
			continue;
		seen = calibrate_memfd(meter);
		if (seen < 0)
			return seen;
		if (best >= 0 && seen != best_seen)
			*mixed = true;
		if (best < 0 || seen > best_seen) {
			best = cpu;
			best_seen = seen;
		}
	}
	if (best < 0)
		return calibrate_memfd(meter);
	err = pin_to(best);
	return err ? err : best_seen;
}
