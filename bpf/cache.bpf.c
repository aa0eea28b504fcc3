// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fact: pages of the page cache come and go. The add tracepoint fires for every
 * filesystem but tmpfs, in the context of the task that brings the page in; the
 * delete tracepoint fires for all, tmpfs included, under the mapping's lock.
 * mm/filemap.c: __filemap_add_folio(), __filemap_remove_folio(),
 * delete_from_page_cache_batch().
 */
#include "cache.bpf.h"

/* apart from the program, whose registers it would have saved for each page */
static __noinline int enter(__u64 *ctx)
{
	return cache_enter((void *)ctx[0]);
}

SEC("tp_btf/mm_filemap_add_to_page_cache")
int cache_add_tracepoint(__u64 *ctx)
{
	return cache_add((void *)ctx[0]) ? 0 : enter(ctx);
}

SEC("tp_btf/mm_filemap_delete_from_page_cache")
int page_remove_tracepoint(__u64 *ctx)
{
	return page_remove((void *)ctx[0]);
}
