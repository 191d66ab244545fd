// SPDX-License-Identifier: GPL-2.0
/*
 * udmabuf over a memfd whose pages are huge: of hugetlb, and of shmem with
 * transparent huge pages. The driver inserts their parts one by one and must
 * find the right ones (drivers/dma-buf/udmabuf.c, udmabuf_pin_folios()).
 */
#include <errno.h>
#include <linux/memfd.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "huge.h"
#include "udmabuf.h"

static int udmabuf_of(struct backing *b, int memfd)
{
	int dev, err;

	dev = udmabuf_device(b);
	if (dev < 0)
		return dev;
	err = udmabuf_create(b, dev, memfd);
	close(dev);
	return err;
}

/* Nobody gets one that is not there already; -ENODEV where there is none. */
static int hugetlb_here(const struct source *src, struct backing *b)
{
	unsigned long free = 0;
	char path[96];
	FILE *file;
	int err;

	(void)src;
	err = huge_pmd_here(b);
	if (err)
		return err;
	snprintf(path, sizeof(path),
		 "/sys/kernel/mm/hugepages/hugepages-%zukB/free_hugepages",
		 huge_pmd_size() / 1024);
	file = fopen(path, "re");
	if (file) {
		if (fscanf(file, "%lu", &free) != 1)
			free = 0;
		fclose(file);
	}
	if (free)
		return 0;
	return backing_fail(b, -ENODEV,
			    "no huge page is free in %s; write a number to nr_hugepages beside it",
			    path);
}

static int hugetlb_open(const struct source *src, struct backing *b,
			size_t size)
{
	size_t pmd = huge_pmd_size();
	int memfd, err;

	(void)src;
	b->size = huge_whole(size);
	memfd = memfd_create("pfn_mkwrite",
			     MFD_ALLOW_SEALING | MFD_CLOEXEC | MFD_HUGETLB |
			     __builtin_ctzl(pmd) << MFD_HUGE_SHIFT);
	if (memfd < 0)
		return backing_fail(b, -errno, "memfd_create() of huge pages: %s",
				    strerror(errno));
	err = udmabuf_of(b, memfd);
	close(memfd);
	/* Not all versions of the driver take them. */
	return err == -EBADFD ? -ENODEV : err;
}

static int thp_here(const struct source *src, struct backing *b)
{
	int err = huge_pmd_here(b);

	(void)src;
	if (err || !huge_shmem_is("never deny"))
		return err;
	return backing_fail(b, -ENODEV,
			    "%s gives a memfd no huge pages; write advise to it",
			    HUGE_SHMEM_PATH);
}

/*
 * The folio is huge from the first touch on, or never. What the sysfs file says
 * is a wish: the memory may be too fragmented.
 */
static int thp_memfd(struct backing *b)
{
	struct backing plain;
	int at_once;

	backing_init(&plain);
	plain.size = b->size;
	plain.align = huge_pmd_size();
	plain.fd = memfd_create("pfn_mkwrite", MFD_ALLOW_SEALING | MFD_CLOEXEC);
	if (plain.fd < 0 || ftruncate(plain.fd, plain.size))
		return backing_fail(b, -errno, "a memfd of %zu bytes: %s",
				    plain.size, strerror(errno));
	at_once = huge_mapped_at_once(&plain, true);
	if (at_once == 1)
		return plain.fd;
	backing_close(&plain);
	if (at_once < 0)
		return backing_fail(b, at_once, "%s", plain.why);
	return backing_fail(b, -ENODEV,
			    "a memfd got no huge page, by what %s allows; make room for one",
			    HUGE_SHMEM_PATH);
}

static int thp_open(const struct source *src, struct backing *b, size_t size)
{
	int memfd, err;

	(void)src;
	b->size = huge_whole(size);
	memfd = thp_memfd(b);
	if (memfd < 0)
		return memfd;
	err = udmabuf_of(b, memfd);
	close(memfd);
	return err;
}

const struct source udmabuf_hugetlb_source = {
	.name = "udmabuf_hugetlb",
	.here = hugetlb_here,
	.open = hugetlb_open,
	.close = backing_close,
};

const struct source udmabuf_thp_source = {
	.name = "udmabuf_thp",
	.here = thp_here,
	.open = thp_open,
	.close = backing_close,
};
