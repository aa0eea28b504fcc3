// SPDX-License-Identifier: GPL-2.0-only
/* Pools of huge pages: one that has no page left, and one whose memory nobody uses. */
#include "explain_private.h"

#include <inttypes.h>
#include <stdio.h>

#include "hugetlb.h"
#include "units.h"

#define EXHAUSTED_URGENCY 60
#define UNUSED_URGENCY 25
#define UNUSED_SHARE 2 /* from the half of a pool on */

static void name_pool(const struct hugetlb_pool *pool, char name[64])
{
	char size[UNITS_MAX];

	snprintf(name, 64, "hugetlb pool of %s pages", units__bytes(size, pool->page_bytes));
}

static struct finding *add(struct explanation *e, const char *kind, unsigned urgency, const struct hugetlb_pool *pool)
{
	struct finding *f;
	char name[64];

	name_pool(pool, name);
	f = explain__add(e, kind, urgency, name);
	if (!f)
		return NULL;
	explain__figure(f, "page_bytes", (double)pool->page_bytes);
	explain__figure(f, "total_bytes", (double)(pool->total_pages * pool->page_bytes));
	explain__figure(f, "free_bytes", (double)(pool->free_pages * pool->page_bytes));
	explain__figure(f, "reserved_bytes", (double)(pool->reserved_pages * pool->page_bytes));
	return f;
}

static void exhausted(struct explanation *e, const struct hugetlb_pool *pool)
{
	char reserved[UNITS_MAX], total[UNITS_MAX];
	struct finding *f;

	if (!pool->total_pages || hugetlb__room_pages(pool))
		return;
	f = add(e, "hugetlb_exhausted", EXHAUSTED_URGENCY, pool);
	if (!f)
		return;
	snprintf(f->text, sizeof(f->text),
		 "%s has no page left: %s in all, %s of it promised to mappings that have not touched it; the next "
		 "mmap(MAP_HUGETLB) fails",
		 f->target, units__bytes(total, pool->total_pages * pool->page_bytes),
		 units__bytes(reserved, pool->reserved_pages * pool->page_bytes));
	snprintf(f->advice, sizeof(f->advice),
		 "raise /sys/kernel/mm/hugepages/hugepages-%" PRIu64
		 "kB/nr_hugepages before something asks for more, or "
		 "end who holds them (HugetlbPages in /proc/PID/status)",
		 pool->page_bytes >> 10);
}

static void unused(struct explanation *e, const struct hugetlb_pool *pool)
{
	char spare[UNITS_MAX], total[UNITS_MAX];
	uint64_t pages = hugetlb__spare_pages(pool);
	struct finding *f;

	if (!pages || pages < pool->total_pages / UNUSED_SHARE)
		return;
	f = add(e, "hugetlb_unused", UNUSED_URGENCY, pool);
	if (!f)
		return;
	snprintf(
		f->text, sizeof(f->text),
		"%s keeps %s of its %s for nobody: no mapping uses it or was promised it, and nothing else can have it",
		f->target, units__bytes(spare, pages * pool->page_bytes),
		units__bytes(total, pool->total_pages * pool->page_bytes));
	snprintf(f->advice, sizeof(f->advice),
		 "lower /sys/kernel/mm/hugepages/hugepages-%" PRIu64 "kB/nr_hugepages by %" PRIu64
		 ", unless what needs them "
		 "is yet to start",
		 pool->page_bytes >> 10, pages);
	explain__figure(f, "unused_bytes", (double)(pages * pool->page_bytes));
}

void explain__hugetlb(struct explanation *e)
{
	for (size_t i = 0; i < e->snapshot->system.pool_count; i++) {
		exhausted(e, &e->snapshot->system.pools[i]);
		unused(e, &e->snapshot->system.pools[i]);
	}
}
