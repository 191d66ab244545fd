// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include "count.h"

/*
 * MADV_FREE cleans the PTE of a page and leaves it writable, whatever the protection of a
 * VMA is (mm/madvise.c, madvise_free_pte_range()). Reclaim, or without a log other faults
 * of the thread, can only add faults: the least of three.
 */
static int clean_faults(struct meter *meter)
{
	size_t size = sysconf(_SC_PAGESIZE);
	int least = INT_MAX, err, i;
	struct access access;
	unsigned char *addr;

	for (i = 0; i < 3 && least; i++) {
		addr = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (addr == MAP_FAILED)
			return -errno;
		madvise(addr, size, MADV_NOHUGEPAGE);
		err = access_page(meter, addr, ACCESS_STORE, &access);
		if (!err && madvise(addr, size, MADV_FREE))
			err = -errno;
		err = err ?: access_page(meter, addr, ACCESS_STORE, &access);
		munmap(addr, size);
		if (err)
			return err;
		least = access.faults < least ? access.faults : least;
	}
	return least;
}

static int pin_to(int cpu)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	return sched_setaffinity(0, sizeof(one), &one);
}

int calibrate(struct meter *meter, bool *mixed)
{
	int best = -1, best_seen = 0, cpu, seen;
	cpu_set_t allowed;

	*mixed = false;
	/* More CPUs than a cpu_set_t holds, or a seccomp filter: stay here. */
	if (sched_getaffinity(0, sizeof(allowed), &allowed))
		CPU_ZERO(&allowed);
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		/* A CPU can go offline between the two calls. */
		if (!CPU_ISSET(cpu, &allowed) || pin_to(cpu))
			continue;
		seen = clean_faults(meter);
		if (seen < 0)
			return seen;
		*mixed |= best >= 0 && seen != best_seen;
		if (best < 0 || seen > best_seen) {
			best = cpu;
			best_seen = seen;
		}
	}
	if (best >= 0 && !pin_to(best))
		return best_seen;
	return clean_faults(meter);
}
