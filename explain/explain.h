/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Why a store takes its faults, shown by the functions that the kernel runs for it.
 */
#ifndef PFN_MKWRITE_EXPLAIN_H
#define PFN_MKWRITE_EXPLAIN_H

#include <stdbool.h>
#include <stdio.h>

#include "../lib/source/source.h"

/**
 * explain() - store to a page of a mapping, and print the kernel's trace of it
 * @out: each line starts with "# "
 * @src: the source of the mapping
 * @after_load: load from the page first
 * @faults: if the kernel cannot be traced, print at least the faults
 *
 * The first one takes some tenths of a second. Waits 15 seconds at most. Needs root,
 * tracefs and kprobe events; if they are missing, prints so. Until explain_end(), kprobes
 * stay, another run has to wait, and the sources must have been there from the start.
 *
 * Return: 0, or -errno if there is no trace.
 */
int explain(FILE *out, const struct source *src, bool after_load, bool faults);
void explain_end(void);

#endif /* PFN_MKWRITE_EXPLAIN_H */
