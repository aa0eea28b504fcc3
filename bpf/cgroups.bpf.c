// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fact: usage, peak and limits of every memory cgroup, by iterating them (6.1 and
 * later): the page_counter is plain memory, no file is opened. mm/page_counter.c.
 */
#include "compat.bpf.h"
#include "maps.bpf.h"

SEC("iter/cgroup")
int cgroups_iter(struct bpf_iter__cgroup *ctx)
{
	struct cgroup *cgroup = ctx->cgroup;
	struct mem_cgroup *memcg = 0;
	struct cgroup_row row = {};

	if (!cgroup || !bpf_core_enum_value_exists(enum cgroup_subsys_id, memory_cgrp_id))
		return 0;
	bpf_probe_read_kernel(&memcg, sizeof(memcg),
			      (void *)cgroup + bpf_core_field_offset(struct cgroup, subsys) +
				      sizeof(memcg) * bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id));
	if (!memcg)
		return 0;
	memcg = (void *)memcg - bpf_core_field_offset(struct mem_cgroup, css);
	row.id = BPF_CORE_READ(cgroup, kn, id);
	row.usage_pages = BPF_CORE_READ(memcg, memory.usage.counter);
	row.peak_pages = BPF_CORE_READ(memcg, memory.watermark);
	row.limit_pages = BPF_CORE_READ(memcg, memory.max);
	row.high_pages = BPF_CORE_READ(memcg, memory.high);
	bpf_seq_write(ctx->meta->seq, &row, sizeof(row));
	return 0;
}
