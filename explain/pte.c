// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "pte.h"

#define BIT(nr)		(1ULL << (nr))

#define ARM64_VALID	BIT(0)
#define ARM64_RDONLY	BIT(7)
#define ARM64_AF	BIT(10)
#define ARM64_DBM	BIT(51)
#define ARM64_DIRTY	BIT(55)		/* set by software */

#define X86_PRESENT	BIT(0)
#define X86_RW		BIT(1)
#define X86_PWT		BIT(3)
#define X86_PCD		BIT(4)
#define X86_ACCESSED	BIT(5)
#define X86_DIRTY	BIT(6)
#define X86_PAT		BIT(7)
#define X86_SOFT_DIRTY	BIT(11)
#define X86_SAVED_DIRTY	BIT(58)		/* since 6.6: dirty, if write-protected */

#define RISCV_PRESENT	BIT(0)
#define RISCV_WRITE	BIT(2)
#define RISCV_ACCESSED	BIT(6)
#define RISCV_DIRTY	BIT(7)

enum pte_arch pte_arch_here(void)
{
	static const struct {
		const char *machine;
		enum pte_arch arch;
	} known[] = {
		{ "aarch64", PTE_ARM64 },
		{ "armv8l", PTE_ARM64 },	/* with PER_LINUX32 */
		{ "x86_64", PTE_X86_64 },
		{ "riscv64", PTE_RISCV64 },
	};
	struct utsname name;
	size_t i;

	if (!uname(&name))
		for (i = 0; i < sizeof(known) / sizeof(*known); i++)
			if (!strcmp(name.machine, known[i].machine))
				return known[i].arch;
	return PTE_UNKNOWN;
}

int pte_decode(enum pte_arch arch, uint64_t raw, struct pte_bits *bits)
{
	switch (arch) {
	case PTE_ARM64:
		bits->present = raw & ARM64_VALID;
		bits->write = raw & ARM64_DBM;
		/* pte_hw_dirty(): a CPU with DBM clears RDONLY, DIRTY stays 0. */
		bits->dirty = (raw & ARM64_DIRTY) ||
			      (bits->write && !(raw & ARM64_RDONLY));
		return 0;
	case PTE_X86_64:
		bits->present = raw & X86_PRESENT;
		bits->write = raw & X86_RW;
		bits->dirty = raw & (X86_DIRTY | X86_SAVED_DIRTY);
		return 0;
	case PTE_RISCV64:
		bits->present = raw & RISCV_PRESENT;
		bits->write = raw & RISCV_WRITE;
		bits->dirty = raw & RISCV_DIRTY;
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

bool pte_same_but_dirty(enum pte_arch arch, uint64_t before, uint64_t after)
{
	uint64_t differs = before ^ after;
	struct pte_bits was, is;

	if (pte_decode(arch, before, &was) || pte_decode(arch, after, &is))
		return false;
	if (was.dirty || !is.dirty)
		return false;
	switch (arch) {
	case PTE_ARM64:
		return !(differs & ~(ARM64_RDONLY | ARM64_DIRTY | ARM64_AF));
	case PTE_X86_64:
		return !(differs & ~(X86_DIRTY | X86_SOFT_DIRTY | X86_ACCESSED));
	default:
		return !(differs & ~(RISCV_DIRTY | RISCV_ACCESSED));
	}
}

const char *pte_state(const struct pte_bits *bits)
{
	if (!bits->present)
		return "absent";
	if (!bits->write)
		return bits->dirty ? "write-protected and dirty" :
				     "write-protected and clean";
	return bits->dirty ? "writable and dirty" : "writable and clean";
}

static int is_set(uint64_t raw, uint64_t bit)
{
	return !!(raw & bit);
}

void pte_name_bits(enum pte_arch arch, uint64_t raw, char *text, size_t size)
{
	switch (arch) {
	case PTE_ARM64:
		snprintf(text, size,
			 "DBM %d, RDONLY %d, DIRTY %d, AF %d, attribute index %d",
			 is_set(raw, ARM64_DBM), is_set(raw, ARM64_RDONLY),
			 is_set(raw, ARM64_DIRTY), is_set(raw, ARM64_AF),
			 (int)(raw >> 2 & 7));
		break;
	case PTE_X86_64:
		/* The PAT register maps the index to a memory type. */
		snprintf(text, size, "RW %d, D %d, A %d, PAT index %d",
			 is_set(raw, X86_RW), is_set(raw, X86_DIRTY),
			 is_set(raw, X86_ACCESSED),
			 is_set(raw, X86_PAT) << 2 | is_set(raw, X86_PCD) << 1 |
			 is_set(raw, X86_PWT));
		break;
	case PTE_RISCV64:
		snprintf(text, size, "W %d, D %d, A %d, memory type %d",
			 is_set(raw, RISCV_WRITE), is_set(raw, RISCV_DIRTY),
			 is_set(raw, RISCV_ACCESSED), (int)(raw >> 61 & 3));
		break;
	default:
		snprintf(text, size, "unknown architecture");
	}
}
