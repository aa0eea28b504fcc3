// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fact: processes come, become another program, and go. A process that lived for
 * milliseconds is known by its exit record; an owner of pages outlives its exit.
 */
#include "record.bpf.h"

SEC("tp_btf/sched_process_fork")
int BPF_PROG(fork_tracepoint, struct task_struct *parent, struct task_struct *child)
{
	__u32 parent_pid = parent->tgid, pid = child->tgid, one = 1;
	struct record_fork *record;

	if (child->pid != child->tgid)
		return 0; /* a thread */
	if (is_followed(parent_pid))
		bpf_map_update_elem(&followed, &pid, &one, BPF_ANY);
	if (!knob_story)
		return 0;
	record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
	if (!record) {
		count_loss(RECORD_FORK, 1);
		return 0;
	}
	fill_head(&record->head, RECORD_FORK, sizeof(*record));
	fill_given(&record->child, child);
	record->child.ppid = parent_pid;
	bpf_ringbuf_submit(record, ring_flags());
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(exec_tracepoint, struct task_struct *task, pid_t old_pid, struct linux_binprm *bprm)
{
	struct owner_key key = {};
	struct record_exec *record;
	struct owner_slot *owner;
	__u32 *index;

	key.start_ns = task->group_leader->start_boottime;
	key.pid = task->tgid;
	index = bpf_map_lookup_elem(&owner_index, &key);
	owner = index ? bpf_map_lookup_elem(&owners, index) : 0;
	if (owner)
		bpf_probe_read_kernel_str(owner->comm, COMM_LENGTH, task->comm);
	if (!knob_story)
		return 0;
	record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
	if (!record) {
		count_loss(RECORD_EXEC, 1);
		return 0;
	}
	fill_head(&record->head, RECORD_EXEC, sizeof(*record));
	fill_given(&record->process, task);
	record->path[0] = 0;
	bpf_probe_read_kernel_str(record->path, sizeof(record->path), bprm->filename);
	bpf_ringbuf_submit(record, ring_flags());
	return 0;
}

/* the owner's last word; one that holds no file any more gives its slot back at once */
static __always_inline void owner_exits(struct record_exit *record, struct owner_key *key)
{
	__u32 *found = bpf_map_lookup_elem(&owner_index, key), index;
	struct owner_slot *owner;

	if (!found)
		return;
	index = *found;
	owner = bpf_map_lookup_elem(&owners, &index);
	if (!owner)
		return;
	owner->exit_ns = bpf_ktime_get_boot_ns();
	if (record) {
		record->owner = index;
		record->cache_added = owner->cache_added;
		record->tmpfs_added = owner->tmpfs_added;
	}
	if (owner->files || owner->other_cache || owner->other_tmpfs)
		return;
	if (bpf_map_delete_elem(&owner_index, key))
		return;
	owner->start_ns = 0;
	bpf_map_push_elem(&owners_free, &index, 0);
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(exit_tracepoint, struct task_struct *task)
{
	struct signal_struct *signal = task->signal;
	int group_code;
	__u32 pid = task->tgid;
	struct owner_key key = {};
	struct record_exit *record = 0;

	if (BPF_CORE_READ(signal, live.counter))
		return 0; /* other threads live on */
	key.start_ns = task->group_leader->start_boottime;
	key.pid = pid;
	if (knob_story) {
		record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
		if (!record)
			count_loss(RECORD_EXIT, 1);
	}
	if (record) {
		fill_head(&record->head, RECORD_EXIT, sizeof(*record));
		fill_given(&record->process, task);
		record->peak_rss_pages = signal->maxrss;
		record->cache_added = 0;
		record->tmpfs_added = 0;
		record->owner = 0;
		group_code = signal->group_exit_code;
		record->exit_code = group_code ? group_code : task->exit_code;
	}
	owner_exits(record, &key);
	if (record)
		bpf_ringbuf_submit(record, ring_flags());
	if (knob_follow)
		bpf_map_delete_elem(&followed, &pid);
	return 0;
}
