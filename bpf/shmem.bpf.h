/* SPDX-License-Identifier: GPL-2.0-only */
/* What a tmpfs superblock says of itself: mm/shmem.c, struct shmem_sb_info. */
#ifndef PAGETIDE_SHMEM_BPF_H
#define PAGETIDE_SHMEM_BPF_H

#include "compat.bpf.h"
#include "rss.bpf.h"

#define BOGO_INODE_SHIFT 10

static __always_inline __u64 shmem_free_inodes(struct shmem_sb_info *info)
{
	struct shmem_sb_info___bytes *bytes = (void *)info;
	struct shmem_sb_info___count *count = (void *)info;

	if (bpf_core_field_exists(bytes->free_ispace))
		return BPF_CORE_READ(bytes, free_ispace) >> BOGO_INODE_SHIFT;
	return BPF_CORE_READ(count, free_inodes);
}

/* in pages; a CPU that was offline when all were asked has a part that is not found */
static __always_inline __u64 shmem_used_blocks(struct shmem_sb_info *info)
{
	__s64 sum = BPF_CORE_READ(info, used_blocks.count);
	__u64 parts = (__u64)BPF_CORE_READ(info, used_blocks.counters);
	__s32 part;

	for (__u32 cpu = 0; cpu_offsets_known && cpu < MAX_CPUS && cpu < knob_cpus; cpu++) {
		if (!bpf_probe_read_kernel(&part, sizeof(part), (void *)parts + cpu_offset[cpu]))
			sum += part;
	}
	return sum > 0 ? sum : 0;
}

#endif
