// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files that found the file table full: a small entry each, in tables of which the
 * user side adds a larger one when the last is half full. No name, but every page
 * is still its owner's.
 */
#include "slots.bpf.h"
#include "story.bpf.h"

#define LEAN_PROMOTED 64 /* pages: a file this large gets a name */

static __always_inline void owner_count_other(__u32 owner, __u32 flags, __s64 pages)
{
	struct owner_slot *slot = owner_at(owner);

	if (slot)
		__sync_fetch_and_add(flags & FILE_TMPFS ? &slot->other_tmpfs : &slot->other_cache, pages);
}

static __always_inline void mount_count_other(__u32 mount, __u32 owner, __s64 pages)
{
	struct mount_slot *slot = mount ? bpf_map_lookup_elem(&mounts, &mount) : 0;

	if (!slot)
		return;
	__sync_fetch_and_add(&slot->other_pages, pages);
	if (owner >= OWNER_FIRST)
		__sync_fetch_and_add(&slot->other_owned, pages);
}

/* a copy, of an entry that may be another's by now */
static __always_inline void count_other(const struct lean_file *file, __s64 pages)
{
	owner_count_other(file->owner, file->flags, pages);
	mount_count_other(file->mount, file->owner, pages);
}

/* the mapping's entry in one of the tables from *table on; that table into *table */
static __always_inline struct lean_file *lean_find(__u64 mapping, __u32 *table)
{
	__u32 first = *table, key;
	struct lean_file *file;
	void *map;

	for (__u32 i = 0; i < LEAN_TABLES; i++) {
		if (i < first)
			continue;
		key = i;
		map = bpf_map_lookup_elem(&lean, &key);
		if (!map)
			return 0;
		file = bpf_map_lookup_elem(map, &mapping);
		if (file) {
			*table = i;
			return file;
		}
	}
	return 0;
}

/* how many files are in a table; computed once, so that the verifier keeps its bounds */
static __always_inline __s64 *lean_count(__u32 table)
{
	__s64 *count = &lean_files[table & (LEAN_TABLES - 1)];

	asm volatile("" : "+r"(count));
	return count;
}

/* true if the entry was there: of two CPUs that drop it one counts */
static __always_inline bool lean_drop(__u64 mapping, __u32 table)
{
	void *map = bpf_map_lookup_elem(&lean, &table);

	if (!map || bpf_map_delete_elem(map, &mapping))
		return false;
	__sync_fetch_and_add(lean_count(table), -1);
	return true;
}

/* an entry for the mapping in the last table; false: no room, and more is asked for */
static __always_inline bool lean_open(__u64 mapping, const struct lean_file *fresh)
{
	__u32 table = lean_tables - 1;
	void *map = bpf_map_lookup_elem(&lean, &table);
	__s64 *count = lean_count(table);

	if (!map || bpf_map_update_elem(map, &mapping, fresh, BPF_NOEXIST)) {
		if (lean_tables < LEAN_TABLES)
			say_full(TABLE_LEAN);
		return false;
	}
	count_loss(LOSS_FILE_SLOT, 1);
	file_generation++;
	if (fresh->pages)
		count_other(fresh, fresh->pages);
	__sync_fetch_and_add(count, 1);
	if (*count >= lean_room && !lean_asked) {
		lean_asked = true;
		say_full(TABLE_LEAN);
	}
	return true;
}

bool lean_has(__u64 mapping)
{
	__u32 table = 0;

	return lean_find(mapping, &table);
}

/* what is counted of a mapping that is in no slot; 0: nothing, or it is in no table */
__s64 lean_pages(__u64 mapping)
{
	struct lean_file *file;
	__s64 pages = 0;
	__u32 table = 0;

	for (int i = 0; i < LEAN_TABLES; i++) {
		file = lean_find(mapping, &table);
		if (!file)
			break;
		pages += file->pages;
		table++;
	}
	return pages;
}

/* to a slot, if there is one by now: its index, or FILE_NONE */
__noinline __u32 lean_move(__u64 mapping, __u32 how)
{
	__u32 table = 0, index;
	struct lean_file *file = lean_find(mapping, &table), was;
	__s64 moved;

	if (!file)
		return FILE_NONE;
	was = *file;
	moved = was.pages > 0 ? was.pages : 0;
	index = file_open(mapping, moved, was.owner, how);
	if (index == FILE_NONE)
		return FILE_NONE;
	count_other(&was, -moved);
	lean_drop(mapping, table);
	if (knob_story)
		story__file(index, 0);
	return index;
}

/* pages of the entry's, brought in by `owner` */
static __always_inline void count_in(struct lean_file *file, __u32 owner, __s64 pages)
{
	struct streak *streak = streak__mine();

	count_other(file, pages);
	owner_count_pages(owner, file->flags, pages);
	__sync_fetch_and_add(&file->pages, pages);
	if (streak && streak->mount == file->mount)
		mount_add(streak, pages);
	else if (file->mount)
		limit__count(file->mount, pages);
}

/* its mount was not known yet when the file was first seen */
static __always_inline void know_mount(struct lean_file *file, __u32 dev)
{
	__u32 *mount;

	if (file->mount || !(file->flags & FILE_TMPFS))
		return;
	mount = bpf_map_lookup_elem(&mount_index, &dev);
	if (!mount || !*mount)
		return;
	file->mount = *mount;
	mount_count_other(*mount, file->owner, file->pages);
}

/* the file table is full: one small entry, no name; a large file moves up */
__noinline int lean_add(__u64 mapping, __u32 owner, __u32 pages, __u64 before)
{
	struct address_space *space = (void *)mapping;
	struct super_block *sb = BPF_CORE_READ(space, host, i_sb);
	struct lean_file *file, fresh = {};
	__u32 table = 0, dev = BPF_CORE_READ(sb, s_dev);

	file = lean_find(mapping, &table);
	if (!file) {
		fresh.owner = before ? OWNER_UNKNOWN : owner;
		fresh.pages = before;
		if (BPF_CORE_READ(sb, s_magic) == TMPFS_MAGIC) {
			fresh.flags = FILE_TMPFS;
			fresh.mount = limit__new_file((__u64)sb, dev);
		}
		lean_open(mapping, &fresh);
		table = 0;
		file = lean_find(mapping, &table);
	}
	if (!file) {
		count_loss(LOSS_LEAN, pages);
		return 0;
	}
	know_mount(file, dev);
	count_in(file, owner, pages);
	if (file->pages >= LEAN_PROMOTED)
		lean_move(mapping, OPEN_LARGE);
	return 0;
}

/* no refresh comes to it: what it has beyond what was counted becomes its owner's here */
int lean_level(__u64 mapping, __u64 there)
{
	__s64 missing = there - lean_pages(mapping);
	__u32 table = 0;
	struct lean_file *file = lean_find(mapping, &table);

	if (file && missing > 0)
		count_in(file, file->owner, missing);
	return 0;
}

/*
 * `pages` pages go from a mapping that is in no slot; nothing to do where it is in no
 * table. Two CPUs that met it while a table was added made an entry each: what is more
 * than one holds is taken from the next.
 */
int books__leave_lean(__u64 mapping, __u32 pages)
{
	struct lean_file *file, was;
	__u32 table = 0;
	__s64 left, gone = pages;

	for (int i = 0; i < LEAN_TABLES && gone > 0; i++) {
		file = lean_find(mapping, &table);
		if (!file)
			return 0;
		__sync_fetch_and_add(&file->pages, -(__s32)gone);
		was = *file;
		left = was.pages;
		if (left > 0 || !lean_drop(mapping, table))
			left = 0;
		/* the entry's own pages only: it may have held fewer */
		count_other(&was, -(gone + left));
		mount_remove(streak__mine(), was.mount, gone + left);
		gone = -left;
		table++;
	}
	return 0;
}
