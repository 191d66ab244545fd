// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include "calibrate.h"
#include "mapping.h"

int calibrate_memfd(struct meter *meter)
{
	struct backing backing = { .fd = -1 };
	struct access access;
	struct mapping map;
	int err;

	err = memfd_source.open(&memfd_source, &backing,
				sysconf(_SC_PAGESIZE));
	if (err)
		goto close_backing;
	err = mapping_open(&map, &backing, PROT_READ | PROT_WRITE);
	if (err)
		goto close_mapping;
	err = access_page(meter, map.addr, ACCESS_LOAD, &access);
	if (!err)
		err = access_page(meter, map.addr, ACCESS_STORE, &access);
close_mapping:
	mapping_close(&map);
close_backing:
	memfd_source.close(&backing);
	return err ? err : access.faults;
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
