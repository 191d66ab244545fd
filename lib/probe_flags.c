// SPDX-License-Identifier: GPL-2.0
/*
 * Other ways to map the memory, and advice about it. Each may be refused; who takes
 * one has to share the memory as ever, and may make no store dearer.
 */
#include <errno.h>
#include <limits.h>
#include <sys/mman.h>

#include "prober.h"

/* For build images that are older than the kernel. */
#ifndef MADV_COLD
#define MADV_COLD		20
#define MADV_PAGEOUT		21
#endif
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ	22
#define MADV_POPULATE_WRITE	23
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE		25
#endif

/* So that what an earlier probe left behind is no match. */
#define SHARED_WORD	0x54a7ed00
#define PRIVATE_WORD	0x971fa7e0
#define ADVISED_WORD	0xad71ce00

/* Where others' faults count as well, the least of so many is the best. */
#define TRIES		3

static int tries(const struct prober *p)
{
	return access_exact(&p->meter, STORER_PROBE) ? 1 : TRIES;
}

static void worst_add(struct worst *worst, int faults, const char *what)
{
	if (faults > worst->faults) {
		worst->faults = faults;
		worst->what = what;
	}
}

/* The first page and the last one, by a mapping made in some way. */
static int stores_of_way(struct prober *p, const struct mapping *shared,
			 const struct mapping *map, int *faults)
{
	struct flags_seen *seen = &p->obs->flags;
	size_t last = map->nr_pages - 1, page = 0;
	struct access store;
	int err, most = 0;

	for (;;) {
		err = prober_touch(p, mapping_page(map, page), ACCESS_STORE,
				   &store);
		if (err)
			return err;
		if (store.faults > most)
			most = store.faults;
		*prober_word(map, page) = SHARED_WORD + page;
		readback_add(&seen->shared, page, SHARED_WORD + page,
			     *prober_word(shared, page));
		if (page == last)
			break;
		page = last;
	}
	if (most < *faults)
		*faults = most;
	return 0;
}

/**
 * struct way - a way to map the memory
 *
 * @name:	its flag
 * @prot:	beside PROT_READ and PROT_WRITE
 * @flags:	beside MAP_SHARED
 * @worst:	where its faults go
 */
struct way {
	const char *name;
	int prot;
	int flags;
	struct worst *worst;
};

/* INT_MAX faults where it is refused. */
static int map_and_store(struct prober *p, const struct way *way, int *faults)
{
	struct mapping shared, map;
	int err;

	err = prober_fresh(p, &shared, "map_flags");
	if (err)
		return err;
	if (!mapping_open_as(&map, &p->backing,
			     PROT_READ | PROT_WRITE | way->prot,
			     MAP_SHARED | way->flags, 0, p->backing.size)) {
		err = stores_of_way(p, &shared, &map, faults);
		mapping_close(&map);
	}
	mapping_close(&shared);
	return err;
}

/*
 * On riscv flush_icache_pte() (arch/riscv/mm/cacheflush.c, up to Linux 7.3) takes the struct
 * page of all that is mapped executable, and oopses where there is none, as with the memory
 * of a card. What others could take pages out of has them.
 */
static bool may_be_executable(const struct prober *p)
{
#ifdef __riscv
	const struct gup_try *gup = &p->obs->gup.writev;

	return gup->tried && !gup->answer;
#else
	(void)p;
	return true;
#endif
}

static int probe_ways(struct prober *p)
{
	struct flags_seen *seen = &p->obs->flags;
	const struct way ways[] = {
		{ "PROT_EXEC", PROT_EXEC, 0, &seen->plain },
		{ "MAP_POPULATE", 0, MAP_POPULATE, &seen->populated },
		{ "MAP_LOCKED", 0, MAP_LOCKED, &seen->populated },
	};
	int err = 0, faults, again;
	size_t i;

	for (i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		if (ways[i].prot == PROT_EXEC && !may_be_executable(p))
			continue;
		faults = INT_MAX;
		for (again = tries(p); !err && again; again--)
			err = map_and_store(p, &ways[i], &faults);
		if (err)
			return err;
		if (faults == INT_MAX)
			continue;
		seen->taken++;
		worst_add(ways[i].worst, faults, ways[i].name);
	}
	return 0;
}

static void child_stores_privately(struct prober *p, const struct mapping *map)
{
	struct flags_seen *seen = &p->obs->flags;

	*prober_word(map, 0) = PRIVATE_WORD;
	readback_add(&seen->private_own, 0, PRIVATE_WORD, *prober_word(map, 0));
}

/*
 * In a process of its own: a driver that forgets to refuse such a mapping ends in
 * the BUG_ON() of vmf_insert_pfn_prot() (mm/memory.c).
 */
static int probe_private(struct prober *p)
{
	struct flags_seen *seen = &p->obs->flags;
	struct mapping shared, map;
	pid_t pid;
	int err;

	err = prober_fresh(p, &shared, "map_private");
	if (err)
		return err;
	*prober_word(&shared, 0) = SHARED_WORD;
	seen->private_err = mapping_open_as(&map, &p->backing,
					    PROT_READ | PROT_WRITE, MAP_PRIVATE,
					    0, p->backing.size);
	if (!seen->private_err) {
		pid = prober_fork(p, &map, child_stores_privately,
				  &seen->private_end);
		prober_reap(pid, &seen->private_end);
		readback_add(&seen->private_shared, 0, SHARED_WORD,
			     *prober_word(&shared, 0));
		mapping_close(&map);
	}
	mapping_close(&shared);
	return 0;
}

/* What is stored to, what is loaded, and what is not touched before the advice. */
enum {
	STORED,
	LOADED,
	UNTOUCHED,
	NR_ADVISED,
	AGAIN = NR_ADVISED,
	NR_COUNTS,
};

static void keep_least(int *least, int faults)
{
	if (faults < *least)
		*least = faults;
}

static int stores_advised(struct prober *p, const struct mapping *map,
			  int faults[NR_COUNTS])
{
	size_t page, pages = map->nr_pages < NR_ADVISED ? 1 : NR_ADVISED;
	int err = 0, again = 0;
	struct access store;

	for (page = 0; !err && page < pages; page++) {
		err = prober_touch(p, mapping_page(map, page), ACCESS_STORE,
				   &store);
		keep_least(&faults[page], store.faults);
	}
	for (page = 0; !err && page < pages; page++) {
		err = prober_touch(p, mapping_page(map, page), ACCESS_STORE,
				   &store);
		again += store.faults;
	}
	keep_least(&faults[AGAIN], again);
	return err;
}

/* 0, 1 where the advice was refused, or -errno, written down. */
static int advise(struct prober *p, int advice, const char *name,
		  int faults[NR_COUNTS])
{
	struct advice_seen *seen = &p->obs->advice;
	uint32_t word = ADVISED_WORD + advice;
	struct mapping map;
	int err = 1;

	if (mapping_open(&map, &p->backing, PROT_READ | PROT_WRITE))
		return 1;
	*prober_word(&map, STORED) = word;
	if (map.nr_pages > LOADED)
		load_page(mapping_page(&map, LOADED));
	if (madvise(map.addr, map.size, advice))
		goto close_mapping;
	err = stores_advised(p, &map, faults);
	if (*prober_word(&map, STORED) != word)
		seen->lost_by = name;
close_mapping:
	mapping_close(&map);
	return err;
}

static int try_advice(struct prober *p, int advice, const char *name)
{
	struct advice_seen *seen = &p->obs->advice;
	struct worst *worst[NR_COUNTS] = {
		[STORED] = &seen->stored,
		[LOADED] = &seen->loaded,
		[UNTOUCHED] = &seen->untouched,
		[AGAIN] = &seen->again,
	};
	int faults[NR_COUNTS] = { INT_MAX, INT_MAX, INT_MAX, INT_MAX };
	int err = 0, again, i;

	for (again = tries(p); !err && again; again--)
		err = advise(p, advice, name, faults);
	if (err)
		return err < 0 ? err : 0;
	seen->taken++;
	for (i = 0; i < NR_COUNTS; i++) {
		if (faults[i] < INT_MAX)
			worst_add(worst[i], faults[i], name);
	}
	return 0;
}

#define ADVICE(name) { MADV_##name, #name }

/* Not those that are meant to do harm, nor to keep the memory from a child. */
static int probe_advice(struct prober *p)
{
	static const struct {
		int advice;
		const char *name;
	} all[] = {
		ADVICE(NORMAL), ADVICE(RANDOM), ADVICE(SEQUENTIAL),
		ADVICE(WILLNEED), ADVICE(DONTNEED), ADVICE(COLD),
		ADVICE(PAGEOUT), ADVICE(FREE), ADVICE(HUGEPAGE),
		ADVICE(NOHUGEPAGE), ADVICE(DONTDUMP), ADVICE(DODUMP),
		ADVICE(MERGEABLE), ADVICE(UNMERGEABLE), ADVICE(POPULATE_READ),
		ADVICE(POPULATE_WRITE), ADVICE(COLLAPSE),
	};
	int err = prober_renew(p, "madvise_harmless");
	size_t i;

	for (i = 0; !err && i < sizeof(all) / sizeof(*all); i++)
		err = try_advice(p, all[i].advice, all[i].name);
	return err;
}

int probe_flags(struct prober *p)
{
	int err;

	err = probe_ways(p);
	if (!err)
		err = probe_private(p);
	return err ? err : probe_advice(p);
}
