/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Resident pages of an mm, exact. Up to 6.1 mm->rss_stat is an array of atomics;
 * from 6.2 on (f1a7941243c1) it is percpu counters whose sum is wanted, and the
 * address of another CPU's part must be known: offsets.cpu[] is learned from a
 * per-CPU map of ours, whose elements the kernel gives both ways (as a per-CPU
 * pointer in bpf_array.pptrs and as an address by bpf_map_lookup_percpu_elem()).
 */
#ifndef PAGETIDE_RSS_BPF_H
#define PAGETIDE_RSS_BPF_H

#include "compat.bpf.h"
#include "maps.bpf.h"

enum rss { RSS_FILE, RSS_ANON, RSS_SWAP, RSS_SHMEM, RSS_KINDS }; /* MM_FILEPAGES … */

struct rss_sums {
	__s64 pages[RSS_KINDS];
};

extern __u64 cpu_offset[MAX_CPUS];
extern bool cpu_offsets_known;

/* the four counters of an mm are neighbours: percpu_counter_init_many() */
static __always_inline void rss_add_cpus(__u64 counters, struct rss_sums *sums)
{
	__s32 part[RSS_KINDS];

	if (!cpu_offsets_known)
		return;
	/* knob_cpus, a constant to the verifier, which walks every turn of a loop */
	for (__u32 cpu = 0; cpu < MAX_CPUS && cpu < knob_cpus; cpu++) {
		if (bpf_probe_read_kernel(part, sizeof(part), (void *)counters + cpu_offset[cpu]))
			break;
		for (int i = 0; i < RSS_KINDS; i++)
			sums->pages[i] += part[i];
	}
}

/* mm may be any address */
static __always_inline void rss_read(struct mm_struct *mm, struct rss_sums *sums)
{
	__u64 first, counters;
	__u32 size;

	if (bpf_core_field_exists(((struct mm_struct___atomic *)0)->rss_stat.count)) {
		struct mm_struct___atomic *old = (void *)mm;
		bpf_core_read(sums->pages, sizeof(sums->pages), &old->rss_stat.count);
		return;
	}
	first = (__u64)mm + bpf_core_field_offset(struct mm_struct, rss_stat);
	size = bpf_core_type_size(struct percpu_counter);
	/* an array of another element size than ours: CO-RE moves fields, not strides */
	for (int i = 0; i < RSS_KINDS; i++)
		bpf_probe_read_kernel(&sums->pages[i], sizeof(sums->pages[i]),
				      (void *)first + i * size + bpf_core_field_offset(struct percpu_counter, count));
	bpf_probe_read_kernel(&counters, sizeof(counters),
			      (void *)first + bpf_core_field_offset(struct percpu_counter, counters));
	rss_add_cpus(counters, sums);
}

/* the same of an mm that the verifier knows: plain loads */
static __always_inline void rss_read_known(struct mm_struct *mm, struct rss_sums *sums)
{
	__u32 size, count;

	if (bpf_core_field_exists(((struct mm_struct___atomic *)0)->rss_stat.count)) {
		rss_read(mm, sums);
		return;
	}
	size = bpf_core_type_size(struct percpu_counter);
	count = bpf_core_field_offset(struct mm_struct, rss_stat) + bpf_core_field_offset(struct percpu_counter, count);
	for (int i = 0; i < RSS_KINDS; i++)
		sums->pages[i] = *(__s64 *)((void *)mm + (count + i * size));
	rss_add_cpus((__u64)mm->rss_stat[0].counters, sums);
}

#endif
