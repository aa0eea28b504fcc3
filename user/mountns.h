/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The mount namespaces of the running system, and how full a tmpfs is. Thin: what it reads is
 * parsed and judged in mounts.h. Needs CAP_SYS_PTRACE for other users' processes.
 */
#ifndef PAGETIDE_USER_MOUNTNS_H
#define PAGETIDE_USER_MOUNTNS_H

#include "mounts.h"
#include "proc.h"

/*
 * Reads every distinct mount namespace that some process of `root` is in; the root namespace comes
 * first. Processes that vanish meanwhile are tolerated: each namespace has a few of its processes
 * to try. Namespaces that only a thread is in, or that only a bind mount or a descriptor keeps,
 * are not seen. 0; -ENOMEM; -errno of the /proc directory. Free with mounts__free_view.
 */
int mountns__read(const struct proc_root *root, struct mount_view *out);

/*
 * Figures of statfs(2). The kernel gives neither limit nor use of a tmpfs without a size limit
 * (size=0): both absent then, never zero. The same for inodes. mm/shmem.c: shmem_statfs().
 * A device number, and a mount's, may be another mount's a moment later: what tells them apart is
 * the superblock's random f_fsid (59cda49ecf6c, 5.13), before that the random generation of its root.
 */
struct tmpfs_usage {
	struct parse_figure used_bytes, limit_bytes;
	struct parse_figure used_inodes, limit_inodes;
	uint64_t superblock; /* 0: not known */
};

/*
 * Opens /proc/REACH_PID/root/REACH_PATH (O_PATH) or, when that process is gone, another's, reads the figures, closes: it keeps no descriptor, which
 * would make umount fail. 0; -ESTALE when the path now leads to another filesystem (covered,
 * unmounted); -ENOTSUP when it is no tmpfs at all (devtmpfs on ramfs); -errno when it cannot be
 * opened (-ENOENT, -ESRCH: its processes are gone, read the namespaces again). On failure *out has the
 * limits all the same, as the mount table told them, and no use.
 */
int mountns__usage(const struct proc_root *root, const struct tmpfs_mount *mount, struct tmpfs_usage *out);

/* Pure part of it: from the fields of struct statfs, in blocks of block_bytes. */
void mountns__figures(uint64_t block_bytes, uint64_t blocks, uint64_t free_blocks, uint64_t inodes,
		      uint64_t free_inodes, struct tmpfs_usage *out);

/*
 * Limits from the options of a superblock. What they leave out is as it is without an option: as
 * many pages, and inodes, as half of the machine's memory has pages. mm/shmem.c:
 * shmem_show_options(), shmem_default_max_blocks(), shmem_default_max_inodes().
 */
void mountns__limits(const char *options, uint64_t memory_pages, uint64_t page_bytes, struct tmpfs_usage *out);

#endif
