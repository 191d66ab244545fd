// SPDX-License-Identifier: GPL-2.0
/* The lines that people and scripts read, letter by letter. */
#define TH_LOG_STREAM stdout

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"

#include "../lib/cost/cost.h"

FIXTURE(report)
{
	struct observation obs;
	char *text;
};

FIXTURE_SETUP(report)
{
	self->obs.cost = (struct store_cost){
		.first_store = 2,
		.load = 1,
		.store_after_load = 1,
		.child_store = 1,
		.clean_store = 1,
		.stores = 68,
		.upgrades = 64,
		.mapped_ahead = 16,
	};
	memset(self->obs.strip, 1, sizeof(self->obs.strip));
	self->obs.strip[0] = 2;
	self->obs.strip[16] = 12;
}

FIXTURE_TEARDOWN(report)
{
	free(self->text);
}

static const char *print(FIXTURE_DATA(report) *self)
{
	const struct source src = {
		.name = "radeon",
		.detail = "on the desk",
	};
	struct judgement judgement = judge(&self->obs.cost);
	size_t size;
	FILE *out;

	free(self->text);
	self->text = NULL;
	out = open_memstream(&self->text, &size);
	if (!out)
		return "open_memstream()";
	report_mapping(out, &src, &self->obs, &judgement);
	fclose(out);
	return self->text;
}

TEST_F(report, ignored)
{
	struct access *first = &self->obs.first;

	first->faults = 2;
	first->nr_evidence = 2;
	first->evidence[0] = (struct fault){ 1000, 0x10, 0x7000 };
	first->evidence[1] = (struct fault){ 3500, 0x10, 0x7000 };
	EXPECT_STREQ("# mapping radeon: ignored (first store 2, load 1 then store 1, again 0, forked child 1, 64 pages 68, pgreuse 0)\n"
		     "#   the second fault does nothing but set the dirty bit\n"
		     "#   on the desk\n"
		     "#   store to an untouched page, fault 1: +0 ns, instruction 0x10 (elsewhere), address 0x7000\n"
		     "#   store to an untouched page, fault 2: +2500 ns, instruction 0x10 (elsewhere), address 0x7000\n"
		     "#   faults of each page: 2111111111111111 +111111111111111 1111111111111111 1111111111111111\n",
		     print(self));
}

TEST_F(report, not_measured_is_no_number)
{
	self->obs.cost.child_store = NOT_MEASURED;
	self->obs.cost.pgreuse = NOT_MEASURED;
	self->obs.pgreuse_err = -ENOENT;
	EXPECT_STREQ("# mapping radeon: undecided (first store 2, load 1 then store 1, again 0, forked child -, 64 pages 68, pgreuse -)\n"
		     "#   no counter tells the dirty fault from a notification\n"
		     "#   on the desk\n"
		     "#   /proc/vmstat has no pgreuse: a notification looks like a dirty fault here\n"
		     "#   faults of each page: 2111111111111111 +111111111111111 1111111111111111 1111111111111111\n",
		     print(self));
}

TEST_F(report, surroundings)
{
	self->obs.cost.pgreuse = NOT_MEASURED;
	self->obs.log_err = -EACCES;
	self->obs.mixed_cpus = true;
	EXPECT_STREQ("# mapping radeon: undecided (first store 2, load 1 then store 1, again 0, forked child 1, 64 pages 68, pgreuse -)\n"
		     "#   no counter tells the dirty fault from a notification\n"
		     "#   on the desk\n"
		     "#   no fault log (perf_event_open(): Permission denied): faults counted by getrusage() alone\n"
		     "#   other tasks move pgreuse of /proc/vmstat: this machine is not quiet enough\n"
		     "#   the CPUs differ in what sets the dirty bit; measured on one where software does\n"
		     "#   faults of each page: 2111111111111111 +111111111111111 1111111111111111 1111111111111111\n",
		     print(self));
}

TEST_F(report, failed_measurement)
{
	self->obs.err = -EFAULT;
	snprintf(self->obs.why, sizeof(self->obs.why),
		 "Bus error in the probe first_store");
	EXPECT_STREQ("# mapping radeon: not measured (Bus error in the probe first_store)\n",
		     print(self));
}

TEST_F(report, unexpected)
{
	self->obs.cost.first_store = 3;
	EXPECT_NE(NULL, strstr(print(self), "# mapping radeon: unexpected ("));
	EXPECT_NE(NULL, strstr(self->text, "#   a store takes more than two faults\n"));
	EXPECT_NE(NULL, strstr(self->text, "#   clean page: store 1; mapped "));
	EXPECT_NE(NULL, strstr(self->text, "#   faults of each page: "));
}

TEST_HARNESS_MAIN
