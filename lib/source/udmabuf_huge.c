// SPDX-License-Identifier: GPL-2.0
/*
 * udmabuf over a memfd with huge pages: of hugetlb, and of shmem with transparent
 * huge pages. The driver inserts their parts one by one and must find the right ones
 * (drivers/dma-buf/udmabuf.c, udmabuf_pin_folios()).
 */
#include <errno.h>
#include <linux/memfd.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "huge.h"

/* Replace the memfd in @b->fd by its udmabuf, which can be mapped at any page. */
static int replace_memfd(struct backing *b)
{
	int err;

	b->peer_fd = b->fd;
	b->fd = -1;
	b->align = 0;
	err = udmabuf_source.open(&udmabuf_source, b, b->size);
	/* An alias only in huge pages. */
	close(b->peer_fd);
	b->peer_fd = -1;
	return err;
}

static int hugetlb_open(const struct source *src, struct backing *b, size_t size)
{
	char dir[64];
	int err = huge_fit(b, size);

	(void)src;
	if (err)
		return err;
	snprintf(dir, sizeof(dir), "/sys/kernel/mm/hugepages/hugepages-%zukB",
		 b->align / 1024);
	if (!sysfs_number(dir, "free_hugepages"))
		return backing_fail(b, -ENODEV,
				    "no huge page is free in %s/free_hugepages; write a number to nr_hugepages beside it",
				    dir);
	b->fd = backing_memfd(b, MFD_ALLOW_SEALING | MFD_HUGETLB |
				 __builtin_ctzl(b->align) << MFD_HUGE_SHIFT);
	if (b->fd < 0)
		return b->fd;
	err = replace_memfd(b);
	/* Old drivers take no hugetlb, or only pages that were touched. */
	return err == -EBADFD || err == -EINVAL ? -ENODEV : err;
}

/* A folio of shmem is huge from the first touch on, or never: check before pinning it. */
static int thp_open(const struct source *src, struct backing *b, size_t size)
{
	int err = huge_fit(b, size);

	(void)src;
	if (err)
		return err;
	if (huge_shmem_is("never deny"))
		return backing_fail(b, -ENODEV,
				    "%s gives a memfd no huge pages; write advise to it",
				    HUGE_SHMEM_PATH);
	b->fd = backing_memfd(b, MFD_ALLOW_SEALING);
	if (b->fd < 0)
		return b->fd;
	err = huge_verify(b, true, "a memfd got no huge page, by what " HUGE_SHMEM_PATH
			  " allows; make room for one");
	return err ? err : replace_memfd(b);
}

const struct source udmabuf_hugetlb_source = {
	.name = "udmabuf_hugetlb",
	.open = hugetlb_open,
	.close = backing_close,
};

const struct source udmabuf_thp_source = {
	.name = "udmabuf_thp",
	.open = thp_open,
	.close = backing_close,
};
