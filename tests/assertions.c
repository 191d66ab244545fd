// SPDX-License-Identifier: GPL-2.0
/*
 * Can each assertion of mapping_tests.h fail, and does it skip where it has to?
 * The tests themselves run here, on observations that were made up. What has to
 * come out is in assertions.expected: this program fails on purpose.
 */
#define TH_LOG_STREAM stdout

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kselftest_harness.h"

#include "../lib/mapping_tests.h"

static void make_refused(struct refusals *stores)
{
	stores->pages = NR_STORES;
	stores->refused = NR_STORES;
}

static void make_good_parts(struct observation *o)
{
	o->parts.offset_read.pages = NR_STORES - 1;
	o->parts.offset_written.pages = NR_STORES - 1;
	o->parts.hole.pages = 2;
	o->parts.hole.refused = 2;
	o->parts.neighbours.pages = 4;
	o->parts.beside_hole.pages = NR_STORES - 1;
	o->parts.moved.pages = NR_STORES;
	o->parts.moved_untouched = 1;
	o->parts.beyond.pages = 2;
	o->parts.beyond.refused = 2;
	o->parts.beside_beyond.pages = NR_STORES;
	o->door.out.pages = NR_STORES;
	o->door.in.pages = NR_STORES;
	o->forked.tried = true;
	o->forked.by_child.pages = 2;
	o->forked.by_parent.pages = 2;
}

static void make_good_stores(struct stores_seen *stores)
{
	struct store_seen *all[] = {
		&stores->unaligned, &stores->across, &stores->atomic,
		&stores->set, &stores->zeroed, &stores->read, &stores->recv,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		all[i]->pages = 1;
		all[i]->faults = 1;
		all[i]->data.pages = 1;
	}
	stores->across.pages = 2;
	stores->across.faults = 2;
	stores->apart = 2;
	stores->set.pages = NR_STORES;
	stores->set.faults = NR_STORES;
	stores->zeroed.pages = NR_STORES;
	stores->zeroed.faults = NR_STORES;
}

static void make_good_threads(struct threads_seen *threads)
{
	threads->disjoint.pages = NR_STORES;
	threads->disjoint_faults = NR_STORES;
	threads->one_page.pages = 1;
	threads->one_page_faults = 1;
	threads->unmapped.pages = 4;
	threads->unmapped.refused = 4;
}

static void make_good_gup(struct gup_try *seen)
{
	seen->tried = true;
	seen->answer = -EFAULT;
	seen->data.pages = 1;
}

static void make_good_flags(struct observation *o)
{
	o->flags.taken = 3;
	o->flags.plain = (struct worst){ 1, "PROT_EXEC" };
	o->flags.populated = (struct worst){ 1, "MAP_LOCKED" };
	o->flags.shared.pages = 6;
	o->flags.private_own.pages = 1;
	o->flags.private_shared.pages = 1;
	o->advice.taken = 1;
	o->advice.stored = (struct worst){ 1, "DONTNEED" };
	o->advice.untouched = (struct worst){ 1, "NORMAL" };
}

/* udmabuf on a kernel that honours mkwrite, on a CPU that shows it. */
static void make_good(struct observation *o)
{
	o->cost = (struct store_cost){
		.first_store = 1,
		.load = 1,
		.child_store = 1,
		.memfd_upgrade = 1,
		.stores = NR_STORES,
		.mapped_ahead = 1,
	};
	memset(o->strip, 1, sizeof(o->strip));
	o->stores_logged = NR_STORES;
	o->stores_rusage = NR_STORES;
	o->around_rusage = NR_STORES;
	event_delta_add(&o->pgfault, 0, NR_STORES);
	event_delta_add(&o->pgreuse, 0, 0);
	o->vma.pfnmap = true;
	o->vma.shared = true;
	o->vma.writable = true;
	make_refused(&o->read_only);
	make_refused(&o->read_only_ahead);
	make_refused(&o->read_only_loaded);
	make_refused(&o->read_only_thread);
	make_refused(&o->read_only_writer);
	make_refused(&o->reprotected);
	o->kept.pages = NR_STORES;
	o->stored_ahead.pages = NR_STORES;
	o->loaded_ahead.pages = NR_STORES;
	make_good_parts(o);
	make_good_stores(&o->stores);
	make_good_threads(&o->threads);
	make_good_gup(&o->gup.writev);
	make_good_gup(&o->gup.splice);
	make_good_gup(&o->gup.direct);
	make_good_flags(o);
	o->told.pages = 4;
	o->repeats = true;
	o->done = true;
}

/* What each first store takes that maps nothing ahead. */
static void make_faults(struct observation *o, int faults)
{
	struct stores_seen *stores = &o->stores;

	stores->unaligned.faults = faults;
	stores->atomic.faults = faults;
	stores->across.faults = 2 * faults;
	stores->apart = 2 * faults;
	stores->set.faults = NR_STORES * faults;
	stores->zeroed.faults = NR_STORES * faults;
	stores->read.faults = faults;
	stores->recv.faults = faults;
	o->threads.disjoint_faults = NR_STORES * faults;
	o->threads.one_page_faults = faults;
	o->parts.moved_untouched = faults;
	o->flags.plain.faults = faults;
	o->flags.populated.faults = faults;
	o->advice.stored.faults = faults;
	o->advice.untouched.faults = faults;
}

static void make_notify(struct observation *o)
{
	make_faults(o, 2);
	o->cost.first_store = 2;
	o->cost.store_after_load = 1;
	o->cost.stores = 2 * NR_STORES;
	o->cost.upgrades = NR_STORES;
	o->cost.pgreuse = NR_STORES;
	o->cost.pgreuse_upgrade = NR_STORES;
	o->cost.mtime_first_store = 1;
	o->cost.mtime_upgrade = 1;
	o->cost.mtime_child_store = 1;
	o->cost.mtime_after_fsync = 1;
	memset(o->strip, 2, sizeof(o->strip));
}

static void good(struct observation *o)
{
	(void)o;
}

static void ignored(struct observation *o)
{
	make_notify(o);
	o->cost.pgreuse = 0;
	o->cost.pgreuse_upgrade = 0;
	o->cost.mtime_first_store = 0;
	o->cost.mtime_upgrade = 0;
	o->cost.mtime_child_store = 0;
	o->cost.mtime_after_fsync = 0;
}

static void ignored_upgrade(struct observation *o)
{
	o->cost.store_after_load = 2;
	o->cost.upgrades = 2 * NR_STORES;
}

static void notify(struct observation *o)
{
	make_notify(o);
}

static void notify_one_too_many(struct observation *o)
{
	make_notify(o);
	o->cost.pgreuse++;
}

static void notify_one_missing(struct observation *o)
{
	make_notify(o);
	o->cost.pgreuse_upgrade--;
}

static void notify_noisy(struct observation *o)
{
	make_notify(o);
	o->cost.pgreuse_upgrade = NOT_MEASURED;
}

static void notify_page_without_fault(struct observation *o)
{
	make_notify(o);
	o->strip[7] = 0;
}

static void hidden(struct observation *o)
{
	o->cost.child_store = 0;
	o->cost.memfd_upgrade = 0;
}

static void premapped(struct observation *o)
{
	o->cost.first_store = 0;
	o->cost.load = 0;
	o->cost.stores = 0;
	make_faults(o, 0);
}

static void premapped_two_faults(struct observation *o)
{
	premapped(o);
	o->cost.first_store = 2;
	o->cost.stores = 2 * NR_STORES;
	make_faults(o, 2);
}

static void undecided(struct observation *o)
{
	ignored(o);
	o->cost.pgreuse = NOT_MEASURED;
}

static void again(struct observation *o)
{
	o->cost.second_store = 1;
}

static void make_ahead(struct observation *o)
{
	o->cost.mapped_ahead = 16;
	o->cost.stores = NR_STORES / 16;
	o->stores.set.faults = NR_STORES / 16;
	o->stores.zeroed.faults = NR_STORES / 16;
}

/* mkwrite for the page that faulted, but not for those mapped ahead of it. */
static void neighbours_left_out(struct observation *o)
{
	o->cost.mapped_ahead = 16;
}

/* TTM on a kernel whose insert_pfn() leaves a PTE that is there as it is. */
static void neighbour_not_upgraded(struct observation *o)
{
	o->cost.store_after_load = 1;
	o->cost.upgrades = NR_STORES;
	make_ahead(o);
	o->cost.neighbour_load = 1;
	o->cost.neighbour_store = 1;
}

static void neighbour_upgraded(struct observation *o)
{
	neighbour_not_upgraded(o);
	o->cost.neighbour_store = 0;
}

/* udmabuf: the load has mapped the page in front as well. */
static void neighbour_not_inserted(struct observation *o)
{
	neighbour_not_upgraded(o);
	o->cost.neighbour_load = 0;
}

static void single_page(struct observation *o)
{
	o->cost.neighbour_store = NOT_MEASURED;
}

static void log_and_rusage_differ(struct observation *o)
{
	o->stores_logged--;
}

static void vmstat_too_small(struct observation *o)
{
	event_delta_add(&o->pgfault, 0, NR_STORES - 1);
}

static void vmstat_always_too_large(struct observation *o)
{
	memset(&o->pgfault, 0, sizeof(o->pgfault));
	event_delta_add(&o->pgfault, 0, 2 * NR_STORES + 2);
	event_delta_add(&o->pgfault, 0, 2 * NR_STORES + 2);
}

static void vmstat_noisy(struct observation *o)
{
	memset(&o->pgfault, 0, sizeof(o->pgfault));
	event_delta_add(&o->pgfault, 0, NR_STORES + 2);
	event_delta_add(&o->pgfault, 0, NR_STORES + 5);
}

static void no_second_counter(struct observation *o)
{
	o->log_err = -EACCES;
	o->pgfault.missing = true;
}

static void pagemap_shows_pfnmap(struct observation *o)
{
	o->stored.present = true;
}

static void rss_of_pfnmap(struct observation *o)
{
	o->vma.rss_kb = 4;
}

static void read_only(struct observation *o)
{
	o->vma.writable = false;
}

static void read_only_refused_by_driver(struct observation *o)
{
	o->read_only_err = -EACCES;
}

static void read_only_not_tried(struct observation *o)
{
	o->read_only_loaded.pages = 0;
	o->read_only_loaded.refused = 0;
}

static void stored_untouched(struct observation *o)
{
	o->read_only.refused = 0;
}

static void stored_ahead(struct observation *o)
{
	o->read_only_ahead.refused = 1;
}

static void stored_loaded(struct observation *o)
{
	o->read_only_loaded.refused--;
}

static void mprotect_fails(struct observation *o)
{
	o->reprotect_err = -EACCES;
}

static void stored_after_mprotect(struct observation *o)
{
	o->reprotected.refused--;
}

static void reprotected_one_fault(struct observation *o)
{
	o->cost.reprotected_store = 1;
	o->cost.memfd_reprotected = 1;
}

/* The architecture does without. */
static void reprotected_one_too_many(struct observation *o)
{
	o->cost.reprotected_store = 1;
	o->cost.memfd_reprotected = 0;
}

static void reprotected_two_faults(struct observation *o)
{
	o->cost.reprotected_store = 2;
	o->cost.memfd_reprotected = 2;
}

static void lost_by_mprotect(struct observation *o)
{
	o->kept.wrong = 1;
}

static void parent_store(struct observation *o)
{
	o->cost.parent_store = 1;
}

static void fsync_refused(struct observation *o)
{
	o->fsync_err = -EINVAL;
	o->cost.store_after_fsync = NOT_MEASURED;
}

static void fsync_one_fault(struct observation *o)
{
	o->cost.store_after_fsync = 1;
}

/* DAX: what is written after the write-back stays where it is. */
static void fsync_leaves_writable(struct observation *o)
{
	o->cost.store_after_load = 1;
	o->cost.upgrades = NR_STORES;
	o->cost.mtime_first_store = 1;
	o->cost.mtime_upgrade = 1;
}

static void fsync_two_faults(struct observation *o)
{
	o->cost.store_after_fsync = 2;
}

/* Dirty tracking that a fault handler went around, for loads or altogether. */
static void untold_of_first_store(struct observation *o)
{
	o->cost.store_after_load = 1;
	o->cost.upgrades = NR_STORES;
	o->cost.mtime_upgrade = 1;
	o->cost.mtime_child_store = 1;
	o->cost.mtime_after_fsync = 1;
}

static void told_of_child_alone(struct observation *o)
{
	o->cost.mtime_child_store = 1;
}

static void told_of_loads(struct observation *o)
{
	make_notify(o);
	o->cost.mtime_loads = 1;
}

static void told_of_loads_alone(struct observation *o)
{
	make_notify(o);
	o->cost.mtime_upgrade = 0;
}

static void no_file_times(struct observation *o)
{
	o->cost.mtime_loads = NOT_MEASURED;
	o->cost.mtime_first_store = NOT_MEASURED;
	o->cost.mtime_upgrade = NOT_MEASURED;
	o->cost.mtime_child_store = NOT_MEASURED;
}

static void mapped_once_only(struct observation *o)
{
	o->twice_err = -EBUSY;
}

static void nothing_read(struct observation *o)
{
	o->stored_ahead.pages = 0;
}

static void other_page_stored(struct observation *o)
{
	o->stored_ahead.wrong = 1;
}

static void other_page_loaded(struct observation *o)
{
	o->loaded_ahead.wrong = NR_STORES;
}

static void ordinary(struct observation *o)
{
	o->vma.pfnmap = false;
	o->vma.rss_kb = 4;
	o->stored.present = true;
	o->gup.writev.answer = 0;
	o->gup.splice.answer = 0;
	o->gup.direct.answer = 0;
}

static void ordinary_absent(struct observation *o)
{
	ordinary(o);
	o->stored.present = false;
}

static void ordinary_too_early(struct observation *o)
{
	ordinary(o);
	o->untouched.present = true;
}

static void ordinary_no_rss(struct observation *o)
{
	ordinary(o);
	o->vma.rss_kb = 0;
}

static void no_proc(struct observation *o)
{
	o->vma_err = -ENOENT;
}

static void no_threads(struct observation *o)
{
	o->thread_err = -EAGAIN;
}

static void stored_after_thread(struct observation *o)
{
	o->read_only_thread.refused--;
}

static void one_writer_only(struct observation *o)
{
	o->writer_err = -EBUSY;
}

static void stored_after_writer(struct observation *o)
{
	o->read_only_writer.refused = 0;
}

static void parts_too_small(struct observation *o)
{
	o->parts.offset_err = TOO_SMALL;
	o->parts.unmap_err = TOO_SMALL;
}

static void parts_refused(struct observation *o)
{
	o->parts.offset_err = -EINVAL;
	o->parts.unmap_err = -EINVAL;
	o->parts.move_err = -EINVAL;
}

static void offset_ignored(struct observation *o)
{
	o->parts.offset_read.wrong = 1;
}

static void offset_ignored_by_store(struct observation *o)
{
	o->parts.offset_written.wrong = 1;
}

static void hole_stored(struct observation *o)
{
	o->parts.hole.refused--;
}

static void neighbour_lost(struct observation *o)
{
	o->parts.neighbours.wrong = 1;
}

static void behind_hole_wrong(struct observation *o)
{
	o->parts.beside_hole.wrong = 1;
}

static void moved_wrong(struct observation *o)
{
	o->parts.moved.wrong = 1;
}

static void moved_one_fault(struct observation *o)
{
	o->parts.moved_stored = 1;
}

static void moved_two_faults(struct observation *o)
{
	o->parts.moved_stored = 2;
}

static void moved_untouched_two_faults(struct observation *o)
{
	/* What a store after a load takes is no excuse: there was none. */
	o->cost.store_after_load = 2;
	o->cost.upgrades = 2 * NR_STORES;
	o->parts.moved_untouched = 2;
}

static void beyond_refused_by_driver(struct observation *o)
{
	memset(&o->parts.beyond, 0, sizeof(o->parts.beyond));
	o->parts.beyond_err = -EINVAL;
}

static void beyond_stored(struct observation *o)
{
	o->parts.beyond.refused--;
}

static void beyond_hits_buffer(struct observation *o)
{
	o->parts.beside_beyond.wrong = 1;
}

static void no_door(struct observation *o)
{
	o->door.err = -ENXIO;
}

static void door_out_wrong(struct observation *o)
{
	o->door.out.wrong = 1;
}

static void door_in_wrong(struct observation *o)
{
	o->door.in.wrong = 1;
}

static void not_forked(struct observation *o)
{
	o->forked.tried = false;
}

static void forked_child_died(struct observation *o)
{
	o->forked.end.signo = SIGBUS;
}

static void forked_child_stuck(struct observation *o)
{
	o->forked.end.err = -ETIMEDOUT;
}

static void child_writes_elsewhere(struct observation *o)
{
	o->forked.by_child.wrong = 1;
}

static void parent_writes_elsewhere(struct observation *o)
{
	o->forked.by_parent.wrong = 1;
}

/* Device memory on arm64. */
static void stores_not_taken(struct observation *o)
{
	const struct refusal refusal = { SIGBUS, BUS_ADRALN, 0 };

	o->stores.unaligned.refusal = refusal;
	o->stores.across.refusal = refusal;
	o->stores.atomic.refusal = (struct refusal){ SIGBUS, BUS_OBJERR, 0 };
	o->stores.zeroed.refusal = refusal;
	o->threads.one_page_err = -EOPNOTSUPP;
}

static void stores_refused_by_driver(struct observation *o)
{
	const struct refusal refusal = { SIGBUS, BUS_ADRERR, 0 };

	o->stores.unaligned.refusal = refusal;
	o->stores.across.refusal = refusal;
	o->stores.atomic.refusal = refusal;
	o->stores.set.refusal = refusal;
	o->stores.read.answer = -EFAULT;
	o->stores.recv.answer = -EFAULT;
}

static void stores_not_tried(struct observation *o)
{
	o->stores.across.err = TOO_SMALL;
	o->stores.read.err = -EMFILE;
	o->stores.recv.err = -EAFNOSUPPORT;
}

static void stores_one_too_many(struct observation *o)
{
	o->stores.unaligned.faults++;
	o->stores.across.faults++;
	o->stores.atomic.faults++;
	o->stores.set.faults++;
	o->stores.read.faults++;
	o->stores.recv.faults++;
}

/* Neither side of a notification may get lost. */
static void stores_one_missing(struct observation *o)
{
	make_notify(o);
	o->stores.unaligned.faults--;
	o->stores.atomic.faults--;
	o->stores.zeroed.faults--;
	o->stores.read.faults--;
	o->stores.recv.faults--;
}

static void stores_across_three(struct observation *o)
{
	o->stores.apart = 3;
	o->stores.across.faults = 3;
}

/* By a load and a store. */
static void atomic_by_two(struct observation *o)
{
	o->cost.store_after_load = 1;
	o->cost.upgrades = NR_STORES;
	o->stores.atomic.faults = 2;
	o->threads.one_page_faults = 2;
}

static void stores_wrong(struct observation *o)
{
	o->stores.unaligned.data.wrong = 1;
	o->stores.across.data.wrong = 1;
	o->stores.atomic.data.wrong = 1;
	o->stores.zeroed.data.wrong = 1;
	o->stores.read.data.wrong = 1;
	o->stores.recv.data.wrong = 1;
}

static void set_one_page(struct observation *o)
{
	o->stores.set.pages = 1;
	o->stores.set.faults = 1;
	o->stores.zeroed.pages = 1;
	o->stores.zeroed.faults = 2;
}

static void threads_not_started(struct observation *o)
{
	o->threads.disjoint_err = -EAGAIN;
	o->threads.one_page_err = -EAGAIN;
	o->threads.unmap_err = -EAGAIN;
}

static void threads_too_few_pages(struct observation *o)
{
	o->threads.disjoint_err = TOO_SMALL;
}

static void threads_wrong(struct observation *o)
{
	o->threads.disjoint.wrong = 1;
	o->threads.one_page.wrong = 1;
}

static void threads_one_too_many(struct observation *o)
{
	o->threads.disjoint_faults++;
	o->threads.one_page_faults++;
}

static void threads_one_missing(struct observation *o)
{
	o->threads.disjoint_faults--;
}

static void threads_ahead(struct observation *o)
{
	make_ahead(o);
	o->threads.disjoint_faults = 11;
}

static void threads_stuck(struct observation *o)
{
	o->threads.stuck = 1;
}

static void threads_other_signal(struct observation *o)
{
	o->threads.unmapped.refused--;
}

static void threads_child_stuck(struct observation *o)
{
	o->threads.unmap_end.err = -ETIMEDOUT;
}

static void gup_not_tried(struct observation *o)
{
	memset(&o->gup, 0, sizeof(o->gup));
}

static void gup_not_mapped(struct observation *o)
{
	o->gup.err = -EACCES;
}

static void gup_writev(struct observation *o)
{
	o->gup.writev.answer = 0;
}

static void gup_splice(struct observation *o)
{
	o->gup.splice.answer = 0;
}

static void gup_direct(struct observation *o)
{
	o->gup.direct.answer = 0;
}

static void gup_differs(struct observation *o)
{
	o->gup.writev.differs = true;
}

static void gup_wrong(struct observation *o)
{
	o->gup.direct.data.wrong = 1;
}

static void gup_stuck(struct observation *o)
{
	o->gup.end.err = -ETIMEDOUT;
}

static void gup_ordinary_refused(struct observation *o)
{
	ordinary(o);
	o->gup.splice.answer = -EFAULT;
}

static void gup_mixed(struct observation *o)
{
	gup_ordinary_refused(o);
	o->vma.mixedmap = true;
	o->gup.writev.differs = true;
}

static void gup_mixed_wrong(struct observation *o)
{
	gup_mixed(o);
	o->gup.writev.data.wrong = 1;
}

static void private_refused(struct observation *o)
{
	o->flags.private_err = -EINVAL;
	memset(&o->flags.private_shared, 0, sizeof(o->flags.private_shared));
}

static void private_seen_by_others(struct observation *o)
{
	o->flags.private_shared.wrong = 1;
}

static void private_lost(struct observation *o)
{
	o->flags.private_own.wrong = 1;
}

static void private_sigbus(struct observation *o)
{
	o->flags.private_end.signo = SIGBUS;
	o->flags.private_own.pages = 0;
}

static void private_crashed(struct observation *o)
{
	o->flags.private_end.signo = SIGSEGV;
}

static void flags_refused(struct observation *o)
{
	o->flags.taken = 0;
}

static void flags_plain_two(struct observation *o)
{
	o->flags.plain.faults = 2;
}

static void flags_populated_two(struct observation *o)
{
	o->flags.populated.faults = 2;
}

static void flags_wrong(struct observation *o)
{
	o->flags.shared.wrong = 1;
}

static void advice_refused(struct observation *o)
{
	o->advice.taken = 0;
}

static void advice_stored_two(struct observation *o)
{
	o->advice.stored.faults = 2;
}

static void advice_loaded_two(struct observation *o)
{
	o->advice.loaded = (struct worst){ 2, "COLD" };
}

static void advice_untouched_two(struct observation *o)
{
	o->advice.untouched.faults = 2;
}

static void advice_again(struct observation *o)
{
	o->advice.again = (struct worst){ 1, "FREE" };
}

static void advice_loses(struct observation *o)
{
	o->advice.lost_by = "DONTNEED";
}

static void told_nothing(struct observation *o)
{
	o->told.pages = 0;
}

static void told_of_three(struct observation *o)
{
	o->told.untold = 1;
}

static void told_twice(struct observation *o)
{
	o->told.again = 1;
}

static void no_device(struct observation *o)
{
	o->err = -ENODEV;
}

static void no_permission(struct observation *o)
{
	o->err = -EACCES;
}

static void crashed(struct observation *o)
{
	o->err = -EFAULT;
}

#define CASE(name) { #name, name }

static int nowhere(const struct source *src, struct backing *backing)
{
	return backing_fail(backing, -ENODEV, "there is no %s", src->name);
}

static const struct source absent_source = {
	.name = "unicorn",
	.here = nowhere,
};

static int everywhere(const struct source *src, struct backing *backing)
{
	(void)src;
	(void)backing;
	return 0;
}

/* What is not here has no tests, but its name and the reason in one line. */
TEST(absent_is_reported)
{
	char text[128] = "";
	FILE *out;

	out = fmemopen(text, sizeof(text), "w");
	ASSERT_NE(NULL, out);
	EXPECT_EQ(1, mappings_report_absent(out));
	fclose(out);
	EXPECT_STREQ("# mapping unicorn: not measured (there is no unicorn)\n",
		     text);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*spoil)(struct observation *o);
	} cases[] = {
		CASE(good), CASE(ignored), CASE(ignored_upgrade), CASE(notify),
		CASE(notify_one_too_many), CASE(notify_one_missing),
		CASE(notify_noisy), CASE(notify_page_without_fault), CASE(hidden), CASE(premapped),
		CASE(premapped_two_faults), CASE(undecided), CASE(again),
		CASE(neighbours_left_out), CASE(neighbour_not_upgraded),
		CASE(neighbour_upgraded), CASE(neighbour_not_inserted),
		CASE(single_page), CASE(log_and_rusage_differ),
		CASE(vmstat_too_small), CASE(vmstat_always_too_large),
		CASE(vmstat_noisy), CASE(no_second_counter),
		CASE(pagemap_shows_pfnmap), CASE(rss_of_pfnmap),
		CASE(read_only), CASE(read_only_refused_by_driver),
		CASE(read_only_not_tried), CASE(stored_untouched),
		CASE(stored_ahead), CASE(stored_loaded), CASE(mprotect_fails),
		CASE(stored_after_mprotect), CASE(reprotected_one_fault),
		CASE(reprotected_one_too_many),
		CASE(reprotected_two_faults), CASE(lost_by_mprotect),
		CASE(parent_store), CASE(fsync_refused), CASE(fsync_one_fault),
		CASE(fsync_leaves_writable), CASE(fsync_two_faults),
		CASE(untold_of_first_store),
		CASE(told_of_child_alone), CASE(told_of_loads),
		CASE(told_of_loads_alone), CASE(no_file_times),
		CASE(mapped_once_only),
		CASE(nothing_read), CASE(other_page_stored),
		CASE(other_page_loaded), CASE(ordinary), CASE(ordinary_absent),
		CASE(ordinary_too_early), CASE(ordinary_no_rss), CASE(no_proc),
		CASE(no_threads), CASE(stored_after_thread),
		CASE(one_writer_only), CASE(stored_after_writer),
		CASE(parts_too_small), CASE(parts_refused),
		CASE(offset_ignored), CASE(offset_ignored_by_store),
		CASE(hole_stored), CASE(neighbour_lost),
		CASE(behind_hole_wrong), CASE(moved_wrong),
		CASE(moved_one_fault), CASE(moved_two_faults),
		CASE(moved_untouched_two_faults),
		CASE(beyond_refused_by_driver), CASE(beyond_stored),
		CASE(beyond_hits_buffer), CASE(no_door), CASE(door_out_wrong),
		CASE(door_in_wrong), CASE(not_forked), CASE(forked_child_died),
		CASE(forked_child_stuck), CASE(child_writes_elsewhere),
		CASE(parent_writes_elsewhere),
		CASE(stores_not_taken), CASE(stores_refused_by_driver),
		CASE(stores_not_tried), CASE(stores_one_too_many),
		CASE(stores_one_missing), CASE(stores_across_three),
		CASE(atomic_by_two), CASE(stores_wrong), CASE(set_one_page),
		CASE(threads_not_started), CASE(threads_too_few_pages),
		CASE(threads_wrong), CASE(threads_one_too_many),
		CASE(threads_one_missing), CASE(threads_ahead),
		CASE(threads_stuck), CASE(threads_other_signal),
		CASE(threads_child_stuck), CASE(gup_not_tried),
		CASE(gup_not_mapped), CASE(gup_writev), CASE(gup_splice),
		CASE(gup_direct), CASE(gup_differs), CASE(gup_wrong),
		CASE(gup_stuck),
		CASE(gup_ordinary_refused), CASE(gup_mixed),
		CASE(gup_mixed_wrong), CASE(private_refused),
		CASE(private_seen_by_others), CASE(private_lost),
		CASE(private_sigbus), CASE(private_crashed),
		CASE(flags_refused), CASE(flags_plain_two),
		CASE(flags_populated_two), CASE(flags_wrong),
		CASE(advice_refused), CASE(advice_stored_two),
		CASE(advice_loaded_two), CASE(advice_untouched_two),
		CASE(advice_again), CASE(advice_loses), CASE(told_nothing),
		CASE(told_of_three), CASE(told_twice),
		CASE(no_device), CASE(no_permission), CASE(crashed),
	};
	static struct source sources[ARRAY_SIZE(cases)];
	struct observation *obs;
	size_t i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		sources[i].name = cases[i].name;
		sources[i].here = i % 2 ? everywhere : NULL;
		obs = mapping_add(&sources[i]);
		if (!obs)
			ksft_exit_fail_msg("out of memory\n");
		make_good(obs);
		cases[i].spoil(obs);
	}
	if (!mapping_add(&absent_source))
		ksft_exit_fail_msg("out of memory\n");
	return test_harness_run(argc, argv);
}
