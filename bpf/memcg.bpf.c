// SPDX-License-Identifier: GPL-2.0-only
/* One step up the tree of memory cgroups. mm/page_counter.c: the counters are plain memory. */
#include "memcg.bpf.h"

#define NO_LIMIT_PAGES (1ULL << 50) /* PAGE_COUNTER_MAX is far above, any real limit below */

__u64 memcg__room(__u64 memcg)
{
	__u64 usage = BPF_CORE_READ((struct mem_cgroup *)memcg, memory.usage.counter);
	__u64 limit = BPF_CORE_READ((struct mem_cgroup *)memcg, memory.max);

	if (limit >= NO_LIMIT_PAGES)
		return ROOM_WITHOUT_LIMIT;
	return limit > usage ? limit - usage : 0;
}

__u64 memcg__above(__u64 memcg)
{
	__u64 parent = (__u64)BPF_CORE_READ((struct mem_cgroup *)memcg, memory.parent);

	return parent ? parent - bpf_core_field_offset(struct mem_cgroup, memory) : 0;
}
