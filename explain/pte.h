/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The bits of a PTE, or of a pgprot_t, that decide whether a store faults.
 */
#ifndef PFN_MKWRITE_PTE_H
#define PFN_MKWRITE_PTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Each can be decoded on any machine. */
enum pte_arch {
	PTE_ARM64,
	PTE_X86_64,
	PTE_RISCV64,
	PTE_UNKNOWN,
};

/**
 * struct pte_bits - a decoded PTE
 *
 * @present:	pte_present()
 * @write:	pte_write(); on arm64 PTE_WRITE, which is the DBM bit
 * @dirty:	pte_dirty(), set by software or by the CPU
 */
struct pte_bits {
	bool present;
	bool write;
	bool dirty;
};

/* The architecture of the kernel, which also runs 32-bit programs. */
enum pte_arch pte_arch_here(void);

/**
 * pte_decode() - decode a PTE or a pgprot_t
 * @arch: its architecture
 * @raw: its value
 * @bits: filled in
 *
 * The bits are those of arch/arm64/include/asm/pgtable-prot.h,
 * arch/x86/include/asm/pgtable_types.h and arch/riscv/include/asm/pgtable-bits.h, the
 * same from Linux 5.10 to 7.3.
 *
 * Return: 0, or -EOPNOTSUPP for an unknown architecture.
 */
int pte_decode(enum pte_arch arch, uint64_t raw, struct pte_bits *bits);

/* Was @before clean, and is @after the same PTE made dirty? */
bool pte_same_but_dirty(enum pte_arch arch, uint64_t before, uint64_t after);

/* "writable and clean" */
const char *pte_state(const struct pte_bits *bits);

/* The bits by the names that the architecture has for them: "W 1, D 0, ..." */
void pte_name_bits(enum pte_arch arch, uint64_t raw, char *text, size_t size);

#endif /* PFN_MKWRITE_PTE_H */
