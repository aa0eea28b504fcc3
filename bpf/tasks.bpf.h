/* SPDX-License-Identifier: GPL-2.0-only */
/* A process as a row, of a task that the verifier knows. */
#ifndef PAGETIDE_TASKS_BPF_H
#define PAGETIDE_TASKS_BPF_H

#include "record.bpf.h"
#include "rss.bpf.h"

int tasks__learn(void);

/* task_cgroup() with plain loads */
static __always_inline __u64 task_cgroup_known(struct task_struct *task)
{
	struct css_set *set = task->cgroups;
	struct cgroup_subsys_state *css;

	if (knob_unified)
		return set->dfl_cgrp->kn->id;
	if (!bpf_core_enum_value_exists(enum cgroup_subsys_id, memory_cgrp_id))
		return 0;
	css = *(struct cgroup_subsys_state **)((void *)set + (bpf_core_field_offset(struct css_set, subsys) +
							      sizeof(css) * bpf_core_enum_value(enum cgroup_subsys_id,
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
		if (mm == leader->real_parent->mm)
			row.process.flags |= PROCESS_SHARES_MM;
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

#endif
