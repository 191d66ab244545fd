/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a person reads at a glance, and a script can grep.
 */
#ifndef PFN_MKWRITE_REPORT_H
#define PFN_MKWRITE_REPORT_H

#include <stdio.h>

#include "probe.h"
#include "verdict.h"

/**
 * report_mapping() - print the verdict, its numbers and, for a bad one, its
 * evidence
 * @out: where to; each line starts with "# "
 * @src: the source of the mapping
 * @obs: what was seen; a measurement that failed is printed as such
 * @judgement: what it means; not looked at for one that failed
 */
void report_mapping(FILE *out, const struct source *src,
		    const struct observation *obs,
		    const struct judgement *judgement);

#endif /* PFN_MKWRITE_REPORT_H */
