// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fact: tmpfs pages come in; the way for kernels that refuse fentry and kprobes
 * (6.16 and later). shmem fires no page-cache tracepoint when it adds a folio,
 * but the memory controller's statistics do, at once and in the context of the
 * task: mod_memcg_lruvec_state(NR_SHMEM, +pages). That event does not say which
 * file. The folio is in a frame of the caller, shmem_add_to_page_cache(), a fixed
 * number of words above this program's context: the first event finds it by
 * looking at every word, the next ones look there at once.
 *
 * A word is believed only if it is a folio whose mapping leads to a tmpfs inode
 * that leads back to it, and that mapping's lock is held now: mm/shmem.c holds
 * it around the statistics.
 */
#include "books.bpf.h"

/* words above the context where a folio was found; 0: not learned yet */
__u32 frame_word = 0;
/* the statistics are told before nrpages grows (learned from a file's first page) */
bool nrpages_later = false;

static __always_inline bool in_kernel(__u64 address)
{
	return address >= 0xff00000000000000ULL && !(address & 7);
}

static __always_inline bool lock_held(struct address_space *mapping)
{
	__u32 lock = 1;

	if (IS_PREEMPT_RT)
		return true;
	if (!bpf_core_field_size(mapping->i_pages.xa_lock))
		return true; /* a kernel for one CPU: its spinlock is empty */
	bpf_probe_read_kernel(&lock, sizeof(lock), &mapping->i_pages.xa_lock);
	return lock != 0;
}

/* the mapping of the folio at that address, 0 if it is none of a tmpfs file being filled */
__noinline __u64 tmpfs_mapping(__u64 folio)
{
	struct address_space *mapping;
	struct inode *inode;

	if (!in_kernel(folio))
		return 0;
	mapping = BPF_CORE_READ((struct folio *)folio, mapping);
	if (!in_kernel((__u64)mapping))
		return 0;
	inode = BPF_CORE_READ(mapping, host);
	if (!in_kernel((__u64)inode) || BPF_CORE_READ(inode, i_mapping) != mapping ||
	    BPF_CORE_READ(inode, i_sb, s_magic) != TMPFS_MAGIC || !lock_held(mapping))
		return 0;
	return (__u64)mapping;
}

__noinline int tmpfs_enter(__u64 context, __u32 pages)
{
	__u64 mapping = 0, folio = 0, there;
	__u32 word = frame_word, owner;
	struct owner_slot *slot;
	struct streak *streak;

	if (word && !bpf_probe_read_kernel(&folio, sizeof(folio), (void *)(context + word * 8)))
		mapping = tmpfs_mapping(folio);
	for (__u32 i = 1; !mapping && i < FRAME_WORDS; i++) {
		if (bpf_probe_read_kernel(&folio, sizeof(folio), (void *)(context + i * 8)))
			break;
		mapping = tmpfs_mapping(folio);
		if (mapping)
			frame_word = word = i;
	}
	if (!mapping) {
		count_loss(LOSS_UNRESOLVED, pages);
		owner = books__owner();
		slot = bpf_map_lookup_elem(&owners, &owner);
		if (slot)
			__sync_fetch_and_add(&slot->tmpfs_added, pages);
		return 0;
	}
	streak = streak__mine();
	if (streak)
		streak->frame = word;
	there = BPF_CORE_READ((struct address_space *)mapping, nrpages);
	if (there < pages)
		nrpages_later = true;
	if (!nrpages_later)
		there = BEFORE(there, pages);
	note_folio(folio);
	return books__enter(mapping, pages, there);
}
