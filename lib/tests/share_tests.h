/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Shared means shared: with an alias of the memory, with a forked child, and not with
 * a private mapping.
 */

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
	is_file = !fstat(self->b.peer_fd, &st) && S_ISREG(st.st_mode) &&
		  pread(self->b.peer_fd, &word, sizeof(word), self->b.peer_offset) >= 0;
	if (!mapped && !is_file)
		SKIP(return, "there is no alias of this memory");
	for_each_page(i, &map) {
		at = self->b.peer_offset + (i + 1) * map.page_size - sizeof(word);
		*mapping_word(&map, i) = 0xd0050000 + i;
		if (mapped) {
			ASSERT_WORD(0xd0050000 + i, &alias, i, "stored here, loaded there");
			*mapping_word(&alias, i) = 0xd0060000 + i;
			ASSERT_WORD(0xd0060000 + i, &map, i, "stored there, loaded here");
		}
		if (is_file) {
			*mapping_word(&map, i) = 0xd0070000 + i;
			ASSERT_EQ(4, pread(self->b.peer_fd, &word, sizeof(word), at));
			ASSERT_EQ(0xd0070000 + i, word);
			word = 0xd0080000 + i;
			ASSERT_EQ(4, pwrite(self->b.peer_fd, &word, sizeof(word), at));
			ASSERT_WORD(0xd0080000 + i, &map, i, "written there, loaded here");
		}
	}
}

/* Whichever process touches a page first: pages 0 and 2 are touched before the fork. */
TEST_F(mapping, fork_shares)
{
	struct mapping map = map_fresh(_metadata, self);
	struct vma_info vma;
	pid_t pid;

	if (map.nr_pages < 4)
		SKIP(return, WHY_ONE_PAGE);
	if (smaps_read(map.addr, &vma) || vma_flag(&vma, "dc"))
		SKIP(return, "a forked child does not get this memory");
	*mapping_word(&map, 0) = 0;
	*mapping_word(&map, 2) = 0;
	pid = fork();
	if (!pid) {
		*mapping_word(&map, 0) = 0xc41d0000;
		*mapping_word(&map, 1) = 0xc41d0001;
		while (*mapping_word(&map, 2) != 0xfa7e0002 ||
		       *mapping_word(&map, 3) != 0xfa7e0003)
			sched_yield();
		_exit(0);
	}
	*mapping_word(&map, 2) = 0xfa7e0002;
	*mapping_word(&map, 3) = 0xfa7e0003;
	/* The child ends if it sees what its parent wrote. */
	EXPECT_EQ(0, reap(_metadata, pid));
	ASSERT_WORD(0xc41d0000, &map, 0, "written by the child");
	ASSERT_WORD(0xc41d0001, &map, 1, "written by the child");
}

/* fork() cleans the PTEs that it copies, and must leave the parent's alone. */
TEST_F(mapping, parent_store_after_fork)
{
	struct mapping map = map_fresh(_metadata, self);
	pid_t pid;

	*mapping_word(&map, 0) = 0;
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
	int status;
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
	status = reap(_metadata, pid);
	ASSERT_WORD(0x54a7ed00, &shared, 0, "after a store to a private mapping");
	if (WTERMSIG(status) != SIGBUS) {
		EXPECT_EQ(0, status) {
			TH_LOG("the private mapping does not hold what was stored");
		}
	}
}
