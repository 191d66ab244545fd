// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kvm_guest.h"

/*
 * The registers of a new vCPU are those of the architecture (x86) and of the ABI
 * (KVM_ARM_VCPU_INIT): the guest needs nothing but code.
 */
#if defined(__x86_64__)
#include <linux/kvm.h>

#define VM_TYPE		0
#define CODE_ADDR	0xfffff000
#define ENTRY		0xff0
#define PAGE_END	0x10000
#define LAST_EXIT	KVM_EXIT_HLT

/* Real mode, DS is 0. */
static const uint8_t guest_code[] = {
	0x66, 0xc7, 0x06, 0xfc, 0xff, 0x00, 0x00, 0x57, 0x6e,	/* movl $GUEST_WORD, 0xfffc */
	0xf4,							/* hlt */
};

#elif defined(__AARCH64EL__)
#include <linux/kvm.h>

/* 32 address bits, which each machine has. */
#define VM_TYPE		KVM_VM_TYPE_ARM_IPA_SIZE(32)
#define CODE_ADDR	0
#define ENTRY		0
#define PAGE_END	0x20000
#define LAST_EXIT	KVM_EXIT_MMIO

/* The MMU is off. A store to no memory ends KVM_RUN. */
static const uint32_t guest_code[] = {
	0xd2a00040,	/* mov x0, #PAGE_END */
	0x52adcae1,	/* mov w1, #GUEST_WORD */
	0xb81fc001,	/* stur w1, [x0, #-4] */
	0xb9000001,	/* str w1, [x0] */
};
#endif

#ifdef VM_TYPE
int kvm_open(void)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	return kvm < 0 ? -errno : kvm;
}

static int vcpu_open(int vm)
{
	int vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
#ifdef __aarch64__
	struct kvm_vcpu_init init;

	if (vcpu >= 0 && (ioctl(vm, KVM_ARM_PREFERRED_TARGET, &init) ||
			  ioctl(vcpu, KVM_ARM_VCPU_INIT, &init)))
		return -errno;
#endif
	return vcpu < 0 ? -errno : vcpu;
}

int guest_open(int kvm, const void *page)
{
	size_t size = sysconf(_SC_PAGESIZE);
	unsigned char *code = mmap(NULL, size, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct kvm_userspace_memory_region slots[] = {
		{ 0, 0, CODE_ADDR, size, (uintptr_t)code },
		{ 1, 0, PAGE_END - size, size, (uintptr_t)page },
	};
	int vm = ioctl(kvm, KVM_CREATE_VM, VM_TYPE);

	if (vm < 0 || code == MAP_FAILED)
		return -errno;
	memcpy(code + ENTRY, guest_code, sizeof(guest_code));
	if (ioctl(vm, KVM_SET_USER_MEMORY_REGION, &slots[0]) ||
	    ioctl(vm, KVM_SET_USER_MEMORY_REGION, &slots[1]))
		return -errno;
	return vcpu_open(vm);
}

int guest_run(int vcpu)
{
	struct kvm_run *run = mmap(NULL, sizeof(*run), PROT_READ | PROT_WRITE, MAP_SHARED,
				   vcpu, 0);

	if (run == MAP_FAILED || ioctl(vcpu, KVM_RUN, 0))
		return -errno;
	return run->exit_reason == LAST_EXIT ? 0 : -ENOEXEC;
}

#else

int kvm_open(void)
{
	return -ENOSYS;
}

int guest_open(int kvm, const void *page)
{
	(void)kvm;
	(void)page;
	return -ENOSYS;
}

int guest_run(int vcpu)
{
	(void)vcpu;
	return -ENOSYS;
}
#endif
