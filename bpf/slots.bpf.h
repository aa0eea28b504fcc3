/* SPDX-License-Identifier: GPL-2.0-only */
/* What the slow half of the accounts shares: the slots by index, and the counts of an owner. */
#ifndef PAGETIDE_SLOTS_BPF_H
#define PAGETIDE_SLOTS_BPF_H

#include "books.bpf.h"

enum open_how {
	OPEN_NEW,   /* `before` pages of unknown owners; without any it is `owner`'s */
	OPEN_LEAN,  /* it was in the lean table, with `before` pages of `owner` */
	OPEN_LARGE, /* likewise, and is so large that it may have a slot of those that are kept */
};

/* books.bpf.c; FILE_NONE: no room */
__u32 file_open(__u64 mapping, __u64 before, __u32 owner, __u32 how);
/* lean.bpf.c */
int lean_add(__u64 mapping, __u32 owner, __u32 pages, __u64 before);
__u32 lean_move(__u64 mapping, __u32 how);
int lean_level(__u64 mapping, __u64 there);
bool lean_has(__u64 mapping);

static __always_inline struct file_slot *file_at(__u32 index)
{
	return bpf_map_lookup_elem(&files, &index);
}

static __always_inline struct owner_slot *owner_at(__u32 index)
{
	return bpf_map_lookup_elem(&owners, &index);
}

static __always_inline void say_full(__u32 table)
{
	struct record_full *record;

	if (!knob_story)
		return;
	record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
	if (!record) {
		count_loss(RECORD_FULL, 1);
		return;
	}
	fill_head(&record->head, RECORD_FULL, sizeof(*record));
	record->table = table;
	record->pad = 0;
	bpf_ringbuf_submit(record, BPF_RB_FORCE_WAKEUP);
}

static __always_inline void owner_count_file(__u32 owner, __s32 change)
{
	struct owner_slot *slot = owner_at(owner);

	if (slot)
		__sync_fetch_and_add(&slot->files, change);
}

static __always_inline void owner_count_pages(__u32 owner, __u32 flags, __u64 pages)
{
	struct owner_slot *slot = owner_at(owner);

	if (!slot)
		return;
	if (flags & FILE_TMPFS)
		__sync_fetch_and_add(&slot->tmpfs_added, pages);
	else
		__sync_fetch_and_add(&slot->cache_added, pages);
}

#endif
