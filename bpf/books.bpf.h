/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The accounts: pages in and out of a file, by whom. The two functions here are
 * the fast path, inlined into each probe: a streak of pages of one file by one
 * task costs array accesses and atomic adds only. Everything rarer is in
 * books.bpf.c. A probe must never write an account in any other way.
 */
#ifndef PAGETIDE_BOOKS_BPF_H
#define PAGETIDE_BOOKS_BPF_H

#include "limit.bpf.h"
#include "record.bpf.h"

/* how many pages of the mapping were there before this event */
#define BEFORE(nrpages, pages) ((nrpages) > (pages) ? (nrpages) - (pages) : 0)

int books__enter(__u64 mapping, __u32 pages, __u64 before);
int books__leave(__u64 mapping, __u32 pages);
int books__take_back(__u64 mapping);
int books__leave_lean(__u64 mapping, __u32 pages);
__s64 lean_pages(__u64 mapping);
int books__release(__u32 file, __u64 mapping);
int books__credit(__u32 file, __u32 owner, __u32 pages);
int books__seed(__u64 mapping);
int books__share_out(__u32 file, __u32 owner, __u32 part);
int books__inherit(__u32 file, __u32 owner);
__u32 books__owner(void);

/*
 * The pages of a mount, which every CPU adds to: a few are kept back, so that one in
 * `mount_batch` pays for that.
 */
static __always_inline void mount_add(struct streak *streak, __s32 pages)
{
	if (!streak->mount)
		return;
	if (streak->mount_pages + pages < streak->mount_batch)
		streak->mount_pages += pages;
	else
		limit__flush(pages);
}

/* those that came are added before one goes: the mount's peak knows of them */
static __always_inline void mount_remove(struct streak *streak, __u32 mount, __s32 pages)
{
	if (!mount)
		return;
	if (!streak || streak->mount != mount)
		limit__count(mount, -pages);
	else if (streak->mount_pages <= 0 && streak->mount_pages - pages > -streak->mount_batch)
		streak->mount_pages -= pages;
	else
		limit__flush(-pages);
}

/* 0: a CPU beyond those that were counted at the start, for which nothing is kept */
static __always_inline struct streak *streak__mine(void)
{
	__u64 cpu = bpf_get_smp_processor_id();

	if (cpu >= STREAK_CPUS)
		return 0;
	BOUNDED(cpu);
	return &streaks[cpu];
}

/* before books__enter(), where the folio is known: what may be taken back */
static __always_inline void note_folio(__u64 folio)
{
	struct streak *streak = streak__mine();

	if (streak)
		streak->folio = folio;
}

/* pages of a known slot go; with the last one the slot is given back */
static __always_inline void slot__remove(struct streak *streak, struct file_slot *slot, __u32 file, __u32 pages)
{
	__s64 there = slot__pages(slot);

	if (there > (__s64)slot->peak)
		slot->peak = there;
	slot->removed += pages; /* all who remove hold the mapping's lock: mm/filemap.c */
	mount_remove(streak, slot->mount, pages);
	if (there <= (__s64)pages && !slot->swapped && !knob_lazy_inserts)
		books__release(file, slot->mapping);
}

/* the slot's mapping is still that of the inode it was made for */
static __always_inline bool same_inode(const struct file_slot *slot)
{
	struct address_space *mapping = (void *)slot->mapping;
	struct inode *inode = BPF_CORE_READ(mapping, host);
	__u32 dev = slot->flags & FILE_BLOCK ? BPF_CORE_READ(inode, i_rdev) : BPF_CORE_READ(inode, i_sb, s_dev);

	return slot->ino == BPF_CORE_READ(inode, i_ino) && slot->dev == dev;
}

/* whose streak it is: an address alone is used again, with its start time it is not */
static __always_inline bool is_current(const struct streak *streak)
{
	struct task_struct *task;

	if (!bpf_core_enum_value_exists(enum bpf_func_id___task_btf, BPF_FUNC_get_current_task_btf)) {
		task = (void *)bpf_get_current_task();
		return streak->task == (__u64)task && streak->task_start_ns == BPF_CORE_READ(task, start_boottime);
	}
	task = bpf_get_current_task_btf();
	return streak->task == (__u64)task && streak->task_start_ns == task->start_boottime;
}

/*
 * `pages` pages came into `mapping`, brought by current. `locked`: the mapping's lock is
 * held, and nobody adds to this file without it. True when that was all; false: call
 * books__enter().
 */
static __always_inline bool books__add(struct streak *streak, __u64 mapping, __u32 pages, bool locked)
{
	struct file_slot *slot;

	if (!streak || streak->mapping != mapping || !is_current(streak))
		return false;
	slot = bpf_map_lookup_elem(&files, &streak->file);
	if (!slot || slot->mapping != mapping || slot->use != streak->use)
		return false;
	if (locked)
		slot->added += pages;
	else if (streak->is_home)
		slot->home_added += pages;
	else
		__sync_fetch_and_add(&slot->added, pages);
	mount_add(streak, pages);
	return true;
}

#endif
