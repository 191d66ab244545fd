// SPDX-License-Identifier: GPL-2.0
/*
 * A driver that inserts PFNs and pages in every way that a driver can, on request:
 * /dev/pfn_mkwrite. It counts the calls of its callbacks and looks at the page table,
 * so that a verdict that was reached by counting faults can be checked.
 *
 * Not for production: the driver makes mistakes on request.
 */
#include <linux/capability.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pagemap.h>
#include <linux/pgtable.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>
#include <linux/version.h>

#include "pfn_mkwrite_mod.h"

#define MAX_SIZE	max_t(size_t, 4UL << 20, SMALLEST_HUGE)
#define AHEAD_MAX	512
#define MANY_TIMES	64

#ifdef CONFIG_TRANSPARENT_HUGEPAGE
#define SMALLEST_HUGE	((size_t)PMD_SIZE)
#else
#define SMALLEST_HUGE	((size_t)0)
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 17, 0)
#include <linux/pfn_t.h>
#define to_pfn(pfn)	__pfn_to_pfn_t(pfn, PFN_DEV)
#else
#define to_pfn(pfn)	(pfn)
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
static inline void vm_flags_set(struct vm_area_struct *vma, unsigned long flags)
{
	vma->vm_flags |= flags;
}
#endif

/**
 * struct record - the history of a page
 *
 * @left:	PFN_MKWRITE_PTE_... after the last fault that mapped it
 * @faults:	calls of the fault handler
 * @write_faults: those for a write
 * @pfn_mkwrites: calls of pfn_mkwrite
 * @page_mkwrites: calls of page_mkwrite
 * @unanswered:	calls in a row that returned without a PTE
 */
struct record {
	u32 left;
	u32 faults;
	u32 write_faults;
	u32 pfn_mkwrites;
	u32 page_mkwrites;
	u32 unanswered;
};

/**
 * struct memory - the memory of an open file
 *
 * @setup_lock:	serializes setup() and mmap()
 * @setup:	the request
 * @start:	the pages, or NULL before setup()
 * @nr_pages:	how many
 * @lock:	protects the members below
 * @record:	one for each page
 * @nr_vmas:	VMAs that map it
 * @first:	start of the first VMA
 * @mm:		its mm, only to compare
 * @mapped:	there has been a VMA
 * @locked:	there has been one with VM_LOCKED
 * @written:	there has been a write fault
 * @closed:	a VMA is gone
 */
struct memory {
	struct mutex setup_lock;	/* serializes setup() and mmap() */
	struct pfn_mkwrite_setup setup;
	void *start;
	unsigned long nr_pages;
	spinlock_t lock;		/* protects the members below */
	struct record *record;
	int nr_vmas;
	unsigned long first;
	const struct mm_struct *mm;
	bool mapped;
	bool locked;
	bool written;
	bool closed;
};

static bool wrong(const struct memory *mem, enum pfn_mkwrite_wrong which)
{
	return mem->setup.wrong == which;
}

static bool other_thread(void)
{
	return current->pid != current->tgid;
}

static unsigned long page_pfn(const struct memory *mem, unsigned long page)
{
	return PHYS_PFN(virt_to_phys(mem->start)) + page;
}

static u32 bits(bool present, bool young, bool dirty, bool write)
{
	return (present ? PFN_MKWRITE_PTE_PRESENT : 0) |
	       (young ? PFN_MKWRITE_PTE_YOUNG : 0) |
	       (dirty ? PFN_MKWRITE_PTE_DIRTY : 0) |
	       (write ? PFN_MKWRITE_PTE_WRITE : 0);
}

/* On arm64 a PTE with PTE_WRITE may still have PTE_RDONLY. */
static bool refuses_store(u64 value, bool write)
{
#ifdef CONFIG_ARM64
	return value & PTE_RDONLY;
#else
	return !write;
#endif
}

#ifdef CONFIG_TRANSPARENT_HUGEPAGE
static void look_at_pmd(pmd_t pmd, unsigned long addr, struct pfn_mkwrite_pte *pte)
{
	pte->value = pmd_val(pmd);
	pte->now = bits(true, pmd_young(pmd), pmd_dirty(pmd), pmd_write(pmd));
	pte->now |= PFN_MKWRITE_PTE_HUGE;
	if (refuses_store(pte->value, pmd_write(pmd)))
		pte->now |= PFN_MKWRITE_PTE_READ_ONLY;
	pte->pfn = pmd_pfn(pmd) + ((addr & ~PMD_MASK) >> PAGE_SHIFT);
}
#endif

static void look_at_pte(pte_t entry, struct pfn_mkwrite_pte *pte)
{
	pte->value = pte_val(entry);
	if (!pte_present(entry))
		return;
	pte->now = bits(true, pte_young(entry), pte_dirty(entry), pte_write(entry));
	if (refuses_store(pte->value, pte_write(entry)))
		pte->now |= PFN_MKWRITE_PTE_READ_ONLY;
	if (pte_special(entry))
		pte->now |= PFN_MKWRITE_PTE_SPECIAL;
	pte->pfn = pte_pfn(entry);
}

/* riscv folds levels at run time, in functions that it does not export. */
#if defined(CONFIG_RISCV) && defined(CONFIG_64BIT)
static p4d_t *to_p4d(pgd_t *pgd, unsigned long addr)
{
	return pgtable_l5_enabled ? pgd_pgtable(*pgd) + p4d_index(addr) : (p4d_t *)pgd;
}

static pud_t *to_pud(p4d_t *p4d, unsigned long addr)
{
	return pgtable_l4_enabled ? p4d_pgtable(*p4d) + pud_index(addr) : (pud_t *)p4d;
}
#else
#define to_p4d	p4d_offset
#define to_pud	pud_offset
#endif

/*
 * The caller holds mmap_lock or the lock of the VMA. Since CONFIG_PT_RECLAIM (6.14) that
 * does not keep the page table, but a table is not freed without the lock of its PMD. The
 * PTE may change at any time, and is read once.
 */
static void look(struct mm_struct *mm, unsigned long addr, struct pfn_mkwrite_pte *pte)
{
	pgd_t *pgd = pgd_offset(mm, addr);
	p4d_t *p4d;
	pud_t *pud;
	pmd_t *pmdp, pmd;
	spinlock_t *lock;	/* of the PMD */

	pte->now = 0;
	pte->value = 0;
	pte->pfn = 0;
	if (pgd_none(*pgd) || pgd_bad(*pgd))
		return;
	p4d = to_p4d(pgd, addr);
	if (p4d_none(*p4d) || p4d_bad(*p4d))
		return;
	pud = to_pud(p4d, addr);
	if (pud_none(*pud) || pud_bad(*pud))
		return;
	pmdp = pmd_offset(pud, addr);
	lock = pmd_lock(mm, pmdp);
	pmd = READ_ONCE(*pmdp);
	if (pmd_none(pmd))
		goto unlock;
#ifdef CONFIG_TRANSPARENT_HUGEPAGE
	if (pmd_trans_huge(pmd) || pmd_leaf(pmd)) {
		look_at_pmd(pmd, addr, pte);
		goto unlock;
	}
#endif
	if (!pmd_bad(pmd))
		look_at_pte(READ_ONCE(*pte_offset_kernel(pmdp, addr)), pte);
unlock:
	spin_unlock(lock);
}

/* The page of the memory that belongs to an address. */
static unsigned long page_at(const struct memory *mem, const struct vm_area_struct *vma,
			     unsigned long addr)
{
	unsigned long page = vma->vm_pgoff + ((addr - vma->vm_start) >> PAGE_SHIFT);

	switch (mem->setup.wrong) {
	case PFN_MKWRITE_WRONG_PGOFF:
		return (addr - vma->vm_start) >> PAGE_SHIFT;
	case PFN_MKWRITE_WRONG_BOUNDS:
		return page % mem->nr_pages;
	case PFN_MKWRITE_WRONG_MOVED:
		return ((addr - mem->first) >> PAGE_SHIFT) % mem->nr_pages;
	}
	return page;
}

/* The page that is inserted instead of it. */
static unsigned long astray(const struct memory *mem, const struct vm_fault *vmf,
			    unsigned long page, bool ahead)
{
	const struct vm_area_struct *vma = vmf->vma;
	unsigned long other = page ^ 1;
	bool stray = false;

	switch (mem->setup.wrong) {
	case PFN_MKWRITE_WRONG_FORK:
		stray = vma->vm_mm != mem->mm;
		break;
	case PFN_MKWRITE_WRONG_SECOND:
		stray = vma->vm_private_data;
		break;
	case PFN_MKWRITE_WRONG_NEIGHBOUR:
		stray = ahead;
		break;
	case PFN_MKWRITE_WRONG_UNMAP:
		stray = READ_ONCE(mem->closed);
		break;
	case PFN_MKWRITE_WRONG_KERNEL_PAGE:
		stray = !(vmf->flags & FAULT_FLAG_USER);
		break;
	}
	return stray && other < mem->nr_pages ? other : page;
}

/* The protection of a PTE that takes a store without a fault. */
static pgprot_t writable_and_dirty(unsigned long vm_flags)
{
	pgprot_t prot = vm_get_page_prot(vm_flags | VM_WRITE | VM_SHARED);

#ifdef CONFIG_ARM64
	prot = __pgprot((pgprot_val(prot) & ~PTE_RDONLY) | PTE_DIRTY);
#elif defined(CONFIG_RISCV)
	prot = __pgprot(pgprot_val(prot) | _PAGE_DIRTY);
#elif defined(CONFIG_ARM)
	prot = __pgprot(pgprot_val(prot) | L_PTE_DIRTY);
#endif
	return prot;
}

static pgprot_t protection(struct memory *mem, const struct vm_area_struct *vma)
{
	bool careless = false;

	if (!(vma->vm_flags & VM_WRITE)) {
		switch (mem->setup.wrong) {
		case PFN_MKWRITE_WRONG_READ_ONLY:
			careless = true;
			break;
		case PFN_MKWRITE_WRONG_READ_ONLY_THREAD:
			careless = other_thread();
			break;
		case PFN_MKWRITE_WRONG_READ_ONLY_WRITTEN:
			careless = READ_ONCE(mem->written);
			break;
		}
	}
	if (careless)
		return writable_and_dirty(vma->vm_flags);
	if (mem->setup.flags & PFN_MKWRITE_PROT_WRITABLE)
		return vm_get_page_prot(VM_READ | VM_WRITE | VM_SHARED);
	if (mem->setup.flags & PFN_MKWRITE_PROT_UNSHARED)
		return vm_get_page_prot(vma->vm_flags & ~VM_SHARED);
	if (mem->setup.flags & PFN_MKWRITE_PROT_SHARED)
		return vm_get_page_prot(vma->vm_flags);
	return vma->vm_page_prot;
}

static bool supported(u32 insert)
{
	switch (insert) {
	case PFN_MKWRITE_INSERT_PAGE:
		return LINUX_VERSION_CODE >= KERNEL_VERSION(6, 15, 0);
	case PFN_MKWRITE_INSERT_PMD:
		return IS_ENABLED(CONFIG_TRANSPARENT_HUGEPAGE);
	case PFN_MKWRITE_INSERT_PFN_DIRTY:
	case PFN_MKWRITE_INSERT_PFN_PROT_DIRTY:
#ifdef HAVE_VMF_INSERT_PFN_DIRTY
		return true;
#else
		return false;
#endif
	}
	return true;
}

static vm_fault_t insert(struct memory *mem, struct vm_fault *vmf, unsigned long addr,
			 unsigned long page)
{
	struct vm_area_struct *vma = vmf->vma;
	unsigned long pfn = page_pfn(mem, page);
	bool __maybe_unused write = vmf->flags & FAULT_FLAG_WRITE;

	if (mem->setup.flags & PFN_MKWRITE_ZERO_PAGE)
		pfn = page_to_pfn(ZERO_PAGE(0));
	switch (mem->setup.insert) {
	case PFN_MKWRITE_INSERT_PFN_PROT:
		return vmf_insert_pfn_prot(vma, addr, pfn, protection(mem, vma));
	case PFN_MKWRITE_INSERT_MIXED:
		return vmf_insert_mixed(vma, addr, to_pfn(pfn));
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 15, 0)
	case PFN_MKWRITE_INSERT_PAGE:
		/* Takes the address from vmf: no page ahead. */
		return vmf_insert_page_mkwrite(vmf, pfn_to_page(pfn), write);
#endif
#ifdef HAVE_VMF_INSERT_PFN_DIRTY
	case PFN_MKWRITE_INSERT_PFN_DIRTY:
		return vmf_insert_pfn_dirty(vma, addr, pfn, write);
	case PFN_MKWRITE_INSERT_PFN_PROT_DIRTY:
		return vmf_insert_pfn_prot_dirty(vma, addr, pfn, protection(mem, vma), write);
#endif
	}
	return vmf_insert_pfn(vma, addr, pfn);
}

/* Faults that are answered without a PTE at first. */
static bool unruly(const struct memory *mem, const struct vm_fault *vmf, unsigned long page)
{
	switch (mem->setup.wrong) {
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 17, 0)
	case PFN_MKWRITE_WRONG_UNALIGNED:
		return vmf->real_address & ~PAGE_MASK;
#endif
	case PFN_MKWRITE_WRONG_KERNEL:
		return !(vmf->flags & FAULT_FLAG_USER);
	case PFN_MKWRITE_WRONG_THREAD:
		return other_thread();
	case PFN_MKWRITE_WRONG_EXEC:
		return vmf->vma->vm_flags & VM_EXEC;
	case PFN_MKWRITE_WRONG_LOCKED:
		return READ_ONCE(mem->locked);
	case PFN_MKWRITE_WRONG_ADVISED:
		return vmf->vma->vm_flags & VM_RAND_READ;
	case PFN_MKWRITE_WRONG_SOMETIMES:
		return page % 5 == 4;
	}
	return false;
}

static bool answered(struct memory *mem, const struct vm_fault *vmf, unsigned long page)
{
	struct record *record = &mem->record[page];
	bool answer = true;
	u32 times;

	spin_lock(&mem->lock);
	record->faults++;
	if (vmf->flags & FAULT_FLAG_WRITE) {
		record->write_faults++;
		mem->written = true;
	}
	if (unruly(mem, vmf, page)) {
		/* One thread of several at one page must notice. */
		times = wrong(mem, PFN_MKWRITE_WRONG_THREAD) ? MANY_TIMES : 1;
		answer = record->unanswered == times;
		record->unanswered = answer ? 0 : record->unanswered + 1;
	}
	spin_unlock(&mem->lock);
	return answer;
}

static void record_left(struct memory *mem, struct mm_struct *mm, unsigned long addr,
			unsigned long page)
{
	struct pfn_mkwrite_pte pte;

	look(mm, addr, &pte);
	spin_lock(&mem->lock);
	mem->record[page].left = pte.now;
	spin_unlock(&mem->lock);
}

/* As gem-shmem and file systems do when they are notified. */
static void move_times(const struct memory *mem, struct file *file, unsigned long page)
{
	if (mem->setup.flags & PFN_MKWRITE_QUIET)
		return;
	if (!wrong(mem, PFN_MKWRITE_WRONG_TIME) || !(page & 1))
		file_update_time(file);
}

static void misbehave(struct memory *mem, struct vm_area_struct *vma, unsigned long page)
{
	switch (mem->setup.wrong) {
	case PFN_MKWRITE_WRONG_STUCK:
		if (other_thread())
			schedule_timeout_killable(60 * HZ);
		break;
	case PFN_MKWRITE_WRONG_PRIVATE:
		WRITE_ONCE(vma->vm_page_prot, writable_and_dirty(vma->vm_flags));
		break;
	case PFN_MKWRITE_WRONG_COUNTED:
		current->min_flt++;
		break;
	case PFN_MKWRITE_WRONG_CLEARED:
		/* Another thread that faults at the same page maps and writes it. */
		if (other_thread())
			schedule_timeout_killable(1);
		memset(mem->start + (page << PAGE_SHIFT), 0, PAGE_SIZE);
		break;
	}
}

static vm_fault_t mod_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct memory *mem = vma->vm_file->private_data;
	unsigned long addr = vmf->address & PAGE_MASK;
	unsigned long i, page = page_at(mem, vma, addr);
	vm_fault_t ret = VM_FAULT_NOPAGE;

	if (page >= mem->nr_pages ||
	    (mem->setup.flags & PFN_MKWRITE_ZERO_PAGE && vmf->flags & FAULT_FLAG_WRITE))
		return VM_FAULT_SIGBUS;
	if (!answered(mem, vmf, page))
		return VM_FAULT_NOPAGE;
	misbehave(mem, vma, page);
	/* The core does not call page_mkwrite for a page mapped writable: see fs/dax.c. */
	if (mem->setup.insert == PFN_MKWRITE_INSERT_PAGE && vmf->flags & FAULT_FLAG_WRITE &&
	    mem->setup.flags & (PFN_MKWRITE_PFN_NOTIFY | PFN_MKWRITE_PAGE_NOTIFY))
		move_times(mem, vma->vm_file, page);

	for (i = 0; i < mem->setup.ahead; i++, addr += PAGE_SIZE) {
		if (addr >= vma->vm_end)
			break;
		page = page_at(mem, vma, addr);
		if (page >= mem->nr_pages)
			break;
		ret = insert(mem, vmf, addr, astray(mem, vmf, page, i));
		/* As in TTM: a page ahead may fail. */
		if (ret & VM_FAULT_ERROR)
			return i ? VM_FAULT_NOPAGE : ret;
		record_left(mem, vma->vm_mm, addr, page);
	}
	return ret;
}

#ifdef CONFIG_TRANSPARENT_HUGEPAGE
static vm_fault_t huge_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct memory *mem = vma->vm_file->private_data;
	unsigned long addr = vmf->address & PMD_MASK;
	unsigned long page;
	vm_fault_t ret;

	if (addr < vma->vm_start || addr + PMD_SIZE > vma->vm_end)
		return VM_FAULT_FALLBACK;
	page = page_at(mem, vma, addr);
	if (page & ((PMD_SIZE >> PAGE_SHIFT) - 1) ||
	    page + (PMD_SIZE >> PAGE_SHIFT) > mem->nr_pages)
		return VM_FAULT_FALLBACK;
	answered(mem, vmf, page_at(mem, vma, vmf->address & PAGE_MASK));
	ret = vmf_insert_pfn_pmd(vmf, to_pfn(page_pfn(mem, page)),
				 vmf->flags & FAULT_FLAG_WRITE);
	record_left(mem, vma->vm_mm, vmf->address,
		    page_at(mem, vma, vmf->address & PAGE_MASK));
	return ret;
}

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
static vm_fault_t mod_huge_fault(struct vm_fault *vmf, enum page_entry_size size)
{
	return size == PE_SIZE_PMD ? huge_fault(vmf) : VM_FAULT_FALLBACK;
}
#else
static vm_fault_t mod_huge_fault(struct vm_fault *vmf, unsigned int order)
{
	return order == PMD_SHIFT - PAGE_SHIFT ? huge_fault(vmf) : VM_FAULT_FALLBACK;
}
#endif
#endif /* CONFIG_TRANSPARENT_HUGEPAGE */

static void notified(struct vm_fault *vmf, bool of_page)
{
	struct vm_area_struct *vma = vmf->vma;
	struct memory *mem = vma->vm_file->private_data;
	unsigned long page = page_at(mem, vma, vmf->address & PAGE_MASK);
	struct record *record;

	if (page >= mem->nr_pages)
		return;
	record = &mem->record[page];
	spin_lock(&mem->lock);
	if (of_page)
		record->page_mkwrites++;
	else
		record->pfn_mkwrites++;
	if (wrong(mem, PFN_MKWRITE_WRONG_AGAIN))
		record->unanswered = !record->unanswered;
	spin_unlock(&mem->lock);
	move_times(mem, vma->vm_file, page);
}

static vm_fault_t mod_pfn_mkwrite(struct vm_fault *vmf)
{
	struct memory *mem = vmf->vma->vm_file->private_data;
	unsigned long page = page_at(mem, vmf->vma, vmf->address & PAGE_MASK);

	notified(vmf, false);
	/* The PTE stays as it is, and the store faults again. */
	if (wrong(mem, PFN_MKWRITE_WRONG_AGAIN) && page < mem->nr_pages &&
	    READ_ONCE(mem->record[page].unanswered))
		return VM_FAULT_NOPAGE;
	return 0;
}

static vm_fault_t mod_page_mkwrite(struct vm_fault *vmf)
{
	notified(vmf, true);
	lock_page(vmf->page);
	return VM_FAULT_LOCKED;
}

static void mod_vma_open(struct vm_area_struct *vma)
{
	struct memory *mem = vma->vm_file->private_data;

	spin_lock(&mem->lock);
	mem->nr_vmas++;
	spin_unlock(&mem->lock);
	if (wrong(mem, PFN_MKWRITE_WRONG_OPENED))
		unmap_mapping_range(vma->vm_file->f_mapping, 0, 0, 1);
}

static void mod_vma_close(struct vm_area_struct *vma)
{
	struct memory *mem = vma->vm_file->private_data;

	spin_lock(&mem->lock);
	mem->nr_vmas--;
	mem->closed = true;
	spin_unlock(&mem->lock);
	if (wrong(mem, PFN_MKWRITE_WRONG_UNMAP))
		unmap_mapping_range(vma->vm_file->f_mapping, 0, 0, 1);
}

static unsigned long mod_pagesize(struct vm_area_struct *vma)
{
	struct memory *mem = vma->vm_file->private_data;

	if (wrong(mem, PFN_MKWRITE_WRONG_SMAPS))
		unmap_mapping_range(vma->vm_file->f_mapping, 0, 0, 1);
	return PAGE_SIZE;
}

static const struct vm_operations_struct mod_ops = {
	.open = mod_vma_open,
	.close = mod_vma_close,
	.pagesize = mod_pagesize,
	.fault = mod_fault,
};

static const struct vm_operations_struct mod_pfn_notify_ops = {
	.open = mod_vma_open,
	.close = mod_vma_close,
	.fault = mod_fault,
	.pfn_mkwrite = mod_pfn_mkwrite,
};

static const struct vm_operations_struct mod_page_notify_ops = {
	.open = mod_vma_open,
	.close = mod_vma_close,
	.fault = mod_fault,
	.page_mkwrite = mod_page_mkwrite,
};

/* As in ext4, xfs and vmwgfx. */
static const struct vm_operations_struct mod_both_notify_ops = {
	.open = mod_vma_open,
	.close = mod_vma_close,
	.fault = mod_fault,
	.pfn_mkwrite = mod_pfn_mkwrite,
	.page_mkwrite = mod_page_mkwrite,
};

static const struct vm_operations_struct mod_pmd_ops = {
	.open = mod_vma_open,
	.close = mod_vma_close,
	.fault = mod_fault,
#ifdef CONFIG_TRANSPARENT_HUGEPAGE
	.huge_fault = mod_huge_fault,
#endif
};

/* mmap() maps all pages: no fault handler. */
static const struct vm_operations_struct mod_remap_ops = {
	.open = mod_vma_open,
	.close = mod_vma_close,
};

static const struct vm_operations_struct *operations(const struct pfn_mkwrite_setup *setup)
{
	switch (setup->insert) {
	case PFN_MKWRITE_INSERT_PMD:
		return &mod_pmd_ops;
	case PFN_MKWRITE_INSERT_REMAP:
		return &mod_remap_ops;
	}
	switch (setup->flags & (PFN_MKWRITE_PFN_NOTIFY | PFN_MKWRITE_PAGE_NOTIFY)) {
	case PFN_MKWRITE_PFN_NOTIFY:
		return &mod_pfn_notify_ops;
	case PFN_MKWRITE_PAGE_NOTIFY:
		return &mod_page_notify_ops;
	case PFN_MKWRITE_PFN_NOTIFY | PFN_MKWRITE_PAGE_NOTIFY:
		return &mod_both_notify_ops;
	}
	return &mod_ops;
}

static int map(struct memory *mem, struct vm_area_struct *vma)
{
	bool is_shared = vma->vm_flags & VM_SHARED;

	if (!mem->start)
		return -ENXIO;
	/* vmf_insert_pfn() has a BUG_ON() for private, writable mappings. */
	if (!is_shared && !wrong(mem, PFN_MKWRITE_WRONG_PRIVATE))
		return -EINVAL;
	if (!wrong(mem, PFN_MKWRITE_WRONG_BOUNDS) &&
	    (vma->vm_pgoff > mem->nr_pages ||
	     vma_pages(vma) > mem->nr_pages - vma->vm_pgoff))
		return -EINVAL;

	vma->vm_ops = operations(&mem->setup);
	vm_flags_set(vma, VM_DONTEXPAND | VM_DONTDUMP |
		     (mem->setup.flags & PFN_MKWRITE_MIXEDMAP ? VM_MIXEDMAP : VM_PFNMAP));
	spin_lock(&mem->lock);
	if (!mem->nr_vmas) {
		mem->first = vma->vm_start;
		mem->mm = vma->vm_mm;
	}
	if (vma->vm_flags & VM_LOCKED)
		mem->locked = true;
	vma->vm_private_data = mem->nr_vmas ? mem : NULL;
	mem->nr_vmas++;
	spin_unlock(&mem->lock);
	return 0;
}

static int mod_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct memory *mem = file->private_data;
	bool again;
	int err;

	mutex_lock(&mem->setup_lock);
	err = map(mem, vma);
	again = mem->mapped;
	mem->mapped = true;
	mutex_unlock(&mem->setup_lock);
	if (!err && !again && wrong(mem, PFN_MKWRITE_WRONG_EARLY) &&
	    mem->setup.flags & PFN_MKWRITE_MIXEDMAP)
		vmf_insert_mixed(vma, vma->vm_start, to_pfn(page_pfn(mem, vma->vm_pgoff)));
	if (err || mem->setup.insert != PFN_MKWRITE_INSERT_REMAP)
		return err;
	err = remap_pfn_range(vma, vma->vm_start, page_pfn(mem, vma->vm_pgoff),
			      vma->vm_end - vma->vm_start, vma->vm_page_prot);
	/* A VMA that mmap() refuses is not closed. */
	if (err)
		mod_vma_close(vma);
	return err;
}

/* Refuse values that end in a BUG_ON() of a function called later. */
static int check(const struct pfn_mkwrite_setup *setup)
{
	bool mixed = setup->flags & PFN_MKWRITE_MIXEDMAP;

	if (setup->insert >= PFN_MKWRITE_NR_INSERTS ||
	    setup->wrong >= PFN_MKWRITE_NR_WRONGS ||
	    setup->flags & ~PFN_MKWRITE_FLAGS || setup->ahead > AHEAD_MAX)
		return -EINVAL;
	if (!supported(setup->insert))
		return -EOPNOTSUPP;
	/* PFNs of RAM need vmf_insert_mixed() in a VM_MIXEDMAP VMA. */
	if (mixed != (setup->insert == PFN_MKWRITE_INSERT_MIXED ||
		      setup->insert == PFN_MKWRITE_INSERT_PAGE))
		return -EINVAL;
	if (setup->insert == PFN_MKWRITE_INSERT_PAGE && setup->ahead > 1)
		return -EINVAL;
	if (setup->flags & (PFN_MKWRITE_PROT_UNSHARED | PFN_MKWRITE_PROT_SHARED |
			    PFN_MKWRITE_PROT_WRITABLE) &&
	    setup->insert != PFN_MKWRITE_INSERT_PFN_PROT &&
	    setup->insert != PFN_MKWRITE_INSERT_PFN_PROT_DIRTY)
		return -EINVAL;
	if (setup->flags & PFN_MKWRITE_ZERO_PAGE && setup->insert != PFN_MKWRITE_INSERT_PFN)
		return -EINVAL;
	/* They have vm_ops of their own and map all pages. */
	if (setup->insert == PFN_MKWRITE_INSERT_PMD || setup->insert == PFN_MKWRITE_INSERT_REMAP)
		return setup->flags || setup->ahead > 1 ? -EINVAL : 0;
	return 0;
}

static int fix_size(struct pfn_mkwrite_setup *setup)
{
	size_t unit = PAGE_SIZE;

	if (setup->insert == PFN_MKWRITE_INSERT_PMD)
		unit = SMALLEST_HUGE;
	if (!setup->size)
		setup->size = unit;
	if (setup->size > MAX_SIZE || setup->size % unit)
		return -EINVAL;
	return 0;
}

static int setup(struct memory *mem, struct pfn_mkwrite_setup *wanted)
{
	int err;

	err = check(wanted);
	if (!err)
		err = fix_size(wanted);
	if (err)
		return err;
	if (mem->start)
		return -EBUSY;
	if (!wanted->ahead)
		wanted->ahead = 1;
	mem->nr_pages = wanted->size >> PAGE_SHIFT;
	mem->record = kvcalloc(mem->nr_pages, sizeof(*mem->record), GFP_KERNEL);
	if (!mem->record)
		return -ENOMEM;
	/* Contiguous, for remap_pfn_range(), each page with its own reference count. */
	mem->start = alloc_pages_exact(wanted->size, GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN);
	if (!mem->start) {
		kvfree(mem->record);
		mem->record = NULL;
		return -ENOMEM;
	}
	mem->setup = *wanted;
	return 0;
}

static long ioctl_setup(struct memory *mem, void __user *arg)
{
	struct pfn_mkwrite_setup wanted;
	int err;

	if (copy_from_user(&wanted, arg, sizeof(wanted)))
		return -EFAULT;
	mutex_lock(&mem->setup_lock);
	err = setup(mem, &wanted);
	mutex_unlock(&mem->setup_lock);
	if (!err && copy_to_user(arg, &wanted, sizeof(wanted)))
		err = -EFAULT;
	return err;
}

static void fill_in(struct memory *mem, unsigned long page, struct pfn_mkwrite_pte *pte)
{
	unsigned long first = page_pfn(mem, 0);

	pte->page = PFN_MKWRITE_NO_PAGE;
	if (pte->now && pte->pfn >= first && pte->pfn - first < mem->nr_pages)
		pte->page = pte->pfn - first;
	if (page >= mem->nr_pages)
		return;
	spin_lock(&mem->lock);
	pte->left = mem->record[page].left;
	pte->faults = mem->record[page].faults;
	pte->write_faults = mem->record[page].write_faults;
	pte->pfn_mkwrites = mem->record[page].pfn_mkwrites;
	pte->page_mkwrites = mem->record[page].page_mkwrites;
	spin_unlock(&mem->lock);
}

static long ioctl_pte(struct file *file, void __user *arg)
{
	struct memory *mem = file->private_data;
	struct mm_struct *mm = current->mm;
	struct pfn_mkwrite_pte pte;
	struct vm_area_struct *vma;
	int err = -EFAULT;
	u64 addr;

	if (copy_from_user(&pte, arg, sizeof(pte)))
		return -EFAULT;
	addr = pte.addr;
	memset(&pte, 0, sizeof(pte));
	pte.addr = addr;
	if (!mm || addr != (unsigned long)addr)
		return -EFAULT;

	mmap_read_lock(mm);
	vma = find_vma(mm, addr);
	if (vma && vma->vm_start <= addr && vma->vm_file == file) {
		look(mm, addr, &pte);
		fill_in(mem, page_at(mem, vma, addr & PAGE_MASK), &pte);
		err = 0;
	}
	mmap_read_unlock(mm);
	if (!err && copy_to_user(arg, &pte, sizeof(pte)))
		err = -EFAULT;
	return err;
}

static long ioctl_reset(struct memory *mem)
{
	int err = -ENXIO;

	mutex_lock(&mem->setup_lock);
	if (mem->start) {
		spin_lock(&mem->lock);
		memset(mem->record, 0, mem->nr_pages * sizeof(*mem->record));
		mem->written = false;
		mem->closed = false;
		spin_unlock(&mem->lock);
		memset(mem->start, 0, mem->setup.size);
		err = 0;
	}
	mutex_unlock(&mem->setup_lock);
	return err;
}

/* As vmwgfx does with VMW_BO_DIRTY_PAGETABLE. */
static long ioctl_record(struct file *file, void __user *arg)
{
#ifdef CONFIG_MAPPING_DIRTY_HELPERS
	DECLARE_BITMAP(dirty, 64) = { 0 };
	pgoff_t start = 0, end = 0;
	u64 pages;

	clean_record_shared_mapping_range(file->f_mapping, 0, 64, 0, dirty, &start, &end);
	pages = dirty[0];
#if BITS_PER_LONG == 32
	pages |= (u64)dirty[1] << 32;
#endif
	return copy_to_user(arg, &pages, sizeof(pages)) ? -EFAULT : 0;
#else
	return -EOPNOTSUPP;
#endif
}

static long ioctl_unmap(void __user *arg)
{
	struct pfn_mkwrite_unmap unmap;
	struct file *file;
	int err = -EINVAL;

	if (copy_from_user(&unmap, arg, sizeof(unmap)))
		return -EFAULT;
	file = fget(unmap.fd);
	if (!file)
		return -EBADF;
	if (S_ISCHR(file_inode(file)->i_mode) && unmap.size && !unmap.pad) {
		unmap_mapping_range(file->f_mapping, unmap.offset, unmap.size, 1);
		err = 0;
	}
	fput(file);
	return err;
}

static long mod_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case PFN_MKWRITE_MOD_SETUP:
		return ioctl_setup(file->private_data, (void __user *)arg);
	case PFN_MKWRITE_MOD_PTE:
		return ioctl_pte(file, (void __user *)arg);
	case PFN_MKWRITE_MOD_RESET:
		return ioctl_reset(file->private_data);
	case PFN_MKWRITE_MOD_RECORD:
		return ioctl_record(file, (void __user *)arg);
	case PFN_MKWRITE_MOD_UNMAP:
		return ioctl_unmap((void __user *)arg);
	}
	return -ENOTTY;
}

static int mod_open(struct inode *inode, struct file *file)
{
	struct memory *mem;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	mem = kzalloc(sizeof(*mem), GFP_KERNEL);
	if (!mem)
		return -ENOMEM;
	mutex_init(&mem->setup_lock);
	spin_lock_init(&mem->lock);
	file->private_data = mem;
	return 0;
}

/* A VMA holds its file, so nothing is mapped. */
static int mod_release(struct inode *inode, struct file *file)
{
	struct memory *mem = file->private_data;

	if (mem->start)
		free_pages_exact(mem->start, mem->setup.size);
	kvfree(mem->record);
	mutex_destroy(&mem->setup_lock);
	kfree(mem);
	return 0;
}

/* .owner keeps the module loaded while a file is open or mapped. */
static const struct file_operations mod_fops = {
	.owner = THIS_MODULE,
	.open = mod_open,
	.release = mod_release,
	.mmap = mod_mmap,
	.unlocked_ioctl = mod_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice mod_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = PFN_MKWRITE_MOD_NAME,
	.fops = &mod_fops,
	.mode = 0600,
};
module_misc_device(mod_device);

MODULE_DESCRIPTION("Inserts pages in every way that drivers do, to test mkwrite");
MODULE_LICENSE("GPL");
