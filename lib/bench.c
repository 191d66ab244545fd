// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "bench.h"

/* Records of so many pages are taken out at once; the ring has room for 8 a page. */
#define CHUNK		64

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

double clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1e9 + now.tv_nsec;
}

void sample_add(struct sample *s, double value)
{
	if (s->nr < MAX_ROUNDS)
		s->value[s->nr++] = value;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

void sample_sort(struct sample *s)
{
	qsort(s->value, s->nr, sizeof(s->value[0]), by_value);
}

double quartile(const struct sample *s, int which)
{
	double at = (s->nr - 1) * which / 4.0;
	int below = floor(at);

	if (!s->nr)
		return NAN;
	if (below + 1 >= s->nr)
		return s->value[s->nr - 1];
	return s->value[below] + (at - below) *
				 (s->value[below + 1] - s->value[below]);
}

/*
 * Accesses that the compiler neither drops nor merges; atomic ones, which as relaxed
 * ones are plain instructions.
 */
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
	int err, got;

	fault_map_init(faults, addr, bench.page_size, pages);
	err = fault_log_start(log);
	if (err)
		return err;
	for (at = 0; !err && at < pages; at += nr) {
		nr = pages - at < CHUNK ? pages - at : CHUNK;
		touch(addr + at * bench.page_size, nr, kind);
		got = fault_log_take(log, taken, 2 * FAULT_LOG_SAMPLES);
		err = got < 0 ? got : fault_map_add(faults, taken, got);
	}
	got = fault_log_stop(log, taken, 2 * FAULT_LOG_SAMPLES);
	if (!err)
		err = got < 0 ? got : fault_map_add(faults, taken, got);
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
		return "a page faulted again after a later one had been touched";
	default:
		return strerror(-err);
	}
}

size_t memory_available(void)
{
	unsigned long kb = 0;
	char line[128];
	FILE *file;

	file = fopen("/proc/meminfo", "re");
	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "MemAvailable: %lu kB", &kb) == 1)
			break;
	}
	if (file)
		fclose(file);
	return kb * 1024;
}

void json_next(void)
{
	static bool later;

	printf("%s\n", later ? "," : "");
	later = true;
}

void json_string(const char *key, const char *value)
{
	printf("\"%s\": \"", key);
	for (; *value; value++) {
		if (*value == '"' || *value == '\\')
			printf("\\%c", *value);
		else if ((unsigned char)*value < ' ')
			printf("\\u%04x", *value);
		else
			putchar(*value);
	}
	putchar('"');
}

void json_sample(const char *key, const struct sample *s)
{
	if (!s->nr) {
		printf("\"%s\": null", key);
		return;
	}
	printf("\"%s\": {\"q1\": %.1f, \"median\": %.1f, \"q3\": %.1f, \"rounds\": %d}",
	       key, quartile(s, 1), quartile(s, 2), quartile(s, 3), s->nr);
}

const char *text_sample(const struct sample *s, int digits, char *text,
			size_t size)
{
	if (s->nr)
		snprintf(text, size, "%.*f[%.*f..%.*f]", digits,
			 quartile(s, 2), digits, quartile(s, 1), digits,
			 quartile(s, 3));
	else
		snprintf(text, size, "-");
	return text;
}

void bench_left_out(const char *name, size_t pages, const char *why)
{
	if (!bench.json) {
		printf("# left out: %s", name);
		if (pages)
			printf(" of %zu pages", pages);
		printf(": %s\n", why);
		return;
	}
	json_next();
	printf("{");
	json_string("left_out", name);
	printf(", \"pages\": %zu, ", pages);
	json_string("why", why);
	printf("}");
}

void bench_header(const char *job, const char *more)
{
	struct sample reading = { 0 };
	struct utsname name;
	double start;
	int i;

	for (i = 0; i < MAX_ROUNDS; i++) {
		start = clock_ns(CLOCK_MONOTONIC);
		sample_add(&reading, clock_ns(CLOCK_MONOTONIC) - start);
	}
	sample_sort(&reading);
	uname(&name);
	if (!bench.json) {
		printf("# %s: Linux %s, %s, pages of %zu bytes, %s\n", job,
		       name.release, name.machine, bench.page_size, more);
		printf("# median[quartiles]; each time holds %.0f ns of reading the clock\n",
		       quartile(&reading, 2));
		return;
	}
	printf("{");
	json_string("job", job);
	printf(", ");
	json_string("kernel", name.release);
	printf(", ");
	json_string("machine", name.machine);
	printf(", ");
	json_string("note", more);
	printf(", \"page_size\": %zu, \"clock_ns\": %.0f, \"results\": [",
	       bench.page_size, quartile(&reading, 2));
}

void bench_footer(void)
{
	if (bench.json)
		printf("\n]}\n");
}

void bench_goal(const char *name, bool met, const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (!bench.json) {
		printf("# goal %s: %s: %s\n", name, text, met ? "met" : "not met");
		return;
	}
	json_next();
	printf("{");
	json_string("goal", name);
	printf(", ");
	json_string("seen", text);
	printf(", \"met\": %s}", met ? "true" : "false");
}
