// SPDX-License-Identifier: GPL-2.0
/*
 * A child stores to the page, and its parent records which functions the kernel runs
 * meanwhile: a driver that hangs or a store that crashes leaves nothing behind.
 *
 * The value of the PTE is read by the events themselves, at a fixed address. That is
 * known from a neighbour in the same page table, whose PTE is changed by a function
 * that gets to know where it is, and which keeps the table from being freed.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "calibrate.h"
#include "child.h"
#include "explain.h"
#include "mapping.h"
#include "story.h"
#include "tracer.h"
#include "verdict.h"

/* How long the child may take for a step, and to go when it was killed. */
#define STEP_MS		3000
#define GONE_MS		1000

/* Pages in front of the mapping: the neighbour, and two that tell how far we are. */
#define NEIGHBOUR	0
#define MARK_LOADED	1
#define MARK_STORED	2
#define NR_AHEAD	3

/* FAULT_FLAG_WRITE and, since 6.4, FAULT_FLAG_VMA_LOCK of include/linux/mm_types.h. */
#define FLAG_WRITE	0x1
#define FLAG_VMA_LOCK	0x1000

/* Where a function returns to, as it is entered. */
#if defined(__aarch64__)
#define CALLER		" caller=%%x30:symbol"
#elif defined(__x86_64__)
#define CALLER		" caller=$stack0:symbol"
#elif defined(__riscv)
#define CALLER		" caller=%%ra:symbol"
#else
#define CALLER		""
#endif

#define FAULT_FETCH	"handle_mm_fault addr=$arg2:x64 flags=$arg3:x32%s"
#define HANDLERS_FETCH	" ops=vma->vm_ops:x64" \
			" vma_fault=vma->vm_ops->fault:symbol" \
			" vma_pfn_mkwrite=vma->vm_ops->pfn_mkwrite:symbol" \
			" vma_page_mkwrite=vma->vm_ops->page_mkwrite:symbol"

/*
 * What makes a PTE; not each kernel has each of them. Most drivers use the first few, and
 * each probe takes its time to come and to go: the others are for where these see nothing.
 */
#define NR_LIKELY	3
static const struct {
	const char *function;
	const char *fetch;
} inserts[] = {
	{ "vmf_insert_pfn_prot",
	  "addr=$arg2:x64 pfn=$arg3:x64 prot=$arg4:x64" },
	{ "vmf_insert_pfn_prot_mkwrite",
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

#define CHANGE_FETCH	"addr=$arg2:x64 ptep=$arg3:x64" \
			" old=+0($arg3):x64 new=$arg4:x64"

/* What changes one, by the names that it had from Linux 5.10 to 7.3. */
static const char *const changes[] = {
	"ptep_set_access_flags",
	"__ptep_set_access_flags",
	"__ptep_set_access_flags_anysz",
};

/**
 * struct scene - what both processes know
 *
 * @src:	what is mapped
 * @after_load:	load from the page first
 * @err:	0, or -errno of the last step
 * @why:	with @err
 * @where:	places
 * @neighbour:	address of the page in the same table, or 0
 * @log_err:	0, or why there is no fault log
 * @load:	the load
 * @store:	the store
 */
struct scene {
	const struct source *src;
	bool after_load;
	int err;
	char why[256];
	struct story_places where;
	uint64_t neighbour;
	int log_err;
	struct access load;
	struct access store;
};

/* The child's. */
struct actor {
	struct scene *scene;
	struct meter meter;
	struct backing backing;
	struct backing ring;
	unsigned char *room;
	unsigned char *place;
};

enum step {
	STEP_PREPARE,
	STEP_NEIGHBOUR,
	STEP_STORE,
};

static int scene_fail(struct scene *scene, int err, const char *why)
{
	snprintf(scene->why, sizeof(scene->why), "%s", why);
	return err;
}

static unsigned char *room_page(const struct actor *a, int index)
{
	return a->room + index * a->scene->where.page_size;
}

/* Room for a page table's worth of pages, of which the mapping gets all but the first. */
static int prepare(struct actor *a)
{
	struct scene *scene = a->scene;
	size_t page_size = sysconf(_SC_PAGESIZE);
	size_t table = page_size / sizeof(uint64_t) * page_size;
	bool mixed;
	int err;

	meter_open(&a->meter);
	scene->log_err = a->meter.log_err;
	err = calibrate_pick_cpu(&a->meter, &mixed);
	if (err < 0)
		return scene_fail(scene, err, "calibration failed");
	err = scene->src->open(scene->src, &a->backing, NR_STORES * page_size);
	if (err)
		return scene_fail(scene, err, a->backing.why);

	scene->where.page_size = page_size;
	a->room = mapping_place(table + a->backing.size, table);
	if (a->room == MAP_FAILED || mprotect(a->room, NR_AHEAD * page_size,
					      PROT_READ | PROT_WRITE))
		return scene_fail(scene, -errno, "no room for the mapping");
	scene->where.loaded = (uintptr_t)room_page(a, MARK_LOADED);
	scene->where.stored = (uintptr_t)room_page(a, MARK_STORED);
	/* Of huge pages there is no PTE, and they have places of their own. */
	if (a->backing.align)
		return 0;
	a->place = room_page(a, NR_AHEAD);
	scene->where.page = (uintptr_t)a->place;
	if (!perf_ring_source.open(&perf_ring_source, &a->ring, page_size) &&
	    mmap(room_page(a, NEIGHBOUR), page_size, PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_FIXED, a->ring.fd, 0) != MAP_FAILED)
		scene->neighbour = (uintptr_t)a->room;
	return 0;
}

/* A page whose first store is notified: its PTE is not made, but changed. */
static int touch_neighbour(struct actor *a)
{
	struct access access;
	int err;

	err = access_page(&a->meter, a->room, ACCESS_LOAD, &access);
	return err ? err : access_page(&a->meter, a->room, ACCESS_STORE, &access);
}

static int map_it(struct actor *a, struct mapping *map)
{
	int err;

	map->addr = MAP_FAILED;
	if (a->scene->src->renew) {
		err = a->scene->src->renew(&a->backing);
		if (err)
			return scene_fail(a->scene, err, a->backing.why);
	}
	if (!a->place) {
		err = mapping_open(map, &a->backing, PROT_READ | PROT_WRITE);
		return err ? scene_fail(a->scene, err, a->backing.why) : 0;
	}
	map->size = a->backing.size;
	map->addr = mmap(a->place, map->size, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_FIXED, a->backing.fd,
			 a->backing.offset);
	return map->addr == MAP_FAILED ?
	       scene_fail(a->scene, -errno, "mmap() to a fixed place failed") : 0;
}

static int store_once(struct actor *a)
{
	struct scene *scene = a->scene;
	struct mapping map;
	int err;

	/* So that the next touch of these faults, too. */
	madvise(room_page(a, MARK_LOADED),
		(NR_AHEAD - MARK_LOADED) * scene->where.page_size,
		MADV_DONTNEED);
	err = map_it(a, &map);
	if (err)
		return err;
	scene->where.page = (uintptr_t)map.addr;
	if (scene->after_load) {
		err = access_page(&a->meter, map.addr, ACCESS_LOAD,
				  &scene->load);
		load_page(room_page(a, MARK_LOADED));
	}
	if (!err)
		err = access_page(&a->meter, map.addr, ACCESS_STORE,
				  &scene->store);
	load_page(room_page(a, MARK_STORED));
	mapping_close(&map);
	return err ? scene_fail(scene, err, "the faults could not be counted") : 0;
}

static void act(struct scene *scene, int sock)
{
	/* Static: large, and its first use would fault on the stack. */
	static struct actor a;
	char step;

	a.scene = scene;
	backing_init(&a.backing);
	backing_init(&a.ring);
	while (read(sock, &step, 1) == 1) {
		switch (step) {
		case STEP_PREPARE:
			scene->err = prepare(&a);
			break;
		case STEP_NEIGHBOUR:
			scene->err = touch_neighbour(&a);
			break;
		case STEP_STORE:
			scene->err = store_once(&a);
			break;
		}
		if (write(sock, &step, 1) != 1)
			break;
	}
	scene->src->close(&a.backing);
	perf_ring_source.close(&a.ring);
	_exit(0);
}

static int do_step(struct scene *scene, int sock, enum step which)
{
	struct pollfd answer = { .fd = sock, .events = POLLIN };
	char step = which;

	scene->why[0] = '\0';
	if (send(sock, &step, 1, MSG_NOSIGNAL) != 1)
		return scene_fail(scene, -EIO, "the storing process is gone");
	if (poll(&answer, 1, STEP_MS) != 1)
		return scene_fail(scene, -ETIMEDOUT,
				  "the storing process did not answer in time");
	if (read(sock, &step, 1) != 1)
		return scene_fail(scene, -EFAULT,
				  "the storing process has died");
	return scene->err;
}

/* Records one step. Returns the trace, or NULL with scene->why set. */
static char *record(struct tracer *t, struct scene *scene, pid_t tid, int sock,
		    enum step step)
{
	char *text;
	int err;

	err = tracer_start(t, tid);
	if (!err)
		err = do_step(scene, sock, step);
	text = tracer_stop(t);
	if (err || !text) {
		if (!scene->why[0])
			scene_fail(scene, err, t->why);
		free(text);
		return NULL;
	}
	return text;
}

static void add_fault_events(struct tracer *t, uint64_t pte)
{
	char at[48] = "";

	if (pte)
		snprintf(at, sizeof(at), " pte=@0x%llx:x64",
			 (unsigned long long)pte);
	/* Since 6.6, with BTF, the kernel knows the members of its structures. */
	if (tracer_add(t, 'p', STORY_FAULT, FAULT_FETCH HANDLERS_FETCH, at))
		tracer_add(t, 'p', STORY_FAULT, FAULT_FETCH, at);
	tracer_add(t, 'r', STORY_DONE, "handle_mm_fault ret=$retval:x32%s", at);
}

/* Not each kernel has each function: whether this one does. */
static bool add_entry(struct tracer *t, const char *kind, size_t nr,
		      const char *function, const char *fetch, uint64_t addr)
{
	char name[32];

	snprintf(name, sizeof(name), "%s%zu", kind, nr);
	if (tracer_add(t, 'p', name, "%s %s" CALLER, function, fetch))
		return false;
	tracer_stacks(t, name, addr);
	return true;
}

/* Of the pages that are mapped ahead, which may be many, nobody asks who did it. */
static bool add_insert_events(struct tracer *t, bool likely, uint64_t page)
{
	size_t i = likely ? 0 : NR_LIKELY;
	size_t end = likely ? NR_LIKELY : sizeof(inserts) / sizeof(*inserts);
	bool any = false;

	for (; i < end; i++)
		any |= add_entry(t, STORY_INSERT, i, inserts[i].function,
				 inserts[i].fetch, likely ? page : 0);
	return any;
}

static bool add_change_events(struct tracer *t)
{
	bool any = false;
	size_t i;

	for (i = 0; i < sizeof(changes) / sizeof(*changes); i++)
		any |= add_entry(t, STORY_CHANGE, i, changes[i], CHANGE_FETCH,
				 0);
	return any;
}

/* A handler that is the fault handler as well is called for more than notifications. */
static bool add_notify_event(struct tracer *t, const char *name,
			     const struct story_handler *handler,
			     const struct story_handler *fault)
{
	return handler->name[0] && strcmp(handler->name, fault->name) &&
	       !tracer_add(t, 'r', name, "%s%s%s ret=$retval:x32",
			   handler->module, handler->module[0] ? ":" : "",
			   handler->name);
}

/* What else there is to watch once a first record tells which functions are used. */
static bool add_more_events(struct tracer *t, const struct story *story)
{
	bool any = false;
	int i;

	for (i = 0; i < story->nr; i++)
		any |= story->event[i].kind == STORY_IS_INSERT;
	any = !any && add_insert_events(t, false, 0);
	any |= add_notify_event(t, STORY_NOTIFY "0", &story->pfn_mkwrite,
				&story->fault);
	any |= add_notify_event(t, STORY_NOTIFY "1", &story->page_mkwrite,
				&story->fault);
	return any;
}

static int tell_store(struct tracer *t, struct scene *scene, pid_t tid,
		      int sock, struct story *story)
{
	char *text = record(t, scene, tid, sock, STEP_STORE);

	if (!text)
		return -EIO;
	story_parse(text, &scene->where, story);
	free(text);
	return 0;
}

static int tell(struct tracer *t, struct scene *scene, pid_t tid, int sock,
		struct story *story)
{
	uint64_t pte = 0;
	char *text;
	int err;

	err = do_step(scene, sock, STEP_PREPARE);
	if (err)
		return err;
	if (add_change_events(t) && scene->neighbour) {
		text = record(t, scene, tid, sock, STEP_NEIGHBOUR);
		if (!text)
			return -EIO;
		pte = story_find_pte(text, scene->neighbour,
				     scene->where.page,
				     scene->where.page_size);
		free(text);
	}
	add_fault_events(t, pte);
	add_insert_events(t, true, scene->where.page);
	err = tell_store(t, scene, tid, sock, story);
	if (!err && add_more_events(t, story))
		err = tell_store(t, scene, tid, sock, story);
	return err;
}

static void print_state(FILE *out, const struct story *story, uint64_t raw)
{
	struct pte_bits bits;
	char names[96];

	if (pte_decode(story->arch, raw, &bits))
		return;
	if (bits.present) {
		pte_name_bits(story->arch, raw, names, sizeof(names));
		fprintf(out, ": %s: %s", names, pte_state(&bits));
	} else {
		fprintf(out, ": %s", pte_state(&bits));
	}
}

static void print_chain(FILE *out, const struct story_event *event)
{
	if (event->chain[0])
		fprintf(out, "\n#                 called by %s", event->chain);
}

static void print_handlers(FILE *out, const struct story *story)
{
	const char *seen = story_handler_of(story);

	if (!seen)
		return;
	fprintf(out, "; the VMA's fault is %s", seen);
	if (!story->fault.name[0])
		return;
	if (story->fault.module[0])
		fprintf(out, " [%s]", story->fault.module);
	fprintf(out, ", its pfn_mkwrite %s, its page_mkwrite %s",
		story->pfn_mkwrite.name[0] ? story->pfn_mkwrite.name : "none",
		story->page_mkwrite.name[0] ? story->page_mkwrite.name : "none");
}

/* A call that came to nothing is told in one line. */
static bool is_retried(const struct story *story, int event)
{
	return event + 1 < story->nr &&
	       story->event[event].kind == STORY_IS_FAULT &&
	       story->event[event + 1].kind == STORY_IS_DONE &&
	       story_is_retry(&story->event[event + 1]);
}

static void print_event(FILE *out, const struct story *story, int nr)
{
	const struct story_event *event = &story->event[nr];

	switch (event->kind) {
	case STORY_IS_FAULT:
		fprintf(out, "%s(%s, flags 0x%x%s)", event->symbol,
			event->flags & FLAG_WRITE ? "write" : "read",
			event->flags, event->flags & FLAG_VMA_LOCK ?
			", under the VMA's lock" : "");
		if (is_retried(story, nr))
			fprintf(out,
				" = 0x%x: VM_FAULT_RETRY, once more under mmap_lock",
				event[1].ret);
		if (!nr)
			print_handlers(out, story);
		break;
	case STORY_IS_DONE:
		fprintf(out, "%s() = 0x%x%s", event->symbol, event->ret,
			story_is_retry(event) ? ": VM_FAULT_RETRY" : "");
		if (event->has_pte) {
			fprintf(out, "; the PTE is 0x%llx",
				(unsigned long long)event->pte);
			print_state(out, story, event->pte);
		}
		break;
	case STORY_IS_INSERT:
		fprintf(out, "%s(", event->symbol);
		if (event->has_pfn)
			fprintf(out, "pfn 0x%llx",
				(unsigned long long)event->pfn);
		if (event->has_prot)
			fprintf(out, ", prot 0x%llx",
				(unsigned long long)event->prot);
		if (event->has_mkwrite)
			fprintf(out, "%smkwrite %d", event->has_pfn ? ", " : "",
				event->mkwrite);
		fprintf(out, ")");
		if (event->has_prot)
			print_state(out, story, event->prot);
		print_chain(out, event);
		break;
	case STORY_IS_CHANGE:
		fprintf(out, "%s(): from 0x%llx to 0x%llx", event->symbol,
			(unsigned long long)event->old,
			(unsigned long long)event->new);
		print_state(out, story, event->new);
		print_chain(out, event);
		break;
	case STORY_IS_NOTIFY:
		fprintf(out, "%s() = 0x%x: the driver was notified",
			event->symbol, event->ret);
		break;
	}
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

/* Faults come before what the kernel does for them, and records in whole microseconds. */
static void print_story(FILE *out, const struct scene *scene,
			const struct story *story)
{
	const struct access *access[] = { &scene->load, &scene->store };
	const char *const what[] = { "load", "store" };
	uint64_t start = UINT64_MAX, at;
	int which = scene->after_load ? 0 : 1, fault = 0, event = 0, nr = 0;

	for (;;) {
		const struct fault *f = NULL;
		const struct story_event *e = NULL;

		while (which < 2 && fault == access[which]->nr_evidence) {
			which++;
			fault = 0;
		}
		if (which < 2)
			f = &access[which]->evidence[fault];
		if (event < story->nr)
			e = &story->event[event];
		if (!f && !e)
			break;
		if (e && f && e->time_ns < f->time_ns / 1000 * 1000)
			f = NULL;
		at = f ? f->time_ns : e->time_ns;
		if (start == UINT64_MAX)
			start = at;
		fprintf(out, "#     +%5llu us  ",
			(unsigned long long)(at > start ? at - start : 0) / 1000);
		if (f) {
			print_fault(out, f, ++nr, what[which]);
			fault++;
		} else {
			print_event(out, story, event);
			event += is_retried(story, event) ? 2 : 1;
		}
		fputc('\n', out);
	}
	if (scene->log_err)
		fprintf(out, "#     the store took %d faults, and there is no log of them\n",
			scene->store.faults);
	if (story->ahead)
		fprintf(out, "#     %d more pages were mapped ahead\n",
			story->ahead);
	/* Who else but the CPU could have changed it since? */
	if (story->has_end && story->nr &&
	    story->event[story->nr - 1].pte != story->end) {
		fprintf(out, "#     after the store the PTE is 0x%llx",
			(unsigned long long)story->end);
		print_state(out, story, story->end);
		fputc('\n', out);
	}
}

static void print_conclusion(FILE *out, const struct scene *scene,
			     const struct story *story)
{
	int recorded = story_faults(story, true);
	char text[400];

	if (!scene->log_err && recorded != scene->store.faults)
		snprintf(text, sizeof(text),
			 "the store took %d faults, and %d are in the records: nothing follows from them",
			 scene->store.faults, recorded);
	else
		story_conclude(story, text, sizeof(text));
	fprintf(out, "#     so: %s\n", text);
}

/* The store with nobody but the fault log watching. */
static int tell_faults(struct scene *scene, int sock)
{
	int err = 0;

	if (!scene->where.page_size)
		err = do_step(scene, sock, STEP_PREPARE);
	return err ? err : do_step(scene, sock, STEP_STORE);
}

static int explain_with(FILE *out, struct scene *scene, pid_t tid, int sock,
			bool anyway)
{
	/* Static: large for a stack. */
	static struct story story;
	struct tracer tracer;
	int err;

	memset(&story, 0, sizeof(story));
	story.arch = pte_arch_here();
	err = tracer_open(&tracer);
	if (!err)
		err = tell(&tracer, scene, tid, sock, &story);
	else
		snprintf(scene->why, sizeof(scene->why), "%s", tracer.why);
	tracer_close(&tracer);

	if (err) {
		fprintf(out, "#   not explained, the kernel cannot be watched: %s\n",
			scene->why);
		if (!anyway || tell_faults(scene, sock))
			return err;
		memset(&story, 0, sizeof(story));
	}
	fprintf(out, "#   explained, a store to %s:\n",
		scene->after_load ? "a page that was loaded from before" :
		"an untouched page");
	print_story(out, scene, &story);
	if (!err)
		print_conclusion(out, scene, &story);
	return err;
}

int explain(FILE *out, const struct source *src, bool after_load, bool anyway)
{
	pid_t parent = getpid(), pid;
	struct scene *scene;
	int socks[2], status, err;

	scene = mmap(NULL, sizeof(*scene), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (scene == MAP_FAILED ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, socks)) {
		err = -errno;
		fprintf(out, "#   not explained: %s\n", strerror(errno));
		goto unmap;
	}
	scene->src = src;
	scene->after_load = after_load;
	fflush(NULL);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		close(socks[0]);
		act(scene, socks[1]);
	}
	err = -errno;
	close(socks[1]);
	if (pid < 0)
		fprintf(out, "#   not explained: fork(): %s\n", strerror(-err));
	else
		err = explain_with(out, scene, pid, socks[0], anyway);
	close(socks[0]);
	if (pid > 0 && child_wait(pid, &status, STEP_MS)) {
		kill(pid, SIGKILL);
		child_wait(pid, &status, GONE_MS);
	}
unmap:
	if (scene != MAP_FAILED)
		munmap(scene, sizeof(*scene));
	return err;
}
