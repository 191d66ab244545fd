// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"

/* Records of so many pages are taken out at once; the ring has room for 4 a page. */
#define CHUNK		128

struct bench bench = {
	.max_pages = MAX_PAGES,
};

void bench_die(int status, const char *fmt, ...)
{
	va_list args;

	fflush(stdout);
	fprintf(stderr, "pfn_mkwrite_bench: ");
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fprintf(stderr, "\n");
	exit(status);
}

size_t proc_bytes(const char *path, const char *key)
{
	unsigned long kb = 0;
	char line[128];
	FILE *file;

	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		if (!strncmp(line, key, strlen(key)) &&
		    sscanf(line + strlen(key), ": %lu kB", &kb) == 1)
			break;
	}
	if (file)
		fclose(file);
	return kb * 1024;
}

bool memory_fits(size_t pages)
{
	return pages * bench.page_size <= proc_bytes("/proc/meminfo", "MemAvailable") / 2;
}

/* Relaxed atomics are plain instructions that the compiler neither drops nor merges. */
void touch(unsigned char *addr, size_t pages, enum access_kind kind)
{
	size_t i, size = bench.page_size;

	if (kind == ACCESS_STORE) {
		for (i = 0; i < pages; i++)
			__atomic_store_n(addr + i * size, 0x5a,
					 __ATOMIC_RELAXED);
		return;
	}
	for (i = 0; i < pages; i++)
		__atomic_load_n(addr + i * size, __ATOMIC_RELAXED);
}

int touch_logged(struct fault_log *log, struct fault_map *faults,
		 unsigned char *addr, size_t pages, enum access_kind kind)
{
	static struct fault taken[2 * FAULT_LOG_SAMPLES];
	size_t at, nr;
	int err = 0, got;

	fault_map_init(faults, addr, bench.page_size, pages);
	for (at = 0; !err && at < pages; at += nr) {
		nr = pages - at < CHUNK ? pages - at : CHUNK;
		err = fault_log_start(log);
		if (err)
			break;
		touch(addr + at * bench.page_size, nr, kind);
		got = fault_log_stop(log, taken, 2 * FAULT_LOG_SAMPLES);
		err = got < 0 ? got : fault_map_add(faults, taken, got);
	}
	fault_map_end(faults);
	return err;
}

const char *log_error(int err)
{
	switch (err) {
	case -ENOBUFS:
		return "the fault log lost records";
	case -EACCES:
	case -EPERM:
		return "perf is refused; run as root or lower kernel.perf_event_paranoid";
	case -EPROTO:
		return "a page faulted again after a store to a later one";
	default:
		return strerror(-err);
	}
}

int memory_open(struct mapping *map, size_t pages, bool there)
{
	struct backing b;
	void *addr;

	backing_init(&b);
	b.size = pages * bench.page_size;
	b.fd = memfd_create("pfn_mkwrite_bench", MFD_CLOEXEC);
	if (b.fd < 0 || ftruncate(b.fd, b.size))
		bench_die(2, "a memfd of %zu bytes: %s", b.size, strerror(errno));
	if (there) {
		addr = mmap(NULL, b.size, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_POPULATE, b.fd, 0);
		if (addr == MAP_FAILED)
			bench_die(2, "mmap() of %zu bytes: %s", b.size,
				  strerror(errno));
		munmap(addr, b.size);
	}
	if (mapping_open(map, &b, PROT_READ | PROT_WRITE))
		bench_die(2, "%s", b.why);
	return b.fd;
}
