// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fact: pages of the page cache come and go. The add tracepoint fires for every
 * filesystem but tmpfs, in the context of the task that brings the page in; the
 * delete tracepoint fires for all, tmpfs included, under the mapping's lock.
 * mm/filemap.c: __filemap_add_folio(), __filemap_remove_folio(),
 * delete_from_page_cache_batch().
 */
#include "books.bpf.h"

/* whose folio it is, and how many pages it has; before folios it is a page */
static __always_inline struct address_space *mapping_of(struct folio *folio, __u32 *pages)
{
	if (bpf_core_type_exists(struct folio)) {
		*pages = folio_pages_known(folio);
		return folio->mapping;
	}
	*pages = page_pages((struct page *)folio);
	return ((struct page *)folio)->mapping;
}

/* apart from the program, whose registers it would have saved for each page */
static __noinline int cache_enter(__u64 *ctx)
{
	struct folio *folio = (void *)ctx[0];
	struct address_space *mapping;
	__u32 pages;
	__u64 there;

	mapping = mapping_of(folio, &pages);
	if (!mapping)
		return 0;
	note_folio(as_number(folio));
	there = mapping->nrpages;
	return books__enter(as_number(mapping), pages, BEFORE(there, pages));
}

SEC("tp_btf/mm_filemap_add_to_page_cache")
int cache_add_tracepoint(__u64 *ctx)
{
	struct streak *streak = streak__mine();
	__u32 pages;

	if (books__add(streak, (__u64)mapping_of((void *)ctx[0], &pages), pages, false))
		return 0;
	return cache_enter(ctx);
}

SEC("tp_btf/mm_filemap_delete_from_page_cache")
int BPF_PROG(page_remove_tracepoint, struct folio *folio)
{
	struct address_space *mapping;
	struct streak *streak;
	struct file_slot *slot;
	__u32 pages, *index;

	mapping = mapping_of(folio, &pages);
	if (!mapping)
		return 0;
	streak = streak__mine();
	if (!streak)
		return books__leave(as_number(mapping), pages);
	if (streak->minted && streak->folio == as_number(folio))
		books__take_back(as_number(mapping));
	if (streak->gone_mapping != (__u64)mapping) {
		index = bpf_map_lookup_elem(&file_index, &mapping);
		streak->gone_file = index ? *index : FILE_NONE;
		streak->gone_generation = file_generation;
		streak->gone_mapping = (__u64)mapping;
	}
	if (streak->gone_file == FILE_NONE) {
		if (streak->gone_generation == file_generation)
			return books__leave_lean(as_number(mapping), pages);
		return books__leave(as_number(mapping), pages);
	}
	slot = bpf_map_lookup_elem(&files, &streak->gone_file);
	if (!slot || slot->mapping != (__u64)mapping)
		return books__leave(as_number(mapping), pages);
	slot__remove(streak, slot, streak->gone_file, pages);
	return 0;
}
