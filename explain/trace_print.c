// SPDX-License-Identifier: GPL-2.0
#include "trace.h"

/* FAULT_FLAG_WRITE and, since 6.4, FAULT_FLAG_VMA_LOCK (include/linux/mm_types.h). */
#define FLAG_WRITE	0x1
#define FLAG_VMA_LOCK	0x1000

void trace_print_pte(FILE *out, const struct trace *trace, uint64_t raw)
{
	struct pte_bits bits;
	char names[96];

	if (pte_decode(trace->arch, raw, &bits))
		return;
	if (bits.present) {
		pte_name_bits(trace->arch, raw, names, sizeof(names));
		fprintf(out, ": %s", names);
	}
	fprintf(out, ": %s", pte_state(&bits));
}

static const char *name_or_none(const struct trace_handler *handler)
{
	return handler->name[0] ? handler->name : "none";
}

static void print_handlers(FILE *out, const struct trace *trace)
{
	const char *fault = trace_handler_of(trace);

	if (!fault)
		return;
	fprintf(out, "; the VMA's fault is %s", fault);
	if (!trace->fault.name[0])
		return;
	if (trace->fault.module[0])
		fprintf(out, " [%s]", trace->fault.module);
	fprintf(out, ", its pfn_mkwrite %s, its page_mkwrite %s",
		name_or_none(&trace->pfn_mkwrite),
		name_or_none(&trace->page_mkwrite));
}

static void print_call(FILE *out, const struct trace *trace, int nr)
{
	const struct trace_event *call = &trace->event[nr], *next = call + 1;

	fprintf(out, "%s(%s, flags 0x%x%s)", call->symbol,
		call->flags & FLAG_WRITE ? "write" : "read", call->flags,
		call->flags & FLAG_VMA_LOCK ? ", under the VMA's lock" : "");
	if (trace_is_retried(trace, nr))
		fprintf(out, " = 0x%x: VM_FAULT_RETRY, once more under mmap_lock",
			next->ret);
	if (nr == 0)
		print_handlers(out, trace);
}

static void print_return(FILE *out, const struct trace *trace,
			 const struct trace_event *event)
{
	fprintf(out, "%s() = 0x%x%s", event->symbol, event->ret,
		trace_is_retry(event) ? ": VM_FAULT_RETRY" : "");
	if (!event->has_pte)
		return;
	fprintf(out, "; the PTE is 0x%llx", (unsigned long long)event->pte);
	trace_print_pte(out, trace, event->pte);
}

static void print_insert(FILE *out, const struct trace *trace,
			 const struct trace_event *event)
{
	const char *separator = "";

	fprintf(out, "%s(", event->symbol);
	if (event->has_pfn) {
		fprintf(out, "pfn 0x%llx", (unsigned long long)event->pfn);
		separator = ", ";
	}
	if (event->has_prot) {
		fprintf(out, "%sprot 0x%llx", separator,
			(unsigned long long)event->prot);
		separator = ", ";
	}
	if (event->has_mkwrite)
		fprintf(out, "%smkwrite %d", separator, event->mkwrite);
	fprintf(out, ")");
	if (event->has_prot)
		trace_print_pte(out, trace, event->prot);
}

void trace_print_event(FILE *out, const struct trace *trace, int nr)
{
	const struct trace_event *event = &trace->event[nr];

	switch (event->kind) {
	case TRACE_IS_FAULT:
		print_call(out, trace, nr);
		break;
	case TRACE_IS_DONE:
		print_return(out, trace, event);
		break;
	case TRACE_IS_INSERT:
		print_insert(out, trace, event);
		break;
	case TRACE_IS_CHANGE:
		fprintf(out, "%s(): from 0x%llx to 0x%llx", event->symbol,
			(unsigned long long)event->old,
			(unsigned long long)event->new);
		trace_print_pte(out, trace, event->new);
		break;
	case TRACE_IS_NOTIFY:
		fprintf(out, "%s() = 0x%x: the driver was notified",
			event->symbol, event->ret);
		break;
	}
	if (event->chain[0])
		fprintf(out, "\n#               called by %s", event->chain);
}
