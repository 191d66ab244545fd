/* SPDX-License-Identifier: GPL-2.0 */
/*
 * get_user_pages() must fail on VM_PFNMAP: there may be no struct page. It must do so
 * even if it could walk to a PTE without looking at the VMA (mm/gup.c,
 * gup_fast_pte_range()). A PTE that is not special ends in a page that nothing holds
 * a reference to.
 */
#ifndef PFN_MKWRITE_GUP_TESTS_H
#define PFN_MKWRITE_GUP_TESTS_H

#include <fcntl.h>
#include <sys/uio.h>

#include "property.h"

/* 0 or -errno of a system call that was to move @wanted bytes. */
static inline int answer_of(ssize_t done, size_t wanted)
{
	if (done < 0)
		return -errno;
	return (size_t)done == wanted ? 0 : -EIO;
}

static inline bool is_missing(int answer)
{
	return answer == -ENOSYS || answer == -EPERM || answer == -EACCES;
}

static inline int writev_word(const struct mapping *map, size_t page, uint32_t value)
{
	struct iovec from = { &value, sizeof(value) };
	struct iovec to = { (void *)mapping_word(map, page), sizeof(value) };

	return answer_of(process_vm_writev(getpid(), &from, 1, &to, 1, 0),
			 sizeof(value));
}

/* Of a VM_MIXEDMAP mapping only some pages can be taken: either answer is right. */
static inline void expect_gup(struct __test_metadata *_metadata,
			      const struct vma_info *vma, int answer,
			      const char *how)
{
	if (vma->pfnmap) {
		EXPECT_EQ(-EFAULT, answer) {
			TH_LOG("%s", how);
		}
	} else if (!vma->mixedmap && !vma->io) {
		EXPECT_EQ(0, answer) {
			TH_LOG("%s: %s", how, strerror(-answer));
		}
	}
}

/* O_DIRECT alone does not say that nothing is copied: some file systems ignore it. */
static inline bool is_direct(int fd)
{
	struct stat st;
#ifdef STATX_DIOALIGN
	struct statx stx;

	if (!statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &stx) &&
	    stx.stx_mask & STATX_DIOALIGN)
		return stx.stx_dio_offset_align > 0;
#endif
	return !fstat(fd, &st) && S_ISBLK(st.st_mode);
}

/* Return: whether there is a file to read from. */
static inline bool try_direct(struct __test_metadata *_metadata,
			      const struct mapping *map, const struct vma_info *vma)
{
	const char *path = getenv("PFN_MKWRITE_DIRECT_IO");
	uint32_t *plain = NULL, last = map->page_size / sizeof(*plain) - 1;
	int fd, answer;

	fd = open(path && *path ? path : "/proc/self/exe",
		  O_RDONLY | O_DIRECT | O_CLOEXEC);
	if (fd < 0 || !is_direct(fd) ||
	    posix_memalign((void **)&plain, map->page_size, map->page_size) ||
	    answer_of(pread(fd, plain, map->page_size, 0), map->page_size))
		return false;

	*mapping_word(map, 0) = ~plain[last];
	answer = answer_of(pread(fd, map->addr, map->page_size, 0), map->page_size);
	expect_gup(_metadata, vma, answer, "read() with O_DIRECT");
	ASSERT_WORD(answer ? ~plain[last] : plain[last], map, 0,
		    "after read() with O_DIRECT");
	return true;
}

static inline bool try_splice(struct __test_metadata *_metadata,
			      const struct mapping *map, const struct vma_info *vma)
{
	struct iovec from = { (void *)mapping_word(map, 0), sizeof(uint32_t) };
	uint32_t word = 0;
	int fds[2], answer;

	if (pipe2(fds, O_NONBLOCK | O_CLOEXEC))
		return false;
	*mapping_word(map, 0) = 0x01d01d01;
	answer = answer_of(vmsplice(fds[1], &from, 1, 0), sizeof(word));
	if (is_missing(answer))
		return false;
	expect_gup(_metadata, vma, answer, "vmsplice()");
	if (!answer) {
		EXPECT_EQ((ssize_t)sizeof(word), read(fds[0], &word, sizeof(word)));
		EXPECT_EQ(0x01d01d01, word);
	}
	ASSERT_WORD(0x01d01d01, map, 0, "after vmsplice()");
	return true;
}

/* Page 0 is mapped, and the last page is not. */
static inline bool try_writev(struct __test_metadata *_metadata,
			      const struct mapping *map, const struct vma_info *vma)
{
	size_t last = map->nr_pages - 1;
	int answer = writev_word(map, 0, 0x6e006e00), second;

	if (is_missing(answer))
		return false;
	expect_gup(_metadata, vma, answer, "process_vm_writev()");
	ASSERT_WORD(answer ? 0x01d01d01 : 0x6e006e00, map, 0,
		    "after process_vm_writev()");
	if (!last)
		return true;
	second = writev_word(map, last, 0x6e006e00);
	if (!second)
		ASSERT_WORD(0x6e006e00, map, last, "after process_vm_writev()");
	if (!vma->mixedmap) {
		EXPECT_EQ(answer, second) {
			TH_LOG("another answer for an untouched page");
		}
	}
	return true;
}

TEST_F(mapping, gup_refused)
{
	struct mapping map = map_fresh(_metadata, self);
	struct pagemap_page page;
	struct vma_info vma;
	bool any = false;

	*mapping_word(&map, 0) = 0x01d01d01;
	if (smaps_read(map.addr, &vma) || pagemap_read(map.addr, &page))
		SKIP(return, WHY_NO_PROC);
	/*
	 * A VM_MIXEDMAP VMA may have PFNs without a page. Linux 5.10 oopses on
	 * them (mm/gup.c, follow_pfn_pte(), -EEXIST).
	 */
	if (!vma.mixedmap || page.file) {
		any = try_writev(_metadata, &map, &vma);
		any |= try_splice(_metadata, &map, &vma);
		any |= try_direct(_metadata, &map, &vma);
	}
	if (!any)
		SKIP(return, "nothing here could take a page out of this memory");
}

#endif /* PFN_MKWRITE_GUP_TESTS_H */
