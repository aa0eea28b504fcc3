/* SPDX-License-Identifier: GPL-2.0-only */
/* A task's memory cgroup and those above it: whose limit leaves the least room. */
#ifndef PAGETIDE_MEMCG_BPF_H
#define PAGETIDE_MEMCG_BPF_H

#include "compat.bpf.h"

#define MEMCG_DEPTH 64

struct memcg_full {
	__u64 memcg; /* address; 0: none has a limit */
	__u64 usage, limit, room;
};

/* of the memory controller; 0: it is not built in */
static __always_inline struct cgroup_subsys_state *task_memory_css(struct task_struct *task)
{
	struct css_set *set = BPF_CORE_READ(task, cgroups);
	struct cgroup_subsys_state *css = 0;

	if (!bpf_core_enum_value_exists(enum cgroup_subsys_id, memory_cgrp_id))
		return 0;
	bpf_probe_read_kernel(&css, sizeof(css),
			      (void *)set + bpf_core_field_offset(struct css_set, subsys) +
				      sizeof(css) * bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id));
	return css;
}

static __always_inline struct mem_cgroup *task_memcg(struct task_struct *task)
{
	void *css = task_memory_css(task);

	return css ? css - bpf_core_field_offset(struct mem_cgroup, css) : 0;
}

/*
 * memcg.bpf.c: functions of their own, because the verifier walks such a one once, and one that is
 * inlined at every turn of the loop around it.
 */
#define ROOM_WITHOUT_LIMIT (~0ULL)
__u64 memcg__room(__u64 memcg); /* pages */
__u64 memcg__above(__u64 memcg);

static __always_inline __u64 memcg_id(struct mem_cgroup *memcg)
{
	return BPF_CORE_READ(memcg, css.cgroup, kn, id);
}

/* of equals the nearest */
static __always_inline void memcg_tightest(struct mem_cgroup *memcg, struct memcg_full *full)
{
	__u64 above = (__u64)memcg;

	full->memcg = 0;
	full->room = ROOM_WITHOUT_LIMIT;
	for (int i = 0; above && i < MEMCG_DEPTH; i++) {
		__u64 room = memcg__room(above);

		if (room < full->room) {
			full->memcg = above;
			full->room = room;
		}
		above = memcg__above(above);
	}
	memcg = (void *)full->memcg;
	full->usage = BPF_CORE_READ(memcg, memory.usage.counter);
	full->limit = BPF_CORE_READ(memcg, memory.max);
}

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct page___memcg {
	struct mem_cgroup *mem_cgroup;
};
/* 3fc9c12d27b4 backports (6.12..7.3): folio->memcg_data of a page-cache folio became an obj_cgroup */
struct obj_cgroup___is_root {
	bool is_root;
};
#pragma clang attribute pop

static __always_inline __u64 memcg_of_data(unsigned long data)
{
	struct mem_cgroup *memcg;

	data &= ~7UL;
	if (!data)
		return 0;
	if (bpf_core_field_exists(((struct obj_cgroup___is_root *)0)->is_root))
		memcg = BPF_CORE_READ((struct obj_cgroup *)data, memcg);
	else
		memcg = (struct mem_cgroup *)data;
	return memcg ? memcg_id(memcg) : 0;
}

/* the memory cgroup that the kernel charged the folio to, as a kernfs id; 0: none */
static __always_inline __u64 folio_memcg(void *folio)
{
	struct mem_cgroup *memcg;

	if (bpf_core_type_exists(struct folio))
		return memcg_of_data(BPF_CORE_READ((struct folio *)folio, memcg_data));
	if (!bpf_core_field_exists(((struct page___memcg *)0)->mem_cgroup))
		return 0;
	memcg = BPF_CORE_READ((struct page___memcg *)folio, mem_cgroup);
	return memcg ? memcg_id(memcg) : 0;
}

#endif
