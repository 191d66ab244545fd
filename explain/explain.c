// SPDX-License-Identifier: GPL-2.0
/*
 * A child stores to the page, and its parent traces it: a driver that hangs and a store
 * that crashes leave no kprobe behind.
 *
 * The events read the PTE at its kernel address. To learn that address, make a
 * neighbour in the same page table fault: ptep_set_access_flags() is passed its ptep.
 * The neighbour also keeps the table from being freed.
 *
 * A tracefs instance and kprobes take tenths of a second to add and to remove. All
 * sources are mapped at one place by one child, so the same kprobes serve them all.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/param.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../lib/cost/cost.h"
#include "../lib/count/count.h"
#include "explain.h"
#include "trace.h"
#include "tracer.h"

/* Time limits for all steps together, and for the child to go after SIGKILL. */
#define LIMIT_MS	14000
#define GONE_MS		1000

/* Pages in front of the mapping: the neighbour, and those of struct trace_places. */
#define NEIGHBOUR	0
#define LOADED		1
#define STORED		2
#define NR_AHEAD	3

#define FAULT_FETCH	"handle_mm_fault addr=$arg2:x64 flags=$arg3:x32%s"
#define HANDLERS_FETCH	" ops=vma->vm_ops:x64" \
			" vma_fault=vma->vm_ops->fault:symbol" \
			" vma_pfn_mkwrite=vma->vm_ops->pfn_mkwrite:symbol" \
			" vma_page_mkwrite=vma->vm_ops->page_mkwrite:symbol"

/*
 * The functions that make a PTE; no kernel has them all. Most drivers call the first
 * few. A probe takes time to add and remove, so try the others only if these see nothing.
 */
#define NR_LIKELY	3
static const struct {
	const char *function;
	const char *fetch;
} inserts[] = {
	{ "vmf_insert_pfn_prot",
	  "addr=$arg2:x64 pfn=$arg3:x64 prot=$arg4:x64" },
	{ "vmf_insert_pfn_prot_dirty",
	  "addr=$arg2:x64 pfn=$arg3:x64 prot=$arg4:x64 mkwrite=$arg5:u8" },
	{ "insert_pfn",
	  "addr=$arg2:x64 pfn=$arg3:x64 prot=$arg4:x64 mkwrite=$arg5:u8" },
	{ "vmf_insert_mixed", "addr=$arg2:x64 pfn=$arg3:x64" },
	{ "vmf_insert_mixed_prot",
	  "addr=$arg2:x64 pfn=$arg3:x64 prot=$arg4:x64" },
	{ "vmf_insert_mixed_mkwrite",
	  "addr=$arg2:x64 pfn=$arg3:x64 mkwrite=\\1:u8" },
	{ "vmf_insert_page_mkwrite", "mkwrite=$arg3:u8" },
	{ "vmf_insert_pfn_pmd", "pfn=$arg2:x64 mkwrite=$arg3:u8" },
	{ "vmf_insert_pfn_pmd_prot",
	  "pfn=$arg2:x64 prot=$arg3:x64 mkwrite=$arg4:u8" },
	{ "vmf_insert_folio_pmd", "mkwrite=$arg3:u8" },
};

#define NR_INSERTS	(sizeof(inserts) / sizeof(*inserts))

#define CHANGE_FETCH	"addr=$arg2:x64 ptep=$arg3:x64" \
			" old=+0($arg3):x64 new=$arg4:x64"

/* The names of ptep_set_access_flags() from 5.10 to 7.3. */
static const char *const changes[] = {
	"ptep_set_access_flags",
	"__ptep_set_access_flags",
	"__ptep_set_access_flags_anysz",
};

/**
 * struct job - shared by both processes
 *
 * @src:	the source of the mapping, which was there before the child
 * @after_load:	load from the page first
 * @deadline:	of the whole explanation, as now_ns()
 * @err:	0, or -errno of the last step
 * @why:	with @err
 * @where:	addresses
 * @neighbour:	address of the neighbour, or 0
 * @log_err:	0, or -errno: there is no fault log
 * @load:	the load
 * @store:	the store
 */
struct job {
	const struct source *src;
	bool after_load;
	int64_t deadline;
	int err;
	char why[256];
	struct trace_places where;
	uint64_t neighbour;
	int log_err;
	struct access load;
	struct access store;
};

/* The child's own. @place is NULL if the mapping is not to go into @room. */
struct context {
	struct job *job;
	struct meter meter;
	struct backing backing;
	struct backing ring;
	size_t room_size;
	unsigned char *room;
	unsigned char *place;
};

enum step {
	STEP_START,
	STEP_OPEN,
	STEP_NEIGHBOUR,
	STEP_STORE,
	STEP_CLOSE,
};

/**
 * struct session - what several explanations have in common
 *
 * @job:	shared with the child
 * @pid:	the child, or 0
 * @sock:	to the child
 * @tracing:	@tracer has the events that any source needs
 * @small:	they read the PTE
 * @pte:	its kernel address, or 0
 * @tracer:	see there
 */
static struct session {
	struct job *job;
	pid_t pid;
	int sock;
	bool tracing;
	bool small;
	uint64_t pte;
	struct tracer tracer;
} session;

static int fail(struct job *job, int err, const char *why)
{
	snprintf(job->why, sizeof(job->why), "%s", why);
	return err;
}

static unsigned char *room_page(const struct context *c, int index)
{
	return c->room + index * c->job->where.page_size;
}

/* Reserve a whole page table for the pages in front and the mapping. */
static int start(struct context *c)
{
	struct job *job = c->job;
	size_t page_size = sysconf(_SC_PAGESIZE);
	bool mixed;
	int err;

	meter_open(&c->meter);
	job->log_err = c->meter.log_err;
	err = calibrate(&c->meter, &mixed);
	if (err < 0)
		return fail(job, err, "calibration failed");
	job->where.page_size = page_size;
	c->room_size = page_size / sizeof(uint64_t) * page_size;
	c->room = mmap(mapping_place(c->room_size, c->room_size), c->room_size, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (c->room == MAP_FAILED || mprotect(c->room, NR_AHEAD * page_size,
					      PROT_READ | PROT_WRITE))
		return fail(job, -errno, "no room for the mapping");
	job->where.loaded = (uintptr_t)room_page(c, LOADED);
	job->where.stored = (uintptr_t)room_page(c, STORED);
	if (!perf_ring_source.open(&perf_ring_source, &c->ring, page_size) &&
	    mmap(room_page(c, NEIGHBOUR), page_size, PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_FIXED, c->ring.fd, 0) != MAP_FAILED)
		job->neighbour = (uintptr_t)c->room;
	return 0;
}

static int open_source(struct context *c)
{
	struct job *job = c->job;
	int err;

	backing_init(&c->backing);
	err = job->src->open(job->src, &c->backing, NR_STORES * job->where.page_size);
	if (err)
		return fail(job, err, c->backing.why);
	/* Huge pages have no PTE, and an alignment of their own. */
	c->place = c->backing.align ? NULL : room_page(c, NR_AHEAD);
	job->where.page = (uintptr_t)c->place;
	return 0;
}

/* The store must change an existing PTE: a perf ring's first store is notified. */
static int touch_neighbour(struct context *c)
{
	struct access access;
	int err;

	err = access_page(&c->meter, c->room, ACCESS_LOAD, &access);
	return err ? err : access_page(&c->meter, c->room, ACCESS_STORE, &access);
}

static int map_it(struct context *c, struct mapping *map)
{
	int err;

	map->addr = MAP_FAILED;
	if (c->job->src->renew) {
		err = c->job->src->renew(&c->backing);
		if (err)
			return fail(c->job, err, c->backing.why);
	}
	if (!c->place) {
		err = mapping_open(map, &c->backing, PROT_READ | PROT_WRITE);
		return err ? fail(c->job, err, c->backing.why) : 0;
	}
	map->size = MIN(c->backing.size, c->room_size - NR_AHEAD * c->job->where.page_size);
	map->addr = mmap(c->place, map->size, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_FIXED, c->backing.fd,
			 c->backing.offset);
	return map->addr == MAP_FAILED ?
	       fail(c->job, -errno, "mmap() to a fixed place failed") : 0;
}

/* The next mapping takes the same place: nothing else may be there meanwhile. */
static void unmap_it(struct context *c, struct mapping *map)
{
	if (c->place)
		mmap(c->place, map->size, PROT_NONE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	else
		mapping_close(map);
}

static int store_once(struct context *c)
{
	struct job *job = c->job;
	struct mapping map;
	int err;

	/* Both must fault when they are touched again. */
	madvise(room_page(c, LOADED), (NR_AHEAD - LOADED) * job->where.page_size,
		MADV_DONTNEED);
	err = map_it(c, &map);
	if (err)
		return err;
	job->where.page = (uintptr_t)map.addr;
	if (job->after_load) {
		err = access_page(&c->meter, map.addr, ACCESS_LOAD, &job->load);
		load_page(room_page(c, LOADED));
	}
	if (!err)
		err = access_page(&c->meter, map.addr, ACCESS_STORE, &job->store);
	load_page(room_page(c, STORED));
	unmap_it(c, &map);
	return err ? fail(job, err, "the faults could not be counted") : 0;
}

static void take_steps(struct job *job, int sock)
{
	/* Static: large, and its first use would fault on the stack. */
	static struct context c;
	char step;

	c.job = job;
	backing_init(&c.backing);
	backing_init(&c.ring);
	while (read(sock, &step, 1) == 1) {
		switch (step) {
		case STEP_START:
			job->err = start(&c);
			break;
		case STEP_OPEN:
			job->err = open_source(&c);
			break;
		case STEP_NEIGHBOUR:
			job->err = touch_neighbour(&c);
			break;
		case STEP_STORE:
			job->err = store_once(&c);
			break;
		case STEP_CLOSE:
			job->src->close(&c.backing);
			job->err = 0;
			break;
		}
		if (write(sock, &step, 1) != 1)
			break;
	}
	perf_ring_source.close(&c.ring);
	_exit(0);
}

static int ms_left(const struct job *job)
{
	int64_t left = job->deadline - now_ns();

	return left > 0 ? left / 1000000 : 0;
}

static int do_step(struct session *s, enum step which)
{
	struct pollfd answer = { .fd = s->sock, .events = POLLIN };
	struct job *job = s->job;
	char step = which;

	job->why[0] = '\0';
	if (send(s->sock, &step, 1, MSG_NOSIGNAL) != 1)
		return fail(job, -EIO, "the storing process is gone");
	if (poll(&answer, 1, ms_left(job)) != 1)
		return fail(job, -ETIMEDOUT,
			    "the storing process did not answer in time");
	if (read(s->sock, &step, 1) != 1)
		return fail(job, -EFAULT, "the storing process has died");
	return job->err;
}

/* Trace one step. Return: the trace, or NULL with job->why set. */
static char *record(struct session *s, enum step step)
{
	char *text;
	int err;

	err = tracer_start(&s->tracer, s->pid);
	if (!err)
		err = do_step(s, step);
	text = tracer_stop(&s->tracer);
	if (err || !text) {
		if (!s->job->why[0])
			fail(s->job, err, s->tracer.why);
		free(text);
		return NULL;
	}
	return text;
}

static int add_fault_events(struct tracer *t, uint64_t pte)
{
	char at[48] = "";
	int err;

	if (pte)
		snprintf(at, sizeof(at), " pte=@0x%llx:x64",
			 (unsigned long long)pte);
	/* Members of structures can be fetched since 6.6, with BTF. */
	err = tracer_add(t, 'p', TRACE_FAULT, FAULT_FETCH HANDLERS_FETCH, at);
	if (err)
		err = tracer_add(t, 'p', TRACE_FAULT, FAULT_FETCH, at);
	if (err)
		return err;
	return tracer_add(t, 'r', TRACE_DONE,
			  "handle_mm_fault ret=$retval:x32%s", at);
}

/* The return address at the entry of a function. */
static const char *fetch_caller(void)
{
	switch (pte_arch_here()) {
	case PTE_ARM64:
		return "caller=%x30:symbol";
	case PTE_X86_64:
		return "caller=$stack0:symbol";
	case PTE_RISCV64:
		return "caller=%ra:symbol";
	default:
		return "";
	}
}

/* Return: whether this kernel has the function. */
static bool add_entry(struct tracer *t, const char *kind, size_t nr,
		      const char *function, const char *fetch, uint64_t addr)
{
	char name[32];

	snprintf(name, sizeof(name), "%s%zu", kind, nr);
	if (tracer_add(t, 'p', name, "%s %s %s", function, fetch, fetch_caller()))
		return false;
	tracer_stacks(t, name, addr);
	return true;
}

/* Pages mapped ahead may be many: take the stack of @page alone, if it is not 0. */
static bool add_insert_events(struct tracer *t, size_t i, size_t end,
			      uint64_t page)
{
	bool any = false;

	for (; i < end; i++)
		any |= add_entry(t, TRACE_INSERT, i, inserts[i].function,
				 inserts[i].fetch, page);
	return any;
}

static bool add_change_events(struct tracer *t)
{
	bool any = false;
	size_t i;

	for (i = 0; i < sizeof(changes) / sizeof(*changes); i++)
		any |= add_entry(t, TRACE_CHANGE, i, changes[i], CHANGE_FETCH,
				 0);
	return any;
}

/* If one function is both callbacks, its calls are not only notifications. */
static bool add_notify_event(struct tracer *t, const char *name,
			     const struct trace_handler *handler,
			     const struct trace_handler *fault)
{
	return handler->name[0] && strcmp(handler->name, fault->name) &&
	       !tracer_add(t, 'r', name, "%s%s%s ret=$retval:x32",
			   handler->module, handler->module[0] ? ":" : "",
			   handler->name);
}

/* A first trace shows which other functions to trace. Return: whether there are any. */
static bool add_more_events(struct tracer *t, const struct trace *trace)
{
	bool any = false;
	int i;

	for (i = 0; i < trace->nr; i++)
		any |= trace->event[i].kind == TRACE_IS_INSERT;
	any = !any && add_insert_events(t, NR_LIKELY, NR_INSERTS, 0);
	any |= add_notify_event(t, TRACE_NOTIFY "0", &trace->pfn_mkwrite,
				&trace->fault);
	any |= add_notify_event(t, TRACE_NOTIFY "1", &trace->page_mkwrite,
				&trace->fault);
	return any;
}

static void end_trace(struct session *s)
{
	if (s->tracing)
		tracer_close(&s->tracer);
	s->tracing = false;
}

/* Add the events that any source needs. */
static int begin_trace(struct session *s)
{
	struct tracer *t = &s->tracer;
	struct job *job = s->job;
	bool small = job->where.page;
	char *text;
	int err;

	if (s->tracing && s->small == small)
		return 0;
	end_trace(s);
	err = tracer_open(t);
	s->tracing = true;
	s->small = small;
	if (err)
		return fail(job, err, t->why);
	if (add_change_events(t) && small && job->neighbour && !s->pte) {
		text = record(s, STEP_NEIGHBOUR);
		if (!text)
			return -EIO;
		s->pte = trace_find_pte(text, job->neighbour, job->where.page,
					job->where.page_size);
		free(text);
	}
	err = add_fault_events(t, small ? s->pte : 0);
	if (err) {
		snprintf(job->why, sizeof(job->why),
			 "it refuses a kprobe at handle_mm_fault(): %s%s; the faults alone follow",
			 strerror(-err), err == -EINVAL ? tracer_refusal(t) : "");
		return err;
	}
	add_insert_events(t, 0, NR_LIKELY, job->where.page);
	return 0;
}

static int trace_store(struct session *s, struct trace *trace)
{
	char *text = record(s, STEP_STORE);

	if (!text)
		return -EIO;
	trace_parse(text, &s->job->where, trace);
	free(text);
	return 0;
}

/* Events that only this source needs would show more of the next one. */
static int trace_steps(struct session *s, struct trace *trace)
{
	int err = begin_trace(s);

	if (!err)
		err = trace_store(s, trace);
	if (!err && add_more_events(&s->tracer, trace)) {
		err = trace_store(s, trace);
		end_trace(s);
	}
	if (err)
		end_trace(s);
	return err;
}

static void print_fault(FILE *out, const struct fault *fault, int nr,
			const char *what)
{
	long offset = access_offset(fault->ip);

	fprintf(out, "fault %d, of the %s: address 0x%llx, instruction 0x%llx",
		nr, what, (unsigned long long)fault->addr,
		(unsigned long long)fault->ip);
	if (offset >= 0)
		fprintf(out, " (access+0x%lx)", offset);
}

/* Put faults and events in order. The times of events are in whole microseconds. */
static void print_times(FILE *out, const struct job *job,
			const struct trace *trace)
{
	const struct access *access[] = { &job->load, &job->store };
	const char *const what[] = { "load", "store" };
	uint64_t start = UINT64_MAX, at;
	int which = job->after_load ? 0 : 1, fault = 0, event = 0, nr = 0;

	for (;;) {
		const struct fault *f = NULL;
		const struct trace_event *e = NULL;

		while (which < 2 && fault == access[which]->nr_evidence) {
			which++;
			fault = 0;
		}
		if (which < 2)
			f = &access[which]->evidence[fault];
		if (event < trace->nr)
			e = &trace->event[event];
		if (!f && !e)
			break;
		if (e && f && e->time_ns < f->time_ns / 1000 * 1000)
			f = NULL;
		at = f ? f->time_ns : e->time_ns;
		if (start == UINT64_MAX)
			start = at;
		fprintf(out, "#   +%5llu us  ",
			(unsigned long long)(at > start ? at - start : 0) / 1000);
		if (f) {
			print_fault(out, f, ++nr, what[which]);
			fault++;
		} else {
			trace_print_event(out, trace, event);
			event += trace_is_retried(trace, event) ? 2 : 1;
		}
		fputc('\n', out);
	}
}

static void print_trace(FILE *out, const struct job *job,
			const struct trace *trace)
{
	fprintf(out, "# explain %s: store to %s\n", job->src->name,
		job->after_load ? "a page loaded before" : "an untouched page");
	print_times(out, job, trace);
	if (job->log_err)
		fprintf(out, "#   the store took %d faults, and there is no log of them\n",
			job->store.faults);
	if (trace->ahead)
		fprintf(out, "#   %d more pages were mapped ahead\n",
			trace->ahead);
	/* Only the CPU could have changed it since. */
	if (trace->has_end && trace->nr &&
	    trace->event[trace->nr - 1].pte != trace->end) {
		fprintf(out, "#   after the store the PTE is 0x%llx",
			(unsigned long long)trace->end);
		trace_print_pte(out, trace, trace->end);
		fputc('\n', out);
	}
}

static void print_conclusion(FILE *out, const struct job *job,
			     const struct trace *trace)
{
	int traced = trace_store_faults(trace);
	char text[400];

	if (!job->log_err && traced != job->store.faults)
		snprintf(text, sizeof(text),
			 "the store took %d faults, but %d are in the trace: nothing follows from it",
			 job->store.faults, traced);
	else
		trace_conclude(trace, text, sizeof(text));
	fprintf(out, "#   so: %s\n", text);
}

static int no_trace(FILE *out, const struct source *src, int err,
		    const char *why)
{
	fprintf(out, "# explain %s: the kernel cannot be traced: %s\n",
		src->name, why);
	return err;
}

/* Start the child, unless there is one. */
static int begin(struct session *s)
{
	pid_t parent = getpid();
	int socks[2];

	if (s->pid)
		return 0;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, socks))
		return fail(s->job, -errno, "socketpair() failed");
	fflush(NULL);
	s->pid = fork();
	if (!s->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		close(socks[0]);
		take_steps(s->job, socks[1]);
	}
	close(socks[1]);
	s->sock = socks[0];
	if (s->pid > 0)
		return do_step(s, STEP_START);
	close(s->sock);
	s->pid = 0;
	return fail(s->job, -EAGAIN, "fork() failed");
}

void explain_end(void)
{
	struct session *s = &session;
	int status;

	end_trace(s);
	if (s->pid) {
		close(s->sock);
		if (child_wait(s->pid, &status, ms_left(s->job))) {
			kill(s->pid, SIGKILL);
			child_wait(s->pid, &status, GONE_MS);
		}
	}
	if (s->job)
		munmap(s->job, sizeof(*s->job));
	memset(s, 0, sizeof(*s));
}

static int explain_job(FILE *out, struct session *s, bool faults)
{
	/* Static: large for a stack. */
	static struct trace trace;
	bool opened;
	int err;

	memset(&trace, 0, sizeof(trace));
	trace.arch = pte_arch_here();
	err = begin(s);
	if (!err)
		err = do_step(s, STEP_OPEN);
	opened = !err;
	if (opened)
		err = trace_steps(s, &trace);
	if (!err) {
		print_trace(out, s->job, &trace);
		print_conclusion(out, s->job, &trace);
	} else {
		no_trace(out, s->job->src, err, s->job->why);
		if (faults && opened && !do_step(s, STEP_STORE)) {
			memset(&trace, 0, sizeof(trace));
			print_trace(out, s->job, &trace);
		}
	}
	/* A child that hangs or has died is of no use any more. */
	if (!opened || do_step(s, STEP_CLOSE))
		explain_end();
	return err;
}

int explain(FILE *out, const struct source *src, bool after_load, bool faults)
{
	struct job *job = session.job;

	if (!job) {
		job = mmap(NULL, sizeof(*job), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (job == MAP_FAILED)
			return no_trace(out, src, -ENOMEM, "out of memory");
		session.job = job;
	}
	job->src = src;
	job->after_load = after_load;
	job->deadline = now_ns() + LIMIT_MS * 1000000LL;
	memset(&job->load, 0, sizeof(job->load));
	memset(&job->store, 0, sizeof(job->store));
	return explain_job(out, &session, faults);
}
