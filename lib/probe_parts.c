// SPDX-License-Identifier: GPL-2.0
/*
 * Parts of a mapping, and mappings of a part. Where a VMA starts and where in the
 * memory it starts are two things once one of them moves, and each fault has to
 * get both right, for its own page and for those that it maps ahead.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <sys/mman.h>

#include "prober.h"

/* So that what an earlier probe left behind is no match. */
#define BY_WHOLE	0x0ff50000
#define BY_PART		0x0ff60000
#define BEFORE_HOLE	0x401e0000
#define AFTER_HOLE	0x401f0000
#define BEFORE_MOVE	0x30ed0000
#define BEFORE_BEYOND	0xe4d00000

/* Where others' faults count as well, the least of so many is the best. */
#define TRIES		3

/* Of many pages each third one, and the last one of all. */
#define MANY_PAGES	8
#define STRIDE		3

static size_t nr_looked_at(const struct mapping *map)
{
	size_t nr = prober_pages(map);

	return nr > MANY_PAGES ? nr / STRIDE : nr;
}

static size_t looked_at(const struct mapping *map, size_t i)
{
	if (i + 1 == nr_looked_at(map))
		return map->nr_pages - 1;
	return map->nr_pages > MANY_PAGES ? i * STRIDE : i;
}

static void write_all(const struct mapping *map, size_t ahead, uint32_t base)
{
	size_t i, page;

	for (i = 0; i < nr_looked_at(map); i++) {
		page = looked_at(map, i);
		*prober_word(map, page) = base + ahead + page;
	}
}

static void read_all(const struct mapping *map, size_t ahead, uint32_t base,
		     struct readback *back)
{
	size_t i, page;

	for (i = 0; i < nr_looked_at(map); i++) {
		page = looked_at(map, i);
		readback_add(back, page, base + ahead + page,
			     *prober_word(map, page));
	}
}

/* Page i of a mapping that leaves out the first ones is a later page of them. */
static int probe_offset(struct prober *p)
{
	struct parts_seen *seen = &p->obs->parts;
	size_t step = mapping_step(&p->backing), ahead, i, page;
	struct mapping whole, part;
	int err;

	err = prober_fresh(p, &whole, "offset_mapping");
	if (err)
		return err;
	seen->offset_err = TOO_SMALL;
	if (whole.size <= step)
		goto close_whole;
	seen->offset_err = mapping_open_as(&part, &p->backing,
					   PROT_READ | PROT_WRITE, MAP_SHARED,
					   step, whole.size - step);
	if (seen->offset_err)
		goto close_whole;

	ahead = step / whole.page_size;
	for (i = 0; i < nr_looked_at(&part); i++) {
		page = ahead + looked_at(&part, i);
		*prober_word(&whole, page) = BY_WHOLE + page;
	}
	read_all(&part, ahead, BY_WHOLE, &seen->offset_read);
	write_all(&part, ahead, BY_PART);
	for (i = 0; i < nr_looked_at(&part); i++) {
		page = ahead + looked_at(&part, i);
		readback_add(&seen->offset_written, page, BY_PART + page,
			     *prober_word(&whole, page));
	}
	mapping_close(&part);
close_whole:
	mapping_close(&whole);
	return 0;
}

static void refuse_hole(const struct mapping *map, size_t page,
			struct refusals *refusals)
{
	unsigned char *addr = mapping_page(map, page);
	struct refusal seen;

	store_expect_refusal(addr, &seen);
	refusals_add(refusals, page,
		     seen.signo == SIGSEGV && seen.code == SEGV_MAPERR &&
		     seen.addr == (uintptr_t)addr, &seen);
}

/* A page is read, and written, and read by @whole. */
static void beside_hole(const struct mapping *whole, const struct mapping *map,
			size_t page, struct readback *back)
{
	readback_add(back, page, BEFORE_HOLE + page, *prober_word(map, page));
	*prober_word(map, page) = AFTER_HOLE + page;
	readback_add(back, page, AFTER_HOLE + page, *prober_word(whole, page));
}

/* The next pages on both sides: touched before there was a hole. */
static void neighbours(const struct mapping *whole, const struct mapping *map,
		       size_t hole, size_t pages, struct readback *back)
{
	if (hole)
		beside_hole(whole, map, hole - 1, back);
	beside_hole(whole, map, hole + pages, back);
}

/* All that is left, and nobody has touched it. */
static void untouched(const struct mapping *whole, const struct mapping *map,
		      size_t hole, size_t pages, struct readback *back)
{
	size_t i, page;

	for (i = 0; i < nr_looked_at(map); i++) {
		page = looked_at(map, i);
		if (page < hole || page >= hole + pages)
			beside_hole(whole, map, page, back);
	}
}

static int probe_hole(struct prober *p, bool touched)
{
	struct parts_seen *seen = &p->obs->parts;
	size_t step = mapping_step(&p->backing), hole, pages;
	struct mapping whole, map;
	int err;

	err = prober_fresh(p, &whole, "partial_unmap");
	if (err)
		return err;
	seen->unmap_err = TOO_SMALL;
	if (whole.size < 2 * step)
		goto close_whole;
	write_all(&whole, 0, BEFORE_HOLE);
	seen->unmap_err = mapping_open(&map, &p->backing,
				       PROT_READ | PROT_WRITE);
	if (seen->unmap_err)
		goto close_whole;

	pages = step / map.page_size;
	hole = (map.size / step - 1) / 2 * pages;
	/* One of a huge page is not among those that were written. */
	*prober_word(&whole, hole + pages) = BEFORE_HOLE + hole + pages;
	if (hole)
		*prober_word(&whole, hole - 1) = BEFORE_HOLE + hole - 1;
	if (touched) {
		*mapping_page(&map, hole + pages) = 0;
		*mapping_page(&map, hole ? hole - 1 : 0) = 0;
	}
	if (munmap(mapping_page(&map, hole), step)) {
		seen->unmap_err = -errno;
	} else {
		refuse_hole(&map, hole, &seen->hole);
		if (touched)
			neighbours(&whole, &map, hole, pages,
				   &seen->neighbours);
		else
			untouched(&whole, &map, hole, pages,
				  &seen->beside_hole);
	}
	mapping_close(&map);
close_whole:
	mapping_close(&whole);
	return 0;
}

/* To another address, as mremap() does it: 0 or -errno. */
static int move(const struct prober *p, struct mapping *map)
{
	void *place = mapping_place(map->size, mapping_step(&p->backing));
	int err;

	if (place == MAP_FAILED)
		return -errno;
	if (mremap(map->addr, map->size, map->size,
		   MREMAP_MAYMOVE | MREMAP_FIXED, place) == MAP_FAILED) {
		err = -errno;
		munmap(place, map->size);
		return err;
	}
	map->addr = place;
	return 0;
}

static int store_moved(struct prober *p, const struct mapping *map, int *stored,
		       int *untouched)
{
	size_t i, nr = nr_looked_at(map);
	struct access store;
	int err = 0, *most;

	*stored = 0;
	*untouched = 0;
	for (i = 0; !err && i < nr; i++) {
		err = prober_touch(p, mapping_page(map, looked_at(map, i)),
				   ACCESS_STORE, &store);
		most = i < nr / 2 ? stored : untouched;
		if (!err && store.faults > *most)
			*most = store.faults;
	}
	return err;
}

/* The first half of the pages is stored to before, the others are not. */
static int move_once(struct prober *p)
{
	struct parts_seen *seen = &p->obs->parts;
	int err, stored, untouched;
	struct mapping map;
	size_t i, page;

	err = prober_fresh(p, &map, "moved_mapping");
	if (err)
		return err;
	write_all(&map, 0, BEFORE_MOVE);
	mapping_close(&map);
	seen->move_err = mapping_open(&map, &p->backing,
				      PROT_READ | PROT_WRITE);
	if (seen->move_err)
		return 0;

	for (i = 0; i < nr_looked_at(&map) / 2; i++) {
		page = looked_at(&map, i);
		*prober_word(&map, page) = BEFORE_MOVE + page;
	}
	seen->move_err = move(p, &map);
	if (seen->move_err)
		goto close_mapping;
	err = store_moved(p, &map, &stored, &untouched);
	if (stored < seen->moved_stored)
		seen->moved_stored = stored;
	if (untouched < seen->moved_untouched)
		seen->moved_untouched = untouched;
	read_all(&map, 0, BEFORE_MOVE, &seen->moved);
close_mapping:
	mapping_close(&map);
	return err;
}

static int probe_move(struct prober *p)
{
	struct parts_seen *seen = &p->obs->parts;
	int tries = access_exact(&p->meter, STORER_PROBE) ? 1 : TRIES;
	int err = 0;

	seen->moved_stored = INT_MAX;
	seen->moved_untouched = INT_MAX;
	while (!err && !seen->move_err && tries-- > 0)
		err = move_once(p);
	return err;
}

static void refuse_beyond(const struct mapping *map, size_t page,
			  void (*access)(unsigned char *addr,
					 struct refusal *refusal),
			  struct refusals *refusals)
{
	unsigned char *addr = mapping_page(map, page);
	struct refusal seen;

	access(addr, &seen);
	refusals_add(refusals, page,
		     seen.signo == SIGBUS && seen.addr == (uintptr_t)addr,
		     &seen);
}

/*
 * There is nothing behind the last page, least of all somebody else's memory. The
 * page in front is stored to first: what that maps ahead has to end with it.
 */
static int probe_beyond(struct prober *p)
{
	size_t room = p->backing.room ? p->backing.room : p->backing.size;
	struct parts_seen *seen = &p->obs->parts;
	struct mapping whole, more;
	size_t nr;
	int err;

	err = prober_fresh(p, &whole, "beyond_the_end");
	if (err)
		return err;
	seen->beyond_err = mapping_open_as(&more, &p->backing,
					   PROT_READ | PROT_WRITE, MAP_SHARED,
					   0, room + mapping_step(&p->backing));
	if (seen->beyond_err)
		goto close_whole;
	write_all(&whole, 0, BEFORE_BEYOND);
	nr = room / whole.page_size;
	if (nr == whole.nr_pages)
		*prober_word(&more, nr - 1) = BEFORE_BEYOND + nr - 1;
	refuse_beyond(&more, nr, load_expect_refusal, &seen->beyond);
	refuse_beyond(&more, nr, store_expect_refusal, &seen->beyond);
	read_all(&whole, 0, BEFORE_BEYOND, &seen->beside_beyond);
	mapping_close(&more);
close_whole:
	mapping_close(&whole);
	return 0;
}

int probe_parts(struct prober *p)
{
	int err;

	err = probe_offset(p);
	if (!err)
		err = probe_hole(p, false);
	if (!err && !p->obs->parts.unmap_err)
		err = probe_hole(p, true);
	if (!err)
		err = probe_move(p);
	if (!err)
		err = probe_beyond(p);
	return err;
}
