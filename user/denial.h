/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whether it was the hugetlb pool or RLIMIT_MEMLOCK that a call failed by: the kernel's own arithmetic
 * (mm/hugetlb.c hugetlb_acct_memory(), mm/mlock.c do_mlock(), mlockall(), mm/mmap.c mlock_future_ok()),
 * with the figures just after it. Pure.
 */
#ifndef PAGETIDE_DENIAL_H
#define PAGETIDE_DENIAL_H

#include "event.h"
#include "hugetlb.h"
#include "wire.h"

#define DENIAL_ADVICE_MAX 512

struct denial_facts {
	const struct hugetlb_pool *pools;
	size_t pool_count;
	uint64_t huge_page_bytes; /* the default pool's */
	uint64_t page_bytes;
};

/* Fills event->denied and the advice that it points to. False: it was none of these limits. */
bool denial__judge(const struct record_denied *record, const struct denial_facts *facts, struct event *event,
		   char advice[DENIAL_ADVICE_MAX]);

#endif
