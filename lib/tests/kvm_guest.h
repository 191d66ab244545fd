/* SPDX-License-Identifier: GPL-2.0 */
/* A KVM guest that stores one word to the end of a page. */
#ifndef PFN_MKWRITE_KVM_GUEST_H
#define PFN_MKWRITE_KVM_GUEST_H

#define GUEST_WORD	0x6e570000

/* Open /dev/kvm. Return: the fd or -errno: -ENOSYS if no guest is written for this machine. */
int kvm_open(void);

/* Make a guest that has @page. Return: its vCPU or -errno. */
int guest_open(int kvm, const void *page);

/* Let it store GUEST_WORD. Return: 0 or -errno: -ENOEXEC for an unexpected exit. */
int guest_run(int vcpu);

#endif /* PFN_MKWRITE_KVM_GUEST_H */
