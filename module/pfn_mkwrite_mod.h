/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The interface of pfn_mkwrite_mod: ioctls of /dev/pfn_mkwrite.
 */
#ifndef PFN_MKWRITE_MOD_H
#define PFN_MKWRITE_MOD_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define PFN_MKWRITE_MOD_NAME	"pfn_mkwrite"

/**
 * enum pfn_mkwrite_insert - the function that inserts a page into the page table
 *
 * @PFN_MKWRITE_INSERT_PFN:	vmf_insert_pfn()
 * @PFN_MKWRITE_INSERT_PFN_PROT: vmf_insert_pfn_prot()
 * @PFN_MKWRITE_INSERT_MIXED:	vmf_insert_mixed()
 * @PFN_MKWRITE_INSERT_PAGE:	vmf_insert_page_mkwrite(), mkwrite for write faults
 * @PFN_MKWRITE_INSERT_PMD:	vmf_insert_pfn_pmd(), write for write faults
 * @PFN_MKWRITE_INSERT_REMAP:	remap_pfn_range() in mmap()
 * @PFN_MKWRITE_INSERT_PFN_DIRTY: vmf_insert_pfn_dirty(), mkwrite for write faults;
 *				added by the patches of this suite
 * @PFN_MKWRITE_INSERT_PFN_PROT_DIRTY: vmf_insert_pfn_prot_dirty(), likewise
 */
enum pfn_mkwrite_insert {
	PFN_MKWRITE_INSERT_PFN,
	PFN_MKWRITE_INSERT_PFN_PROT,
	PFN_MKWRITE_INSERT_MIXED,
	PFN_MKWRITE_INSERT_PAGE,
	PFN_MKWRITE_INSERT_PMD,
	PFN_MKWRITE_INSERT_REMAP,
	PFN_MKWRITE_INSERT_PFN_DIRTY,
	PFN_MKWRITE_INSERT_PFN_PROT_DIRTY,
	PFN_MKWRITE_NR_INSERTS,
};

/* VM_MIXEDMAP instead of VM_PFNMAP. */
#define PFN_MKWRITE_MIXEDMAP		0x01U
/* The VMA has pfn_mkwrite: the driver is notified of the first write. */
#define PFN_MKWRITE_PFN_NOTIFY		0x02U
/* The VMA has page_mkwrite. */
#define PFN_MKWRITE_PAGE_NOTIFY		0x04U
/*
 * Write-protected PTEs: the protection is vm_get_page_prot(vm_flags & ~VM_SHARED), as
 * vmwgfx has it with VMW_BO_DIRTY_MKWRITE.
 */
#define PFN_MKWRITE_PROT_UNSHARED	0x08U
/*
 * The protection is vm_get_page_prot(vm_flags), as vmwgfx has it with
 * VMW_BO_DIRTY_PAGETABLE.
 */
#define PFN_MKWRITE_PROT_SHARED		0x10U
/* A notification does not update the file times. gem-shmem and file systems do that. */
#define PFN_MKWRITE_QUIET		0x20U
/* The protection is that of a shared, writable VMA in any VMA, as udlfb has it. */
#define PFN_MKWRITE_PROT_WRITABLE	0x40U
/* INSERT_PFN of the zero page. A store raises SIGBUS if it faults: only load from it. */
#define PFN_MKWRITE_ZERO_PAGE		0x80U

#define PFN_MKWRITE_FLAGS		0xffU

/**
 * enum pfn_mkwrite_wrong - a mistake of a driver, which a test must notice
 *
 * @PFN_MKWRITE_WRONG_NONE:	none
 * @PFN_MKWRITE_WRONG_READ_ONLY: a page of a read-only VMA gets a writable PTE
 * @PFN_MKWRITE_WRONG_READ_ONLY_THREAD: the same, if not the first thread faults
 * @PFN_MKWRITE_WRONG_READ_ONLY_WRITTEN: the same, if the memory has been written
 * @PFN_MKWRITE_WRONG_PGOFF:	vm_pgoff is ignored
 * @PFN_MKWRITE_WRONG_BOUNDS:	the last page is followed by the first one
 * @PFN_MKWRITE_WRONG_MOVED:	pages are counted from the address of the first mapping
 * @PFN_MKWRITE_WRONG_FORK:	another process gets other pages
 * @PFN_MKWRITE_WRONG_SECOND:	the second mapping gets other pages
 * @PFN_MKWRITE_WRONG_NEIGHBOUR: pages mapped ahead are off by one
 * @PFN_MKWRITE_WRONG_UNALIGNED: one fault more for an address within a page
 * @PFN_MKWRITE_WRONG_KERNEL:	one fault more for an access by the kernel
 * @PFN_MKWRITE_WRONG_THREAD:	64 faults more for all but the first thread
 * @PFN_MKWRITE_WRONG_EXEC:	one fault more for a VMA with VM_EXEC
 * @PFN_MKWRITE_WRONG_LOCKED:	one fault more for a VMA made with VM_LOCKED
 * @PFN_MKWRITE_WRONG_ADVISED:	one fault more for a VMA with VM_RAND_READ
 * @PFN_MKWRITE_WRONG_SOMETIMES: one fault more for each fifth page
 * @PFN_MKWRITE_WRONG_AGAIN:	one fault more for the page after a notification
 * @PFN_MKWRITE_WRONG_COUNTED:	the driver counts faults that the core counts
 * @PFN_MKWRITE_WRONG_EARLY:	the first mapping of VM_MIXEDMAP memory has a page at once
 * @PFN_MKWRITE_WRONG_OPENED:	vm_ops->open() unmaps all pages
 * @PFN_MKWRITE_WRONG_SMAPS:	vm_ops->pagesize(), called for smaps, unmaps all pages
 * @PFN_MKWRITE_WRONG_UNMAP:	vm_ops->close() unmaps all pages, and others come back
 * @PFN_MKWRITE_WRONG_CLEARED:	a fault clears the page, even if it has data
 * @PFN_MKWRITE_WRONG_STUCK:	all but the first thread hang, the VMA locked
 * @PFN_MKWRITE_WRONG_PRIVATE:	a private mapping is as writable as a shared one
 * @PFN_MKWRITE_WRONG_TIME:	a notification of an odd page is lost
 * @PFN_MKWRITE_WRONG_KERNEL_PAGE: an access by the kernel gets other pages
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
	PFN_MKWRITE_WRONG_LOCKED,
	PFN_MKWRITE_WRONG_ADVISED,
	PFN_MKWRITE_WRONG_SOMETIMES,
	PFN_MKWRITE_WRONG_AGAIN,
	PFN_MKWRITE_WRONG_COUNTED,
	PFN_MKWRITE_WRONG_EARLY,
	PFN_MKWRITE_WRONG_OPENED,
	PFN_MKWRITE_WRONG_SMAPS,
	PFN_MKWRITE_WRONG_UNMAP,
	PFN_MKWRITE_WRONG_CLEARED,
	PFN_MKWRITE_WRONG_STUCK,
	PFN_MKWRITE_WRONG_PRIVATE,
	PFN_MKWRITE_WRONG_TIME,
	PFN_MKWRITE_WRONG_KERNEL_PAGE,
	PFN_MKWRITE_NR_WRONGS,
};

/**
 * struct pfn_mkwrite_setup - the memory of an open file
 *
 * @insert:	enum pfn_mkwrite_insert
 * @flags:	PFN_MKWRITE_MIXEDMAP and so on
 * @ahead:	pages that a fault maps, itself included; 0 means 1
 * @wrong:	enum pfn_mkwrite_wrong
 * @size:	bytes, a multiple of the page size, or of the PMD size for INSERT_PMD;
 *		0 means the smallest. The size taken is written back
 */
struct pfn_mkwrite_setup {
	__u32 insert;
	__u32 flags;
	__u32 ahead;
	__u32 wrong;
	__u64 size;
};

/* Bits of a page table entry. */
#define PFN_MKWRITE_PTE_PRESENT		0x01U
#define PFN_MKWRITE_PTE_YOUNG		0x02U
#define PFN_MKWRITE_PTE_DIRTY		0x04U
#define PFN_MKWRITE_PTE_WRITE		0x08U
/* A store faults; on arm64 PTE_RDONLY, which a CPU with DBM clears. */
#define PFN_MKWRITE_PTE_READ_ONLY	0x10U
#define PFN_MKWRITE_PTE_SPECIAL		0x20U
/* A PMD that maps a huge page. */
#define PFN_MKWRITE_PTE_HUGE		0x40U

/* The PTE maps no page of this file. */
#define PFN_MKWRITE_NO_PAGE		0xffffffffU

/**
 * struct pfn_mkwrite_pte - one page of a mapping of this file in the caller's page table
 *
 * @addr:	in: an address in it
 * @value:	the entry as the hardware has it
 * @pfn:	the PFN in it
 * @page:	index of that page in the memory of the file, or PFN_MKWRITE_NO_PAGE
 * @now:	PFN_MKWRITE_PTE_...
 * @left:	@now at the end of the last fault that mapped this page, itself or ahead;
 *		0 if there was none
 * @faults:	calls of the fault handler for this page, in all mappings
 * @write_faults: those for a write
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
 * SETUP: once, before mmap(). -EBUSY the second time, -EINVAL for values that do not go
 * together, -EOPNOTSUPP if this kernel does not have the function.
 * PTE: -EFAULT if no mapping of this file has the address.
 * RESET: clear the memory and all counts. -ENXIO before SETUP.
 * RECORD: a bit for each of the first 64 pages that has a dirty PTE in a shared mapping
 * of any open file of the device. The PTEs are clean afterwards. -EOPNOTSUPP without
 * CONFIG_MAPPING_DIRTY_HELPERS.
 */
#define PFN_MKWRITE_MOD_SETUP	_IOWR('m', 0x70, struct pfn_mkwrite_setup)
#define PFN_MKWRITE_MOD_PTE	_IOWR('m', 0x71, struct pfn_mkwrite_pte)
#define PFN_MKWRITE_MOD_RESET	_IO('m', 0x72)
#define PFN_MKWRITE_MOD_RECORD	_IOR('m', 0x73, __u64)

/**
 * struct pfn_mkwrite_unmap - a range to be unmapped from all page tables
 *
 * @fd:		a character device
 * @pad:	0
 * @offset:	bytes, as for mmap()
 * @size:	bytes, not 0
 */
struct pfn_mkwrite_unmap {
	__s32 fd;
	__u32 pad;
	__u64 offset;
	__u64 size;
};

/* As drm_vma_node_unmap() does. -EBADF or -EINVAL if there is nothing such. */
#define PFN_MKWRITE_MOD_UNMAP	_IOW('m', 0x74, struct pfn_mkwrite_unmap)

#endif /* PFN_MKWRITE_MOD_H */
