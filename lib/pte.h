/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The bits of a PTE, and of the protection that one is made of, that decide whether
 * a store faults.
 */
#ifndef PFN_MKWRITE_PTE_H
#define PFN_MKWRITE_PTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whose page tables; each can be decoded on any machine. */
enum pte_arch {
	PTE_ARM64,
	PTE_X86_64,
	PTE_RISCV64,
	PTE_UNKNOWN,
};

/**
 * struct pte_bits - what the kernel reads out of a PTE
 *
 * @present:	pte_present()
 * @write:	pte_write(); on arm64 PTE_WRITE, which is the DBM bit
 * @dirty:	pte_dirty(), whoever has set it
 */
struct pte_bits {
	bool present;
	bool write;
	bool dirty;
};

/**
 * pte_arch_here() - the architecture that this is built for
 *
 * Return: it, or PTE_UNKNOWN.
 */
enum pte_arch pte_arch_here(void);

/**
 * pte_decode() - read a PTE or a pgprot_t
 * @arch: whose
 * @raw: its value
 * @bits: filled in
 *
 * arch/arm64/include/asm/pgtable-prot.h, arch/x86/include/asm/pgtable_types.h and
 * arch/riscv/include/asm/pgtable-bits.h have the bits, the same from Linux 5.10 to
 * 7.3.
 *
 * Return: 0, or -EOPNOTSUPP for an architecture that is not known.
 */
int pte_decode(enum pte_arch arch, uint64_t raw, struct pte_bits *bits);

/**
 * pte_same_but_dirty() - did nothing but the dirty bit change?
 * @arch: whose
 * @before: a PTE
 * @after: the same PTE later
 *
 * Return: whether @after is @before made dirty.
 */
bool pte_same_but_dirty(enum pte_arch arch, uint64_t before, uint64_t after);

/**
 * pte_state() - what a PTE is to a store
 * @bits: from pte_decode()
 *
 * Return: a few words.
 */
const char *pte_state(const struct pte_bits *bits);

/**
 * pte_name_bits() - the bits that matter by the names that the architecture has for them
 * @arch: whose
 * @raw: a PTE or a pgprot_t
 * @text: filled in
 * @size: bytes of @text
 */
void pte_name_bits(enum pte_arch arch, uint64_t raw, char *text, size_t size);

#endif /* PFN_MKWRITE_PTE_H */
