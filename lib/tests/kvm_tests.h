/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The store of a KVM guest. KVM resolves a page of a VM_PFNMAP mapping by
 * follow_pfnmap_start(). If there is no PTE, it calls fixup_user_fault() once and looks
 * again: a PTE that is not writable then is an error (virt/kvm/kvm_main.c,
 * hva_to_pfn_remapped(), KVM_PFN_ERR_RO_FAULT). x86 emulates the store instead.
 */
#include "kvm_guest.h"

/*
 * Linux 7.3 on arm64 takes VM_PFNMAP memory with a cacheable vm_page_prot only if the CPU
 * has S2FWB and DIC (arch/arm64/kvm/mmu.c, kvm_supports_cacheable_pfnmap()): see if a
 * guest can store to a page that was stored to before. Then it must be able to store to an
 * untouched page.
 */
TEST_F(mapping, kvm_guest_store)
{
	struct mapping map = map_measured(_metadata, self), other;
	int kvm = kvm_open(), vcpu, err;

	if (kvm < 0)
		SKIP(return, "no KVM guest can be made here");
	/* For a write-protected PTE that mmap() made, KVM calls no fault handler. */
	if (self->verdict == VERDICT_NOTIFY && !self->cost->load)
		SKIP(return, WHY_PREMAPPED);
	*mapping_word(&map, 0) = 0;
	vcpu = guest_open(kvm, map.addr);
	err = vcpu < 0 ? vcpu : guest_run(vcpu);
	if (err)
		SKIP_WHY("KVM runs no guest in this memory", strerror(-err));
	ASSERT_WORD(GUEST_WORD, &map, 0, "stored by a guest");
	mapping_close(&map);

	map = map_fresh(_metadata, self);
	other = map_again(_metadata, self);
	*mapping_word(&other, 0) = 0;
	vcpu = guest_open(kvm, map.addr);
	ASSERT_LE(0, vcpu);
	ASSERT_EQ(0, guest_run(vcpu));
	ASSERT_WORD(GUEST_WORD, &other, 0, "stored by a guest");
}
