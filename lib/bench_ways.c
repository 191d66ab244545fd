// SPDX-License-Identifier: GPL-2.0
/*
 * What it costs to measure: the fault log against perf, pagemap and vmstat.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "counters.h"

/*
 * The goals: times that the log is to be faster than perf, and KiB that it may take more
 * for the most pages than for the fewest.
 */
#define GOAL_TIMES	5
#define GOAL_KB		256

/* The ways to count that are compared; see bench_workload(). */
enum method {
	METHOD_NONE,
	METHOD_LOG,
	METHOD_RECORD,
	METHOD_STAT,
	METHOD_PAGEMAP,
	METHOD_VMSTAT,
	NR_METHODS,
};

static const char *const method_names[] = {
	[METHOD_NONE] = "nothing",
	[METHOD_LOG] = "fault_log",
	[METHOD_RECORD] = "perf_record+script",
	[METHOD_STAT] = "perf_stat",
	[METHOD_PAGEMAP] = "pagemap",
	[METHOD_VMSTAT] = "vmstat",
};

/* Whether the page is there, asked just before each store. */
static size_t count_by_pagemap(const struct mapping *map)
{
	uint64_t entry, at;
	size_t i, right = 0;
	int fd;

	fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		bench_die(3, "/proc/self/pagemap: %s", strerror(errno));
	for (i = 0; i < map->nr_pages; i++) {
		at = (uintptr_t)mapping_page(map, i) / bench.page_size;
		if (pread(fd, &entry, sizeof(entry), at * sizeof(entry)) !=
		    sizeof(entry))
			bench_die(3, "/proc/self/pagemap: %s", strerror(errno));
		touch(mapping_page(map, i), 1, ACCESS_STORE);
		right += !(entry >> 63);
	}
	close(fd);
	return right;
}

/* The faults of the machine, before and after each store. */
static size_t count_by_vmstat(const struct mapping *map)
{
	struct vmstat before, after;
	size_t i, right = 0;
	int err;

	for (i = 0; i < map->nr_pages; i++) {
		err = vmstat_read(&before);
		touch(mapping_page(map, i), 1, ACCESS_STORE);
		err = err ? err : vmstat_read(&after);
		if (err)
			bench_die(3, "/proc/vmstat: %s", strerror(-err));
		right += after.pgfault - before.pgfault == 1;
	}
	return right;
}

static size_t count_by_log(const struct mapping *map)
{
	static struct fault_map faults;
	struct fault_log log;
	int err;

	err = fault_log_open(&log);
	if (err)
		bench_die(3, "perf_event_open(): %s", log_error(err));
	err = touch_logged(&log, &faults, map->addr, map->nr_pages,
			   ACCESS_STORE);
	if (err)
		bench_die(3, "%s", log_error(err));
	fault_log_close(&log);
	return faults.histogram[1];
}

int bench_workload(int fd, int method, size_t pages)
{
	struct mapping map;
	int64_t faults;
	size_t right = 0;

	map_memory(&map, fd, pages);
	faults = rusage_faults();
	switch (method) {
	case METHOD_LOG:
		right = count_by_log(&map);
		break;
	case METHOD_PAGEMAP:
		right = count_by_pagemap(&map);
		break;
	case METHOD_VMSTAT:
		right = count_by_vmstat(&map);
		break;
	default:
		touch(map.addr, pages, ACCESS_STORE);
	}
	printf("%p %lld %zu\n", (void *)map.addr,
	       (long long)(rusage_faults() - faults), right);
	return 0;
}

/**
 * struct way - a method at one kind and size of memory, over all rounds
 *
 * @seconds:	of all its commands, from start to end
 * @kb:		memory that it takes beside the mapping, the most
 * @file_kb:	size of its file, the most
 * @right:	pages that it tells the right count of, the least
 * @total:	faults in all, as the kernel tells the process or perf stat
 * @why:	why it is not here
 */
struct way {
	struct sample seconds;
	long kb;
	long file_kb;
	size_t right;
	int64_t total;
	char why[256];
};

/* What the commands write, in a folder that is made for them. */
static char scratch[PATH_MAX + 32];
static char perf_file[] = "perf", script_file[] = "script", out_file[] = "out",
	    err_file[] = "err";

static void remove_scratch(void)
{
	unlink(perf_file);
	unlink(script_file);
	unlink(out_file);
	unlink(err_file);
	rmdir(scratch);
}

/* The command that is writing there, or 0. */
static volatile sig_atomic_t writer;

static void on_end(int sig)
{
	if (writer) {
		kill(writer, SIGKILL);
		waitpid(writer, NULL, 0);
	}
	remove_scratch();
	_exit(128 + sig);
}

/* What ends this from outside. */
static const int ends[] = { SIGINT, SIGTERM, SIGHUP };
#define NR_ENDS	(sizeof(ends) / sizeof(*ends))

static void handle_ends(void (*handler)(int sig))
{
	size_t i;

	for (i = 0; i < NR_ENDS; i++)
		signal(ends[i], handler);
}

/*
 * Whoever ends this has to wait (SIG_BLOCK) until it is known what is to be ended and
 * removed.
 */
static void mask_ends(int how)
{
	sigset_t set;
	size_t i;

	sigemptyset(&set);
	for (i = 0; i < NR_ENDS; i++)
		sigaddset(&set, ends[i]);
	sigprocmask(how, &set, NULL);
}

static void make_scratch(void)
{
	const char *tmp = getenv("TMPDIR");

	mask_ends(SIG_BLOCK);
	/* Absolute: it becomes the working directory, where the names above are. */
	if (!tmp || !*tmp)
		tmp = "/tmp";
	if (!realpath(tmp, scratch) ||
	    !mkdtemp(strcat(scratch, "/pfn_mkwrite.XXXXXX")) || chdir(scratch))
		bench_die(2, "%s: %s; TMPDIR names another folder", tmp,
			  strerror(errno));
	atexit(remove_scratch);
	handle_ends(on_end);
	mask_ends(SIG_UNBLOCK);
}

/* The most that a process has had resident so far, KiB. */
static long peak_kb(pid_t pid)
{
	char path[64], line[128];
	long kb = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "VmHWM: %ld kB", &kb) == 1)
			break;
	}
	if (file)
		fclose(file);
	return kb;
}

/* How a command has begun to complain. */
static void complaint(const char *command, struct way *way)
{
	char said[160] = "";
	size_t len = 0;
	FILE *file;

	file = fopen(err_file, "re");
	if (file) {
		len = fread(said, 1, sizeof(said) - 1, file);
		fclose(file);
	}
	while (len && said[len - 1] == '\n')
		said[--len] = '\0';
	while (len--) {
		if (said[len] == '\n')
			said[len] = ' ';
	}
	snprintf(way->why, sizeof(way->why), "%.40s: %s", command,
		 said[0] ? said : "it failed and said nothing");
}

/*
 * Run a command to its end, its output in a file. @own is set to the most memory that
 * it had itself, as often as somebody looks, and @all to that of it or of a process
 * that it has started, exactly.
 */
static bool run(char *const argv[], const char *out, struct way *way, long *own,
		long *all)
{
	struct rusage usage;
	int status, fd;
	long kb;
	pid_t pid;

	mask_ends(SIG_BLOCK);
	pid = fork();
	if (pid < 0)
		bench_die(2, "fork(): %s", strerror(errno));
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		handle_ends(SIG_DFL);
		mask_ends(SIG_UNBLOCK);
		fd = open(out, O_WRONLY | O_CREAT | O_TRUNC,
			  0600);
		dup2(fd, STDOUT_FILENO);
		fd = open(err_file, O_WRONLY | O_CREAT | O_TRUNC,
			  0600);
		dup2(fd, STDERR_FILENO);
		execvp(argv[0], argv);
		dprintf(STDERR_FILENO, "%s\n", strerror(errno));
		_exit(127);
	}
	writer = pid;
	mask_ends(SIG_UNBLOCK);
	*own = 0;
	while (!wait4(pid, &status, WNOHANG, &usage)) {
		kb = peak_kb(pid);
		*own = kb > *own ? kb : *own;
		usleep(1000);
	}
	writer = 0;
	*all = usage.ru_maxrss;
	if (!status)
		return true;
	complaint(argv[0], way);
	return false;
}

/* The lines of perf script: an address each, perhaps with words around it. */
static size_t pages_of_script(uint64_t start, size_t pages)
{
	unsigned char *count;
	size_t i, right = 0;
	uint64_t addr;
	char line[256];
	FILE *file;

	count = calloc(pages, 1);
	file = fopen(script_file, "re");
	if (!count || !file)
		bench_die(2, "%s: %s", script_file, strerror(errno));
	while (fgets(line, sizeof(line), file)) {
		addr = strtoull(line, NULL, 16) - start;
		if (addr / bench.page_size < pages && count[addr / bench.page_size] < 255)
			count[addr / bench.page_size]++;
	}
	fclose(file);
	for (i = 0; i < pages; i++)
		right += count[i] == 1;
	free(count);
	return right;
}

/* The first field of perf stat -x, for the event. */
static int64_t total_of_stat(void)
{
	long long total = -1;
	char line[256];
	FILE *file;

	file = fopen(perf_file, "re");
	while (file && fgets(line, sizeof(line), file)) {
		if (strstr(line, "page-faults") &&
		    sscanf(line, "%lld,", &total) == 1)
			break;
	}
	if (file)
		fclose(file);
	return total;
}

static long size_kb(const char *path)
{
	struct stat st;

	return stat(path, &st) ? 0 : (st.st_size + 1023) / 1024;
}

static void most(long *of, long kb)
{
	if (kb > *of)
		*of = kb;
}

/* Once more; the way says why where it cannot be done. */
static void way_round(enum method method, enum memory memory, size_t pages,
		      struct way *way)
{
	char fd_arg[16], method_arg[16], pages_arg[32];
	static char self[256];
	char *record[] = { "perf", "record", "-q", "-e", "page-faults", "-c",
			   "1", "-d", "-o", perf_file, "--", self, "-w",
			   fd_arg, "-x", method_arg, "-p", pages_arg, NULL };
	char *stat[] = { "perf", "stat", "-x,", "-e", "page-faults", "-o",
			 perf_file, "--", self, "-w", fd_arg, "-x", method_arg,
			 "-p", pages_arg, NULL };
	/* What both start, and what is started for the other methods. */
	char **workload = record + 11;
	char *script[] = { "perf", "script", "-F", "addr", "-i", perf_file,
			   NULL };
	long own, all, mapped_kb = pages * bench.page_size / 1024;
	unsigned long long start_addr = 0;
	long long faults = 0;
	size_t right = 0;
	double start;
	FILE *file;
	bool ok;
	int fd;

	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		bench_die(2, "/proc/self/exe: %s", strerror(errno));
	fd = make_memory(memory, pages);
	snprintf(fd_arg, sizeof(fd_arg), "%d", fd);
	snprintf(method_arg, sizeof(method_arg), "%d", method);
	snprintf(pages_arg, sizeof(pages_arg), "%zu", pages);
	unlink(perf_file);

	start = clock_ns(CLOCK_MONOTONIC);
	if (method == METHOD_RECORD) {
		ok = run(record, out_file, way, &own, &all);
		most(&way->kb, own);
		if (ok) {
			ok = run(script, script_file, way, &own, &all);
			most(&way->kb, all);
		}
	} else if (method == METHOD_STAT) {
		ok = run(stat, out_file, way, &own, &all);
		most(&way->kb, own);
	} else {
		ok = run(workload, out_file, way, &own, &all);
		most(&way->kb, all - mapped_kb);
	}
	sample_add(&way->seconds, (clock_ns(CLOCK_MONOTONIC) - start) / 1e9);
	close(fd);
	if (!ok)
		return;

	file = fopen(out_file, "re");
	if (!file || fscanf(file, "%llx %lld %zu", &start_addr, &faults,
			    &right) != 3)
		bench_die(2, "the workload printed nothing with %s",
			  method_names[method]);
	fclose(file);
	if (method == METHOD_RECORD)
		right = pages_of_script(start_addr, pages);
	if (method == METHOD_RECORD || method == METHOD_STAT)
		most(&way->file_kb, size_kb(perf_file));
	way->total = method == METHOD_STAT ? total_of_stat() : faults;
	if (right < way->right)
		way->right = right;
}

/* What the method tells of each page. */
static const char *answer(enum method method)
{
	switch (method) {
	case METHOD_NONE:
	case METHOD_STAT:
		return "the total";
	case METHOD_PAGEMAP:
		return "whether any";
	default:
		return "how many";
	}
}

static void print_way(enum method method, enum memory memory, size_t pages,
		      const struct way *way, double alone)
{
	double seconds = quartile(&way->seconds, 2);
	bool each = method != METHOD_NONE && method != METHOD_STAT;
	char a[80], told[32];

	if (each)
		snprintf(told, sizeof(told), "%zu", way->right);
	else
		snprintf(told, sizeof(told), "(%lld)", (long long)way->total);
	if (!bench.json) {
		printf("%-18s %-7s %7zu %6d %-22s %9.0f %8.3f %8ld %8ld %9s %s\n",
		       method_names[method], memory_names[memory], pages,
		       way->seconds.nr,
		       text_sample(&way->seconds, 3, a, sizeof(a)),
		       pages / seconds, seconds - alone, way->kb, way->file_kb,
		       told, answer(method));
		return;
	}
	json_next();
	printf("{");
	json_string("method", method_names[method]);
	printf(", ");
	json_string("memory", memory_names[memory]);
	printf(", ");
	json_string("tells", answer(method));
	printf(", \"pages\": %zu, \"pages_per_s\": %.0f, \"added_s\": %.4f", pages,
	       pages / seconds, seconds - alone);
	printf(", \"kb\": %ld, \"file_kb\": %ld", way->kb, way->file_kb);
	printf(", \"total\": %lld", (long long)way->total);
	if (each)
		printf(", \"pages_told_exactly\": %zu", way->right);
	printf(", \"seconds\": {\"q1\": %.4f, \"median\": %.4f, \"q3\": %.4f}}",
	       quartile(&way->seconds, 1), seconds, quartile(&way->seconds, 3));
}

/* The methods in turns, each round begun with another. */
static void compare_ways(enum memory memory, size_t pages, size_t largest,
			 long *log_kb)
{
	static struct way ways[NR_METHODS];
	double alone, log, perf;
	int i, j, m, nr;

	memset(ways, 0, sizeof(ways));
	nr = pages > MAX_COMPARED ? METHOD_RECORD + 1 : NR_METHODS;
	for (m = 0; m < nr; m++)
		ways[m].right = pages;
	for (i = 0; i < bench.rounds; i++) {
		for (j = 0; j < nr; j++) {
			m = (i + j) % nr;
			if (!ways[m].why[0])
				way_round(m, memory, pages, &ways[m]);
		}
	}
	for (m = 0; m < nr; m++)
		sample_sort(&ways[m].seconds);
	alone = quartile(&ways[METHOD_NONE].seconds, 2);
	for (m = 0; m < nr; m++) {
		if (ways[m].why[0])
			bench_left_out(method_names[m], pages, ways[m].why);
		else
			print_way(m, memory, pages, &ways[m], alone);
	}
	*log_kb = ways[METHOD_LOG].why[0] ? -1 : ways[METHOD_LOG].kb;
	if (ways[METHOD_LOG].why[0] || ways[METHOD_RECORD].why[0])
		return;
	log = quartile(&ways[METHOD_LOG].seconds, 2);
	perf = quartile(&ways[METHOD_RECORD].seconds, 2);
	/* Fixed costs of perf are the less, the more pages there are. */
	if (pages < largest)
		return;
	bench_goal("faster", perf - alone >= GOAL_TIMES * (log - alone),
		   "to %zu pages that are %s, perf record and script add %.3f s and the log %.3f s, %d times less wanted",
		   pages, memory_names[memory], perf - alone, log - alone,
		   GOAL_TIMES);
	bench_goal("faster_with_the_stores", perf >= GOAL_TIMES * log,
		   "with the stores, which take %.2f s alone, %.2f s and %.2f s, %.1f times less where %d times are wanted",
		   alone, perf, log, perf / log, GOAL_TIMES);
}

void bench_ways(const size_t *sizes, int nr)
{
	long kb, least = -1, most_kb = -1;
	int m, s;

	make_scratch();
	if (!bench.json)
		printf("%-18s %-7s %7s %6s %-22s %9s %8s %8s %8s %9s %s\n",
		       "method", "memory", "pages", "rounds", "seconds",
		       "pages/s", "added_s", "KiB", "file_KiB", "right", "tells");
	for (m = 0; m < NR_MEMORIES; m++) {
		for (s = 0; s < nr; s++) {
			compare_ways(m, sizes[s], sizes[nr - 1], &kb);
			fflush(stdout);
			if (kb < 0)
				continue;
			least = least < 0 || kb < least ? kb : least;
			most(&most_kb, kb);
		}
	}
	if (nr > 1 && least >= 0)
		bench_goal("bounded", most_kb - least <= GOAL_KB,
			   "the process with the log has %ld to %ld KiB beside the mapping of %zu to %zu pages, %d more wanted at most",
			   least, most_kb, sizes[0], sizes[nr - 1], GOAL_KB);
}
