/* SPDX-License-Identifier: GPL-2.0-only */
/* The record of what a full tmpfs refused, as each program that sees one fills it. */
#ifndef PAGETIDE_REFUSED_BPF_H
#define PAGETIDE_REFUSED_BPF_H

#include "record.bpf.h"
#include "path.bpf.h"
#include "shmem.bpf.h"

#define ENOSPC 28

static __always_inline struct shmem_sb_info *tmpfs_of(struct file *file)
{
	struct super_block *sb = BPF_CORE_READ(file, f_inode, i_sb);

	return BPF_CORE_READ(sb, s_magic) == TMPFS_MAGIC ? BPF_CORE_READ(sb, s_fs_info) : 0;
}

/* of a refusal to `task`, which need not be current; 0: lost, and counted */
static __always_inline struct record_refused *refused__begin(__u16 what, __s32 call, struct task_struct *task)
{
	struct record_refused *record;

	record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
	if (!record) {
		count_loss(RECORD_REFUSED, 1);
		return 0;
	}
	__builtin_memset(record, 0, sizeof(*record) - MAPPED_PATH_BYTES);
	fill_head(&record->head, RECORD_REFUSED, sizeof(*record));
	fill_process(&record->process, task);
	record->what = what;
	record->call = call;
	record->path[0] = 0;
	return record;
}

static __always_inline void refused__describe(struct record_refused *record, struct file *file)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	struct shmem_sb_info *info = tmpfs_of(file);
	__u64 mapping = (__u64)BPF_CORE_READ(inode, i_mapping);
	__u32 *index = bpf_map_lookup_elem(&file_index, &mapping);
	__u16 flags = 0;

	record->ino = BPF_CORE_READ(inode, i_ino);
	record->dev = BPF_CORE_READ(inode, i_sb, s_dev);
	record->file = index ? *index : FILE_NONE;
	record->limit_blocks = BPF_CORE_READ(info, max_blocks);
	record->used_blocks = shmem_used_blocks(info);
	record->limit_inodes = BPF_CORE_READ(info, max_inodes);
	record->free_inodes = shmem_free_inodes(info);
	record->path_length = leaf_name(BPF_CORE_READ(file, f_path.dentry), record->path, &flags);
	if (flags & PATH_CUT)
		record->flags |= REFUSED_PATH_CUT;
}

static __always_inline bool is_full(struct shmem_sb_info *info)
{
	__u64 limit = BPF_CORE_READ(info, max_blocks);

	return limit && shmem_used_blocks(info) >= limit;
}

#endif
