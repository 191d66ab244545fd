/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a careless mkwrite would break: more assertions that each mapping has to
 * pass. Part of mapping_tests.h, and included by nobody else.
 */
#ifndef PFN_MKWRITE_PROPERTY_TESTS_H
#define PFN_MKWRITE_PROPERTY_TESTS_H

/* Constant texts, as those of mapping_tests.h. */
#define WHY_NO_THREADS	"no threads can be started here"
#define WHY_NO_OFFSET	"this memory is only mapped from its start"
#define WHY_NO_UNMAP	"this memory is only unmapped as a whole"
#define WHY_NO_MOVE	"this memory stays where it is mapped"
#define WHY_NO_DOOR	"there is no other way to this memory"
#define WHY_NO_FORK	"a forked child does not get this memory"
#define WHY_NO_STORE	"this memory takes no such store"
#define WHY_NO_CALL	"this kernel has no such system call"
#define WHY_FEW_PAGES	"this memory has too few pages"
#define WHY_ONE_WAY	"this memory is mapped in no other way"
#define WHY_NO_ADVICE	"this memory takes no advice"
#define WHY_NO_GUP	"nothing here could take a page out of this memory"
#define WHY_NOT_IN_CHILD "a forked child cannot map this memory"

static inline int larger(int a, int b)
{
	return a > b ? a : b;
}

/* A fault of one thread maps the page for all of them. */
TEST_F(mapping, read_only_after_thread)
{
	if (!self->obs)
		return;
	if (self->obs->read_only_err)
		SKIP(return, WHY_NOT_READ_ONLY);
	if (self->obs->thread_err)
		SKIP(return, WHY_NO_THREADS);
	expect_refused(_metadata, "after another thread's loads",
		       &self->obs->read_only_thread);
}

/* That a page is dirty by another mapping makes it no more writable by this. */
TEST_F(mapping, read_only_after_writer)
{
	if (!self->obs)
		return;
	if (self->obs->read_only_err)
		SKIP(return, WHY_NOT_READ_ONLY);
	if (self->obs->writer_err) {
		TH_LOG("mmap(): %s", strerror(-self->obs->writer_err));
		SKIP(return, WHY_NOT_TWICE);
	}
	expect_refused(_metadata, "after stores by another mapping",
		       &self->obs->read_only_writer);
}

/* Page i of a mapping that leaves out the first ones is a later one of them. */
TEST_F(mapping, offset_mapping)
{
	const struct parts_seen *seen;

	if (!self->obs)
		return;
	seen = &self->obs->parts;
	if (seen->offset_err == TOO_SMALL)
		SKIP(return, WHY_ONE_PAGE);
	if (seen->offset_err) {
		TH_LOG("mmap(): %s", strerror(-seen->offset_err));
		SKIP(return, WHY_NO_OFFSET);
	}
	expect_same(_metadata, "written from the start, read with an offset",
		    &seen->offset_read);
	expect_same(_metadata, "written with an offset, read from the start",
		    &seen->offset_written);
}

static inline bool skips_unmap(struct __test_metadata *_metadata,
			       const struct parts_seen *seen)
{
	if (seen->unmap_err == TOO_SMALL)
		SKIP(return true, WHY_ONE_PAGE);
	if (seen->unmap_err) {
		TH_LOG("munmap(): %s", strerror(-seen->unmap_err));
		SKIP(return true, WHY_NO_UNMAP);
	}
	return false;
}

/* A hole in the middle is a hole, and the pages beside it are as they were. */
TEST_F(mapping, partial_unmap)
{
	if (!self->obs || skips_unmap(_metadata, &self->obs->parts))
		return;
	expect_refused(_metadata, "after munmap()", &self->obs->parts.hole);
	expect_same(_metadata, "beside what was unmapped",
		    &self->obs->parts.neighbours);
}

/* A fault behind the hole finds the page that belongs there. */
TEST_F(mapping, fault_after_unmap)
{
	if (!self->obs || skips_unmap(_metadata, &self->obs->parts))
		return;
	expect_same(_metadata, "mapped after a page in the middle was unmapped",
		    &self->obs->parts.beside_hole);
}

/* Another address changes neither the data nor what a store costs. */
TEST_F(mapping, moved_mapping)
{
	const struct store_cost *cost = self->cost;
	const struct parts_seen *seen;

	if (!self->obs)
		return;
	seen = &self->obs->parts;
	if (seen->move_err) {
		TH_LOG("mremap(): %s", strerror(-seen->move_err));
		SKIP(return, WHY_NO_MOVE);
	}
	expect_same(_metadata, "after mremap()", &seen->moved);
	EXPECT_GE(larger(cost->store_after_load, 1), seen->moved_stored);
	EXPECT_GE(cost->first_store, seen->moved_untouched);
}

/* Who maps more than there is gets nothing, and least of all a neighbour's page. */
TEST_F(mapping, beyond_the_end)
{
	const struct parts_seen *seen;

	if (!self->obs)
		return;
	seen = &self->obs->parts;
	if (seen->beyond_err)
		return;
	expect_refused(_metadata, "beyond the end", &seen->beyond);
	expect_same(_metadata, "after a store beyond the end",
		    &seen->beside_beyond);
}

TEST_F(mapping, other_door)
{
	const struct door_seen *seen;

	if (!self->obs)
		return;
	seen = &self->obs->door;
	if (seen->err) {
		TH_LOG("the other door: %s", strerror(-seen->err));
		SKIP(return, WHY_NO_DOOR);
	}
	expect_same(_metadata, "written here, read there", &seen->out);
	expect_same(_metadata, "written there, read here", &seen->in);
}

static inline void expect_child(struct __test_metadata *_metadata,
				const struct child_end *end)
{
	EXPECT_EQ(0, end->err) {
		TH_LOG("the forked child: %s", strerror(-end->err));
	}
	EXPECT_EQ(0, end->signo) {
		TH_LOG("the forked child: %s", strsignal(end->signo));
	}
}

/* Shared means shared with a forked child, too, whoever touches a page first. */
TEST_F(mapping, fork_shares)
{
	const struct fork_seen *seen;

	if (!self->obs)
		return;
	seen = &self->obs->forked;
	if (!seen->tried)
		SKIP(return, WHY_NO_FORK);
	expect_child(_metadata, &seen->end);
	expect_same(_metadata, "written by the parent", &seen->by_parent);
	expect_same(_metadata, "written by the child", &seen->by_child);
}

/* Device memory need not take what ordinary memory does; the CPU says so. */
static inline bool skips_store(struct __test_metadata *_metadata,
			       const struct store_seen *seen)
{
	if (seen->err == TOO_SMALL)
		SKIP(return true, WHY_ONE_PAGE);
	if (seen->err) {
		TH_LOG("not tried: %s", strerror(-seen->err));
		SKIP(return true, WHY_NO_CALL);
	}
	if (seen->refusal.signo == SIGBUS &&
	    (seen->refusal.code == BUS_ADRALN ||
	     seen->refusal.code == BUS_OBJERR))
		SKIP(return true, WHY_NO_STORE);
	return false;
}

static inline void expect_stored(struct __test_metadata *_metadata,
				 const char *how, const struct store_seen *seen)
{
	EXPECT_EQ(0, seen->refusal.signo) {
		TH_LOG("%s: signal %d, code %d", how, seen->refusal.signo,
		       seen->refusal.code);
	}
	EXPECT_EQ(0, seen->answer) {
		TH_LOG("%s: %s", how, strerror(-seen->answer));
	}
	expect_same(_metadata, how, &seen->data);
}

/* Where in a page a store goes and how wide it is makes no difference. */
TEST_F(mapping, store_unaligned)
{
	const struct store_seen *seen;

	if (!self->obs)
		return;
	seen = &self->obs->stores.unaligned;
	if (skips_store(_metadata, seen))
		return;
	expect_stored(_metadata, "eight bytes at an odd address", seen);
	EXPECT_EQ(self->cost->first_store, seen->faults);
}

/* One store to two pages costs no more than two. */
TEST_F(mapping, store_across_pages)
{
	const struct store_seen *seen;

	if (!self->obs)
		return;
	seen = &self->obs->stores.across;
	if (skips_store(_metadata, seen))
		return;
	expect_stored(_metadata, "eight bytes on two pages", seen);
	EXPECT_GE(self->obs->stores.apart, seen->faults);
	if (self->cost->first_store == 1) {
		EXPECT_GE(2, seen->faults);
	}
}

/*
 * A store that reads as well: where the CPU does it by a load and a store, or says
 * of its first fault that it was a read (arm64), it costs what these two do.
 */
TEST_F(mapping, store_atomic)
{
	const struct store_cost *cost = self->cost;
	const struct store_seen *seen;

	if (!self->obs)
		return;
	seen = &self->obs->stores.atomic;
	if (skips_store(_metadata, seen))
		return;
	expect_stored(_metadata, "a number added", seen);
	if (seen->faults != cost->load + cost->store_after_load) {
		EXPECT_EQ(cost->first_store, seen->faults);
	}
}

static inline void expect_predicted(struct __test_metadata *_metadata,
				    const struct store_cost *cost,
				    const struct store_seen *seen)
{
	if (seen->pages == NR_STORES) {
		EXPECT_EQ(predict_stores(cost), seen->faults);
	} else {
		EXPECT_GE(seen->pages * cost->first_store, seen->faults);
	}
}

/* The C library's stores cost what single ones do. */
TEST_F(mapping, memset_pages)
{
	const struct stores_seen *seen;

	if (!self->obs)
		return;
	seen = &self->obs->stores;
	if (skips_store(_metadata, &seen->set) ||
	    skips_store(_metadata, &seen->zeroed))
		return;
	expect_stored(_metadata, "memset()", &seen->set);
	expect_predicted(_metadata, self->cost, &seen->set);
	expect_stored(_metadata, "memset() to zero", &seen->zeroed);
	expect_predicted(_metadata, self->cost, &seen->zeroed);
}

/* And so do the kernel's, for a system call. */
TEST_F(mapping, kernel_read)
{
	const struct store_seen *seen;

	if (!self->obs)
		return;
	seen = &self->obs->stores.read;
	if (skips_store(_metadata, seen))
		return;
	expect_stored(_metadata, "read()", seen);
	EXPECT_EQ(self->cost->first_store, seen->faults);
}

TEST_F(mapping, kernel_recv)
{
	const struct store_seen *seen;

	if (!self->obs)
		return;
	seen = &self->obs->stores.recv;
	if (skips_store(_metadata, seen))
		return;
	expect_stored(_metadata, "recv()", seen);
	EXPECT_EQ(self->cost->first_store, seen->faults);
}

/* Threads at pages of their own take the faults that one thread would. */
TEST_F(mapping, threads_disjoint)
{
	const struct store_cost *cost = self->cost;
	const struct threads_seen *seen;

	if (!self->obs)
		return;
	seen = &self->obs->threads;
	if (seen->disjoint_err == TOO_SMALL)
		SKIP(return, WHY_FEW_PAGES);
	if (seen->disjoint_err)
		SKIP(return, WHY_NO_THREADS);
	expect_same(_metadata, "written by threads", &seen->disjoint);
	EXPECT_GE(NR_STORES * cost->first_store, seen->disjoint_faults);
	/* What one of them maps ahead the others need not fault for. */
	EXPECT_LE(predict_stores(cost), seen->disjoint_faults);
}

/* Whoever loses a race for a page takes no more faults for it. */
TEST_F(mapping, threads_one_page)
{
	const struct store_cost *cost = self->cost;
	const struct threads_seen *seen;

	if (!self->obs)
		return;
	seen = &self->obs->threads;
	if (seen->one_page_err == -EOPNOTSUPP)
		SKIP(return, WHY_NO_STORE);
	if (seen->one_page_err)
		SKIP(return, WHY_NO_THREADS);
	expect_same(_metadata, "added up by threads", &seen->one_page);
	EXPECT_GE(larger(cost->first_store,
			 cost->load + cost->store_after_load),
		  seen->one_page_faults);
}

/* Who stores while another thread unmaps gets a signal, and is not left behind. */
TEST_F(mapping, threads_unmap)
{
	const struct threads_seen *seen;

	if (!self->obs)
		return;
	seen = &self->obs->threads;
	if (seen->unmap_err)
		SKIP(return, WHY_NO_THREADS);
	expect_child(_metadata, &seen->unmap_end);
	EXPECT_EQ(0, seen->stuck);
	expect_refused(_metadata, "unmapped by another thread",
		       &seen->unmapped);
}

static inline void expect_gup(struct __test_metadata *_metadata,
			      const char *how, const struct vma_info *vma,
			      const struct gup_try *seen)
{
	if (!seen->tried)
		return;
	if (vma->pfnmap) {
		EXPECT_EQ(-EFAULT, seen->answer) {
			TH_LOG("%s", how);
		}
	} else if (!vma->mixedmap && !vma->io) {
		EXPECT_EQ(0, seen->answer) {
			TH_LOG("%s: %s", how, strerror(-seen->answer));
		}
	}
	if (!vma->mixedmap) {
		EXPECT_FALSE(seen->differs) {
			TH_LOG("%s: another answer for an untouched page", how);
		}
	}
	expect_same(_metadata, how, &seen->data);
}

/*
 * VM_PFNMAP says that there may be no page: nobody gets one, whatever the PTE looks
 * like. Of ordinary memory everybody does.
 */
TEST_F(mapping, gup_refused)
{
	const struct gup_seen *seen;
	const struct vma_info *vma;

	if (!self->obs)
		return;
	seen = &self->obs->gup;
	vma = &self->obs->vma;
	if (self->obs->vma_err)
		SKIP(return, WHY_NO_PROC);
	if (seen->err)
		SKIP(return, WHY_NOT_IN_CHILD);
	expect_child(_metadata, &seen->end);
	if (!seen->writev.tried && !seen->splice.tried && !seen->direct.tried)
		SKIP(return, WHY_NO_GUP);
	expect_gup(_metadata, "process_vm_writev()", vma, &seen->writev);
	expect_gup(_metadata, "vmsplice()", vma, &seen->splice);
	expect_gup(_metadata, "read() with O_DIRECT", vma, &seen->direct);
}

/* A private mapping is none of this memory, or a copy that nobody else sees. */
TEST_F(mapping, map_private)
{
	const struct flags_seen *seen;

	if (!self->obs)
		return;
	seen = &self->obs->flags;
	if (seen->private_err)
		return;
	expect_same(_metadata, "after a store to a private mapping",
		    &seen->private_shared);
	/* Refused at the store, and not at mmap(). */
	if (seen->private_end.signo == SIGBUS)
		return;
	expect_child(_metadata, &seen->private_end);
	expect_same(_metadata, "in a private mapping", &seen->private_own);
}

static inline void expect_at_most(struct __test_metadata *_metadata, int most,
				  const char *store, const struct worst *worst)
{
	EXPECT_GE(most, worst->faults) {
		TH_LOG("%s after %s", store, worst->what);
	}
}

/* However it is mapped, a store costs no more, and everybody sees it. */
TEST_F(mapping, map_flags)
{
	const struct store_cost *cost = self->cost;
	const struct flags_seen *seen;

	if (!self->obs)
		return;
	seen = &self->obs->flags;
	if (!seen->taken)
		SKIP(return, WHY_ONE_WAY);
	expect_at_most(_metadata, cost->first_store, "first store",
		       &seen->plain);
	expect_at_most(_metadata,
		       larger(cost->first_store, cost->store_after_load),
		       "first store", &seen->populated);
	expect_same(_metadata, "written by such a mapping", &seen->shared);
}

/* Advice is no more than that. */
TEST_F(mapping, madvise_harmless)
{
	const struct store_cost *cost = self->cost;
	const struct advice_seen *seen;
	int most;

	if (!self->obs)
		return;
	seen = &self->obs->advice;
	if (!seen->taken)
		SKIP(return, WHY_NO_ADVICE);
	most = larger(cost->first_store, cost->store_after_load);
	expect_at_most(_metadata, cost->first_store, "store to a page stored to",
		       &seen->stored);
	expect_at_most(_metadata, most, "store to a page loaded",
		       &seen->loaded);
	expect_at_most(_metadata, most, "store to a page not touched",
		       &seen->untouched);
	expect_at_most(_metadata, 0, "second store", &seen->again);
	EXPECT_EQ(NULL, seen->lost_by) {
		TH_LOG("the data is gone after %s", seen->lost_by);
	}
}

/* The file times tell of each page that is written, once. */
TEST_F(mapping, notified_by_time)
{
	const struct told_seen *seen;

	if (!self->obs)
		return;
	seen = &self->obs->told;
	if (!seen->pages)
		SKIP(return, WHY_NO_TIMES);
	EXPECT_EQ(0, seen->untold) {
		TH_LOG("of %d first stores", seen->pages);
	}
	EXPECT_EQ(0, seen->again) {
		TH_LOG("of %d second stores", seen->pages);
	}
}

#endif /* PFN_MKWRITE_PROPERTY_TESTS_H */
