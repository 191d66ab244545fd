// SPDX-License-Identifier: GPL-2.0
/*
 * The sources that need nobody to look for them first, and which of all are wanted.
 */
#include <fnmatch.h>
#include <stdlib.h>

#include "source.h"

/* A libc without such patterns takes the plain ones. */
#ifndef FNM_EXTMATCH
#define FNM_EXTMATCH	0
#endif

const struct source *const plain_sources[] = {
	&udmabuf_source,
	&udmabuf_hugetlb_source,
	&udmabuf_thp_source,
	&dax_source,
	&dax_pmd_source,
	&devdax_source,
	&devdax_pmd_source,
	&pci_bar_source,
	&vfio_bar_source,
	&vfio_bar_pmd_source,
	&memfd_source,
	&perf_ring_source,
	NULL
};

bool source_matches(const struct source *src, const char *pattern)
{
	return !fnmatch(pattern, src->name, FNM_EXTMATCH);
}

bool mapping_wanted(const struct source *src)
{
	const char *only = getenv("PFN_MKWRITE_ONLY");
	const char *skip = getenv("PFN_MKWRITE_SKIP");

	return (!only || !*only || source_matches(src, only)) &&
	       (!skip || !*skip || !source_matches(src, skip));
}
