/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Why a store costs what it costs, told by the kernel's own functions.
 */
#ifndef PFN_MKWRITE_EXPLAIN_H
#define PFN_MKWRITE_EXPLAIN_H

#include <stdbool.h>
#include <stdio.h>

#include "source.h"

/**
 * explain() - store to a page once more, and print what the kernel does for it
 * @out: where to; each line starts with "# "
 * @src: the source of the mapping
 * @after_load: load from the page before
 * @anyway: where the kernel cannot be watched, print at least the faults
 *
 * Takes some tenths of a second, and 15 seconds at most. Needs root, tracefs and
 * kprobe events; what is missing is printed.
 *
 * Return: 0, or -errno, printed as well.
 */
int explain(FILE *out, const struct source *src, bool after_load, bool anyway);

#endif /* PFN_MKWRITE_EXPLAIN_H */
