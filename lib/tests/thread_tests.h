/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Several threads fault in one mapping. Each fault has to find the page mapped in the
 * end, and losing a race must not cost more faults.
 *
 * getrusage() counts here: a fault log of each thread would take longer than the test.
 * The faults of a thread's own stack come before it starts; those of other tasks are
 * not there in each of several tries.
 */
#include <limits.h>
#include <pthread.h>

#define NR_THREADS	8
#define NR_ADDS		100

struct worker {
	pthread_t thread;
	pthread_barrier_t *start;
	const struct mapping *map;
	void (*work)(const struct mapping *map, size_t nr);
	size_t nr;
	int faults;
};

static inline void *run_worker(void *arg)
{
	struct worker *worker = arg;

	worker->faults = -rusage_faults();
	pthread_barrier_wait(worker->start);
	worker->faults = -rusage_faults();
	worker->work(worker->map, worker->nr);
	worker->faults += rusage_faults();
	return NULL;
}

/* Return: the faults of all threads; @most is that of one. -1: there are no threads. */
static inline int run_workers(const struct mapping *map,
			      void (*work)(const struct mapping *map, size_t nr), int *most)
{
	static struct worker workers[NR_THREADS];
	static pthread_barrier_t start;
	int faults = 0, i;

	pthread_barrier_init(&start, NULL, NR_THREADS);
	for (i = 0; i < NR_THREADS; i++) {
		workers[i] = (struct worker){
			.start = &start, .map = map, .work = work, .nr = i,
		};
		if (pthread_create(&workers[i].thread, NULL, run_worker, &workers[i]))
			return -1;
	}
	*most = 0;
	for (i = 0; i < NR_THREADS; i++) {
		pthread_join(workers[i].thread, NULL);
		faults += workers[i].faults;
		*most = MAX(*most, workers[i].faults);
	}
	return faults;
}

static inline void store_own_pages(const struct mapping *map, size_t nr)
{
	size_t page, pages = NR_STORES / NR_THREADS;

	for (page = nr * pages; page < (nr + 1) * pages; page++)
		*mapping_word(map, page) = 0x74ead000 + page;
}

/* Threads at pages of their own take the faults of one thread at all pages. */
TEST_F(mapping, threads_disjoint)
{
	int least = INT_MAX, limit = NR_STORES * self->cost->first_store, faults, most, try, i;

	for (try = 0; try < NR_TRIES && least > limit; try++) {
		struct mapping map = map_measured(_metadata, self);

		if (map.nr_pages < NR_STORES)
			SKIP(return, WHY_ONE_PAGE);
		faults = run_workers(&map, store_own_pages, &most);
		if (faults < 0)
			SKIP(return, WHY_NO_THREADS);
		least = MIN(least, faults);
		for (i = 0; i < NR_STORES; i++)
			ASSERT_WORD(0x74ead000 + i, &map, i, "stored by a thread");
		mapping_close(&map);
	}
	EXPECT_GE(limit, least);
	expect_faults(_metadata, self, predict_stores(self->cost), INT_MAX, least,
		      "stores by threads");
}

static inline void add_to_word(const struct mapping *map, size_t nr)
{
	int i;

	(void)nr;
	for (i = 0; i < NR_ADDS; i++)
		__atomic_fetch_add(mapping_word(map, 0), 1, __ATOMIC_RELAXED);
}

/* A thread that loses the race for a page takes no more faults than alone. */
TEST_F(mapping, threads_one_page)
{
	const struct store_cost *cost = self->cost;
	int limit = MAX(cost->first_store, cost->load + cost->store_after_load);
	struct store store = { .fn = store_add, .len = sizeof(uint32_t) };
	int least = INT_MAX, most, try;

	for (try = 0; try < NR_TRIES && least > limit; try++) {
		struct mapping other = map_measured(_metadata, self), map;

		/* Device memory need not take it. */
		store.addr = (unsigned char *)mapping_word(&other, 0);
		expect_stored(_metadata, self, &store, 0, INT_MAX, "an atomic add");
		*mapping_word(&other, 0) = 0;
		map = map_again(_metadata, self);
		if (run_workers(&map, add_to_word, &most) < 0)
			SKIP(return, WHY_NO_THREADS);
		least = MIN(least, most);
		ASSERT_WORD(NR_THREADS * NR_ADDS, &other, 0, "added by threads");
		mapping_close(&map);
		mapping_close(&other);
	}
	EXPECT_GE(limit, least);
}

/* The right signal is the only way out. */
static inline void unmap_or_store(const struct mapping *map, size_t nr)
{
	unsigned char *addr = mapping_page(map, nr % map->nr_pages);

	bool refused;

	if (nr) {
		do {
			refused = raises(SIGSEGV, SEGV_MAPERR, ACCESS_STORE, addr);
			/* All of them store, even if there is only one CPU. */
			sched_yield();
		} while (!caught.si_signo);
		if (!refused)
			_exit(caught.si_signo);
	} else {
		/* Let them store. */
		usleep(1000);
		munmap(map->addr, map->size);
	}
}

/*
 * A thread that stores to a range being munmap()ed must get SIGSEGV, and must not
 * hang: a child has the threads.
 */
TEST_F(mapping, threads_unmap)
{
	struct mapping map = map_fresh(_metadata, self);
	int status, most;
	pid_t pid;

	mapping_close(&map);
	pid = fork();
	if (!pid) {
		if (mapping_open(&map, &self->b, PROT_READ | PROT_WRITE))
			_exit(1);
		_exit(run_workers(&map, unmap_or_store, &most) < 0 ? KSFT_SKIP : 0);
	}
	status = reap(_metadata, pid);
	if (WEXITSTATUS(status) == KSFT_SKIP)
		SKIP(return, WHY_NO_THREADS);
	EXPECT_EQ(0, status);
}
