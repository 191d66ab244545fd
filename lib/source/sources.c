// SPDX-License-Identifier: GPL-2.0
/* All sources but those of DRM cards, in the order of the list. */
#include <fnmatch.h>
#include <stdlib.h>

#include "source.h"

#define SOURCES(source)		\
	source(udmabuf)		\
	source(udmabuf_hugetlb)	\
	source(udmabuf_thp)	\
	source(dma_heap)	\
	source(dax)		\
	source(dax_pmd)		\
	source(devdax)		\
	source(devdax_pmd)	\
	source(pci_bar)		\
	source(vfio_bar)	\
	source(vfio_bar_pmd)	\
	source(memfd)		\
	source(perf_ring)

#define DECLARE(name) extern const struct source name##_source;
#define ADDRESS(name) &name##_source,

SOURCES(DECLARE)

static const struct source *const sources[] = { SOURCES(ADDRESS) };

/* A C library without such patterns takes the plain ones. */
#ifndef FNM_EXTMATCH
#define FNM_EXTMATCH	0
#endif

int source_each(const struct source *src, int (*fn)(const struct source *src))
{
	const struct source *one;
	int i, err = 0;

	if (!src->instance)
		return fn(src);
	for (i = 0; !err && (one = src->instance(i)); i++)
		err = fn(one);
	return err;
}

int sources_each(int (*fn)(const struct source *src))
{
	int err = 0;
	size_t i;

	for (i = 0; !err && i < sizeof(sources) / sizeof(*sources); i++)
		err = source_each(sources[i], fn);
	return err;
}

bool source_matches(const struct source *src, const char *pattern)
{
	return !fnmatch(pattern, src->name, FNM_EXTMATCH);
}

bool source_wanted(const struct source *src)
{
	const char *only = getenv("PFN_MKWRITE_ONLY");
	const char *skip = getenv("PFN_MKWRITE_SKIP");

	return (!only || !*only || source_matches(src, only)) &&
	       (!skip || !*skip || !source_matches(src, skip));
}
