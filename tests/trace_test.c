// SPDX-License-Identifier: GPL-2.0
/*
 * PTEs and prots of three architectures, the records of kernels, and what follows from
 * them.
 */
#define TH_LOG_STREAM stdout

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kselftest_harness.h"

#include "../explain/trace.h"

#define PAGE	0xffffa3603000ULL
#define LOADED	0xffffa3601000ULL
#define STORED	0xffffa3602000ULL

/* PTEs of one page, as Linux 7.3 makes them on arm64. */
#define ABSENT		"0x0"
#define CLEAN		"0x168000010428fcb"
#define DIRTY		"0x1e8000010428f4b"
#define CPU_DIRTY	"0x168000010428f4b"
#define PROTECTED	"0x160000010428fcb"

FIXTURE(pte)
{
};

FIXTURE_VARIANT(pte)
{
	enum pte_arch arch;
	uint64_t raw;
	const char *state;
	const char *names;
};

FIXTURE_SETUP(pte)
{
}

FIXTURE_TEARDOWN(pte)
{
}

#define PTE(name, of, value, is, bits) \
	FIXTURE_VARIANT_ADD(pte, name) { \
		.arch = PTE_##of, .raw = value, .state = is, .names = bits, \
	}

/* Recorded by vmf_insert_pfn_prot(): radeon and vgem, TTM and udmabuf with DBM. */
PTE(arm64_prot_shared, ARM64, 0x68000000000fcb, "writable and clean",
    "DBM 1, RDONLY 1, DIRTY 0, AF 1, attribute index 2");
PTE(arm64_prot_cached, ARM64, 0x68000000000fc3, "writable and clean",
    "DBM 1, RDONLY 1, DIRTY 0, AF 1, attribute index 0");
PTE(arm64_prot_write_notify, ARM64, 0x60000000000fcb,
    "write-protected and clean",
    "DBM 0, RDONLY 1, DIRTY 0, AF 1, attribute index 2");
PTE(arm64_by_software, ARM64, 0x1e8000010428f4b, "writable and dirty",
    "DBM 1, RDONLY 0, DIRTY 1, AF 1, attribute index 2");
PTE(arm64_by_hardware, ARM64, 0x168000010428c4b, "writable and dirty",
    "DBM 1, RDONLY 0, DIRTY 0, AF 1, attribute index 2");
/* A dirty PTE after wrprotect, and a read-only one that CPUs can write to. */
PTE(arm64_dirty_protected, ARM64, 0xe0000010428fcb,
    "write-protected and dirty",
    "DBM 0, RDONLY 1, DIRTY 1, AF 1, attribute index 2");
PTE(arm64_absent, ARM64, 0, "absent",
    "DBM 0, RDONLY 0, DIRTY 0, AF 0, attribute index 0");
PTE(x86_prot_shared, X86_64, 0x8000000000000027, "writable and clean",
    "RW 1, D 0, A 1, PAT index 0");
PTE(x86_prot_write_notify, X86_64, 0x800000000000002d,
    "write-protected and clean", "RW 0, D 0, A 1, PAT index 1");
PTE(x86_stored_to, X86_64, 0x8000000004740267, "writable and dirty",
    "RW 1, D 1, A 1, PAT index 0");
PTE(x86_saved_dirty, X86_64, 0x8400000004740225,
    "write-protected and dirty", "RW 0, D 0, A 1, PAT index 0");
PTE(x86_pat, X86_64, 0x80000000000000bf, "writable and clean",
    "RW 1, D 0, A 1, PAT index 7");
PTE(x86_absent, X86_64, 0x4740266, "absent",
    "RW 1, D 1, A 1, PAT index 0");
PTE(riscv_prot_shared, RISCV64, 0x57, "writable and clean",
    "W 1, D 0, A 1, memory type 0");
PTE(riscv_prot_write_notify, RISCV64, 0x53, "write-protected and clean",
    "W 0, D 0, A 1, memory type 0");
PTE(riscv_stored_to, RISCV64, 0x20001cd7, "writable and dirty",
    "W 1, D 1, A 1, memory type 0");
PTE(riscv_absent, RISCV64, 0x20001cd6, "absent",
    "W 1, D 1, A 1, memory type 0");
PTE(riscv_uncached, RISCV64, 0x2000000020001c57, "writable and clean",
    "W 1, D 0, A 1, memory type 1");

TEST_F(pte, decoded)
{
	struct pte_bits bits;
	char names[96];

	ASSERT_EQ(0, pte_decode(variant->arch, variant->raw, &bits));
	EXPECT_STREQ(variant->state, pte_state(&bits));
	pte_name_bits(variant->arch, variant->raw, names, sizeof(names));
	EXPECT_STREQ(variant->names, names);
}

TEST(nothing_but_the_dirty_bit)
{
	EXPECT_TRUE(pte_same_but_dirty(PTE_ARM64, 0x168000010428fcb,
				       0x1e8000010428f4b));
	EXPECT_TRUE(pte_same_but_dirty(PTE_X86_64, 0x27, 0x67));
	EXPECT_TRUE(pte_same_but_dirty(PTE_RISCV64, 0x57, 0xd7));
	/* With the access flag, and with soft-dirty. */
	EXPECT_TRUE(pte_same_but_dirty(PTE_ARM64, 0x168000010428bcb,
				       0x1e8000010428f4b));
	EXPECT_TRUE(pte_same_but_dirty(PTE_X86_64, 0x07, 0x867));
	EXPECT_TRUE(pte_same_but_dirty(PTE_RISCV64, 0x17, 0xd7));
	/* Made writable as well, another page, dirty before, still clean. */
	EXPECT_FALSE(pte_same_but_dirty(PTE_ARM64, 0x160000010428fcb,
					0x1e8000010428f4b));
	EXPECT_FALSE(pte_same_but_dirty(PTE_ARM64, 0x168000010428fcb,
					0x1e8000010429f4b));
	EXPECT_FALSE(pte_same_but_dirty(PTE_ARM64, 0x1e8000010428f4b,
					0x1e8000010428f4b));
	EXPECT_FALSE(pte_same_but_dirty(PTE_RISCV64, 0x57, 0x57));
	EXPECT_FALSE(pte_same_but_dirty(PTE_RISCV64, 0x53, 0xd7));
	EXPECT_FALSE(pte_same_but_dirty(PTE_UNKNOWN, 0x57, 0xd7));
}

TEST(unknown_architecture)
{
	struct pte_bits bits;
	char names[96];

	EXPECT_EQ(-EOPNOTSUPP, pte_decode(PTE_UNKNOWN, 0x27, &bits));
	pte_name_bits(PTE_UNKNOWN, 0x27, names, sizeof(names));
	EXPECT_STREQ("unknown architecture", names);
}

/* Lines of tracefs' trace. */
#define LINE(time, event) \
	" pfn_mkwrite_drm-157     [000] d....     4." time ": " event "\n"
#define FAULT(time, flags, pte) \
	LINE(time, "fault: (handle_mm_fault+0x0/0x320) addr=0xffffa3603000 flags=" flags " pte=" pte OPS)
#define DONE(time, ret, pte) \
	LINE(time, "done: (do_page_fault+0x220/0x840 <- handle_mm_fault) ret=" ret " pte=" pte)
#define MARK(time, addr, pte) \
	LINE(time, "fault: (handle_mm_fault+0x0/0x320) addr=" addr " flags=0x1254 pte=" pte " ops=0x0 vma_fault=drm_gem_shmem_fault+0x0/0x30 vma_pfn_mkwrite=0x0") \
	LINE(time, "done: (do_page_fault+0x220/0x840 <- handle_mm_fault) ret=0x0 pte=" pte)
#define INSERT(time, prot) \
	LINE(time, "insert0: (vmf_insert_pfn_prot+0x0/0x180) addr=0xffffa3603000 pfn=0x10428 prot=" prot " caller=ttm_bo_vm_fault_reserved+0x17c/0x448 [ttm]")
#define NOTIFY(time) \
	LINE(time, "notify0: (do_wp_page+0x560/0x1138 <- drm_gem_shmem_pfn_mkwrite) ret=0x0")
#define CHANGE(time, old, new) \
	LINE(time, "change2: (__ptep_set_access_flags_anysz+0x0/0x320) addr=0xffffa3603000 ptep=0xffff0000087db000 old=" old " new=" new)
/* Where the PTE could not be watched. */
#define FAULT_BARE(time) \
	LINE(time, "fault: (handle_mm_fault+0x0/0x320) addr=0xffffa3603000 flags=0x255")
#define DONE_BARE(time) \
	LINE(time, "done: (do_page_fault+0x220/0x840 <- handle_mm_fault) ret=0x100")
#define OPS	""

static const struct trace_places places = {
	.page = PAGE, .page_size = 4096, .loaded = LOADED, .stored = STORED,
};

/* Static: large, and each test has its own process. */
static struct trace *read_text(const char *records)
{
	static struct trace trace;
	static char text[16384];

	memset(&trace, 0, sizeof(trace));
	trace.arch = PTE_ARM64;
	snprintf(text, sizeof(text), "%s", records);
	trace_parse(text, &places, &trace);
	return &trace;
}

static const char *conclude(const char *records)
{
	static char text[400];

	trace_conclude(read_text(records), text, sizeof(text));
	return text;
}

static void says(struct __test_metadata *_metadata, const char *text,
		 const char *what)
{
	EXPECT_NE(NULL, strstr(text, what)) {
		TH_LOG("%s", text);
	}
}

#define EXPECT_SAYS(text, what) says(_metadata, text, what)

/* radeon on Linux 7.3, cortex-a57: without the pages that were mapped ahead. */
#define TWO_FAULTS \
	FAULT("540312", "0x1255", ABSENT) DONE("545257", "0x400", ABSENT) \
	FAULT("546184", "0x255", ABSENT) INSERT("546315", "0x68000000000fcb") \
	DONE("546815", "0x100", CLEAN) FAULT("546860", "0x1255", CLEAN) \
	DONE("546915", "0x0", DIRTY)

TEST(ignored)
{
	const char *said = conclude(TWO_FAULTS MARK("547", "0xffffa3602000", DIRTY));

	EXPECT_SAYS(said, "mkwrite is not honoured");
	EXPECT_SAYS(said, "the prot 0x68000000000fcb that vmf_insert_pfn_prot()");
}

TEST(notified)
{
	const char *said = conclude(
		FAULT("540312", "0x255", ABSENT)
		INSERT("546315", "0x60000000000fcb")
		DONE("546815", "0x100", PROTECTED)
		FAULT("546860", "0x255", PROTECTED) NOTIFY("546870")
		DONE("546915", "0x0", DIRTY)
		MARK("547", "0xffffa3602000", DIRTY));

	EXPECT_SAYS(said, "no bug");
	EXPECT_SAYS(said, "drm_gem_shmem_pfn_mkwrite");
}

TEST(protected_for_no_reason)
{
	EXPECT_SAYS(conclude(FAULT("540312", "0x255", ABSENT)
			     DONE("546815", "0x100", PROTECTED)
			     FAULT("546860", "0x255", PROTECTED)
			     DONE("546915", "0x0", DIRTY)),
		    "does not show why");
	/* That a PTE was made again is no notification. */
	EXPECT_SAYS(conclude(FAULT("540312", "0x255", ABSENT)
			     DONE("546815", "0x100", PROTECTED)
			     FAULT("546860", "0x255", PROTECTED)
			     INSERT("546870", "0x68000000000fcb")
			     DONE("546915", "0x0", DIRTY)),
		    "does not show why");
}

TEST(protected_after_a_notification)
{
	EXPECT_SAYS(conclude(FAULT("540312", "0x255", ABSENT) NOTIFY("540313")
			     DONE("546815", "0x100", PROTECTED)
			     FAULT("546860", "0x255", PROTECTED)
			     DONE("546915", "0x0", DIRTY)),
		    "does not show why");
}

TEST(not_left_writable)
{
	EXPECT_SAYS(conclude(FAULT("540312", "0x255", ABSENT)
			     DONE("546815", "0x100", PROTECTED)),
		    "does not show how the store got through");
}

/* Of several functions that make one PTE, the first that is given a prot. */
TEST(prot_of_which)
{
#define INSERT_BARE(time) \
	LINE(time, "insert2: (insert_pfn+0x0/0x1a0) addr=0xffffa3603000 pfn=0x10428")
	EXPECT_SAYS(conclude(FAULT("540312", "0x255", ABSENT)
			     INSERT_BARE("546314")
			     INSERT("546315", "0x68000000000fcb")
			     INSERT_BARE("546316")
			     LINE("546317", "insert1: (insert_pfn+0x0/0x1a0) addr=0xffffa3603000 pfn=0x10428 prot=0x1")
			     DONE("546815", "0x100", CLEAN)
			     FAULT("546860", "0x255", CLEAN)
			     DONE("546915", "0x0", DIRTY)),
		    "the prot 0x68000000000fcb that vmf_insert_pfn_prot() was");
}

TEST(honoured)
{
	EXPECT_SAYS(conclude(FAULT("540312", "0x255", ABSENT)
			     INSERT("546315", "0x68000000000fcb")
			     DONE("546815", "0x100", DIRTY)
			     MARK("547", "0xffffa3602000", DIRTY)),
		    "mkwrite is honoured");
}

TEST(set_by_the_cpu)
{
	EXPECT_SAYS(conclude(FAULT("540312", "0x255", ABSENT)
			     DONE("546815", "0x100", CLEAN)
			     MARK("547", "0xffffa3602000", CPU_DIRTY)),
		    "the CPU set the dirty bit itself");
}

TEST(never_dirty)
{
	EXPECT_SAYS(conclude(FAULT("540312", "0x255", ABSENT)
			     DONE("546815", "0x100", CLEAN)
			     MARK("547", "0xffffa3602000", CLEAN)),
		    "does not show what made it dirty");
}

TEST(dirty_missing_at_the_upgrade)
{
	const struct trace *trace;
	const char *records =
		FAULT("540312", "0x254", ABSENT)
		DONE("546815", "0x100", PROTECTED)
		MARK("547", "0xffffa3601000", PROTECTED)
		FAULT("546860", "0x255", PROTECTED)
		CHANGE("546900", PROTECTED, CLEAN)
		DONE("546915", "0x100", CLEAN)
		FAULT("546960", "0x255", CLEAN)
		CHANGE("546965", CLEAN, DIRTY)
		DONE("546970", "0x0", DIRTY)
		MARK("547", "0xffffa3602000", DIRTY);

	EXPECT_SAYS(conclude(records), "missing at the upgrade");
	trace = read_text(records);
	EXPECT_EQ(2, trace_store_faults(trace));
}

TEST(upgraded_in_one)
{
	EXPECT_SAYS(conclude(FAULT("540312", "0x254", ABSENT)
			     DONE("546815", "0x100", PROTECTED)
			     MARK("547", "0xffffa3601000", PROTECTED)
			     FAULT("546860", "0x255", PROTECTED) NOTIFY("546870")
			     DONE("546915", "0x0", DIRTY)),
		    "notified drm_gem_shmem_pfn_mkwrite and made it");
}

TEST(dirtied_only)
{
	EXPECT_SAYS(conclude(FAULT("540312", "0x254", ABSENT)
			     DONE("546815", "0x100", CLEAN)
			     MARK("547", "0xffffa3601000", CLEAN)
			     FAULT("546860", "0x255", CLEAN)
			     DONE("546915", "0x0", DIRTY)),
		    "nothing but set the dirty bit");
}

TEST(no_fault)
{
	EXPECT_SAYS(conclude(MARK("547", "0xffffa3602000", DIRTY)), "no fault");
}

TEST(another_page_came)
{
	EXPECT_SAYS(conclude(FAULT("540312", "0x255", ABSENT)
			     DONE("546815", "0x100", CLEAN)
			     FAULT("546860", "0x255", CLEAN)
			     DONE("546915", "0x0", "0x1e8000010429f4b")),
		    "does not show why");
}

TEST(too_many)
{
	EXPECT_SAYS(conclude(TWO_FAULTS TWO_FAULTS), "4 faults, for no reason known");
	EXPECT_SAYS(conclude(TWO_FAULTS TWO_FAULTS TWO_FAULTS TWO_FAULTS),
		    "8 faults, for no reason known");
}

/* The neighbour could not be asked, or the kernel has no such function. */
TEST(without_the_pte)
{
	const char *records = FAULT_BARE("540312")
			      INSERT("546315", "0x68000000000fcb")
			      DONE_BARE("546815");
	char twice[2048];

	EXPECT_SAYS(conclude(records), "does not show its PTE");
	snprintf(twice, sizeof(twice), "%s%s", records, records);
	EXPECT_SAYS(conclude(twice), "mkwrite is not honoured");
	EXPECT_SAYS(conclude(FAULT_BARE("540312") DONE_BARE("546815")
			     FAULT_BARE("546960") DONE_BARE("546970")),
		    "does not show the PTE");
}

TEST(notified_without_the_pte)
{
	const char *said = conclude(FAULT_BARE("540312")
				    INSERT("546315", "0x60000000000fcb")
				    DONE_BARE("546815")
				    FAULT_BARE("546960") NOTIFY("546965")
				    DONE_BARE("546970"));

	EXPECT_SAYS(said, "no bug");
	EXPECT_SAYS(said, "drm_gem_shmem_pfn_mkwrite");
}

/* Of a huge page there is no PTE to watch, but what the second fault has found. */
TEST(without_the_pte_of_a_huge_page)
{
#define HUGE_FAULTS(new) \
	FAULT_BARE("540312") \
	LINE("546400", "insert7: (vmf_insert_pfn_pmd+0x0/0x190) pfn=0x8000400 mkwrite=0") \
	DONE_BARE("546815") FAULT_BARE("546960") \
	CHANGE("546965", "0x168008000400fcd", new)

	EXPECT_SAYS(conclude(HUGE_FAULTS("0x1e8008000400f4d") DONE_BARE("546970")),
		    "mkwrite is not honoured");
	EXPECT_SAYS(conclude(HUGE_FAULTS("0x1e8008000800f4d") DONE_BARE("546970")),
		    "does not show why");
	/* Only what was seen at both ends is taken instead. */
	EXPECT_SAYS(conclude(HUGE_FAULTS("0x1e8008000400f4d")
			     DONE("546970", "0x0", ABSENT)),
		    "mkwrite is not honoured");
}

TEST(unknown_page_table)
{
	struct trace *trace = read_text(TWO_FAULTS);
	char text[400];

	trace->arch = PTE_UNKNOWN;
	trace_conclude(trace, text, sizeof(text));
	EXPECT_SAYS(text, "does not show the PTE");
}

TEST(lost)
{
	EXPECT_SAYS(conclude("CPU:0 [LOST EVENTS]\n" TWO_FAULTS), "dropped");
	EXPECT_SAYS(conclude("# entries-in-buffer/entries-written: 6/17   #P:1\n"
			     TWO_FAULTS), "dropped");
	EXPECT_SAYS(conclude("# entries-in-buffer/entries-written: 17/17   #P:1\n"
			     TWO_FAULTS), "mkwrite is not honoured");
}

/* As the kernels print it: 7.3 on arm64, 7.3 on x86_64, 5.10 on arm64. */
TEST(callers)
{
	const struct trace *trace = read_text(
		FAULT("540312", "0x255", ABSENT)
		INSERT("546315", "0x68000000000fcb")
		" pfn_mkwrite_drm-157     [000] dl...     4.546421: <stack trace>\n"
		" => kprobe_trace_func\n => kprobe_dispatcher\n"
		" => kprobe_brk_handler\n => do_el1_brk64\n => el1_brk64\n"
		" => el1h_64_sync_handler\n => el1h_64_sync\n"
		" => vmf_insert_pfn_prot\n => radeon_gem_fault\n"
		" => __do_fault\n => do_fault\n => __handle_mm_fault\n"
		" => handle_mm_fault\n => do_page_fault\n"
		LINE("546400", "insert2: (insert_pfn+0x0/0x1a0) addr=0xffffa3603000 pfn=0x2000000000010428 prot=0x68000000000fcb mkwrite=1 caller=vmf_insert_pfn_prot+0xa0/0x1c0")
		" pfn_mkwrite_drm-161     [000] .....     5.090416: <stack trace>\n"
		" => kprobe_ftrace_handler\n => 0xffffffffc06930da\n"
		" => insert_pfn\n => vmf_insert_pfn_prot\n"
		" => ttm_bo_vm_fault_reserved\n => ttm_bo_vm_fault\n"
		" => __do_fault\n => do_fault\n"
		LINE("546410", "change0: (ptep_set_access_flags+0x0/0x140) addr=0xffffa3603000 ptep=0xffff2808c3e32b70 old=0xe0000041991bc3 new=0xe8000041991f43 caller=handle_mm_fault+0x41c/0x1540")
		" pfn_mkwrite_drm-459     [000] d...     8.917150: <stack trace>\n"
		" => ptep_set_access_flags\n => do_page_fault\n"
		DONE("546815", "0x100", CLEAN));

	ASSERT_EQ(5, trace->nr);
	EXPECT_STREQ("ttm_bo_vm_fault_reserved < radeon_gem_fault < __do_fault",
		     trace->event[1].chain);
	EXPECT_STREQ("vmf_insert_pfn_prot", trace->event[1].symbol);
	EXPECT_FALSE(trace->event[1].has_mkwrite);
	EXPECT_STREQ("vmf_insert_pfn_prot < ttm_bo_vm_fault_reserved < ttm_bo_vm_fault < __do_fault",
		     trace->event[2].chain);
	EXPECT_EQ(0x10428, trace->event[2].pfn);
	EXPECT_TRUE(trace->event[2].has_mkwrite);
	EXPECT_TRUE(trace->event[2].mkwrite);
	EXPECT_STREQ("handle_mm_fault", trace->event[3].chain);
	EXPECT_EQ(0xe8000041991f43, trace->event[3].new);
	EXPECT_EQ(4546815000ULL, trace->event[4].time_ns);
	EXPECT_STREQ("radeon_gem_fault", trace_handler_of(trace));
}

#undef OPS
#define OPS	" ops=0xffffb244db969060 vma_fault=drm_gem_shmem_fault+0x0/0x30 [drm_shmem_helper] vma_pfn_mkwrite=drm_gem_shmem_pfn_mkwrite+0x0/0x40 [drm_shmem_helper] vma_page_mkwrite=0x0"

TEST(handlers)
{
	const struct trace *trace = read_text(FAULT("540312", "0x255", ABSENT)
					      DONE("546815", "0x100", CLEAN)
					      MARK("547", "0xffffa3602000", CLEAN));

	EXPECT_STREQ("drm_gem_shmem_fault", trace->fault.name);
	EXPECT_STREQ("drm_shmem_helper", trace->fault.module);
	EXPECT_STREQ("drm_gem_shmem_pfn_mkwrite", trace->pfn_mkwrite.name);
	EXPECT_STREQ("", trace->page_mkwrite.name);
	EXPECT_STREQ("drm_gem_shmem_fault", trace_handler_of(trace));
	EXPECT_EQ(0x255, trace->event[0].flags);
}

/* ext4 with DAX: no module, and another callback. */
TEST(handlers_of_a_file)
{
	const struct trace *trace = read_text(
		LINE("540312", "fault: (handle_mm_fault+0x0/0x320) addr=0xffffa3603000 flags=0x255 pte=0x0 ops=0xffffb244db969060 vma_fault=ext4_dax_fault+0x0/0x30 vma_pfn_mkwrite=0x0 vma_page_mkwrite=ext4_dax_fault+0x0/0x30"));

	EXPECT_STREQ("ext4_dax_fault", trace->fault.name);
	EXPECT_STREQ("", trace->fault.module);
	EXPECT_STREQ("", trace->pfn_mkwrite.name);
	EXPECT_STREQ("ext4_dax_fault", trace->page_mkwrite.name);
}

/* Of a VMA without operations the kernel prints what happens to lie there. */
TEST(no_handlers)
{
	const struct trace *trace = read_text(
		LINE("540312", "fault: (handle_mm_fault+0x0/0x320) addr=0xffffa3603000 flags=0x255 pte=0x0 ops=0x0 vma_fault=shmem_fault+0x0/0x350 vma_pfn_mkwrite=0x0 vma_page_mkwrite=0x0"));

	EXPECT_STREQ("", trace->fault.name);
	EXPECT_EQ(NULL, trace_handler_of(trace));
}

TEST(others)
{
	const struct trace *trace = read_text(
		LINE("540312", "fault: (handle_mm_fault+0x0/0x320) addr=0x5d42b8 flags=0x1255")
		INSERT("540313", "0x1")
		LINE("540315", "done: (do_page_fault+0x220/0x840 <- handle_mm_fault) ret=0x0")
		TWO_FAULTS
		LINE("540399", "insert0: (vmf_insert_pfn_prot+0x0/0x180) addr=0xffffa3604000 pfn=0x10429 prot=0x1")
		"nonsense\n\n[ ] : (\n] x 1.2: fault:\n");

	EXPECT_EQ(7, trace->nr);
	EXPECT_EQ(0, trace->ahead);
	EXPECT_EQ(2, trace_store_faults(trace));
	EXPECT_FALSE(trace->has_end);
}

/* Among the records of a fault, and each but for one thing a record of it. */
TEST(nonsense)
{
	const struct trace *trace = read_text(
		/* No fault is going on. */
		NOTIFY("540311")
		FAULT("540312", "0x255", ABSENT)
		LINE("540313", "sched0: (schedule+0x0/0x10) addr=0xffffa3603000")
		LINE("540314", "insert0: vmf_insert_pfn_prot addr=0xffffa3603000")
		" task-1 [000] d.... insert0: (insert_pfn+0x0/0x10) addr=0xffffa3603000\n"
		" task-1 d.... 4.540315: insert0: (insert_pfn+0x0/0x10) addr=0xffffa3603000\n"
		"\n"
		INSERT("546315", "0x68000000000fcb")
		/* The stack is of a record that is left out. */
		LINE("546317", "insert0: (vmf_insert_pfn_prot+0x0/0x180) addr=0xffffa3604000 pfn=0x10429 prot=0x1")
		" => vmf_insert_pfn_prot\n => radeon_gem_fault\n => __do_fault\n"
		DONE("546815", "0x100", DIRTY)
		MARK("547", "0xffffa3602000", DIRTY)
		/* After the store has got through. */
		TWO_FAULTS);

	ASSERT_EQ(3, trace->nr);
	EXPECT_EQ(TRACE_IS_FAULT, trace->event[0].kind);
	EXPECT_EQ(TRACE_IS_INSERT, trace->event[1].kind);
	EXPECT_STREQ("ttm_bo_vm_fault_reserved", trace->event[1].chain);
	EXPECT_EQ(TRACE_IS_DONE, trace->event[2].kind);
	EXPECT_TRUE(trace->has_end);
}

/* An address that no symbol has is no caller. */
TEST(caller_without_a_name)
{
	const struct trace *trace = read_text(
		FAULT("540312", "0x255", ABSENT)
		LINE("546315", "insert0: (vmf_insert_pfn_prot+0x0/0x180) addr=0xffffa3603000 pfn=0x10428 prot=0x1 caller=0xffffffffc06930da"));

	ASSERT_EQ(2, trace->nr);
	EXPECT_STREQ("", trace->event[1].chain);
}

/* Of the passes over one access, the last counts. */
TEST(read_again)
{
	struct trace *trace = read_text(
		FAULT("540312", "0x254", ABSENT) DONE("546815", "0x100", CLEAN)
		MARK("547", "0xffffa3601000", CLEAN)
		FAULT("546860", "0x255", CLEAN)
		LINE("546870", "insert0: (vmf_insert_pfn_prot+0x0/0x180) addr=0xffffa3603000 pfn=0x1 prot=0x1")
		LINE("546871", "insert0: (vmf_insert_pfn_prot+0x0/0x180) addr=0xffffa3604000 pfn=0x2 prot=0x1")
		DONE("546915", "0x0", DIRTY)
		MARK("547", "0xffffa3602000", DIRTY));
	char text[] = FAULT("540312", "0x255", ABSENT)
		      DONE("546815", "0x100", DIRTY);

	EXPECT_EQ(1, trace->ahead);
	EXPECT_EQ(2, trace->first);
	trace_parse(text, &places, trace);
	EXPECT_EQ(2, trace->nr);
	EXPECT_EQ(0, trace->first);
	EXPECT_EQ(0, trace->ahead);
	EXPECT_FALSE(trace->has_end);
}

TEST(mapped_ahead)
{
	const struct trace *trace = read_text(
		FAULT("540312", "0x255", ABSENT)
		INSERT("546315", "0x68000000000fcb")
		LINE("546316", "insert2: (insert_pfn+0x0/0x1a0) addr=0xffffa3603000 pfn=0x10428 prot=0x68000000000fcb mkwrite=0")
		LINE("546317", "insert0: (vmf_insert_pfn_prot+0x0/0x180) addr=0xffffa3604000 pfn=0x10429 prot=0x68000000000fcb")
		LINE("546318", "insert2: (insert_pfn+0x0/0x1a0) addr=0xffffa3604000 pfn=0x10429 prot=0x68000000000fcb mkwrite=0")
		LINE("546319", "insert0: (vmf_insert_pfn_prot+0x0/0x180) addr=0xffffa3605000 pfn=0x1042a prot=0x68000000000fcb")
		DONE("546815", "0x100", CLEAN));

	EXPECT_EQ(4, trace->nr);
	EXPECT_EQ(2, trace->ahead);
}

TEST(more_than_a_trace_holds)
{
	static char text[16384];
	size_t len = 0;
	int i;

	len += snprintf(text, sizeof(text), "%s", FAULT("540312", "0x255", ABSENT));
	for (i = 0; i < TRACE_EVENTS; i++)
		len += snprintf(text + len, sizeof(text) - len, "%s", NOTIFY("5"));
	ASSERT_LT(len, sizeof(text));
	EXPECT_TRUE(read_text(text)->lost);
}

TEST(pte_of_a_neighbour)
{
	const char *record =
		LINE("472647", "change2: (__ptep_set_access_flags_anysz+0x0/0x320) addr=0xffffa3600000 ptep=0xffff0000087db000 old=0x1600000487dafc3 new=0x1e80000487daf43 caller=finish_mkwrite_fault+0xe4/0x1f0");
	char text[2048];

	snprintf(text, sizeof(text), "%s", record);
	EXPECT_EQ(0xffff0000087db018, trace_find_pte(text, 0xffffa3600000,
						     PAGE, 4096));
	/* Among others, and before it some that have not got it. */
	snprintf(text, sizeof(text), "%s%s%s",
		 LINE("472640", "change2: (__ptep_set_access_flags_anysz+0x0/0x320) addr=0xffffa3600000 old=0x0 new=0x0")
		 LINE("472641", "change2: (__ptep_set_access_flags_anysz+0x0/0x320) addr=0xffffa3600000 ptep=0x0 old=0x0 new=0x0")
		 LINE("472642", "insert2: (insert_pfn+0x0/0x320) addr=0xffffa3600000 ptep=0xffff000000000000"),
		 record, "nonsense ptep=0xffff000000000000\n");
	EXPECT_EQ(0xffff0000087db018, trace_find_pte(text, 0xffffa3600000,
						     PAGE, 4096));
	/* Another table, another address, and nothing at all. */
	snprintf(text, sizeof(text), "%s", record);
	EXPECT_EQ(0, trace_find_pte(text, 0xffffa3600000, 0xffffa3803000, 4096));
	snprintf(text, sizeof(text), "%s", record);
	EXPECT_EQ(0, trace_find_pte(text, 0xffffa3601000, PAGE, 4096));
	text[0] = '\0';
	EXPECT_EQ(0, trace_find_pte(text, 0xffffa3600000, PAGE, 4096));
}

TEST_HARNESS_MAIN
