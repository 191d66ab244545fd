/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The mappings of pfn_mkwrite_mod/: each way that a driver inserts pages, whether or not
 * this machine has such a driver.
 */
#ifndef PFN_MKWRITE_MOD_SOURCES_H
#define PFN_MKWRITE_MOD_SOURCES_H

#include "source.h"

/**
 * mod_source() - one of the ways that the module and the kernel know
 * @index: which one, from 0 on
 *
 * PFN_MKWRITE_WRONG=MISTAKE in the environment lets the module make a mistake, to see
 * which tests notice.
 *
 * Return: the source, or NULL after the last one, and when the module is not loaded.
 */
const struct source *mod_source(int index);

#endif /* PFN_MKWRITE_MOD_SOURCES_H */
