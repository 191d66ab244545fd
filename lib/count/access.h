/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One access to one page, and the faults that it takes.
 */
#ifndef PFN_MKWRITE_ACCESS_H
#define PFN_MKWRITE_ACCESS_H

#include "fault_log.h"

/* Faults of one access that are kept as evidence. */
#define NR_EVIDENCE	8

/* Faults during one access, which may go to many pages. */
#define NR_FAULTS_MAX	256

/*
 * The linker knows the bounds of a section, so a fault of a measured access can be
 * told from all others by its instruction pointer.
 */
#define __access __attribute__((noinline, section("pfn_mkwrite_access")))

/**
 * struct meter - counts the faults of the calling thread
 *
 * @log:	the fault log
 * @log_err:	0, or -errno: there is no log, and getrusage() alone counts
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
 * struct access - the cost of one access
 *
 * @faults:	faults at its pages by its instruction; all faults of the thread
 *		if there is no log
 * @logged:	faults of the thread in the log
 * @rusage:	faults of the thread by getrusage()
 * @nr_evidence: entries in @evidence
 * @evidence:	the first of @faults
 */
struct access {
	int faults;
	int logged;
	int rusage;
	int nr_evidence;
	struct fault evidence[NR_EVIDENCE];
};

/* Get ready to count; if perf is refused, @meter->log_err says why. */
void meter_open(struct meter *meter);

void meter_close(struct meter *meter);

/*
 * Load or store one byte and count the faults. Returns 0; -EPROTO if another
 * instruction faulted at the page; as fault_log_stop() if the log is not complete; or
 * another -errno.
 */
int access_page(struct meter *meter, unsigned char *addr, enum access_kind kind,
		struct access *access);

/**
 * enum storer - whose instructions access the memory
 *
 * @STORER_OWN:		functions marked __access; other faults are an error
 * @STORER_LIBC:	the C library or the compiler
 * @STORER_KERNEL:	a system call
 */
enum storer {
	STORER_OWN,
	STORER_LIBC,
	STORER_KERNEL,
};

/*
 * Count the faults of @fn, called with @arg, at the @len bytes from @addr. Returns as
 * access_page().
 */
int access_measure(struct meter *meter, void (*fn)(void *arg), void *arg,
		   const void *addr, size_t len, enum storer storer,
		   struct access *access);

/*
 * Does the log show all faults of such an access? If not, other faults of the
 * thread count as well, and the lowest of several results is the best.
 */
bool access_exact(const struct meter *meter, enum storer storer);

/* Load one byte without counting. */
void load_page(const unsigned char *addr);

/* Bytes from the start of the __access section to @ip, or -1 if it is elsewhere. */
long access_offset(uint64_t ip);

#endif /* PFN_MKWRITE_ACCESS_H */
