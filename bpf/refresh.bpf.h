/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A slot is compared with its inode: what the inode says now is read by the program, in
 * one of two ways, and judged here. The user side runs the program until all slots are
 * through: the kernel holds preemption off while it runs (net/bpf/test_run.c), so it
 * takes a few at a time.
 */
#ifndef PAGETIDE_REFRESH_BPF_H
#define PAGETIDE_REFRESH_BPF_H

#include "books.bpf.h"
#include "story.bpf.h"

#define NEW_NS 1000000000ULL
#define STILL_FACTOR 2654435761U /* a hash: neither the drift nor what moved is another one */

#define REFRESH_VISITED 256 /* slots in one run of the program (the verifier walks each turn of the loop), */
#define REFRESH_USED 64     /* and of those the ones that were in use */

/* refresh.bpf.c */
extern __u32 refresh_next; /* the slot that the next run begins with */
extern __u32 refresh_used;
int refresh__correct(__u32 file, __s64 drift);
int refresh__charge(__u32 file);

struct inode_now {
	__u64 ino, nrpages, size_bytes, swapped;
	__u32 dev, nlink;
	__u32 name; /* name__end() */
};

static __always_inline int refresh(struct file_slot *slot, __u32 file, const struct inode_now *now)
{
	__u64 mapping = slot->mapping;
	__s64 drift;
	__u32 still;

	refresh_used++;
	/* two CPUs that raised a top at once may have left the lower one */
	if (file >= files_top)
		files_top = file + 1;
	if (slot->owner < knob_owners && slot->owner >= owners_top)
		owners_top = slot->owner + 1;
	if (slot->ino != now->ino || slot->dev != now->dev) {
		books__release(file, mapping);
		return REFRESH_DONE;
	}
	/* before anything changes: the user side asks for the same slot again */
	if (knob_story && slot->name != now->name && refresh_waits && !has_room_for_name(false))
		return REFRESH_WAITS;
	slot->nrpages = now->nrpages;
	slot->size_bytes = now->size_bytes;
	slot->swapped = now->swapped;
	/* seldom: another CPU may add a flag meanwhile, and a streak ends with a change */
	if (!now->nlink != !!(slot->flags & FILE_DELETED))
		slot->flags ^= FILE_DELETED;
	if (slot->flags & FILE_TMPFS) {
		if (!slot->mount) {
			/* its mount was not known yet when the file was first seen */
			__u32 dev = slot->dev, *mount = bpf_map_lookup_elem(&mount_index, &dev);
			slot->mount = mount ? *mount : 0;
		}
		refresh__charge(file);
	}
	if (knob_story && slot->name != now->name)
		story__file(file, 0);
	if (slot->nrpages > slot->peak)
		slot->peak = slot->nrpages;
	drift = slot__pages(slot) - (__s64)slot->nrpages;
	still = (__u32)drift * STILL_FACTOR + (__u32)(slot__added(slot) + slot->removed);
	/* the LRU way counts up to nrpages itself: what is missing is of batches just emptied */
	if (drift && ((knob_lazy_inserts && drift < 0) || still == slot->still)) {
		refresh__correct(file, drift);
		drift = 0;
	}
	slot->still = still;
	/* a new slot is there before its first page is counted */
	if (!slot->nrpages && slot__pages(slot) <= 0 && !slot->swapped &&
	    slot->birth_ns + NEW_NS < bpf_ktime_get_boot_ns())
		books__release(file, mapping);
	return REFRESH_DONE;
}

/* from refresh_next on; the position is kept in memory: the verifier would follow each value of it. enum refresh_came */
static __always_inline int refresh_some(int (*one)(__u32 file))
{
	refresh_used = 0;
	for (__u32 i = 0; i < REFRESH_VISITED; i++) {
		if (refresh_used >= REFRESH_USED || refresh_next >= knob_files)
			break;
		if (one(refresh_next) == REFRESH_WAITS)
			return REFRESH_WAITS;
		refresh_next++;
	}
	return REFRESH_DONE;
}

#endif
