// SPDX-License-Identifier: GPL-2.0-only
/*
 * The programs that load through any address by bpf_rdonly_cast(), in one object:
 * bpftool 7.1 links no two that name the same kernel function. A kernel that lacks
 * it (958cf2e273f0, 6.2) refuses them, so the plan must not choose them there.
 */
#include "cache.bpf.h"
#include "refresh.bpf.h"
#include "tasks.bpf.h"

extern void *bpf_rdonly_cast(const void *object, __u32 btf_id) __ksym __weak;

#define CAST(type, pointer) ((struct type *)bpf_rdonly_cast(pointer, bpf_core_type_id_kernel(struct type)))

/*
 * tasks_iter and the programs of the page cache through pointers that are not trusted: at
 * each pointer that is loaded through a trusted one the verifier searches all of the
 * kernel's BTF by name, which takes longer than the rest of its work.
 */
SEC("iter/task")
int tasks_iter_cast(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;

	if (!task)
		return 0;
	tasks__learn();
	return print_task(ctx->meta->seq, CAST(task_struct, task));
}

/* tmpfs_memcg.bpf.c */
int tmpfs_enter(__u64 context, __u32 pages);

static __always_inline bool lock_held(struct address_space *mapping)
{
	if (IS_PREEMPT_RT || !bpf_core_field_size(mapping->i_pages.xa_lock))
		return true; /* as in tmpfs_memcg.bpf.c */
	return *(__u32 *)((void *)mapping + bpf_core_field_offset(mapping->i_pages.xa_lock));
}

/* apart from the program: the registers that it needs are saved for pages of tmpfs only, not at each statistic */
static __noinline int tmpfs_add(__u64 *ctx)
{
	struct address_space *mapping;
	struct streak *streak;
	struct list_head *word;
	__u64 context;
	__s32 val = (__s32)ctx[2];

	if (val <= 0)
		return 0;
	streak = streak__mine();
	if (!streak) { /* nowhere to put the context */
		count_loss(LOSS_UNRESOLVED, val);
		return 0;
	}
	/* through memory: the verifier does no arithmetic on a context */
	*(volatile __u64 *)&streak->context = (__u64)ctx;
	context = *(volatile __u64 *)&streak->context;
	word = CAST(list_head, (void *)(context + streak->frame * 8));
	mapping = CAST(folio, word->next)->mapping;
	if (lock_held(mapping) && books__add(streak, (__u64)mapping, val, true))
		return 0;
	return tmpfs_enter(context, val);
}

SEC("tp_btf/mod_memcg_lruvec_state")
int tmpfs_add_memcg(__u64 *ctx)
{
	if ((__s32)ctx[1] != (__s32)bpf_core_enum_value(enum node_stat_item, NR_SHMEM))
		return 0;
	return tmpfs_add(ctx);
}

static __noinline int enter(__u64 *ctx)
{
	return cache_enter(CAST(folio, (void *)ctx[0]));
}

SEC("tp_btf/mm_filemap_add_to_page_cache")
int cache_add_cast(__u64 *ctx)
{
	return cache_add(CAST(folio, (void *)ctx[0])) ? 0 : enter(ctx);
}

SEC("tp_btf/mm_filemap_delete_from_page_cache")
int page_remove_cast(__u64 *ctx)
{
	return page_remove(CAST(folio, (void *)ctx[0]));
}

static __always_inline __u32 name_of(struct inode *inode)
{
	__u64 node = (__u64)inode->i_dentry.first;
	struct dentry *dentry, *above;
	__u64 name = 0;

	if (!node)
		return NO_NAME;
	if (bpf_core_field_exists(((struct dentry___flat *)0)->d_alias))
		node -= bpf_core_field_offset(struct dentry___flat, d_alias);
	else
		node -= bpf_core_field_offset(struct dentry, d_u.d_alias);
	dentry = CAST(dentry, (void *)node);
	/* story__name() */
	for (int i = 0; i < NAME_LEVELS; i++) {
		above = dentry->d_parent;
		name = name__add(name, dentry->d_name.hash_len, as_number(above));
		if (above == dentry)
			break;
		dentry = above;
	}
	return name__end(name);
}

/* each field that is read through a helper costs ten loads: there may be a million files */
__noinline int refresh_slot_cast(__u32 file)
{
	struct file_slot *slot = bpf_map_lookup_elem(&files, &file);
	struct inode_now now = {};
	struct address_space *mapping;
	struct inode *inode;
	__u64 address;

	if (!slot || !slot->mapping)
		return REFRESH_DONE;
	mapping = CAST(address_space, (void *)slot->mapping);
	address = (__u64)mapping->host;
	inode = CAST(inode, (void *)address);
	now.ino = inode->i_ino;
	now.dev = slot->flags & FILE_BLOCK ? inode->i_rdev : inode->i_sb->s_dev;
	now.nrpages = mapping->nrpages;
	now.size_bytes = inode->i_size;
	now.nlink = inode->i_nlink;
	if (slot->flags & FILE_TMPFS) {
		address -= bpf_core_field_offset(struct shmem_inode_info, vfs_inode);
		now.swapped = CAST(shmem_inode_info, (void *)address)->swapped;
	}
	if (knob_story)
		now.name = name_of(inode);
	return refresh(slot, file, &now);
}

SEC("raw_tp")
int files_refresh_cast(void *ctx)
{
	return refresh_some(refresh_slot_cast);
}
