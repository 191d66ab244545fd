/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Several threads fault in one mapping. Each fault has to find the page mapped in the
 * end, and losing a race must not cost more faults.
 *
 * getrusage() counts here: a fault log of each thread would take longer than the test.
 * The faults of a thread's own stack come before it starts; those of other tasks are
 * not there in each of several tries.
 */
#ifndef PFN_MKWRITE_THREAD_TESTS_H
#define PFN_MKWRITE_THREAD_TESTS_H

#include <limits.h>
#include <pthread.h>
#include <time.h>

#include "../count/counters.h"
#include "property.h"
#include "store_tests.h"

#define NR_THREADS	8
#define NR_ADDS		100

struct worker {
	pthread_t thread;
	const struct mapping *map;
	const cpu_set_t *cpus;
	void (*work)(struct worker *worker);
	size_t nr;
	int faults;
};

static struct worker workers[NR_THREADS];
static pthread_barrier_t workers_start;

static inline void *run_worker(void *arg)
{
	struct worker *worker = arg;

	sched_setaffinity(0, sizeof(*worker->cpus), worker->cpus);
	worker->faults = -rusage_faults();
	pthread_barrier_wait(&workers_start);
	worker->faults = -rusage_faults();
	worker->work(worker);
	worker->faults += rusage_faults();
	return NULL;
}

/* Start threads that run at once, on all CPUs if these are alike. */
static inline bool start_workers(FIXTURE_DATA(mapping) *self,
				 const struct mapping *map, size_t nr,
				 void (*work)(struct worker *worker))
{
	size_t i;

	if (self->obs->mixed_cpus)
		sched_getaffinity(0, sizeof(self->cpus), &self->cpus);
	pthread_barrier_init(&workers_start, NULL, nr);
	for (i = 0; i < nr; i++) {
		workers[i] = (struct worker){
			.map = map, .cpus = &self->cpus, .work = work, .nr = i,
		};
		if (pthread_create(&workers[i].thread, NULL, run_worker, &workers[i]))
			return false;
	}
	return true;
}

/* Run all threads to their end. */
static inline void run_workers(TEST_PARAMS, const struct mapping *map,
			       void (*work)(struct worker *worker))
{
	int i;

	if (!start_workers(self, map, NR_THREADS, work))
		SKIP_TEST(WHY_NO_THREADS);
	for (i = 0; i < NR_THREADS; i++)
		pthread_join(workers[i].thread, NULL);
}

static inline void store_own_pages(struct worker *worker)
{
	size_t page, first = worker->nr * (NR_STORES / NR_THREADS);

	for (page = first; page < first + NR_STORES / NR_THREADS; page++)
		*mapping_word(worker->map, page) = 0x74ead000 + page;
}

/* Threads at pages of their own take the faults of one thread at all pages. */
TEST_F(mapping, threads_disjoint)
{
	int faults, least = INT_MAX, most, try, i;
	struct mapping map;

	most = NR_STORES * self->cost->first_store;
	for (try = 0; try < NR_TRIES && least > most; try++) {
		map = map_measured(_metadata, self);
		if (map.nr_pages < NR_STORES)
			SKIP(return, WHY_ONE_PAGE);
		run_workers(_metadata, self, &map, store_own_pages);
		for (faults = 0, i = 0; i < NR_THREADS; i++)
			faults += workers[i].faults;
		least = faults < least ? faults : least;
		for (i = 0; i < NR_STORES; i++)
			ASSERT_WORD(0x74ead000 + i, &map, i, "stored by a thread");
		mapping_close(&map);
	}
	EXPECT_GE(most, least);
	EXPECT_LE(predict_stores(self->cost), least);
}

static inline void add_to_word(struct worker *worker)
{
	int i;

	for (i = 0; i < NR_ADDS; i++)
		__atomic_fetch_add(shared_word(worker->map), 1, __ATOMIC_RELAXED);
}

/* A thread that loses the race for a page takes no more faults than alone. */
TEST_F(mapping, threads_one_page)
{
	const struct store_cost *cost = self->cost;
	struct store store = { .fn = store_add, .len = sizeof(long) };
	int faults, least = INT_MAX, most, try, i;
	struct mapping map, other;

	most = larger(cost->first_store, cost->load + cost->store_after_load);
	for (try = 0; try < NR_TRIES && least > most; try++) {
		other = map_measured(_metadata, self);
		/* Device memory need not take it. */
		store.addr = (unsigned char *)shared_word(&other);
		store_faults(_metadata, self, &store, STORER_LIBC);
		*shared_word(&other) = 0;
		map = map_again(_metadata, self);
		run_workers(_metadata, self, &map, add_to_word);
		for (faults = 0, i = 0; i < NR_THREADS; i++)
			faults = larger(faults, workers[i].faults);
		least = faults < least ? faults : least;
		ASSERT_EQ(NR_THREADS * NR_ADDS, *shared_word(&other));
		mapping_close(&map);
		mapping_close(&other);
	}
	EXPECT_GE(most, least);
}

/* Store for ever: the signal is the only way out, and the right one clears @work. */
static inline void store_until_refused(struct worker *worker)
{
	size_t page = worker->nr % worker->map->nr_pages;

	if (sigsetjmp(refused_jmp, 0)) {
		if (refused_info.si_signo == SIGSEGV &&
		    refused_info.si_code == SEGV_MAPERR &&
		    refused_at(mapping_page(worker->map, page)))
			worker->work = NULL;
		return;
	}
	refused_expected = 1;
	for (;;)
		*mapping_word(worker->map, page) = 0;
}

/* Return: the exit status of the child, 0: each thread got the right signal. */
static inline int child_unmaps(FIXTURE_DATA(mapping) *self)
{
	const struct timespec moment = { .tv_nsec = 20 * 1000 * 1000 };
	struct timespec limit;
	struct mapping map;
	size_t i;

	refused_catch();
	if (mapping_open(&map, &self->b, PROT_READ | PROT_WRITE))
		return 4;
	if (!start_workers(self, &map, 2, store_until_refused))
		return 1;
	/* Let them store. */
	nanosleep(&moment, NULL);
	munmap(map.addr, map.size);
	clock_gettime(CLOCK_REALTIME, &limit);
	limit.tv_sec++;
	for (i = 0; i < 2; i++) {
		if (pthread_timedjoin_np(workers[i].thread, NULL, &limit))
			return 2;
		if (workers[i].work)
			return 3;
	}
	return 0;
}

/*
 * A thread that stores to a range being munmap()ed must get SIGSEGV, and must not
 * hang: a child has the threads.
 */
TEST_F(mapping, threads_unmap)
{
	static const char *const what[] = {
		"", "no threads", "a thread hangs", "a thread got another signal",
		"a forked child cannot map this memory",
	};
	struct mapping map = map_fresh(_metadata, self);
	int status;
	pid_t pid;

	mapping_close(&map);
	pid = fork();
	if (!pid)
		_exit(child_unmaps(self));
	status = reap(_metadata, pid);
	if (status == 1)
		SKIP(return, WHY_NO_THREADS);
	EXPECT_EQ(0, status) {
		TH_LOG("%s", what[status < 5 ? status : 0]);
	}
}

#endif /* PFN_MKWRITE_THREAD_TESTS_H */
