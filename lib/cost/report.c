// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "cost.h"

static const char *number(char text[16], int value)
{
	snprintf(text, 16, value == NOT_MEASURED ? "-" : "%d", value);
	return text;
}

static void print_faults(FILE *out, const char *what, const struct access *access)
{
	int i;

	for (i = 0; i < access->nr_evidence; i++) {
		const struct fault *fault = &access->evidence[i];
		long offset = access_offset(fault->ip);
		char where[32] = "elsewhere";

		if (offset >= 0)
			snprintf(where, sizeof(where), "access+0x%lx", offset);
		fprintf(out, "#   %s, fault %d: +%llu ns, instruction 0x%llx (%s), address 0x%llx\n",
			what, i + 1,
			(unsigned long long)(fault->time_ns - access->evidence[0].time_ns),
			(unsigned long long)fault->ip, where, (unsigned long long)fault->addr);
	}
}

static void print_strip(FILE *out, const struct observation *obs)
{
	int i;

	fprintf(out, "#   faults of each page:");
	for (i = 0; i < NR_STORES; i++)
		fprintf(out, "%s%c", i % 16 ? "" : " ",
			obs->strip[i] < 10 ? '0' + obs->strip[i] : '+');
	fputc('\n', out);
}

static void print_surroundings(FILE *out, const struct observation *obs)
{
	if (obs->log_err)
		fprintf(out, "#   no fault log (perf_event_open(): %s): faults counted by getrusage() alone\n",
			strerror(-obs->log_err));
	if (obs->pgreuse_err)
		fprintf(out, "#   /proc/vmstat has no pgreuse: a notification looks like a dirty fault here\n");
	else if (obs->cost.pgreuse == NOT_MEASURED || obs->cost.pgreuse_upgrade == NOT_MEASURED)
		fprintf(out, "#   other tasks move pgreuse of /proc/vmstat: this machine is not quiet enough\n");
	if (obs->mixed_cpus)
		fprintf(out, "#   the CPUs differ in what sets the dirty bit; measured on one where software does\n");
}

void report_mapping(FILE *out, const struct source *src, const struct observation *obs,
		    const struct judgement *judgement)
{
	const struct store_cost *c = &obs->cost;
	char child[16], reuse[16];
	bool odd;

	if (obs->err) {
		fprintf(out, "# mapping %s: not measured (%s)\n", src->name, obs->why);
		return;
	}
	fprintf(out, "# mapping %s: %s (first store %d, load %d then store %d, again %d, forked child %s, %d pages %d, pgreuse %s)\n",
		src->name, verdict_name(judgement->verdict), c->first_store, c->load,
		c->store_after_load, c->second_store, number(child, c->child_store),
		NR_STORES, c->stores, number(reuse, c->pgreuse));
	fprintf(out, "#   %s\n", judgement->reason);
	if (src->detail)
		fprintf(out, "#   %s\n", src->detail);
	print_surroundings(out, obs);

	odd = judgement->verdict == VERDICT_UNEXPECTED;
	if (odd || judgement->verdict == VERDICT_IGNORED) {
		/* If the first store took one fault, the store after a load is at fault. */
		if (odd || c->first_store > 1)
			print_faults(out, "store to an untouched page", &obs->first);
		if (odd || c->first_store == 1)
			print_faults(out, "store after a load", &obs->upgrade);
		print_faults(out, "store to the same page again", &obs->again);
	}
	print_strip(out, obs);
	if (odd)
		fprintf(out, "#   clean page: store %d; mapped ahead %d pages; %d stores after loads %d faults, pgreuse %s\n",
			c->clean_store, c->mapped_ahead, NR_STORES, c->upgrades,
			number(reuse, c->pgreuse_upgrade));
}
