// SPDX-License-Identifier: GPL-2.0
/*
 * Runs a program that may not use some system calls, as the seccomp filter of a
 * container has it: with_seccomp ERRNO SYSCALL... -- COMMAND [ARGUMENT...]
 *
 * The calls fail with ERRNO, EPERM or ENOSYS. Filters add up, so COMMAND may be
 * another one.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Not the result of any test. */
#define EXIT_USAGE	2

#define CALL(name)	{ #name, SYS_ ## name }

static const struct call {
	const char *name;
	unsigned int nr;
} calls[] = {
	CALL(add_key), CALL(bpf), CALL(clone3), CALL(io_uring_enter),
	CALL(io_uring_register), CALL(io_uring_setup), CALL(kcmp),
	CALL(keyctl), CALL(madvise), CALL(memfd_create), CALL(mount),
	CALL(mprotect), CALL(mremap), CALL(perf_event_open), CALL(pipe2),
	CALL(prctl), CALL(process_vm_readv), CALL(process_vm_writev),
	CALL(ptrace), CALL(remap_file_pages), CALL(request_key),
	CALL(sched_getaffinity), CALL(sched_setaffinity),
	CALL(sched_setscheduler), CALL(setns), CALL(setpgid),
	CALL(socketpair), CALL(statx), CALL(umount2), CALL(unshare),
	CALL(userfaultfd), CALL(vmsplice),
};

#define NR_CALLS	(sizeof(calls) / sizeof(*calls))

static const struct call *find(const char *name)
{
	size_t i;

	for (i = 0; i < NR_CALLS; i++) {
		if (!strcmp(calls[i].name, name))
			return &calls[i];
	}
	return NULL;
}

static int deny(char **names, int nr, int err)
{
	/* Loads the number, compares it with each denied one, and two ends. */
	struct sock_filter code[NR_CALLS + 3] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
	};
	struct sock_fprog program = { .len = nr + 3, .filter = code };
	const struct call *call;
	int i;

	for (i = 0; i < nr; i++) {
		call = find(names[i]);
		if (!call) {
			fprintf(stderr, "with_seccomp: %s is not in its list\n",
				names[i]);
			return -EINVAL;
		}
		code[i + 1] = (struct sock_filter)
			BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call->nr, nr - i, 0);
	}
	code[nr + 1] = (struct sock_filter)
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	code[nr + 2] = (struct sock_filter)
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | err);

	/* Root needs no such promise, and prctl() may be denied already. */
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) ?
	       -errno : 0;
}

int main(int argc, char **argv)
{
	int nr = 0, err;

	while (nr + 2 < argc && strcmp(argv[nr + 2], "--"))
		nr++;
	if (nr + 3 >= argc || nr > (int)NR_CALLS ||
	    (strcmp(argv[1], "EPERM") && strcmp(argv[1], "ENOSYS"))) {
		fprintf(stderr,
			"usage: with_seccomp EPERM|ENOSYS SYSCALL... -- COMMAND...\n");
		return EXIT_USAGE;
	}
	err = deny(argv + 2, nr, strcmp(argv[1], "EPERM") ? ENOSYS : EPERM);
	if (err) {
		fprintf(stderr, "with_seccomp: seccomp(): %s\n", strerror(-err));
		return EXIT_USAGE;
	}
	execvp(argv[nr + 3], argv + nr + 3);
	fprintf(stderr, "with_seccomp: %s: %s\n", argv[nr + 3], strerror(errno));
	return EXIT_USAGE;
}
