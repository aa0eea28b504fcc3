/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between kernels, in one place. Every flavor (type___what) names
 * the commit that changed the shape. Nothing here asks for a kernel's version.
 */
#ifndef PAGETIDE_COMPAT_BPF_H
#define PAGETIDE_COMPAT_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define PF_KTHREAD 0x00200000 /* include/linux/sched.h */

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

/* 53fbef56e07d (6.18): folio->flags became memdesc_flags_t */
typedef struct {
	unsigned long f;
} memdesc_flags_t___new;
struct folio___memdesc {
	memdesc_flags_t___new flags;
};

/* 379708ffde1b (5.18..6.15: _folio_nr_pages), 4996fc547f5b (6.16: _nr_pages) */
struct folio___large_old {
	unsigned int _folio_nr_pages;
};
struct folio___large {
	unsigned int _nr_pages;
};
/* before 5.16 there are no folios; a compound page keeps its size in the second page */
struct page___compound {
	unsigned int compound_nr;
};

/* f1a7941243c1 (6.2): mm->rss_stat became percpu counters */
struct mm_rss_stat___atomic {
	atomic_long_t count[4];
};
struct mm_struct___atomic {
	struct mm_rss_stat___atomic rss_stat;
};

/* 7.3: the union around d_alias lost its name d_u */
struct dentry___flat {
	struct hlist_node d_alias;
};

/* e80fe1a8f18a (6.16): kernfs_node->parent became __parent, under RCU */
struct kernfs_node___new {
	struct kernfs_node *__parent;
};
struct kernfs_node___old {
	struct kernfs_node *parent;
};

/* e07db28eea38 (6.6): free inodes are counted in bytes of BOGO_INODE_SIZE */
struct shmem_sb_info___bytes {
	unsigned long free_ispace;
};
struct shmem_sb_info___count {
	unsigned long free_inodes;
};

/* 524e00b36e8c (6.1): mappings went from a red-black tree to a maple tree */
struct maple_tree {
	void *ma_root;
};
struct maple_metadata {
	unsigned char end;
};
struct maple_range_64 {
	unsigned long pivot[15];
	void *slot[16];
	struct maple_metadata meta;
};
struct maple_arange_64 {
	unsigned long pivot[9];
	void *slot[10];
	struct maple_metadata meta;
};
enum maple_type { maple_leaf_64 = 1, maple_arange_64 = 3 };
struct mm_struct___maple {
	struct maple_tree mm_mt;
};
struct mm_struct___tree {
	struct rb_root mm_rb;
};
struct vm_area_struct___tree {
	struct rb_node vm_rb;
};

/* b6f58a3f4aa8 (6.13): a request knows its task by way of io_uring_task */
struct io_uring_task {
	struct task_struct *task;
};
struct io_kiocb___tctx {
	struct io_uring_task *tctx;
};
struct io_kiocb___task {
	struct task_struct *task;
};

/*
 * 80ee81e0403c (5.11): maps are no longer charged to RLIMIT_MEMLOCK. Asked for as a field of a type that every kernel
 * has: a type that is missing is looked for in the modules, which takes CAP_SYS_ADMIN.
 */
struct bpf_map_memory {
	u32 pages;
};
struct bpf_map___charged {
	struct bpf_map_memory memory;
};

/* on PREEMPT_RT a spinlock_t sleeps and is an rt_mutex */
struct spinlock___rt {
	int lock;
};

#pragma clang attribute pop

#define IS_PREEMPT_RT bpf_core_field_exists(((struct spinlock___rt *)0)->lock)

/* a number that was compared with a bound is used as it is: the compiler makes no copy of it that has none */
#define BOUNDED(number) asm volatile("" : "+r"(number))

/* an address that the verifier takes for a number: a global function accepts no pointer */
static __always_inline __u64 as_number(const void *pointer)
{
	__u64 number = 0;

	bpf_probe_read_kernel(&number, sizeof(number), &pointer);
	return number;
}

/* the pages of a folio (or of a compound page), of any pointer the verifier knows */
static __always_inline __u32 folio_pages_known(struct folio *folio)
{
	unsigned long flags;

	if (bpf_core_field_exists(((struct folio___memdesc *)0)->flags.f))
		flags = ((struct folio___memdesc *)folio)->flags.f;
	else
		flags = folio->flags;
	if (!(flags & (1UL << bpf_core_enum_value(enum pageflags, PG_head))))
		return 1;
	if (bpf_core_field_exists(((struct folio___large *)0)->_nr_pages))
		return ((struct folio___large *)folio)->_nr_pages;
	return ((struct folio___large_old *)folio)->_folio_nr_pages;
}

static __always_inline __u32 page_pages(struct page *page)
{
	unsigned long flags = BPF_CORE_READ(page, flags);
	__u32 pages = 1;

	if (flags & (1UL << bpf_core_enum_value(enum pageflags, PG_head))) {
		struct page___compound *second = (void *)page + bpf_core_type_size(struct page);
		bpf_core_read(&pages, sizeof(pages), &second->compound_nr);
	}
	return pages;
}

#endif
