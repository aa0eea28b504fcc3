// SPDX-License-Identifier: GPL-2.0-only
/* Fact: the resident memory of every process, by iterating the tasks: no event. */
#include "books.bpf.h"
#include "rss.bpf.h"

__u64 cpu_offset[MAX_CPUS] = {};
bool cpu_offsets_known = false;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} ruler SEC(".maps");

/* where each CPU's part of a per-CPU pointer lies */
static __always_inline void learn_offsets(void)
{
	__u64 map = as_number(&ruler), base, elem;
	__u32 zero = 0, cpu;

	if (cpu_offsets_known ||
	    !bpf_core_enum_value_exists(enum bpf_func_id___percpu, BPF_FUNC_map_lookup_percpu_elem))
		return;
	base = (__u64)BPF_CORE_READ((struct bpf_array *)map, pptrs[0]);
	for (cpu = 0; cpu < MAX_CPUS && cpu < knob_cpus; cpu++) {
		elem = as_number(bpf_map_lookup_percpu_elem(&ruler, &zero, cpu));
		if (!elem)
			return;
		cpu_offset[cpu] = elem - base;
	}
	cpu_offsets_known = true;
}

/* task_cgroup() with plain loads */
static __always_inline __u64 task_cgroup_known(struct task_struct *task)
{
	struct css_set *set = task->cgroups;
	struct cgroup_subsys_state *css;

	if (knob_unified)
		return set->dfl_cgrp->kn->id;
	if (!bpf_core_enum_value_exists(enum cgroup_subsys_id, memory_cgrp_id))
		return 0;
	css = *(struct cgroup_subsys_state **)((void *)set +
					       (bpf_core_field_offset(struct css_set, subsys) +
						sizeof(css) * bpf_core_enum_value(
								  enum cgroup_subsys_id,
								  memory_cgrp_id)));
	return css->cgroup->kn->id;
}

static __always_inline int print_task(struct seq_file *seq, struct task_struct *task)
{
	struct task_struct *leader = task->group_leader;
	struct task_row row = {};
	struct rss_sums sums = {};
	struct mm_struct *mm;
	__u64 resident;

	mm = task->mm;
	/* a leader may be gone while its threads live: then the first of them speaks */
	if (task->pid != task->tgid && (!mm || leader->mm))
		return 0;
	row.process.start_ns = leader->start_boottime;
	row.process.pid = task->tgid;
	row.process.ppid = leader->real_parent->tgid;
	row.process.uid = leader->cred->uid.val;
	bpf_probe_read_kernel_str(row.process.comm, COMM_LENGTH, leader->comm);
	row.process.cgroup = task_cgroup_known(task);
	row.process.flags = is_followed(row.process.pid);
	if (task->flags & PF_KTHREAD) {
		row.process.flags |= PROCESS_KERNEL;
	} else if (mm) {
		row.process.flags |= PROCESS_HAS_MM;
		rss_read_known(mm, &sums);
		row.anon_pages = sums.pages[RSS_ANON] > 0 ? sums.pages[RSS_ANON] : 0;
		row.file_pages = sums.pages[RSS_FILE] > 0 ? sums.pages[RSS_FILE] : 0;
		row.shmem_pages = sums.pages[RSS_SHMEM] > 0 ? sums.pages[RSS_SHMEM] : 0;
		row.swap_pages = sums.pages[RSS_SWAP] > 0 ? sums.pages[RSS_SWAP] : 0;
		row.page_table_bytes = mm->pgtables_bytes.counter;
		row.locked_pages = mm->locked_vm;
		row.virtual_pages = mm->total_vm;
		resident = row.anon_pages + row.file_pages + row.shmem_pages;
		row.peak_rss_pages = mm->hiwater_rss > resident ? mm->hiwater_rss : resident;
	}
	bpf_seq_write(seq, &row, sizeof(row));
	return 0;
}

SEC("iter/task")
int tasks_iter(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;

	if (!task)
		return 0;
	learn_offsets();
	return print_task(ctx->meta->seq, task);
}

/*
 * The same through a pointer that is not trusted: at each pointer that is loaded through
 * a trusted one the verifier searches all of the kernel's BTF by name (6.4 and later).
 */
SEC("iter/task")
int tasks_iter_cast(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;

	if (!task)
		return 0;
	learn_offsets();
	return print_task(ctx->meta->seq, CAST(task_struct, task));
}
