// SPDX-License-Identifier: GPL-2.0
/* All sources but those of DRM cards, in the order of the list. */
#include "source.h"

#define SOURCES(source)		\
	source(udmabuf)		\
	source(udmabuf_hugetlb)	\
	source(udmabuf_thp)	\
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

int sources_each(int (*fn)(const struct source *src))
{
	int err = 0;
	size_t i;

	for (i = 0; !err && i < sizeof(sources) / sizeof(*sources); i++)
		err = fn(sources[i]);
	if (!err)				/* dma_heap.c */
		err = dma_heaps_each(fn);	/* dma_heap.c */
	return err;
}
