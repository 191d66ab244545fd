// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include "calibrate.h"
#include "mapping.h"

static int after_load(struct meter *meter, const struct mapping *map)
{
	struct access access;

	return access_page(meter, map->addr, ACCESS_LOAD, &access);
}

static int reprotected(struct meter *meter, const struct mapping *map)
{
	struct access access;
	int err;

	err = access_page(meter, map->addr, ACCESS_STORE, &access);
	if (err)
		return err;
	if (mprotect(map->addr, map->size, PROT_READ) ||
	    mprotect(map->addr, map->size, PROT_READ | PROT_WRITE))
		return -errno;
	return 0;
}

/*
 * Anonymous memory that is shared is shmem, as a memfd is (mm/shmem.c,
 * shmem_zero_setup()), and there is no filter of system calls that refuses it.
 */
static int memfd_store(struct meter *meter,
		       int (*prepare)(struct meter *meter,
				      const struct mapping *map))
{
	struct backing backing;
	struct access access;
	struct mapping map;
	int err;

	backing_init(&backing);
	err = mapping_open_as(&map, &backing, PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, 0,
			      sysconf(_SC_PAGESIZE));
	if (err)
		return err;
	err = prepare(meter, &map);
	if (!err)
		err = access_page(meter, map.addr, ACCESS_STORE, &access);
	mapping_close(&map);
	return err ? err : access.faults;
}

int calibrate_memfd(struct meter *meter)
{
	return memfd_store(meter, after_load);
}

int calibrate_memfd_reprotected(struct meter *meter)
{
	return memfd_store(meter, reprotected);
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
