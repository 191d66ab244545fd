/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Shared means shared: with an alias of the memory, with a forked child, and not with
 * a private mapping.
 */
#ifndef PFN_MKWRITE_SHARE_TESTS_H
#define PFN_MKWRITE_SHARE_TESTS_H

#include "property.h"

/* The alias is another file: its pages are the same, by mmap(), and by read() and write(). */
TEST_F(mapping, other_door)
{
	struct mapping map = map_fresh(_metadata, self), alias = map;
	bool mapped, is_file;
	struct stat st;
	uint32_t word;
	size_t i;
	off_t at;

	alias.addr = mmap(NULL, map.size, PROT_READ | PROT_WRITE, MAP_SHARED,
			  self->b.peer_fd, self->b.peer_offset);
	mapped = alias.addr != MAP_FAILED;
	/* read() of a device may wait for an event. */
	is_file = !fstat(self->b.peer_fd, &st) && S_ISREG(st.st_mode);
	for (i = 0; mapped && i < pages_of(&map); i++) {
		*mapping_word(&map, i) = 0xd0050000 + i;
		ASSERT_WORD(0xd0050000 + i, &alias, i, "stored here, read there");
		*mapping_word(&alias, i) = 0xd0060000 + i;
		ASSERT_WORD(0xd0060000 + i, &map, i, "stored there, read here");
	}
	for (i = 0; is_file && i < pages_of(&map); i++) {
		at = self->b.peer_offset + (i + 1) * map.page_size - sizeof(word);
		*mapping_word(&map, i) = 0xd0070000 + i;
		if (pread(self->b.peer_fd, &word, sizeof(word), at) < 0)
			break;
		ASSERT_EQ(0xd0070000 + i, word);
		word = 0xd0080000 + i;
		ASSERT_EQ((ssize_t)sizeof(word),
			  pwrite(self->b.peer_fd, &word, sizeof(word), at));
		ASSERT_WORD(0xd0080000 + i, &map, i, "written there, read here");
	}
	if (!mapped && (!is_file || !i))
		SKIP(return, "there is no alias of this memory");
}

/* Whichever process touches a page first: pages 0 and 2 are touched before the fork. */
TEST_F(mapping, fork_shares)
{
	struct mapping map = map_fresh(_metadata, self);
	int go[2];
	pid_t pid;
	char c;

	if (map.nr_pages < 4)
		SKIP(return, WHY_ONE_PAGE);
	if (self->obs->vma_err || self->obs->vma.dontcopy)
		SKIP(return, "a forked child does not get this memory");
	if (pipe(go))
		SKIP(return, WHY_NO_CALL);
	*mapping_word(&map, 0) = 0;
	*mapping_word(&map, 2) = 0;
	pid = fork();
	if (!pid) {
		/* Pages 0 and 1 are written by the child, 2 and 3 by its parent. */
		close(go[1]);
		if (read(go[0], &c, 1) != 1 || *mapping_word(&map, 2) != 0xfa7e0002 ||
		    *mapping_word(&map, 3) != 0xfa7e0003)
			_exit(1);
		*mapping_word(&map, 0) = 0xc41d0000;
		*mapping_word(&map, 1) = 0xc41d0001;
		_exit(0);
	}
	*mapping_word(&map, 2) = 0xfa7e0002;
	*mapping_word(&map, 3) = 0xfa7e0003;
	EXPECT_EQ(1, write(go[1], "", 1));
	EXPECT_EQ(0, reap(_metadata, pid)) {
		TH_LOG("the child does not see what its parent wrote");
	}
	ASSERT_WORD(0xc41d0000, &map, 0, "written by the child");
	ASSERT_WORD(0xc41d0001, &map, 1, "written by the child");
}

/* fork() cleans the PTEs that it copies, and must leave the parent's alone. */
TEST_F(mapping, parent_store_after_fork)
{
	struct mapping map = map_fresh(_metadata, self);
	pid_t pid;

	touch(_metadata, self, map.addr, ACCESS_STORE);
	pid = fork();
	if (!pid)
		_exit(0);
	reap(_metadata, pid);
	EXPECT_STORE(0, map.addr, "a store after fork()");
}

/*
 * MAP_PRIVATE must be refused, by mmap() or by SIGBUS, or be copy-on-write. A driver
 * that forgets to refuse it ends in the BUG_ON() of vmf_insert_pfn_prot()
 * (mm/memory.c), so a child stores.
 */
TEST_F(mapping, map_private)
{
	struct mapping shared = map_fresh(_metadata, self), map;
	int status = 0, err;
	pid_t pid;

	*mapping_word(&shared, 0) = 0x54a7ed00;
	if (mapping_open_as(&map, &self->b, PROT_READ | PROT_WRITE, MAP_PRIVATE,
			    0, self->b.size))
		return;
	pid = fork();
	if (!pid) {
		*mapping_word(&map, 0) = 0x971fa7e0;
		_exit(*mapping_word(&map, 0) != 0x971fa7e0);
	}
	ASSERT_LE(0, pid);
	err = child_wait(pid, &status, CHILD_MS);
	if (err)
		kill(pid, SIGKILL);
	ASSERT_EQ(0, err);
	ASSERT_WORD(0x54a7ed00, &shared, 0, "after a store to a private mapping");
	EXPECT_EQ(WIFSIGNALED(status) ? SIGBUS : 0,
		  WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status)) {
		TH_LOG("not SIGBUS, and the private mapping does not hold what was stored");
	}
}

#endif /* PFN_MKWRITE_SHARE_TESTS_H */
