// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fact: tmpfs pages come in; the last way, for kernels before 6.16 that refuse
 * fentry and kprobes. A new folio waits in a per-CPU batch (15, from 6.12 on 31)
 * before it enters the LRU: the event is late, and whoever fills the batch is
 * current. So the file is brought to its nrpages at each event, and the pages are
 * given to current: the file is exact, the owner within one batch a CPU. The
 * reader empties the batches before it reads: then a kernel thread is current,
 * or the reader itself, and neither owns what comes in.
 */
#include "books.bpf.h"

static __always_inline bool drains_for_others(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	return bpf_get_current_pid_tgid() >> 32 == reader_pid || BPF_CORE_READ(task, flags) & PF_KTHREAD;
}

SEC("tp_btf/mm_lru_insertion")
int BPF_PROG(tmpfs_add_lru, struct folio *folio)
{
	struct address_space *mapping;
	struct file_slot *slot;
	__u64 there, key;
	__u32 *index;
	__s64 known, missing;

	if (bpf_core_type_exists(struct folio))
		key = (__u64)BPF_CORE_READ(folio, mapping);
	else
		key = (__u64)BPF_CORE_READ((struct page *)folio, mapping);
	mapping = (void *)key;
	/* anonymous folios keep a tagged anon_vma there, or nothing */
	if (!key || key & 3 || BPF_CORE_READ(mapping, host, i_sb, s_magic) != TMPFS_MAGIC)
		return 0;
	there = BPF_CORE_READ(mapping, nrpages);
	index = bpf_map_lookup_elem(&file_index, &key);
	slot = index ? bpf_map_lookup_elem(&files, index) : 0;
	if (drains_for_others()) {
		/* of a file that is known, the next refresh gives them to its owner */
		if (!slot || slot->mapping != key)
			books__seed(key);
		return 0;
	}
	note_folio(0);
	known = slot && slot->mapping == key ? slot__pages(slot) : lean_pages(key);
	missing = there - known;
	return missing > 0 ? books__enter(key, missing, known) : 0;
}
