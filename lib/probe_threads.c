// SPDX-License-Identifier: GPL-2.0
/*
 * Many threads at one mapping. Two faults at one page, or at one that another fault
 * is mapping ahead, both have to find it mapped in the end; and whoever loses a
 * race may take no more faults for it than on its own.
 *
 * getrusage() counts here: a fault log for each thread would take longer than all
 * the rest. The faults of a thread's own stack are behind it before it starts, and
 * what others add to them is not there in each of several tries.
 */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "counters.h"
#include "prober.h"

#define TRIES		3
#define NR_THREADS	8
#define PER_THREAD	(NR_STORES / NR_THREADS)
#define NR_ADDS		100

/* To be unmapped under: each of them costs a fork()ed child some time. */
#define NR_UNMAPPED	2
#define STUCK_MS	2000

#define BY_THREAD	0x74ead000

/**
 * struct worker - one of the threads
 *
 * @thread:	its id
 * @p:		the measurement
 * @map:	the mapping
 * @nr:		which one it is
 * @faults:	the faults it took
 * @refusal:	the signal that ended it
 */
struct worker {
	pthread_t thread;
	const struct prober *p;
	const struct mapping *map;
	size_t nr;
	int64_t faults;
	struct refusal refusal;
};

static struct worker workers[NR_THREADS];

/* All workers and who started them wait here for each other. */
static pthread_barrier_t all_there;

/* What they do next, or NULL: that was all. */
static void (*work)(struct worker *worker);

static void *run(void *arg)
{
	struct worker *worker = arg;
	const struct prober *p = worker->p;

	/* Where the CPUs differ, so do the counts: stay on the one measured on. */
	if (!p->obs->mixed_cpus && CPU_COUNT(&p->cpus))
		sched_setaffinity(0, sizeof(p->cpus), &p->cpus);
	rusage_faults();
	for (;;) {
		pthread_barrier_wait(&all_there);
		if (!work)
			return NULL;
		worker->faults = -rusage_faults();
		work(worker);
		worker->faults += rusage_faults();
		pthread_barrier_wait(&all_there);
	}
}

/*
 * Where one cannot be started, the others wait for it until the process ends. That
 * is no noise for anybody.
 */
static int start(const struct prober *p, const struct mapping *map, size_t nr,
		 void *(*body)(void *worker))
{
	size_t i;
	int err;

	pthread_barrier_init(&all_there, NULL, nr + 1);
	for (i = 0; i < nr; i++) {
		workers[i] = (struct worker){ .p = p, .map = map, .nr = i };
		err = pthread_create(&workers[i].thread, NULL, body,
				     &workers[i]);
		if (err)
			return -err;
	}
	return 0;
}

static void run_all(const struct mapping *map,
		    void (*todo)(struct worker *worker))
{
	size_t i;

	for (i = 0; i < NR_THREADS; i++)
		workers[i].map = map;
	work = todo;
	pthread_barrier_wait(&all_there);
	pthread_barrier_wait(&all_there);
}

static void stop(void)
{
	size_t i;

	work = NULL;
	pthread_barrier_wait(&all_there);
	for (i = 0; i < NR_THREADS; i++)
		pthread_join(workers[i].thread, NULL);
	pthread_barrier_destroy(&all_there);
}

static void store_own(struct worker *worker)
{
	size_t page = worker->nr * PER_THREAD, end = page + PER_THREAD;

	for (; page < end; page++)
		*prober_word(worker->map, page) = BY_THREAD + page;
}

static int disjoint_once(struct prober *p)
{
	struct threads_seen *seen = &p->obs->threads;
	struct mapping map;
	int err, faults = 0;
	size_t i;

	err = prober_fresh(p, &map, "threads_disjoint");
	if (err)
		return err;
	run_all(&map, store_own);
	for (i = 0; i < NR_THREADS; i++)
		faults += workers[i].faults;
	if (faults < seen->disjoint_faults)
		seen->disjoint_faults = faults;
	for (i = 0; i < NR_STORES; i++)
		readback_add(&seen->disjoint, i, BY_THREAD + i,
			     *prober_word(&map, i));
	mapping_close(&map);
	return 0;
}

/* Each thread has pages of its own, and none waits for another. */
static int probe_disjoint(struct prober *p)
{
	struct threads_seen *seen = &p->obs->threads;
	int most = NR_STORES * p->obs->cost.first_store;
	int err = 0, i;

	seen->disjoint_err = TOO_SMALL;
	if (p->backing.size < NR_STORES * (size_t)sysconf(_SC_PAGESIZE))
		return 0;
	seen->disjoint_err = 0;
	seen->disjoint_faults = INT_MAX;
	for (i = 0; !err && i < TRIES && seen->disjoint_faults > most; i++)
		err = disjoint_once(p);
	return err;
}

static unsigned long *one_word(const struct mapping *map)
{
	return (unsigned long *)mapping_page(map, 1) - 1;
}

static void add_to_one(struct worker *worker)
{
	int i;

	for (i = 0; i < NR_ADDS; i++)
		__atomic_fetch_add(one_word(worker->map), 1, __ATOMIC_RELAXED);
}

static int one_page_once(struct prober *p)
{
	struct threads_seen *seen = &p->obs->threads;
	struct mapping map;
	int err, most = 0;
	size_t i;

	err = prober_fresh(p, &map, "threads_one_page");
	if (err)
		return err;
	*one_word(&map) = 0;
	mapping_close(&map);
	seen->one_page_err = mapping_open(&map, &p->backing,
					  PROT_READ | PROT_WRITE);
	if (seen->one_page_err)
		return 0;
	run_all(&map, add_to_one);
	for (i = 0; i < NR_THREADS; i++) {
		if (workers[i].faults > most)
			most = workers[i].faults;
	}
	if (most < seen->one_page_faults)
		seen->one_page_faults = most;
	readback_add(&seen->one_page, 0, NR_THREADS * NR_ADDS, *one_word(&map));
	mapping_close(&map);
	return 0;
}

/* All want the same page, and each has to get it. */
static int probe_one_page(struct prober *p)
{
	const struct store_cost *cost = &p->obs->cost;
	struct threads_seen *seen = &p->obs->threads;
	int apart = cost->load + cost->store_after_load;
	int most = cost->first_store > apart ? cost->first_store : apart;
	int err = 0, i;

	seen->one_page_faults = INT_MAX;
	/* Memory that takes no such store. */
	seen->one_page_err = -EOPNOTSUPP;
	if (p->obs->stores.atomic.refusal.signo)
		return 0;
	seen->one_page_err = 0;
	for (i = 0; !err && !seen->one_page_err && i < TRIES &&
	     seen->one_page_faults > most; i++)
		err = one_page_once(p);
	return err;
}

static __thread sigjmp_buf out;
static __thread struct refusal *ended_by;

static void on_signal(int sig, siginfo_t *info, void *context)
{
	(void)context;
	ended_by->signo = sig;
	ended_by->code = info->si_code;
	ended_by->addr = (uintptr_t)info->si_addr;
	siglongjmp(out, 1);
}

static void *store_for_ever(void *arg)
{
	struct worker *worker = arg;
	uint32_t *word = prober_word(worker->map,
				     worker->nr % worker->map->nr_pages);

	ended_by = &worker->refusal;
	*word = 0;
	pthread_barrier_wait(&all_there);
	if (sigsetjmp(out, 0))
		return NULL;
	for (;;)
		__atomic_store_n(word, 0, __ATOMIC_RELAXED);
}

static void look_at_ends(const struct mapping *map, struct threads_seen *seen)
{
	struct timespec limit;
	size_t i;

	clock_gettime(CLOCK_REALTIME, &limit);
	limit.tv_sec += STUCK_MS / 1000;
	for (i = 0; i < NR_UNMAPPED; i++) {
		const struct refusal *end = &workers[i].refusal;
		size_t page = i % map->nr_pages;

		if (pthread_timedjoin_np(workers[i].thread, NULL, &limit)) {
			seen->stuck++;
			continue;
		}
		refusals_add(&seen->unmapped, page,
			     end->signo == SIGSEGV && end->code == SEGV_MAPERR &&
			     end->addr == (uintptr_t)prober_word(map, page),
			     end);
	}
}

/* In a process of its own: the threads of this one are stuck at worst. */
static void child_unmaps(struct prober *p, const struct mapping *map)
{
	const struct sigaction action = {
		.sa_sigaction = on_signal,
		.sa_flags = SA_SIGINFO | SA_NODEFER,
	};
	struct threads_seen *seen = &p->obs->threads;
	struct mapping own;

	(void)map;
	seen->unmap_err = mapping_open(&own, &p->backing,
				       PROT_READ | PROT_WRITE);
	if (seen->unmap_err)
		return;
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	seen->unmap_err = start(p, &own, NR_UNMAPPED, store_for_ever);
	if (seen->unmap_err)
		return;
	pthread_barrier_wait(&all_there);
	munmap(own.addr, own.size);
	look_at_ends(&own, seen);
}

static int probe_unmapped(struct prober *p)
{
	struct threads_seen *seen = &p->obs->threads;
	int err = prober_renew(p, "threads_unmap");
	pid_t pid;

	if (err)
		return err;
	pid = prober_fork(p, NULL, child_unmaps, &seen->unmap_end);
	prober_reap(pid, &seen->unmap_end);
	return 0;
}

int probe_threads(struct prober *p)
{
	struct threads_seen *seen = &p->obs->threads;
	int err;

	seen->disjoint_err = start(p, NULL, NR_THREADS, run);
	seen->one_page_err = seen->disjoint_err;
	seen->unmap_err = seen->disjoint_err;
	if (seen->disjoint_err)
		return 0;
	err = probe_disjoint(p);
	if (!err)
		err = probe_one_page(p);
	stop();
	return err ? err : probe_unmapped(p);
}
