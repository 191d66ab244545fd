/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Count the page faults of one access, and what else the kernel tells of it.
 */
#ifndef PFN_MKWRITE_COUNT_H
#define PFN_MKWRITE_COUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One page fault. */
struct fault {
	uint64_t time_ns;	/* perf clock; only differences mean something */
	uint64_t ip;		/* instruction that faulted */
	uint64_t addr;		/* address that it accessed */
};

/*
 * The page faults of the calling thread, from a perf software event with a sample period
 * of one.
 */
struct fault_log {
	int fd;			/* perf event, or -1 */
	void *control;		/* control page of its ring, or MAP_FAILED */
	void *data;		/* records of the ring */
	size_t data_size;	/* bytes */
	bool user_only;		/* faults that the kernel takes at user memory are left out */
};

/* Room for at least so many faults. */
#define FAULT_LOG_SAMPLES	512

/*
 * Open a log, stopped and empty. Returns 0, or -errno: -EACCES, -EPERM and -ENOSYS if
 * perf is refused (perf_event_paranoid, seccomp). fault_log_close() is fine even then.
 */
int fault_log_open(struct fault_log *log);
void fault_log_close(struct fault_log *log);

/* Start to log. Returns 0 or -errno. */
int fault_log_start(struct fault_log *log);

/*
 * Stop, and take out the records, in order of time. Their number is compared with the
 * count of the event, because the kernel reports a record that it dropped only when a
 * later one fits (kernel/events/ring_buffer.c, __perf_output_begin()). Returns the number
 * of faults; -ENOBUFS if records were lost: close the log; -E2BIG if there are more than
 * @max, -EBADMSG if the ring makes no sense, or another -errno.
 */
int fault_log_stop(struct fault_log *log, struct fault *faults, size_t max);

/* Faults during one access, which may go to many pages; those kept as evidence. */
#define NR_FAULTS_MAX	256
#define NR_EVIDENCE	8

/* Counts the faults of the calling thread. */
struct meter {
	struct fault_log log;
	int log_err;			/* -errno: no log, getrusage() alone counts */
	struct fault faults[NR_FAULTS_MAX];
};

/* Get ready to count; if perf is refused, @meter->log_err says why. */
void meter_open(struct meter *meter);
void meter_close(struct meter *meter);

/*
 * The linker knows the bounds of a section, so a fault of a measured access can be
 * told from all others by its instruction pointer.
 */
#define __access __attribute__((noinline, section("pfn_mkwrite_access")))

/* Whose instructions access the memory. */
enum storer {
	STORER_OWN,		/* functions marked __access; other faults are an error */
	STORER_LIBC,		/* the C library or the compiler */
	STORER_KERNEL,		/* a system call */
};

enum access_kind { ACCESS_LOAD, ACCESS_STORE };

/* The cost of one access. */
struct access {
	int faults;		/* at its pages by its instruction; without a log as @rusage */
	int logged;		/* faults of the thread in the log */
	int rusage;		/* faults of the thread by getrusage() */
	int nr_evidence;
	struct fault evidence[NR_EVIDENCE];	/* the first of @faults */
};

/*
 * Load or store one byte and count the faults. Returns 0; -EPROTO if another
 * instruction faulted at the page; as fault_log_stop() if the log is not complete; or
 * another -errno.
 */
int access_page(struct meter *meter, unsigned char *addr, enum access_kind kind,
		struct access *access);

/* The same for @fn, called with @arg, which accesses @len bytes from @addr. */
int access_measure(struct meter *meter, void (*fn)(void *arg), void *arg, const void *addr,
		   size_t len, enum storer storer, struct access *access);

/*
 * Does the log show all faults of such an access? If not, other faults of the
 * thread count as well, and the lowest of several results is the best.
 */
bool access_exact(const struct meter *meter, enum storer storer);

/* Load one byte without counting. */
void load_page(const unsigned char *addr);

/* Bytes from the start of the __access section to @ip, or -1 if it is elsewhere. */
long access_offset(uint64_t ip);

/*
 * Does the CPU set the dirty bit of a PTE, or a page fault? The kernel does not tell user
 * space (arm64 hides HAFDBS, arch/arm64/kernel/cpufeature.c): store to a page that
 * MADV_FREE has cleaned. Pin the thread to a CPU on which software sets the bit, if there
 * is one; @mixed is set if the CPUs differ, as on big.LITTLE machines. Returns the faults
 * of the store, 1 if software sets the bit, 0 if the CPU does, or -errno.
 */
int calibrate(struct meter *meter, bool *mixed);

/*
 * Faults of the calling thread, minor and major, or -errno. A fault that is retried
 * after VM_FAULT_RETRY counts as major (mm/memory.c, mm_account_fault(),
 * FAULT_FLAG_TRIED).
 */
int64_t rusage_faults(void);

/*
 * An event of /proc/vmstat, summed over the CPUs at each read (mm/vmstat.c,
 * sum_vm_events()), or -errno: -ENOENT if the kernel does not count it. "pgreuse" is write
 * faults that end in wp_page_reuse() (mm/memory.c): for a shared mapping one for each
 * notification, none for a dirty fault.
 */
int64_t vmstat_count(const char *event);

struct vma_info {
	uint64_t rss_kb;	/* Rss, KiB */
	char flags[256];	/* VmFlags */
};

/*
 * Read what /proc/self/smaps says of the VMA of an address. Returns 0, -errno of opening
 * it, or -ENODATA if no VMA holds @addr or its entry has no Rss and VmFlags.
 */
int smaps_read(const void *addr, struct vma_info *info);

/* Is a flag among VmFlags, for example "pf" (VM_PFNMAP)? */
bool vma_flag(const struct vma_info *info, const char *flag);

/* Nanoseconds of CLOCK_MONOTONIC. */
int64_t now_ns(void);

#endif /* PFN_MKWRITE_COUNT_H */
