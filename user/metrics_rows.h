/* SPDX-License-Identifier: GPL-2.0-only */
/* A snapshot's tables as bags of labelled figures, bounded. Shared by metrics*.c only. */
#ifndef PAGETIDE_METRICS_ROWS_H
#define PAGETIDE_METRICS_ROWS_H

#include "bag.h"
#include "metrics.h"

enum metrics_bag { BAG_MOUNTS, BAG_OWNERS, BAG_CGROUPS, BAG_CONTAINERS, BAG_INFO, BAG_COMMANDS, BAGS };

enum mount_figure {
	MOUNT_USED,
	MOUNT_LIMIT,
	MOUNT_USED_INODES,
	MOUNT_LIMIT_INODES,
	MOUNT_UNKNOWN,
	MOUNT_FULL,
	MOUNT_FIGURES
};
enum owner_figure { OWNER_BYTES, OWNER_FIGURES };
/* of cgroups and containers */
enum cgroup_figure {
	CGROUP_USAGE,
	CGROUP_LIMIT,
	CGROUP_ROOM,
	CGROUP_ANON,
	CGROUP_FILE,
	CGROUP_SHMEM,
	CGROUP_KERNEL,
	CGROUP_SWAP,
	CGROUP_FULL,
	CGROUP_CACHE,
	CGROUP_TMPFS,
	CGROUP_PROCESSES,
	CGROUP_FIGURES,
};
enum command_figure {
	COMMAND_ANON,
	COMMAND_FILE,
	COMMAND_SHMEM,
	COMMAND_SWAP,
	COMMAND_TABLES,
	COMMAND_CACHE,
	COMMAND_TMPFS,
	COMMAND_PEAK,
	COMMAND_PROCESSES,
	COMMAND_FIGURES,
};
_Static_assert((int)CGROUP_FIGURES <= BAG_FIGURES, "a bag's row has room");

/* names of the labels of a bag's rows, in their order; NULL: no more */
extern const char *const bag_labels[BAGS][BAG_LABELS];

/* 0 or -ENOMEM; bags are to be freed in either case */
int metrics_rows__make(struct bag bags[BAGS], const struct metrics_input *input);

#endif
