// SPDX-License-Identifier: GPL-2.0-only
/*
 * The numbers that /proc has for processes, beside the kernel's own: loaded only where they differ. The iterator
 * walks the pid namespace of whoever runs it (init_seq_pidns(), kernel/bpf/task_iter.c), so every task that it meets
 * has a number there, and in each namespace around it.
 */
#include "compat.bpf.h"
#include "maps.bpf.h"

/* how many levels above ours the namespace is that /proc is of */
const volatile __u32 knob_proc_above = 0;

SEC("iter/task")
int numbers_iter(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task, *reader = (void *)bpf_get_current_task();
	struct number_row row = {};
	__u64 pid, level;

	if (!task || task->pid != task->tgid)
		return 0;
	level = BPF_CORE_READ(reader, thread_pid, level) - knob_proc_above;
	pid = (__u64)BPF_CORE_READ(task, thread_pid);
	if (!pid)
		return 0; /* it is about to be gone */
	pid += bpf_core_field_offset(struct pid, numbers) + level * bpf_core_type_size(struct upid);
	row.kernel = task->tgid;
	row.proc = BPF_CORE_READ((struct upid *)pid, nr);
	bpf_seq_write(ctx->meta->seq, &row, sizeof(row));
	return 0;
}
