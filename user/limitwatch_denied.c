// SPDX-License-Identifier: GPL-2.0-only
/* A call that failed by the hugetlb pool or RLIMIT_MEMLOCK, as an event. */
#include "limitwatch_private.h"

#include "denial.h"

void limitwatch__denied(struct limitwatch *limits, const struct record_denied *record)
{
	struct hugetlb_pool pools[HUGETLB_POOLS];
	char advice[DENIAL_ADVICE_MAX];
	struct denial_facts known = { .pools = pools,
				      .huge_page_bytes = is_known(limits->system.huge_page_bytes)
								 ? limits->system.huge_page_bytes
								 : 0,
				      .page_bytes = limits->page_bytes };
	struct event event = { .boot_ns = record->head.time_ns,
			       .tid = record->head.tid,
			       .pid = record->process.pid,
			       .comm = record->process.comm,
			       .start_ns = record->process.start_ns,
			       .followed = record->process.flags & PROCESS_FOLLOWED };

	if (record->what == DENIED_HUGETLB) /* as it is now: the next reading may be after the next change */
		known.pool_count = hugetlb__read(pools, HUGETLB_POOLS);
	if (!denial__judge(record, &known, &event, advice))
		return;
	/* none of a tmpfs has these */
	if (limitwatch__was_told(limits, &record->process, 0, (uint16_t)(REFUSED_SIGBUS + record->what),
				 record->head.time_ns))
		return;
	model__tell(limits->model, &event, record->process.pid, record->process.start_ns);
}
