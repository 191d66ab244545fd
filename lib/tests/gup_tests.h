/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A VM_PFNMAP mapping has PFNs: there may be no struct page. pagemap and smaps must
 * show no pages, and get_user_pages() must fail, even if it could walk to a PTE without
 * looking at the VMA (mm/gup.c, gup_fast_pte_range()). A PTE that is not special ends
 * in a page that nothing holds a reference to.
 */
#include <fcntl.h>
#include <sys/uio.h>

#define PM_PRESENT	(UINT64_C(1) << 63)
#define PM_SWAP		(UINT64_C(1) << 62)
/* A page of a file or of shared memory, not only a PFN. */
#define PM_FILE		(UINT64_C(1) << 61)
#define PM_PFN(entry)	((entry) & ((UINT64_C(1) << 55) - 1))

/* Read the entry of pagemap. */
static inline bool pagemap_read(const void *addr, uint64_t *entry)
{
	off_t at = (uintptr_t)addr / sysconf(_SC_PAGESIZE) * sizeof(*entry);
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	ssize_t got = pread(fd, entry, sizeof(*entry), at);

	close(fd);
	return got == sizeof(*entry);
}

/* mm/pagewalk.c, walk_page_test(): a page that is mapped and written stays absent. */
TEST_F(mapping, pagemap_and_smaps)
{
	struct mapping map = map_fresh(_metadata, self);
	uint64_t untouched, stored;
	struct vma_info vma;
	bool pfnmap;

	if (!pagemap_read(map.addr, &untouched))
		SKIP(return, WHY_NO_PROC);
	*mapping_word(&map, 0) = 0;
	ASSERT_TRUE(pagemap_read(map.addr, &stored));
	ASSERT_EQ(0, smaps_read(map.addr, &vma));

	pfnmap = vma_flag(&vma, "pf");
	EXPECT_TRUE(vma_flag(&vma, "sh"));
	EXPECT_TRUE(vma_flag(&vma, "wr"));
	EXPECT_FALSE(stored & PM_SWAP);
	EXPECT_EQ(pfnmap ? 0 : PM_PRESENT, stored & PM_PRESENT);
	if (pfnmap) {
		EXPECT_EQ(0, vma.rss_kb);
	}
	if (pfnmap || (!self->obs->err && self->cost->load)) {
		EXPECT_FALSE(untouched & PM_PRESENT);
	}
}

/*
 * Take a page by get_user_pages(). Return: the bytes, or -1 with errno, ENOSYS if this is
 * no way to do it here. The last word of the page is to be *@word then.
 */
static inline ssize_t take_by_writev(const struct mapping *map, size_t page, uint32_t *word)
{
	struct iovec from = { word, sizeof(*word) };
	struct iovec to = { (void *)mapping_word(map, page), sizeof(*word) };

	*word = 0x6e006e00;
	return process_vm_writev(getpid(), &from, 1, &to, 1, 0);
}

static inline ssize_t take_by_splice(const struct mapping *map, size_t page, uint32_t *word)
{
	struct iovec from = { (void *)mapping_word(map, page), sizeof(*word) };
	ssize_t done;
	int fds[2];

	done = pipe2(fds, O_NONBLOCK) ?: vmsplice(fds[1], &from, 1, 0);
	return done > 0 ? read(fds[0], word, sizeof(*word)) : done;
}

static inline ssize_t take_by_direct_io(const struct mapping *map, size_t page, uint32_t *word)
{
	const char *path = getenv("PFN_MKWRITE_DIRECT_IO") ?: "/proc/self/exe";
	int fd = open(path, O_RDONLY | O_DIRECT | O_CLOEXEC);
	size_t size = map->page_size;
	unsigned char *plain;

	/* Some file systems ignore O_DIRECT and copy. They read a single byte, too. */
	if (posix_memalign((void **)&plain, size, size) ||
	    pread(fd, plain, size, 0) != (ssize_t)size || pread(fd, plain, 1, 0) == 1) {
		errno = ENOSYS;
		return -1;
	}
	memcpy(word, plain + size - sizeof(*word), sizeof(*word));
	return pread(fd, mapping_page(map, page), size, 0);
}

/* Page 0 is mapped, and the last page is not, if a fault does not map it as well. */
TEST_F(mapping, gup_refused)
{
	static const struct {
		const char *name;
		ssize_t (*take)(const struct mapping *map, size_t page, uint32_t *word);
	} ways[] = {
		{ "process_vm_writev()", take_by_writev },
		{ "vmsplice()", take_by_splice },
		{ "read() with O_DIRECT", take_by_direct_io },
	};
	struct mapping map = map_fresh(_metadata, self);
	bool pfnmap, mixed, any = false;
	struct vma_info vma;
	size_t page, i;
	uint64_t entry;
	uint32_t word;
	int err;

	*mapping_word(&map, 0) = 0;
	if (smaps_read(map.addr, &vma) || !pagemap_read(map.addr, &entry))
		SKIP(return, WHY_NO_PROC);
	pfnmap = vma_flag(&vma, "pf");
	mixed = vma_flag(&vma, "mm");
	/*
	 * A VM_MIXEDMAP VMA may have PFNs without a page. Linux 5.10 oopses on
	 * them (mm/gup.c, follow_pfn_pte(), -EEXIST).
	 */
	for (i = 0; i < ARRAY_SIZE(ways) && (!mixed || entry & PM_FILE); i++) {
		for (page = 0; page < map.nr_pages; page += MAX(1, map.nr_pages - 1)) {
			*mapping_word(&map, 0) = 0x01d01d01;
			err = ways[i].take(&map, page, &word) > 0 ? 0 : errno;
			if (err == ENOSYS || err == EPERM || err == EACCES)
				break;
			any = true;
			/* Of a VM_MIXEDMAP mapping, some pages can be taken. */
			if (pfnmap || (!mixed && !vma_flag(&vma, "io"))) {
				EXPECT_EQ(pfnmap ? EFAULT : 0, err) {
					TH_LOG("%s, page %zu", ways[i].name, page);
				}
			}
			if (err)
				ASSERT_WORD(0x01d01d01, &map, 0, ways[i].name);
			else
				ASSERT_WORD(word, &map, page, ways[i].name);
		}
	}
	if (!any)
		SKIP(return, "nothing here could take a page out of this memory");
}
