// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fact: the OOM killer chose a victim. mm/oom_kill.c: mark_oom_victim(). The
 * tracepoint's argument is the task from 6.10 on (72ba14deb40a, backported to
 * stable kernels), only its pid before: the user side asks BTF which it is.
 */
#include "books.bpf.h"
#include "rss.bpf.h"

static __always_inline void say_oom(struct task_struct *victim, __u32 pid)
{
	struct task_struct *current = (void *)bpf_get_current_task();
	struct record_oom *record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
	struct rss_sums sums = {};
	struct mm_struct *mm;

	if (!record) {
		count_loss(RECORD_OOM, 1);
		return;
	}
	__builtin_memset(record, 0, sizeof(*record));
	fill_head(&record->head, RECORD_OOM, sizeof(*record));
	record->victim.pid = pid;
	record->trigger_pid = BPF_CORE_READ(current, tgid);
	BPF_CORE_READ_STR_INTO(&record->trigger_comm, current, comm);
	if (victim) {
		fill_process(&record->victim, victim);
		record->oom_score_adj = BPF_CORE_READ(victim, signal, oom_score_adj);
		mm = BPF_CORE_READ(victim, mm);
		if (mm) {
			rss_read(mm, &sums);
			record->flags = OOM_HAS_RSS;
			record->anon_pages = sums.pages[RSS_ANON] > 0 ? sums.pages[RSS_ANON] : 0;
			record->file_pages = sums.pages[RSS_FILE] > 0 ? sums.pages[RSS_FILE] : 0;
			record->shmem_pages = sums.pages[RSS_SHMEM] > 0 ? sums.pages[RSS_SHMEM] : 0;
			record->swap_pages = sums.pages[RSS_SWAP] > 0 ? sums.pages[RSS_SWAP] : 0;
			record->page_table_bytes = BPF_CORE_READ(mm, pgtables_bytes.counter);
			record->total_vm_pages = BPF_CORE_READ(mm, total_vm);
		}
	}
	bpf_ringbuf_submit(record, BPF_RB_FORCE_WAKEUP);
}

SEC("tp_btf/mark_victim")
int BPF_PROG(oom_task_tracepoint, struct task_struct *victim)
{
	say_oom(victim, 0);
	return 0;
}

SEC("tp_btf/mark_victim")
int BPF_PROG(oom_pid_tracepoint, int pid)
{
	say_oom(0, pid);
	return 0;
}
