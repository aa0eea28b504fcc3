// SPDX-License-Identifier: GPL-2.0-only
#include "denial.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/syscall.h>

#include "syscall_name.h"
#include "units.h"

static uint64_t rounded_up(uint64_t bytes, uint64_t unit)
{
	return unit ? (bytes + unit - 1) / unit * unit : bytes;
}

static void advise_pool(const struct event *event, uint64_t room_bytes, char *advice)
{
	uint64_t page = event->denied.page_bytes, missing = event->denied.wanted_bytes - room_bytes;
	char size[UNITS_MAX];

	if (!event->denied.limit)
		snprintf(
			advice, DENIAL_ADVICE_MAX,
			"the pool has room for it by now: it was short for a moment, or another limit refused: that of a "
			"hugetlb cgroup, the size of a hugetlbfs mount, or RLIMIT_AS (ulimit -v)");
	else
		snprintf(advice, DENIAL_ADVICE_MAX,
			 "raise /sys/kernel/mm/hugepages/hugepages-%" PRIu64 "kB/nr_hugepages by %" PRIu64
			 ", pages of %s "
			 "that it lacks, or end who holds them; memory that is free elsewhere does not help",
			 page >> 10, (missing + page - 1) / page, units__bytes(size, page));
}

static bool judge_pool(const struct record_denied *record, const struct denial_facts *facts, struct event *event,
		       char *advice)
{
	struct hugetlb_pool pool = { .page_bytes = record->page_bytes ? record->page_bytes : facts->huge_page_bytes };
	uint64_t page = pool.page_bytes, room;

	if (!page)
		return false;
	for (size_t i = 0; i < facts->pool_count; i++) {
		if (facts->pools[i].page_bytes == page)
			pool = facts->pools[i];
	}
	room = hugetlb__room_pages(&pool) * page;
	event->denied.page_bytes = page;
	event->denied.wanted_bytes = rounded_up(record->length_bytes, page);
	event->denied.reserved_bytes = pool.reserved_pages * page;
	event->denied.used_bytes = (pool.total_pages - pool.free_pages + pool.reserved_pages) * page;
	event->denied.limit_bytes = event->denied.used_bytes + room;
	if (record->call < 0) { /* it was empty; by now the process may have ended, and given back */
		event->denied.used_bytes = event->denied.limit_bytes;
		room = 0;
	}
	if (event->denied.wanted_bytes > room)
		event->denied.limit = "pool";
	advise_pool(event, room, advice);
	return true;
}

static void advise_lock(const struct event *event, char *advice)
{
	uint64_t needed = event->denied.used_bytes + event->denied.wanted_bytes;

	if (is_known(event->denied.wanted_bytes) && is_known(event->denied.used_bytes))
		snprintf(advice, DENIAL_ADVICE_MAX,
			 "raise the process' limit to %" PRIu64
			 " KiB at least (ulimit -l, LimitMEMLOCK= of a unit, --ulimit "
			 "memlock= of a container), let it lock less, or give it CAP_IPC_LOCK",
			 (needed + 1023) >> 10);
	else
		snprintf(
			advice, DENIAL_ADVICE_MAX,
			"raise the process' limit (ulimit -l, LimitMEMLOCK= of a unit, --ulimit memlock= of a container)");
}

/* what the process asked to lock; ABSENT: not known */
static uint64_t lock_wanted(const struct record_denied *record, uint64_t page)
{
	uint64_t rest = record->mapped_pages - record->locked_pages;

	if (record->call == SYS_mlockall) /* all that is mapped */
		return record->mapped_pages > record->locked_pages ? rest * page : 0;
	return record->length_bytes ? rounded_up(record->address % page + record->length_bytes, page) : ABSENT;
}

static bool is_over(const struct record_denied *record, const struct event *event, uint64_t page)
{
	if (record->limit_bytes == UINT64_MAX)
		return false;
	if (record->error == EPERM) /* of bpf(): it may make maps, so it was this limit */
		return record->what == DENIED_USER_LOCK || !record->limit_bytes;
	if ((record->call == SYS_mmap || record->call == SYS_mremap) && record->error != EAGAIN)
		return false; /* there is no room in its address space, or no memory */
	if (!is_known(event->denied.wanted_bytes) || !is_known(event->denied.used_bytes))
		return true;
	return event->denied.used_bytes + event->denied.wanted_bytes > record->limit_bytes / page * page;
}

static bool judge_lock(const struct record_denied *record, const struct denial_facts *facts, struct event *event,
		       char *advice)
{
	uint64_t page = facts->page_bytes;

	event->denied.limit = "RLIMIT_MEMLOCK";
	event->denied.wanted_bytes = lock_wanted(record, page);
	event->denied.used_bytes =
		(record->what == DENIED_USER_LOCK ? record->user_pages : record->locked_pages) * page;
	if (record->call == SYS_shmctl)
		event->denied.used_bytes = ABSENT; /* counted elsewhere: ucounts */
	event->denied.limit_bytes = record->limit_bytes;
	event->denied.page_bytes = event->denied.reserved_bytes = ABSENT;
	if (!is_over(record, event, page))
		return false;
	advise_lock(event, advice);
	return true;
}

bool denial__judge(const struct record_denied *record, const struct denial_facts *facts, struct event *event,
		   char advice[DENIAL_ADVICE_MAX])
{
	event->type = record->what == DENIED_HUGETLB ? EVENT_HUGETLB : EVENT_MEMLOCK;
	event->denied.call = syscall_name(record->call);
	event->denied.advice = advice;
	event->denied.limit = NULL;
	return (record->what == DENIED_HUGETLB ? judge_pool : judge_lock)(record, facts, event, advice);
}
