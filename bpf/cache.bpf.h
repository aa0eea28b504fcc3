/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the programs on the page cache's tracepoints do with their folio, a pointer that
 * the verifier knows: cache.bpf.c has the programs for every kernel, cast.bpf.c those
 * that load faster.
 */
#ifndef PAGETIDE_CACHE_BPF_H
#define PAGETIDE_CACHE_BPF_H

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

static __always_inline bool cache_add(struct folio *folio)
{
	__u32 pages;
	__u64 mapping = (__u64)mapping_of(folio, &pages);

	return books__add(streak__mine(), mapping, pages, false);
}

static __always_inline int cache_enter(struct folio *folio)
{
	struct address_space *mapping;
	__u32 pages;
	__u64 there;

	mapping = mapping_of(folio, &pages);
	if (!mapping)
		return 0;
	note_folio(as_number(folio));
	there = BPF_CORE_READ(mapping, nrpages);
	return books__enter(as_number(mapping), pages, BEFORE(there, pages));
}

static __always_inline int page_remove(struct folio *folio)
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

#endif
