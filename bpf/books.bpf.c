// SPDX-License-Identifier: GPL-2.0-only
/*
 * The slow half of the accounts: a file or an owner is met for the first time, a
 * second owner joins, the last page goes, the table is full. Called with
 * addresses, never with verifier-tracked pointers, so that every way to catch a
 * page (tracepoint, fentry, kprobe) shares it.
 *
 * Shares: a file with several owners keeps, for each, shares of its pages. New
 * pages mint shares at the present price (total shares / pages); pages that go
 * change no share. So a removal is proportional between the owners, in O(1).
 */
#include "slots.bpf.h"
#include "story.bpf.h"

#define PRICE_SHIFT 20
#define SHARES_MOST (1ULL << 58)
#define HALVINGS_MOST 8
#define REFUSED_NS 1000000ULL /* a refused folio is out again sooner */

static __always_inline bool is_kernel_thread(void)
{
	return BPF_CORE_READ((struct task_struct *)bpf_get_current_task(), flags) & PF_KTHREAD;
}

/* the index of current's process, made when it first brings a page in */
__u32 books__owner(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct task_struct *leader = BPF_CORE_READ(task, group_leader);
	struct owner_key key = {
		.start_ns = BPF_CORE_READ(leader, start_boottime),
		.pid = BPF_CORE_READ(leader, tgid),
	};
	__u32 *found = bpf_map_lookup_elem(&owner_index, &key);
	struct owner_slot *slot;
	__u32 index = OWNER_UNKNOWN;

	if (found) {
		index = *found;
		if (index >= owners_top)
			owners_top = index + 1;
		return index;
	}
	if (bpf_map_pop_elem(&owners_free, &index)) {
		count_loss(LOSS_OWNER_SLOT, 1);
		return OWNER_OTHER;
	}
	slot = owner_at(index);
	if (!slot)
		return OWNER_OTHER;
	if (index >= owners_top)
		owners_top = index + 1;
	__builtin_memset(slot, 0, sizeof(*slot));
	slot->pid = key.pid;
	slot->ppid = BPF_CORE_READ(leader, real_parent, tgid);
	slot->uid = BPF_CORE_READ(leader, cred, uid.val);
	slot->cgroup = task_cgroup(task);
	BPF_CORE_READ_STR_INTO(&slot->comm, leader, comm);
	slot->flags = is_followed(key.pid);
	slot->start_ns = key.start_ns;
	if (bpf_map_update_elem(&owner_index, &key, &index, BPF_NOEXIST)) {
		/* another thread of the process was first, or the table is full */
		slot->start_ns = 0;
		bpf_map_push_elem(&owners_free, &index, 0);
		found = bpf_map_lookup_elem(&owner_index, &key);
		return found ? *found : OWNER_OTHER;
	}
	return index;
}

/* the first owner's part becomes a number of shares */
static __always_inline void begin_sharing(struct file_slot *slot, __u64 pages)
{
	if (slot->flags & FILE_SHARED)
		return;
	slot->shares = pages << PRICE_SHIFT;
	slot->total_shares = slot->shares;
	slot->scale = 0;
	slot->flags |= FILE_SHARED;
}

/* of a further owner, made when it is first needed; 0: the table is full */
static __always_inline struct pair *pair_of(const struct file_slot *slot, __u32 file, __u32 owner)
{
	struct pair_key key = { .file = file, .owner = owner, .birth_ns = slot->birth_ns };
	struct pair *pair = bpf_map_lookup_elem(&pairs, &key), fresh = {};
	__u32 behind;

	if (!pair) {
		fresh.scale = slot->scale;
		if (bpf_map_update_elem(&pairs, &key, &fresh, BPF_NOEXIST) == 0)
			owner_count_file(owner, 1);
		pair = bpf_map_lookup_elem(&pairs, &key);
	}
	if (!pair)
		return 0;
	behind = slot->scale - pair->scale;
	if (behind) {
		pair->shares = behind < 8 ? pair->shares >> (8 * behind) : 0;
		pair->scale = slot->scale;
	}
	return pair;
}

/* what a page mints; all shares shrink first where those of `pages` would have no room beside them */
static __always_inline __u64 price_of(struct file_slot *slot, __u64 before, __u32 pages)
{
	__u64 price = 1ULL << PRICE_SHIFT;

	for (int i = 0; before && i < HALVINGS_MOST; i++) {
		price = slot->total_shares / before;
		if (slot->total_shares <= SHARES_MOST && price <= SHARES_MOST / pages)
			break;
		slot->total_shares >>= 8;
		slot->shares >>= 8;
		slot->scale++;
	}
	return price ? price : 1;
}

/* pages of a file with further owners, not counted yet: mint shares for `owner` */
int books__credit(__u32 file, __u32 owner, __u32 pages)
{
	struct file_slot *slot = file_at(file);
	__u64 before, minted;
	struct streak *streak;
	struct pair *pair;

	if (!slot || !pages)
		return 0;
	before = slot__pages(slot) > 0 ? slot__pages(slot) : 0;
	begin_sharing(slot, before);
	minted = pages * price_of(slot, before, pages);
	__sync_fetch_and_add(&slot->total_shares, minted);
	if (owner == slot->owner) {
		__sync_fetch_and_add(&slot->shares, minted);
	} else {
		pair = pair_of(slot, file, owner);
		if (pair) {
			__sync_fetch_and_add(&pair->shares, minted);
			__sync_fetch_and_add(&pair->added, pages);
		} else {
			count_loss(LOSS_PAIR, pages);
		}
	}
	streak = streak__mine();
	if (streak) {
		streak->minted = minted;
		streak->minted_owner = owner;
		streak->minted_ns = bpf_ktime_get_boot_ns();
	}
	return 0;
}

/* a part of what the first owner has becomes another's; nothing is brought in */
int books__share_out(__u32 file, __u32 owner, __u32 part)
{
	struct file_slot *slot = file_at(file);
	struct pair *pair;
	__u64 moved;

	if (!slot)
		return 0;
	begin_sharing(slot, slot__pages(slot) > 0 ? slot__pages(slot) : 0);
	pair = pair_of(slot, file, owner);
	if (!pair)
		return 0;
	moved = slot->shares;
	if (part < ADOPTED_WHOLE) /* in two steps: the product has no room in one */
		moved = moved / ADOPTED_WHOLE * part + moved % ADOPTED_WHOLE * part / ADOPTED_WHOLE;
	__sync_fetch_and_add(&slot->shares, -moved);
	__sync_fetch_and_add(&pair->shares, moved);
	return 0;
}

/* what is nobody's of the file becomes the owner's, who may have a part of it already */
int books__inherit(__u32 file, __u32 owner)
{
	struct file_slot *slot = file_at(file);
	struct pair_key key = { .file = file, .owner = owner };
	struct pair *pair;
	__u64 shares;

	if (!slot)
		return 0;
	key.birth_ns = slot->birth_ns;
	pair = bpf_map_lookup_elem(&pairs, &key);
	if (pair) {
		shares = pair->shares;
		__sync_fetch_and_add(&pair->shares, -shares);
		__sync_fetch_and_add(&slot->shares, shares);
	}
	owner_count_file(slot->owner, -1);
	owner_count_file(owner, 1);
	slot->owner = owner;
	return 0;
}

/*
 * A full tmpfs puts a folio into the page cache, is refused its block, and takes the
 * folio out again (mm/shmem.c, shmem_alloc_and_add_folio()); so does a write to a disk
 * whose source cannot be read. It was nobody's: the shares that were minted for it go,
 * not a part of everybody's.
 */
int books__take_back(__u64 mapping)
{
	struct streak *streak = streak__mine();
	struct pair_key key = {};
	struct file_slot *slot;
	struct pair *pair;
	__u64 minted;

	if (!streak || streak->mapping != mapping || !is_current(streak) ||
	    streak->minted_ns + REFUSED_NS < bpf_ktime_get_boot_ns())
		return 0;
	minted = streak->minted;
	streak->minted = 0;
	slot = file_at(streak->file);
	if (!slot || slot->mapping != mapping || slot->total_shares < minted)
		return 0;
	if (streak->minted_owner == slot->owner) {
		__sync_fetch_and_add(&slot->shares, -minted);
	} else {
		key.file = streak->file;
		key.owner = streak->minted_owner;
		key.birth_ns = slot->birth_ns;
		pair = bpf_map_lookup_elem(&pairs, &key);
		if (!pair || pair->scale != slot->scale || pair->shares < minted)
			return 0;
		__sync_fetch_and_add(&pair->shares, -minted);
	}
	__sync_fetch_and_add(&slot->total_shares, -minted);
	return 0;
}

/* what the first owner brought in goes to its own count: the slot becomes another's */
static __always_inline void credit_first_owner(struct file_slot *slot)
{
	__u64 pages = slot__uncredited(slot);

	slot->credited += pages;
	owner_count_pages(slot->owner, slot->flags, pages);
}

/*
 * Give the slot back if it is still the mapping's: whoever looked at it may have
 * been preempted since. The pairs of this use die with its birth_ns.
 */
int books__release(__u32 file, __u64 mapping)
{
	struct file_slot *slot = file_at(file);
	struct record_file_gone *record;
	struct owner_slot *owner;
	struct inode *inode;
	__u32 *index;

	if (!slot || !mapping || slot->mapping != mapping)
		return 0;
	index = bpf_map_lookup_elem(&file_index, &mapping);
	if (!index || *index != file)
		return 0;
	inode = BPF_CORE_READ((struct address_space *)mapping, host);
	if (bpf_map_delete_elem(&file_index, &mapping))
		return 0; /* another CPU was first */
	if (knob_story) {
		if (!slot->name)
			count_loss(RECORD_FILE, 1);
		record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
		if (record) {
			fill_head(&record->head, RECORD_FILE_GONE, sizeof(*record));
			record->birth_ns = slot->birth_ns;
			record->ino = slot->ino;
			record->added = slot__added(slot);
			record->removed = slot->removed;
			record->peak = slot->peak;
			record->index = file;
			record->dev = slot->dev;
			record->flags = slot->flags;
			if (!BPF_CORE_READ(inode, i_nlink))
				record->flags |= FILE_DELETED; /* unlinked since the last refresh */
			record->owner = slot->owner;
			record->owner_start_ns = 0;
			record->owner_pid = 0;
			record->owner_flags = 0;
			record->owner_comm[0] = 0;
			owner = owner_at(slot->owner);
			if (owner && slot->owner >= OWNER_FIRST) {
				record->owner_start_ns = owner->start_ns;
				record->owner_pid = owner->pid;
				record->owner_flags = owner->flags;
				__builtin_memcpy(record->owner_comm, owner->comm, COMM_LENGTH);
			}
			bpf_ringbuf_submit(record, ring_flags());
		} else {
			count_loss(RECORD_FILE_GONE, 1);
		}
	}
	credit_first_owner(slot);
	owner_count_file(slot->owner, -1);
	slot->mapping = 0;
	if (file >= knob_files - knob_files_kept)
		bpf_map_push_elem(&files_kept, &file, 0);
	else
		bpf_map_push_elem(&files_free, &file, 0);
	return 0;
}

/* a slot for the mapping; how: enum open_how. FILE_NONE: no room */
__noinline __u32 file_open(__u64 mapping, __u64 before, __u32 owner, __u32 how)
{
	struct address_space *space = (void *)mapping;
	struct inode *inode = BPF_CORE_READ(space, host);
	struct super_block *sb = BPF_CORE_READ(inode, i_sb);
	struct file_slot *slot;
	__u32 index = FILE_NONE, dev;

	if (how == OPEN_LARGE ? bpf_map_pop_elem(&files_kept, &index) : bpf_map_pop_elem(&files_free, &index))
		return FILE_NONE;
	slot = file_at(index);
	if (!slot)
		return FILE_NONE;
	if (index >= files_top)
		files_top = index + 1;
	__builtin_memset(slot, 0, sizeof(*slot));
	dev = BPF_CORE_READ(sb, s_dev);
	slot->dev = dev;
	slot->ino = BPF_CORE_READ(inode, i_ino);
	slot->birth_ns = bpf_ktime_get_boot_ns();
	slot->home = bpf_get_smp_processor_id();
	if (how != OPEN_NEW && owner != OWNER_UNKNOWN)
		slot->added = slot->credited = before;
	else
		slot->base = before;
	slot->nrpages = before;
	slot->owner = before && how == OPEN_NEW ? OWNER_UNKNOWN : owner;
	if (BPF_CORE_READ(sb, s_magic) == TMPFS_MAGIC)
		slot->flags |= FILE_TMPFS;
	if (!BPF_CORE_READ(inode, i_nlink))
		slot->flags |= FILE_DELETED;
	if ((BPF_CORE_READ(inode, i_mode) & 0170000) == 0060000) {
		slot->flags |= FILE_BLOCK;
		slot->dev = BPF_CORE_READ(inode, i_rdev); /* the device's own number says more */
	}
	if (slot->flags & FILE_TMPFS)
		slot->mount = limit__new_file((__u64)sb, dev);
	slot->mapping = mapping;
	if (bpf_map_update_elem(&file_index, &mapping, &index, BPF_NOEXIST)) {
		slot->mapping = 0;
		if (how == OPEN_LARGE)
			bpf_map_push_elem(&files_kept, &index, 0);
		else
			bpf_map_push_elem(&files_free, &index, 0);
		return FILE_NONE;
	}
	file_generation++;
	owner_count_file(slot->owner, 1);
	return index;
}

/* the file's slot if it is this very inode's; a stale one is given back */
__noinline __u32 file_find(__u64 mapping)
{
	__u32 *index = bpf_map_lookup_elem(&file_index, &mapping);
	struct file_slot *slot;

	if (!index)
		return FILE_NONE;
	slot = file_at(*index);
	if (!slot)
		return FILE_NONE;
	if (same_inode(slot) && !(slot->flags & FILE_SHARED && slot__pages(slot) <= 0))
		return *index;
	books__release(*index, mapping);
	return FILE_NONE;
}

int books__enter(__u64 mapping, __u32 pages, __u64 before)
{
	struct address_space *space = (void *)mapping;
	struct inode *inode = BPF_CORE_READ(space, host);
	struct file_slot *slot;
	struct streak *streak;
	struct task_struct *task;
	__u32 file, owner;
	bool fresh = false, shared = false;

	if (!inode || BPF_CORE_READ(inode, i_sb, s_magic) == HUGETLBFS_MAGIC)
		return 0;
	owner = books__owner();
	file = file_find(mapping);
	if (file == FILE_NONE && lean_has(mapping)) {
		file = lean_move(mapping, OPEN_LEAN);
		if (file == FILE_NONE)
			return lean_add(mapping, owner, pages, before);
	} else if (file == FILE_NONE) {
		file = file_open(mapping, before, owner, OPEN_NEW);
		fresh = true;
		if (file == FILE_NONE)
			file = file_find(mapping);
		if (file == FILE_NONE)
			return lean_add(mapping, owner, pages, before);
	}
	slot = file_at(file);
	if (!slot)
		return 0;
	if (slot__pages(slot) <= 0 && slot->owner != owner) {
		/* nothing of the first owner's is left: the file is the newcomer's */
		credit_first_owner(slot);
		owner_count_file(slot->owner, -1);
		slot->owner = owner;
		owner_count_file(owner, 1);
	}
	if (!fresh && slot__pages(slot) > 0 && is_kernel_thread())
		owner = slot->owner; /* khugepaged fills holes for others: the parts grow alike */
	else if (slot->owner != owner || slot->flags & FILE_SHARED) {
		books__credit(file, owner, pages);
		shared = true;
	}
	if (owner != slot->owner) {
		__sync_fetch_and_add(&slot->credited, pages);
		owner_count_pages(owner, slot->flags, pages);
	}
	__sync_fetch_and_add(&slot->added, pages);
	limit__turn(slot->mount);
	streak = streak__mine();
	if (streak) {
		mount_add(streak, pages);
		if (!shared)
			streak->minted = 0;
		streak->mapping = mapping;
		task = (void *)bpf_get_current_task();
		streak->task = (__u64)task;
		streak->task_start_ns = BPF_CORE_READ(task, start_boottime);
		streak->file = file;
		streak->use = shared ? USE_NONE : slot->use;
		streak->is_home = slot->home == bpf_get_smp_processor_id() && !IS_PREEMPT_RT;
	} else if (slot->mount) {
		limit__count(slot->mount, pages);
	}
	if (fresh && knob_story)
		story__file(file, bpf_get_current_pid_tgid());
	return 0;
}

/* `pages` pages go from a mapping that the caller's streak did not know */
int books__leave(__u64 mapping, __u32 pages)
{
	__u32 *index = bpf_map_lookup_elem(&file_index, &mapping);
	struct file_slot *slot;

	if (!index)
		return books__leave_lean(mapping, pages);
	slot = file_at(*index);
	if (slot)
		slot__remove(streak__mine(), slot, *index, pages);
	return 0;
}

/* a file found with its pages already there: cold start */
int books__seed(__u64 mapping)
{
	__u64 pages = BPF_CORE_READ((struct address_space *)mapping, nrpages);
	struct file_slot *slot;
	__u32 file = file_find(mapping);

	if (file != FILE_NONE || !pages)
		return file;
	if (lean_has(mapping)) { /* it has its owner */
		file = lean_move(mapping, OPEN_LEAN);
		if (file == FILE_NONE && knob_lazy_inserts)
			lean_level(mapping, pages);
		return file;
	}
	file = file_open(mapping, pages, OWNER_UNKNOWN, OPEN_NEW);
	if (file == FILE_NONE) {
		lean_add(mapping, OWNER_UNKNOWN, 0, pages);
		return FILE_NONE;
	}
	slot = file_at(file);
	if (slot)
		slot->flags |= FILE_SEEDED;
	if (knob_story)
		story__file(file, 0);
	return file;
}
