// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fact: processes come, become another program, and go. A process that lived for
 * milliseconds is known by its exit record; an owner of pages outlives its exit.
 */
#include "record.bpf.h"
#include "rss.bpf.h"

#define PF_FORKNOEXEC 0x00000040 /* include/linux/sched.h */

/*
 * Before 3e816361e94a (6.16) an exit is told when its memory is gone. What is left of it is signal->maxrss, in which is
 * also what the process was before: exec adds the peak of the memory that it leaves (fs/exec.c: exec_mmap()), a copy of
 * the parent's or, after vfork(2), the parent's own. So what it was then is kept until the exit.
 */
struct left_by_exec {
	__u64 start_ns;
	__u64 maxrss;
};
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, __u32);
	__type(value, struct left_by_exec);
} left_by_exec SEC(".maps");

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

static __always_inline void keep_maxrss(struct task_struct *task, const struct owner_key *key)
{
	struct left_by_exec left = { key->start_ns, task->signal->maxrss };
	__u32 pid = key->pid;

	if (!knob_follow || is_followed(pid))
		bpf_map_update_elem(&left_by_exec, &pid, &left, BPF_ANY);
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
	if (knob_late_exits)
		keep_maxrss(task, &key);
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

/* what /proc/PID/status has as VmHWM */
static __always_inline __u64 peak_of_memory(struct task_struct *task)
{
	struct mm_struct *mm = task->mm;
	struct rss_sums sums = {};
	__s64 resident;
	__u64 most;

	if (!mm)
		return 0; /* a kernel thread */
	rss_read_known(mm, &sums);
	resident = sums.pages[RSS_FILE] + sums.pages[RSS_ANON] + sums.pages[RSS_SHMEM];
	most = mm->hiwater_rss;
	return resident > 0 && (__u64)resident > most ? resident : most;
}

/* the same of memory that is gone; 0: it was never more than what the process was before */
static __always_inline __u64 peak_of_signal(struct task_struct *task, const struct owner_key *key)
{
	__u64 maxrss = task->signal->maxrss;
	struct left_by_exec *left;
	__u32 pid = key->pid;

	if (task->group_leader->flags & PF_FORKNOEXEC)
		return maxrss;
	left = bpf_map_lookup_elem(&left_by_exec, &pid);
	if (!left || left->start_ns != key->start_ns || maxrss <= left->maxrss)
		maxrss = 0;
	bpf_map_delete_elem(&left_by_exec, &pid);
	return maxrss;
}

static __always_inline int say_exit(struct task_struct *task, bool late)
{
	struct signal_struct *signal = task->signal;
	int group_code;
	__u32 pid = task->tgid;
	struct owner_key key = {};
	struct record_exit *record = 0;
	__u64 peak;

	if (BPF_CORE_READ(signal, live.counter))
		return 0; /* other threads live on */
	key.start_ns = task->group_leader->start_boottime;
	key.pid = pid;
	if (knob_story) {
		peak = late ? peak_of_signal(task, &key) : peak_of_memory(task);
		record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
		if (!record)
			count_loss(RECORD_EXIT, 1);
	}
	if (record) {
		fill_head(&record->head, RECORD_EXIT, sizeof(*record));
		fill_given(&record->process, task);
		record->peak_rss_pages = peak;
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

SEC("tp_btf/sched_process_exit")
int BPF_PROG(exit_tracepoint, struct task_struct *task)
{
	return say_exit(task, false);
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(exit_late_tracepoint, struct task_struct *task)
{
	return say_exit(task, true);
}
