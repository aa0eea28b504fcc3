// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fact: who has a file open or mapped. Two iterators over all tasks, run when
 * someone asks for holders and once at the start, where they also find what no
 * walk over mounts can: deleted but open files, memfds, shared anonymous mappings,
 * attached System V segments.
 */
#include "books.bpf.h"

static __always_inline int hold(struct seq_file *seq, struct task_struct *task, __u64 inode, __u32 way)
{
	struct address_space *mapping = BPF_CORE_READ((struct inode *)inode, i_mapping);
	__u64 key = (__u64)mapping;
	__u32 *index = bpf_map_lookup_elem(&file_index, &key);
	struct holder_row row = {};

	row.file = index ? *index : FILE_NONE;
	if (!index) {
		if (BPF_CORE_READ((struct inode *)inode, i_sb, s_magic) != TMPFS_MAGIC)
			return 0;
		row.file = books__seed(key);
		if (row.file == FILE_NONE)
			return 0;
	}
	row.mapping = key;
	row.ino = BPF_CORE_READ((struct inode *)inode, i_ino);
	row.dev = BPF_CORE_READ((struct inode *)inode, i_sb, s_dev);
	row.pid = task->tgid;
	row.way = way;
	bpf_seq_write(seq, &row, sizeof(row));
	return 0;
}

SEC("iter/task_file")
int holders_open_iter(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;

	if (!task || !file)
		return 0;
	return hold(ctx->meta->seq, task, (__u64)file->f_inode, HOLDER_OPEN);
}

SEC("iter/task_vma")
int holders_mapped_iter(struct bpf_iter__task_vma *ctx)
{
	struct task_struct *task = ctx->task;
	struct vm_area_struct *vma = ctx->vma;
	struct file *file;

	if (!task || !vma)
		return 0;
	file = vma->vm_file;
	if (!file)
		return 0;
	return hold(ctx->meta->seq, task, (__u64)BPF_CORE_READ(file, f_inode), HOLDER_MAPPED);
}
