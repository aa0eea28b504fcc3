/* SPDX-License-Identifier: GPL-2.0-only */
/* The record of a call that failed by the hugetlb pool or RLIMIT_MEMLOCK, as each program that sees one fills it. */
#ifndef PAGETIDE_DENIED_BPF_H
#define PAGETIDE_DENIED_BPF_H

#include "record.bpf.h"

#define RLIMIT_MEMLOCK 8
#define CAP_IPC_LOCK 14
#define CAP_SYS_ADMIN 21
#define CAP_BPF 39

/* the size of a hugetlbfs file's pages; 0: it is another file */
static __always_inline __u64 pool_page_bytes(struct file *file)
{
	struct super_block *sb = BPF_CORE_READ(file, f_inode, i_sb);

	return BPF_CORE_READ(sb, s_magic) == HUGETLBFS_MAGIC ? BPF_CORE_READ(sb, s_blocksize) : 0;
}

/* nothing free that is not promised: who is refused may give its pages back before the user side looks */
static __always_inline bool pool_is_empty(struct file *file)
{
	struct hugetlbfs_sb_info *info = BPF_CORE_READ(file, f_inode, i_sb, s_fs_info);
	struct hstate *pool = BPF_CORE_READ(info, hstate);

	return BPF_CORE_READ(pool, free_huge_pages) <= BPF_CORE_READ(pool, resv_huge_pages);
}

/* of current, in the first user namespace: what capable() looks at */
static __always_inline __u64 capabilities(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	const struct cred *cred = BPF_CORE_READ(task, cred);
	__u64 held = 0;

	if (BPF_CORE_READ(cred, user_ns, level))
		return 0;
	/* two words before f122a08b197d (6.3), one since; alike in memory */
	bpf_core_read(&held, sizeof(held), &cred->cap_effective);
	return held;
}

/* of current; 0: lost, and counted */
static __always_inline struct record_denied *denied__begin(__u16 what, __s32 call)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct record_denied *record;

	record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
	if (!record) {
		count_loss(RECORD_DENIED, 1);
		return 0;
	}
	__builtin_memset(record, 0, sizeof(*record));
	fill_head(&record->head, RECORD_DENIED, sizeof(*record));
	fill_process(&record->process, task);
	record->what = what;
	record->call = call;
	record->limit_bytes = BPF_CORE_READ(task, signal, rlim[RLIMIT_MEMLOCK].rlim_cur);
	record->locked_pages = BPF_CORE_READ(task, mm, locked_vm);
	record->mapped_pages = BPF_CORE_READ(task, mm, total_vm);
	record->user_pages = BPF_CORE_READ(task, cred, user, locked_vm.counter);
	return record;
}

#endif
