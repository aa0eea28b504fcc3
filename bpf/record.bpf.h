/* SPDX-License-Identifier: GPL-2.0-only */
/* What each record of the ring begins with, and the count of those that found no room in it. */
#ifndef PAGETIDE_RECORD_BPF_H
#define PAGETIDE_RECORD_BPF_H

#include "compat.bpf.h"
#include "maps.bpf.h"
#include "memcg.bpf.h"

static __always_inline void count_loss(__u32 kind, __u64 amount)
{
	__u64 *n = bpf_map_lookup_elem(&losses, &kind);

	if (n)
		*n += amount;
}

static __always_inline __u64 task_cgroup(struct task_struct *task)
{
	if (knob_unified)
		return BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, id);
	return BPF_CORE_READ(task_memory_css(task), cgroup, kn, id);
}

static __always_inline __u32 is_followed(__u32 pid)
{
	return knob_follow && bpf_map_lookup_elem(&followed, &pid) ? PROCESS_FOLLOWED : 0;
}

static __always_inline void fill_process(struct record_process *p, struct task_struct *task)
{
	struct task_struct *leader = BPF_CORE_READ(task, group_leader);

	p->start_ns = BPF_CORE_READ(leader, start_boottime);
	p->pid = BPF_CORE_READ(task, tgid);
	p->ppid = BPF_CORE_READ(leader, real_parent, tgid);
	p->uid = BPF_CORE_READ(leader, cred, uid.val);
	p->cgroup = task_cgroup(task);
	p->flags = is_followed(p->pid);
	BPF_CORE_READ_STR_INTO(&p->comm, leader, comm);
}

/*
 * The same of a task that the kernel gave the program, read without helpers: 150 ns less of an exec's 1400. The
 * verifier looks longer at each pointer that is loaded through such a task (cast.bpf.c): 7 ms of 200 at the start.
 */
static __always_inline void fill_given(struct record_process *p, struct task_struct *task)
{
	struct task_struct *leader = task->group_leader;

	p->start_ns = leader->start_boottime;
	p->pid = task->tgid;
	p->ppid = leader->real_parent->tgid;
	p->uid = leader->cred->uid.val;
	p->cgroup = knob_unified ? task->cgroups->dfl_cgrp->kn->id : task_cgroup(task);
	p->flags = is_followed(p->pid);
	bpf_probe_read_kernel_str(p->comm, COMM_LENGTH, leader->comm);
}

static __always_inline void fill_head(struct record *head, __u16 type, __u16 length)
{
	head->type = type;
	head->length = length;
	head->tid = bpf_get_current_pid_tgid();
	head->time_ns = bpf_ktime_get_boot_ns();
}

/*
 * The user side looks at the ring by itself several times a second. Waking it costs
 * an interrupt, which on a virtual machine is dearer than the event: only when the
 * ring is a quarter full.
 */
static __always_inline __u64 ring_flags(void)
{
	return bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) > bpf_ringbuf_query(&ring, BPF_RB_RING_SIZE) / 4
		       ? BPF_RB_FORCE_WAKEUP
		       : BPF_RB_NO_WAKEUP;
}

#endif
