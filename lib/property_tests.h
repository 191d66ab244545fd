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
	EXPECT_GE(larger(cost->first_store, cost->store_after_load),
		  seen->moved_untouched);
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

#endif /* PFN_MKWRITE_PROPERTY_TESTS_H */
