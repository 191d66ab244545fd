/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * What user space and pfn_mkwrite_mod.c say to each other.
 */
#ifndef PFN_MKWRITE_MOD_H
#define PFN_MKWRITE_MOD_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define PFN_MKWRITE_MOD_NAME	"pfn_mkwrite"

/**
 * enum pfn_mkwrite_insert - how a page gets into the page table
 *
 * @PFN_MKWRITE_INSERT_PFN:	vmf_insert_pfn()
 * @PFN_MKWRITE_INSERT_PFN_PROT: vmf_insert_pfn_prot()
 * @PFN_MKWRITE_INSERT_MIXED:	vmf_insert_mixed()
 * @PFN_MKWRITE_INSERT_PAGE:	vmf_insert_page_mkwrite(), for a write fault with mkwrite
 * @PFN_MKWRITE_INSERT_PMD:	vmf_insert_pfn_pmd(), for a write fault with write
 * @PFN_MKWRITE_INSERT_REMAP:	remap_pfn_range(), in mmap()
 * @PFN_MKWRITE_INSERT_PFN_MKWRITE: vmf_insert_pfn_mkwrite(), for a write fault with
 *				mkwrite; the patches of this suite add it
 * @PFN_MKWRITE_INSERT_PFN_PROT_MKWRITE: vmf_insert_pfn_prot_mkwrite(), the same way
 */
enum pfn_mkwrite_insert {
	PFN_MKWRITE_INSERT_PFN,
	PFN_MKWRITE_INSERT_PFN_PROT,
	PFN_MKWRITE_INSERT_MIXED,
	PFN_MKWRITE_INSERT_PAGE,
	PFN_MKWRITE_INSERT_PMD,
	PFN_MKWRITE_INSERT_REMAP,
	PFN_MKWRITE_INSERT_PFN_MKWRITE,
	PFN_MKWRITE_INSERT_PFN_PROT_MKWRITE,
	PFN_MKWRITE_NR_INSERTS,
};

/* VM_MIXEDMAP instead of VM_PFNMAP. */
#define PFN_MKWRITE_MIXEDMAP		0x01U
/* The VMA has pfn_mkwrite: the driver wants to be told of the first write. */
#define PFN_MKWRITE_PFN_NOTIFY		0x02U
/* The VMA has page_mkwrite. */
#define PFN_MKWRITE_PAGE_NOTIFY		0x04U
/*
 * The protection is vm_get_page_prot(vm_flags & ~VM_SHARED), which write-protects: what
 * vmwgfx does while it is told of writes (VMW_BO_DIRTY_MKWRITE).
 */
#define PFN_MKWRITE_PROT_UNSHARED	0x08U
/*
 * The protection is vm_get_page_prot(vm_flags), whatever the VMA asks for: what vmwgfx
 * does while it looks for dirty PTEs (VMW_BO_DIRTY_PAGETABLE).
 */
#define PFN_MKWRITE_PROT_SHARED		0x10U

/*
 * The driver keeps the notification to itself. Else it moves the times of the file, as
 * gem-shmem and file systems do.
 */
#define PFN_MKWRITE_QUIET		0x20U

#define PFN_MKWRITE_FLAGS		0x3fU

/**
 * enum pfn_mkwrite_wrong - a mistake that a driver could make
 *
 * They are here so that each assertion of the suite can be seen to fail.
 *
 * @PFN_MKWRITE_WRONG_NONE:	none
 * @PFN_MKWRITE_WRONG_READ_ONLY: a page of a read-only VMA gets a writable PTE
 * @PFN_MKWRITE_WRONG_READ_ONLY_THREAD: the same, when a thread other than the first of
 *				its process faults
 * @PFN_MKWRITE_WRONG_READ_ONLY_WRITTEN: the same, when the memory has been written
 * @PFN_MKWRITE_WRONG_PGOFF:	pages are counted from the start of the VMA
 * @PFN_MKWRITE_WRONG_BOUNDS:	after the last page comes the first one again
 * @PFN_MKWRITE_WRONG_MOVED:	pages are counted from where the memory was first mapped
 * @PFN_MKWRITE_WRONG_FORK:	another process gets other pages
 * @PFN_MKWRITE_WRONG_SECOND:	the second mapping gets other pages
 * @PFN_MKWRITE_WRONG_NEIGHBOUR: pages mapped ahead are off by one
 * @PFN_MKWRITE_WRONG_UNALIGNED: a fault within a page is answered without a PTE, once
 * @PFN_MKWRITE_WRONG_KERNEL:	so is one in the kernel
 * @PFN_MKWRITE_WRONG_THREAD:	so is one of a thread other than the first, and many times
 * @PFN_MKWRITE_WRONG_EXEC:	so is one in a VMA with VM_EXEC
 * @PFN_MKWRITE_WRONG_ADVISED:	so is one in a VMA with VM_RAND_READ
 * @PFN_MKWRITE_WRONG_SOMETIMES: so is one at each fifth page
 * @PFN_MKWRITE_WRONG_UNMAP:	who unmaps a part takes away all, and other pages come back
 * @PFN_MKWRITE_WRONG_STUCK:	a thread other than the first waits, the VMA locked
 * @PFN_MKWRITE_WRONG_PRIVATE:	a private mapping is as writable as a shared one
 * @PFN_MKWRITE_WRONG_TIME:	a notification at an odd page is forgotten
 * @PFN_MKWRITE_WRONG_AGAIN:	after a notification the PTE is taken away again, once
 */
enum pfn_mkwrite_wrong {
	PFN_MKWRITE_WRONG_NONE,
	PFN_MKWRITE_WRONG_READ_ONLY,
	PFN_MKWRITE_WRONG_READ_ONLY_THREAD,
	PFN_MKWRITE_WRONG_READ_ONLY_WRITTEN,
	PFN_MKWRITE_WRONG_PGOFF,
	PFN_MKWRITE_WRONG_BOUNDS,
	PFN_MKWRITE_WRONG_MOVED,
	PFN_MKWRITE_WRONG_FORK,
	PFN_MKWRITE_WRONG_SECOND,
	PFN_MKWRITE_WRONG_NEIGHBOUR,
	PFN_MKWRITE_WRONG_UNALIGNED,
	PFN_MKWRITE_WRONG_KERNEL,
	PFN_MKWRITE_WRONG_THREAD,
	PFN_MKWRITE_WRONG_EXEC,
	PFN_MKWRITE_WRONG_ADVISED,
	PFN_MKWRITE_WRONG_SOMETIMES,
	PFN_MKWRITE_WRONG_UNMAP,
	PFN_MKWRITE_WRONG_STUCK,
	PFN_MKWRITE_WRONG_PRIVATE,
	PFN_MKWRITE_WRONG_TIME,
	PFN_MKWRITE_WRONG_AGAIN,
	PFN_MKWRITE_NR_WRONGS,
};

/**
 * struct pfn_mkwrite_setup - memory of its own for an open file
 *
 * @insert:	enum pfn_mkwrite_insert
 * @flags:	PFN_MKWRITE_MIXEDMAP and so on
 * @ahead:	pages that a fault maps, itself included; 0 is 1
 * @wrong:	enum pfn_mkwrite_wrong
 * @size:	bytes, a multiple of the page size; for INSERT_PMD of the PMD size. 0 asks for
 *		the smallest size. What was taken is written back
 */
struct pfn_mkwrite_setup {
	__u32 insert;
	__u32 flags;
	__u32 ahead;
	__u32 wrong;
	__u64 size;
};

/* What is in a page table entry. */
#define PFN_MKWRITE_PTE_PRESENT		0x01U
#define PFN_MKWRITE_PTE_YOUNG		0x02U
#define PFN_MKWRITE_PTE_DIRTY		0x04U
#define PFN_MKWRITE_PTE_WRITE		0x08U
/* The CPU refuses a store as it is; on arm64 PTE_RDONLY, which a CPU with DBM clears. */
#define PFN_MKWRITE_PTE_READ_ONLY	0x10U
#define PFN_MKWRITE_PTE_SPECIAL		0x20U
/* It is a PMD that maps a huge page. */
#define PFN_MKWRITE_PTE_HUGE		0x40U

/* The PTE leads to none of the pages of this file. */
#define PFN_MKWRITE_NO_PAGE		0xffffffffU

/**
 * struct pfn_mkwrite_pte - one page of a mapping of this file in the caller's page table
 *
 * @addr:	in: an address in it
 * @value:	the entry as the hardware has it
 * @pfn:	where it leads
 * @page:	which page of the file's memory that is, or PFN_MKWRITE_NO_PAGE
 * @now:	PFN_MKWRITE_PTE_...
 * @left:	the same, when the fault handler had last mapped this page, for its own
 *		sake or ahead; 0 when it never has
 * @faults:	calls of the fault handler for this page, in all mappings
 * @write_faults: those of them that were for a write
 * @pfn_mkwrites: calls of pfn_mkwrite for this page
 * @page_mkwrites: calls of page_mkwrite for this page
 */
struct pfn_mkwrite_pte {
	__u64 addr;
	__u64 value;
	__u64 pfn;
	__u32 page;
	__u32 now;
	__u32 left;
	__u32 faults;
	__u32 write_faults;
	__u32 pfn_mkwrites;
	__u32 page_mkwrites;
	__u32 pad;
};

/*
 * SETUP is for once, and before mmap(): -EBUSY. -EINVAL for what does not go together,
 * -EOPNOTSUPP for what this kernel does not have. PTE: -EFAULT for an address that no
 * mapping of this file holds. RESET: no callback has ever run, and the memory is zero.
 */
#define PFN_MKWRITE_MOD_SETUP	_IOWR('m', 0x70, struct pfn_mkwrite_setup)
#define PFN_MKWRITE_MOD_PTE	_IOWR('m', 0x71, struct pfn_mkwrite_pte)
#define PFN_MKWRITE_MOD_RESET	_IO('m', 0x72)

#endif /* PFN_MKWRITE_MOD_H */
