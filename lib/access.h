/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One access to one page, and the faults that it took.
 */
#ifndef PFN_MKWRITE_ACCESS_H
#define PFN_MKWRITE_ACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fault_log.h"

/* Faults that an access keeps as evidence; three would be news already. */
#define NR_EVIDENCE	8

/* Faults of one access, which may go to many pages, those of others included. */
#define NR_FAULTS_MAX	256

/*
 * A section of its own gives the code of the accesses bounds that the linker knows,
 * so that a fault can be told to come from there and from nowhere else.
 */
#define __access __attribute__((noinline, section("pfn_mkwrite_access")))

/**
 * struct meter - counts the faults of the calling thread
 *
 * @log:	the fault log
 * @log_err:	0, or why there is none: then rusage alone counts, and faults
 *		can be attributed to nothing
 * @faults:	room for the log of one access
 */
struct meter {
	struct fault_log log;
	int log_err;
	struct fault faults[NR_FAULTS_MAX];
};

enum access_kind {
	ACCESS_LOAD,
	ACCESS_STORE,
};

/**
 * struct access - what one access took
 *
 * @faults:	faults at the page, raised by the accessing instruction; all
 *		faults of the thread where there is no log
 * @logged:	faults of the thread in the log, wherever they happened
 * @rusage:	faults of the thread as getrusage() counts them
 * @nr_evidence: how many of the @faults are kept in @evidence
 * @evidence:	the first of the @faults
 */
struct access {
	int faults;
	int logged;
	int rusage;
	int nr_evidence;
	struct fault evidence[NR_EVIDENCE];
};

/**
 * meter_open() - get ready to count
 * @meter: filled in. Where perf is refused, log_err says why and counting goes
 *	on with rusage alone
 */
void meter_open(struct meter *meter);

/**
 * meter_close() - give it back
 * @meter: an open meter
 */
void meter_close(struct meter *meter);

/**
 * access_page() - load or store one byte and count the faults
 * @meter: an open meter of this thread
 * @addr: what to access
 * @kind: load or store
 * @access: filled in
 *
 * Return: 0; -EPROTO when another instruction faulted at the page; what
 * fault_log_stop() returns when the log is not complete; -errno.
 */
int access_page(struct meter *meter, unsigned char *addr, enum access_kind kind,
		struct access *access);

/**
 * load_page() - load one byte without counting anything
 * @addr: where from
 */
void load_page(const unsigned char *addr);

/**
 * struct refusal - what a store that should be refused came to
 *
 * @signo:	the signal, or 0: the store went through
 * @code:	its si_code
 * @addr:	its si_addr
 */
struct refusal {
	int signo;
	int code;
	uint64_t addr;
};

/**
 * enum storer - whose instruction it is that stores
 *
 * @STORER_PROBE:	the probe's own, marked __access
 * @STORER_LIBC:	the C library's or the compiler's
 * @STORER_KERNEL:	the kernel's, for a system call
 */
enum storer {
	STORER_PROBE,
	STORER_LIBC,
	STORER_KERNEL,
};

/**
 * struct shape - a store of another shape than one byte
 *
 * @store:	store @len bytes at @addr; @fd is the next member
 * @fd:		what a system call reads from, or -1
 * @storer:	whose instruction
 */
struct shape {
	void (*store)(unsigned char *addr, size_t len, int fd);
	int fd;
	enum storer storer;
};

/**
 * access_shape() - store, count the faults at all pages that it goes to, and
 * survive a signal
 * @meter: an open meter of this thread
 * @shape: how to store
 * @addr: where to
 * @len: how many bytes
 * @access: filled in
 * @refusal: filled in: not each memory takes each store
 *
 * Faults of the kernel's own copy may be none that perf tells this user of: then
 * getrusage() alone counts.
 *
 * Return: as access_page().
 */
int access_shape(struct meter *meter, const struct shape *shape,
		 unsigned char *addr, size_t len, struct access *access,
		 struct refusal *refusal);

/**
 * access_exact() - are the faults of such a store told from others?
 * @meter: an open meter
 * @storer: whose instruction stores
 *
 * Return: whether they are; else each fault of the thread counts, and the least of
 * several tries is the best.
 */
bool access_exact(const struct meter *meter, enum storer storer);

/**
 * store_expect_refusal() - store one byte, and survive the signal
 * @addr: where to
 * @refusal: filled in
 *
 * The store happens in the calling thread, not in a forked child: fork() copies
 * PTEs, and makes some clean or write-protected as it does.
 */
void store_expect_refusal(unsigned char *addr, struct refusal *refusal);

/**
 * load_expect_refusal() - load one byte, and survive the signal
 * @addr: where from
 * @refusal: filled in
 */
void load_expect_refusal(unsigned char *addr, struct refusal *refusal);

/**
 * refused_by_protection() - was it SIGSEGV, SEGV_ACCERR, at the address?
 * @refusal: from store_expect_refusal()
 * @addr: where the store went
 *
 * Return: whether it was.
 */
bool refused_by_protection(const struct refusal *refusal,
			   const unsigned char *addr);

/**
 * access_offset() - how far an instruction is into the code of the access
 * @ip: its address
 *
 * Return: bytes, or -1 when @ip is elsewhere.
 */
long access_offset(uint64_t ip);

#endif /* PFN_MKWRITE_ACCESS_H */
