// SPDX-License-Identifier: GPL-2.0-only
#include "denial.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "units.h"

enum call { CALL_OTHER, CALL_MMAP, CALL_MREMAP, CALL_MLOCKALL, CALL_SHMCTL };

static const struct call_row {
	int number;
	enum call call;
	const char *name;
} call_rows[] = {
#if defined(__x86_64__)
	{ 9, CALL_MMAP, "mmap" },
	{ 25, CALL_MREMAP, "mremap" },
	{ 29, CALL_OTHER, "shmget" },
	{ 31, CALL_SHMCTL, "shmctl" },
	{ 149, CALL_OTHER, "mlock" },
	{ 325, CALL_OTHER, "mlock2" },
	{ 151, CALL_MLOCKALL, "mlockall" },
	{ 285, CALL_OTHER, "fallocate" },
	{ 321, CALL_OTHER, "bpf" },
#else
	{ 222, CALL_MMAP, "mmap" },
	{ 216, CALL_MREMAP, "mremap" },
	{ 194, CALL_OTHER, "shmget" },
	{ 195, CALL_SHMCTL, "shmctl" },
	{ 228, CALL_OTHER, "mlock" },
	{ 284, CALL_OTHER, "mlock2" },
	{ 230, CALL_MLOCKALL, "mlockall" },
	{ 47, CALL_OTHER, "fallocate" },
	{ 280, CALL_OTHER, "bpf" },
#endif
	{ 427, CALL_OTHER, "io_uring_register" },
};

static const struct call_row *row_of(int number)
{
	static const struct call_row none = { -1, CALL_OTHER, NULL }, other = { -1, CALL_OTHER, "a system call" };

	for (size_t i = 0; i < sizeof(call_rows) / sizeof(call_rows[0]); i++) {
		if (call_rows[i].number == number)
			return &call_rows[i];
	}
	return number < 0 ? &none : &other;
}

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

	if (row_of(record->call)->call == CALL_MLOCKALL) /* all that is mapped */
		return record->mapped_pages > record->locked_pages ? rest * page : 0;
	return record->length_bytes ? rounded_up(record->address % page + record->length_bytes, page) : ABSENT;
}

static bool is_over(const struct record_denied *record, const struct event *event, uint64_t page)
{
	enum call call = row_of(record->call)->call;

	if (record->limit_bytes == UINT64_MAX)
		return false;
	if (record->error == EPERM) /* of bpf(): it may make maps, so it was this limit */
		return record->what == DENIED_USER_LOCK || !record->limit_bytes;
	if ((call == CALL_MMAP || call == CALL_MREMAP) && record->error != EAGAIN)
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
	if (row_of(record->call)->call == CALL_SHMCTL)
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
	event->denied.call = row_of(record->call)->name;
	event->denied.advice = advice;
	event->denied.limit = NULL;
	return (record->what == DENIED_HUGETLB ? judge_pool : judge_lock)(record, facts, event, advice);
}
