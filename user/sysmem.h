/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The machine's RAM as books that balance: /proc/meminfo split into parts that add up to MemTotal
 * exactly, with what no counter explains in a last part of its own, `unattributed`. Pure, but for
 * sysmem__read.
 *
 * Where each part comes from (fs/proc/meminfo.c: meminfo_proc_show), and why none counts twice:
 *
 *   free               MemFree: NR_FREE_PAGES. CmaFree and Unaccepted lie within it
 *                      (mm/page_alloc.c: account_freepages, __free_unaccepted); pages on
 *                      per-cpu lists do not and are unattributed.
 *   anon               AnonPages: NR_ANON_MAPPED, huge pages included; also mapped anon pages that
 *                      are in the swap cache.
 *   cache              Cached + Buffers - Shmem. Cached is NR_FILE_PAGES less swap cache less
 *                      buffers; NR_SHMEM is part of NR_FILE_PAGES. What is left is disk-backed
 *                      cache, ramfs, secretmem, guest_memfd.
 *   tmpfs              Shmem: NR_SHMEM. tmpfs, memfd, System V, shared anonymous; what is swapped
 *                      out, or sits in the swap cache on the way, is not in it.
 *   swap_cache         only the part of SwapCached (NR_SWAPCACHE) that is not mapped: what is
 *                      mapped is in anon already. Of it the kernel tells a lower bound, the
 *                      anon LRU lists less AnonPages less Shmem; what more there is stays
 *                      unattributed.
 *   slab_reclaimable, slab_unreclaimable   SReclaimable, SUnreclaim: NR_SLAB_*_B.
 *   misc_reclaimable   KReclaimable - SReclaimable: NR_KERNEL_MISC_RECLAIMABLE.
 *   page_tables        PageTables + SecPageTables: NR_PAGETABLE, NR_SECONDARY_PAGETABLE (of KVM,
 *                      IOMMU).
 *   kernel_stack       KernelStack: NR_KERNEL_STACK_KB.
 *   percpu             Percpu: pcpu_nr_pages(). The first chunk is in it (mm/percpu.c:
 *                      pcpu_setup_first_chunk) though it is boot memory outside MemTotal: on small
 *                      machines this part is too great by that chunk, unattributed too small.
 *   vmalloc            VmallocUsed - KernelStack, not below 0. VmallocUsed counts pages that
 *                      vmalloc allocated (mm/vmalloc.c: nr_vmalloc_pages, since 5.3; 0 before), and
 *                      stacks are vmalloced where CONFIG_VMAP_STACK is set, as it is nearly
 *                      everywhere; where it is not, this part is too small and unattributed takes
 *                      the rest. Percpu chunks and vmap()ed pages are not in VmallocUsed. Shadow
 *                      call stacks are (or, in 5.8 to 5.10, in slab), so they are no part.
 *   hugetlb            Hugetlb, all sizes, free ones too; older kernels: HugePages_Total *
 *                      Hugepagesize, the default size only. No other counter has them.
 *   zswap              Zswap: compressed pages in zsmalloc, in no other counter.
 *   bounce, writeback_tmp   NR_BOUNCE, NR_WRITEBACK_TEMP (FUSE copies); gone or 0 in new kernels.
 *   hardware_corrupted HardwareCorrupted: taken off the free lists, still in MemTotal.
 *   gpu_active, gpu_reclaim   NR_GPU_ACTIVE, NR_GPU_RECLAIM of newer kernels.
 *   unattributed       the rest: drivers' own pages, per-cpu free lists, zram, ...
 *
 * Not parts: Slab, Active, Inactive, Mapped, *HugePages, Mlocked, Dirty and the like are cuts of
 * the above in another direction. Balloon: most drivers take its pages off MemTotal
 * (adjust_managed_page_count), some do not, and nothing says which.
 */
#ifndef PAGETIDE_USER_SYSMEM_H
#define PAGETIDE_USER_SYSMEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "parse.h"

enum sysmem_part_id {
	SYSMEM_FREE,
	SYSMEM_ANON,
	SYSMEM_CACHE,
	SYSMEM_TMPFS,
	SYSMEM_SWAP_CACHE,
	SYSMEM_SLAB_RECLAIMABLE,
	SYSMEM_SLAB_UNRECLAIMABLE,
	SYSMEM_MISC_RECLAIMABLE,
	SYSMEM_PAGE_TABLES,
	SYSMEM_KERNEL_STACK,
	SYSMEM_PERCPU,
	SYSMEM_VMALLOC,
	SYSMEM_HUGETLB,
	SYSMEM_ZSWAP,
	SYSMEM_BOUNCE,
	SYSMEM_WRITEBACK_TMP,
	SYSMEM_HARDWARE_CORRUPTED,
	SYSMEM_GPU_ACTIVE,
	SYSMEM_GPU_RECLAIM,
	SYSMEM_UNATTRIBUTED, /* always last, always there */
	SYSMEM_PARTS,
};

struct sysmem_part {
	const char *name; /* "free", "slab_reclaimable": the JSON name without _bytes; static */
	bool has;         /* false: this kernel does not tell; bytes is 0 then */
	uint64_t bytes;
	/*
	 * Of bytes: what the kernel can take back without swap, and without writing it first. Of cache
	 * Active(file) + Inactive(file) - Dirty - Writeback, never more than there is: ramfs, secretmem
	 * and mlocked pages are on other lists. Unevictable has anon and shmem too, so it is not what is
	 * taken off. A little wrong: pages that a CPU has not put on a list yet and Writeback of swap
	 * make it too small, anon after MADV_FREE, which is on the file lists, too great.
	 */
	uint64_t reclaimable_bytes;
};

struct sysmem {
	uint64_t total_bytes;
	struct sysmem_part parts[SYSMEM_PARTS];
	/*
	 * By how much the parts exceed the total: counters are read one after another and lag on
	 * each CPU. Then unattributed is 0. Always: sum of parts == total_bytes + excess_bytes.
	 */
	uint64_t excess_bytes;
	struct parse_figure available_bytes, swap_total_bytes, swap_free_bytes;
	/* Cuts in another direction, no parts. */
	struct parse_figure slab_bytes, dirty_bytes, writeback_bytes, unevictable_bytes, locked_bytes;
	struct parse_figure cma_free_bytes, unaccepted_bytes, balloon_bytes, zswapped_bytes;
	struct parse_figure huge_page_bytes;   /* the default size of hugetlb */
	struct parse_figure swap_cached_bytes; /* all of it, the mapped part too */
};

/*
 * Parses /proc/meminfo. 0; -EINVAL when MemTotal or MemFree is missing; -ERANGE when figures are
 * absurd (their sum does not fit 64 bits). *out is zeroed on failure.
 */
int sysmem__parse(const char *buf, size_t len, struct sysmem *out);

/* Reads "meminfo" below the directory proc_fd (struct proc_root's fd). As above, or -errno. */
int sysmem__read(int proc_fd, struct sysmem *out);

#endif
