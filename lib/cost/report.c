// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "cost.h"

/* Pages in a group of the strip. */
#define STRIP_GROUP	16

/* "-" if not measured. */
static const char *number(char *text, size_t size, int value)
{
	if (value == NOT_MEASURED)
		return "-";
	snprintf(text, size, "%d", value);
	return text;
}

static const char *yes_or_no(int value)
{
	if (value == NOT_MEASURED)
		return "-";
	return value ? "yes" : "no";
}

static void print_faults(FILE *out, const char *what,
			 const struct access *access)
{
	int i;

	for (i = 0; i < access->nr_evidence; i++) {
		const struct fault *fault = &access->evidence[i];
		long offset = access_offset(fault->ip);
		char where[32] = "elsewhere";

		if (offset >= 0)
			snprintf(where, sizeof(where), "access+0x%lx", offset);
		fprintf(out,
			"#   %s, fault %d: +%llu ns, instruction 0x%llx (%s), address 0x%llx\n",
			what, i + 1,
			(unsigned long long)(fault->time_ns -
					     access->evidence[0].time_ns),
			(unsigned long long)fault->ip, where,
			(unsigned long long)fault->addr);
	}
}

static void print_evidence(FILE *out, const struct observation *obs,
			   enum verdict verdict)
{
	int faults = obs->cost.first_store;

	/* If the first store took one fault, the store after a load is at fault. */
	if (verdict == VERDICT_UNEXPECTED || faults > 1)
		print_faults(out, "store to an untouched page", &obs->first);
	if (verdict == VERDICT_UNEXPECTED || faults == 1)
		print_faults(out, "store after a load", &obs->upgrade);
	print_faults(out, "store to the same page again", &obs->again);
}

static void print_strip(FILE *out, const struct observation *obs)
{
	int i;

	fprintf(out, "#   faults of each page:");
	for (i = 0; i < NR_STORES; i++) {
		if (i % STRIP_GROUP == 0)
			fputc(' ', out);
		if (obs->strip[i] < 10)
			fprintf(out, "%d", obs->strip[i]);
		else
			fputc('+', out);
	}
	fputc('\n', out);
}

static void print_noise(FILE *out, const char *what,
			const struct event_delta *pgreuse)
{
	if (!event_delta_settled(pgreuse))
		fprintf(out,
			"#   pgreuse of /proc/vmstat moved by %lld to %lld during %d %s: this machine is not quiet enough\n",
			(long long)pgreuse->least, (long long)pgreuse->most,
			NR_STORES, what);
}

static void print_surroundings(FILE *out, const struct observation *obs)
{
	if (obs->log_err)
		fprintf(out,
			"#   no fault log (perf_event_open(): %s): faults counted by getrusage() alone\n",
			strerror(-obs->log_err));
	if (obs->pgreuse.missing)
		fprintf(out,
			"#   /proc/vmstat has no pgreuse: a notification looks like a dirty fault here\n");
	if (obs->mixed_cpus)
		fprintf(out,
			"#   the CPUs differ in what sets the dirty bit; measured on one where software does\n");
	print_noise(out, "first stores", &obs->pgreuse);
	print_noise(out, "stores after loads", &obs->pgreuse_upgrade);
}

void report_mapping(FILE *out, const struct source *src,
		    const struct observation *obs,
		    const struct judgement *judgement)
{
	const struct store_cost *c = &obs->cost;
	char child[16], pgreuse[16];

	if (obs->err) {
		fprintf(out, "# mapping %s: not measured (%s)\n", src->name,
			obs->why);
		return;
	}

	fprintf(out,
		"# mapping %s: %s (first store %d, load %d then store %d, again %d, forked child %s, %d pages %d, pgreuse %s)\n",
		src->name, verdict_name(judgement->verdict), c->first_store,
		c->load, c->store_after_load, c->second_store,
		number(child, sizeof(child), c->child_store), NR_STORES,
		c->stores, number(pgreuse, sizeof(pgreuse), c->pgreuse));
	fprintf(out, "#   %s\n", judgement->reason);
	if (src->detail)
		fprintf(out, "#   %s\n", src->detail);
	print_surroundings(out, obs);

	if (judgement->verdict == VERDICT_IGNORED ||
	    judgement->verdict == VERDICT_UNEXPECTED)
		print_evidence(out, obs, judgement->verdict);
	print_strip(out, obs);
	if (judgement->verdict != VERDICT_UNEXPECTED)
		return;
	fprintf(out,
		"#   memfd page: store after load %d; mapped ahead %d pages; %d stores after loads %d faults, pgreuse %s\n",
		c->memfd_upgrade, c->mapped_ahead, NR_STORES, c->upgrades,
		number(pgreuse, sizeof(pgreuse), c->pgreuse_upgrade));
	fprintf(out,
		"#   file times: moved by first store %s, store after load %s, forked child %s\n",
		yes_or_no(c->mtime_first_store), yes_or_no(c->mtime_upgrade),
		yes_or_no(c->mtime_child_store));
}
