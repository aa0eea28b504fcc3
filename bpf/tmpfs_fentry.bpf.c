// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fact: tmpfs pages come in; the ways by mm/shmem.c's shmem_add_to_page_cache(),
 * exact on every kernel that allows fexit or kretprobe. Its first argument is a
 * folio (a page before 5.16), its second the mapping; it returns 0 when the folio
 * is in. It has six arguments up to 6.11 and five from 6.12 on: the return value
 * moves, so there are two fexit programs, and the user side loads the one that fits.
 */
#include "books.bpf.h"

static __always_inline void added(__u64 folio, __u64 mapping)
{
	__u64 there;
	__u32 pages;

	if (bpf_core_type_exists(struct folio)) {
		unsigned long flags = 0;
		bpf_probe_read_kernel(&flags, sizeof(flags), (void *)folio);
		pages = 1;
		if (flags & (1UL << bpf_core_enum_value(enum pageflags, PG_head))) {
			struct folio___large *large = (void *)folio;
			struct folio___large_old *old = (void *)folio;
			if (bpf_core_field_exists(large->_nr_pages))
				pages = BPF_CORE_READ(large, _nr_pages);
			else
				pages = BPF_CORE_READ(old, _folio_nr_pages);
		}
	} else {
		pages = page_pages((struct page *)folio);
	}
	if (books__add(streak__mine(), mapping, pages, false))
		return;
	there = BPF_CORE_READ((struct address_space *)mapping, nrpages);
	note_folio(folio);
	books__enter(mapping, pages, BEFORE(there, pages));
}

SEC("fexit/shmem_add_to_page_cache")
int tmpfs_add_fexit5(__u64 *ctx)
{
	if (!(int)ctx[5])
		added(as_number((void *)ctx[0]), as_number((void *)ctx[1]));
	return 0;
}

SEC("fexit/shmem_add_to_page_cache")
int tmpfs_add_fexit6(__u64 *ctx)
{
	if (!(int)ctx[6])
		added(as_number((void *)ctx[0]), as_number((void *)ctx[1]));
	return 0;
}

struct call {
	__u64 folio, mapping;
};
/* the kernel may miss a return (no free kretprobe_instance): what stays behind must not fill the map */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, struct call);
} calls SEC(".maps");

SEC("kprobe/shmem_add_to_page_cache")
int BPF_KPROBE(tmpfs_add_kprobe, __u64 folio, __u64 mapping)
{
	struct call call = { folio, mapping };
	__u64 task = bpf_get_current_pid_tgid();

	bpf_map_update_elem(&calls, &task, &call, BPF_ANY);
	return 0;
}

SEC("kretprobe/shmem_add_to_page_cache")
int BPF_KRETPROBE(tmpfs_add_kretprobe, int err)
{
	__u64 task = bpf_get_current_pid_tgid();
	struct call *call = bpf_map_lookup_elem(&calls, &task), done;

	if (!call)
		return 0;
	done = *call;
	bpf_map_delete_elem(&calls, &task);
	if (!err)
		added(done.folio, done.mapping);
	return 0;
}
