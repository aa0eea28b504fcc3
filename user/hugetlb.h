/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The pools of huge pages, from /sys/kernel/mm/hugepages (mm/hugetlb_sysfs.c). Pages of a pool are taken off
 * the machine's memory when the pool is made, used or not.
 */
#ifndef PAGETIDE_HUGETLB_H
#define PAGETIDE_HUGETLB_H

#include <stddef.h>
#include <stdint.h>

#define HUGETLB_POOLS 8

struct hugetlb_pool {
	uint64_t page_bytes;
	uint64_t total_pages;    /* nr_hugepages: the surplus included */
	uint64_t free_pages;     /* of these; the promised ones too */
	uint64_t reserved_pages; /* of the free ones: promised to mappings that have not touched them */
	uint64_t surplus_pages;  /* taken from the machine's memory when the pool had none left … */
	uint64_t surplus_most;   /* … at most so many: nr_overcommit_hugepages */
};

/* The pools that have pages or may take some; how many. 0 also where there is no hugetlb, or no sysfs. */
size_t hugetlb__read(struct hugetlb_pool *pools, size_t cap);

/* free, and promised to nobody */
static inline uint64_t hugetlb__spare_pages(const struct hugetlb_pool *pool)
{
	return pool->free_pages > pool->reserved_pages ? pool->free_pages - pool->reserved_pages : 0;
}

/* what a mapping can still be promised; of a pool that may grow this includes the growth */
static inline uint64_t hugetlb__room_pages(const struct hugetlb_pool *pool)
{
	uint64_t growth = pool->surplus_most > pool->surplus_pages ? pool->surplus_most - pool->surplus_pages : 0;

	return growth + hugetlb__spare_pages(pool);
}

#endif
