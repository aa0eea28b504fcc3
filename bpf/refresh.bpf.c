// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fact: what a file really holds now. Run by the user side before it reads the
 * books: every slot is compared with its inode. i_mapping->nrpages is the truth;
 * a difference that stood still since the last refresh is no event in flight, so
 * it is corrected: too few pages means somebody's, owner unknown; too many means
 * gone, taken from the owners in proportion. Also sees renames, unlinks and swap.
 */
#include "refresh.bpf.h"

int refresh__correct(__u32 file, __s64 drift)
{
	struct file_slot *slot = bpf_map_lookup_elem(&files, &file);

	if (!slot)
		return 0;
	count_loss(LOSS_DRIFT, drift > 0 ? drift : -drift);
	if (drift < 0 && (slot->flags & FILE_SHARED || (slot->owner != OWNER_UNKNOWN && !knob_lazy_inserts)))
		books__credit(file, OWNER_UNKNOWN, -drift);
	__sync_fetch_and_add(&slot->base, -drift);
	return 0;
}

bool refresh_waits = false;
__u32 refresh_next = 0, refresh_used = 0;

#define TREE_LEVELS 4
#define TREE_SLOTS 64 /* include/linux/xarray.h: XA_CHUNK_SIZE */

/* of a node of the tree: the first entry that is neither swapped out nor the rest of the folio before it */
__noinline __u64 first_entry(__u64 node)
{
	void *slots = (void *)node + bpf_core_field_offset(struct xa_node, slots);
	__u64 entry;

	for (int i = 0; i < TREE_SLOTS; i++) {
		if (bpf_probe_read_kernel(&entry, sizeof(entry), slots + i * sizeof(entry)))
			return 0;
		if (entry && !(entry & 1) && ((entry & 3) == 0 || entry > 4096))
			return entry;
	}
	return 0;
}

/* the first page or folio that the file has in memory: lib/xarray.c, a node's address has bit 1 set */
static __always_inline __u64 first_folio(struct address_space *mapping)
{
	__u64 entry = (__u64)BPF_CORE_READ(mapping, i_pages.xa_head);

	for (int level = 0; level < TREE_LEVELS; level++) {
		if ((entry & 3) != 2 || entry < 4096)
			break;
		entry = first_entry(entry - 2);
	}
	return entry & 3 ? 0 : entry;
}

/* whose limit a tmpfs file counts against is asked of its first page, once */
int refresh__charge(__u32 file)
{
	struct file_charge *charge = bpf_map_lookup_elem(&charges, &file);
	struct file_slot *slot = bpf_map_lookup_elem(&files, &file);
	__u64 folio;

	if (!charge || !slot || !slot->nrpages || (charge->memcg && charge->birth_ns == slot->birth_ns))
		return 0;
	folio = first_folio((void *)slot->mapping);
	charge->memcg = folio ? folio_memcg((void *)folio) : 0;
	charge->birth_ns = slot->birth_ns;
	return 0;
}

/* a function of its own: the verifier walks it once, not at every turn of the loop */
__noinline int refresh_slot(__u32 file)
{
	struct file_slot *slot = bpf_map_lookup_elem(&files, &file);
	struct inode_now now = {};
	struct address_space *mapping;
	struct shmem_inode_info *info;
	struct inode *inode;

	if (!slot || !slot->mapping)
		return REFRESH_DONE;
	mapping = (void *)slot->mapping;
	inode = BPF_CORE_READ(mapping, host);
	now.ino = BPF_CORE_READ(inode, i_ino);
	now.dev = slot->flags & FILE_BLOCK ? BPF_CORE_READ(inode, i_rdev) : BPF_CORE_READ(inode, i_sb, s_dev);
	now.nrpages = BPF_CORE_READ(mapping, nrpages);
	now.size_bytes = BPF_CORE_READ(inode, i_size);
	now.nlink = BPF_CORE_READ(inode, i_nlink);
	if (slot->flags & FILE_TMPFS) {
		info = (void *)inode - bpf_core_field_offset(struct shmem_inode_info, vfs_inode);
		now.swapped = BPF_CORE_READ(info, swapped);
	}
	if (knob_story)
		now.name = story__name(slot->mapping);
	return refresh(slot, file, &now);
}

SEC("raw_tp")
int files_refresh(void *ctx)
{
	return refresh_some(refresh_slot);
}

/*
 * Cold start: the user side opens what it finds by walking the tmpfs mounts and
 * runs this program on its own descriptors, to put their inodes into the books.
 */
int seed_fds[SEED_FDS] = {};
__u32 seed_files_found[SEED_FDS] = {};
__u32 seed_count = 0;

/* a function of its own: the verifier walks it once, not at every turn of the loop */
__noinline __u32 seed_file(int fd)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct file **fds = BPF_CORE_READ(task, files, fdt, fd), *file = 0;

	if (fd < 0 || (__u32)fd >= BPF_CORE_READ(task, files, fdt, max_fds))
		return FILE_NONE;
	bpf_probe_read_kernel(&file, sizeof(file), fds + fd);
	return file ? books__seed((__u64)BPF_CORE_READ(file, f_inode, i_mapping)) : FILE_NONE;
}

struct adopted adopted[SEED_FDS] = {};
__u32 adopted_count = 0;

/* what is there stays its own size: only whose it is changes, as far as it is nobody's yet */
__noinline int adopt_file(__u64 i)
{
	struct adopted *from;
	struct address_space *mapping;
	struct file_slot *slot;
	struct inode *inode;
	__u32 file;

	if (i >= SEED_FDS)
		return 0;
	BOUNDED(i);
	from = &adopted[i];
	mapping = (void *)from->mapping;
	inode = BPF_CORE_READ(mapping, host);
	if (!inode || BPF_CORE_READ(inode, i_ino) != from->ino ||
	    (__u64)BPF_CORE_READ(inode, i_mapping) != from->mapping ||
	    (BPF_CORE_READ(inode, i_sb, s_dev) != from->dev && BPF_CORE_READ(inode, i_rdev) != from->dev))
		return 0; /* it is another file's by now */
	file = books__seed(from->mapping);
	slot = bpf_map_lookup_elem(&files, &file);
	if (file == FILE_NONE || !slot || slot->owner != OWNER_UNKNOWN)
		return 0;
	if (from->first)
		return books__inherit(file, from->owner);
	return books__share_out(file, from->owner, from->part);
}

SEC("raw_tp")
int seed_files(void *ctx)
{
	for (__u32 i = 0; i < SEED_FDS && i < seed_count; i++)
		seed_files_found[i] = seed_file(seed_fds[i]);
	for (__u64 i = 0; i < SEED_FDS && i < adopted_count; i++)
		adopt_file(i);
	return 0;
}
