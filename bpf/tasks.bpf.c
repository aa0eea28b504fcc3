// SPDX-License-Identifier: GPL-2.0-only
/* Fact: the resident memory of every process, by iterating the tasks: no event. */
#include "tasks.bpf.h"

__u64 cpu_offset[MAX_CPUS] = {};
bool cpu_offsets_known = false;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} ruler SEC(".maps");

/* where each CPU's part of a per-CPU pointer lies */
int tasks__learn(void)
{
	__u64 map = as_number(&ruler), base, elem;
	__u32 zero = 0, cpu;

	if (cpu_offsets_known ||
	    !bpf_core_enum_value_exists(enum bpf_func_id___percpu, BPF_FUNC_map_lookup_percpu_elem))
		return 0;
	base = (__u64)BPF_CORE_READ((struct bpf_array *)map, pptrs[0]);
	for (cpu = 0; cpu < MAX_CPUS && cpu < knob_cpus; cpu++) {
		elem = as_number(bpf_map_lookup_percpu_elem(&ruler, &zero, cpu));
		if (!elem)
			return 0;
		cpu_offset[cpu] = elem - base;
	}
	cpu_offsets_known = true;
	return 0;
}

/*
 * Run by the user side before anything is attached: on one CPU, or, where no helper tells
 * of the others (before 07343110b293, 5.19), on each.
 */
SEC("raw_tp")
int learn_cpu(void *ctx)
{
	__u64 map = as_number(&ruler), cpu = bpf_get_smp_processor_id();
	__u32 zero = 0;

	tasks__learn();
	if (cpu_offsets_known || cpu >= MAX_CPUS)
		return 0;
	BOUNDED(cpu);
	cpu_offset[cpu] =
		as_number(bpf_map_lookup_elem(&ruler, &zero)) - (__u64)BPF_CORE_READ((struct bpf_array *)map, pptrs[0]);
	return 0;
}

SEC("iter/task")
int tasks_iter(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;

	if (!task)
		return 0;
	tasks__learn();
	return print_task(ctx->meta->seq, task);
}
