/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The mappings of pfn_mkwrite_mod/: each way that a driver inserts pages, whether or not
 * this machine has such a driver.
 */
#ifndef PFN_MKWRITE_MOD_SOURCES_H
#define PFN_MKWRITE_MOD_SOURCES_H

#include "source.h"

/**
 * mod_sources() - the ways that the module and the kernel know
 * @nr: how many they are; none where the module is not loaded
 *
 * PFN_MKWRITE_WRONG=MISTAKE in the environment lets the module make a mistake, to see
 * which tests notice.
 *
 * Return: they.
 */
const struct source *const *mod_sources(int *nr);

#endif /* PFN_MKWRITE_MOD_SOURCES_H */
