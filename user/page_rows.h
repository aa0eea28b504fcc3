/* SPDX-License-Identifier: GPL-2.0-only */
/* Which rows of a reading the page shows: the most pressing limits, the largest processes and cgroups. Pure. */
#ifndef PAGETIDE_PAGE_ROWS_H
#define PAGETIDE_PAGE_ROWS_H

#include "metrics.h"

struct page_limit {
	const struct snapshot_mount *mount; /* NULL: a cgroup */
	const struct snapshot_cgroup *cgroup;
	bool inodes;                /* of a mount: used and limit count inodes, as they end first */
	uint64_t used, limit;       /* limit ABSENT: it has none */
	uint64_t reclaimable_bytes; /* of used */
	double share;               /* used of it without what can be taken back; of all memory without a limit */
	double seconds;             /* until it is full; NaN: it does not fill */
};

/*
 * Those that are full soonest first, then the fullest; empty mounts and cgroups without a limit are left out.
 * Returns how many, at most `most`.
 */
size_t page_rows__limits(const struct snapshot *snapshot, const struct metrics_forecast *forecast,
			 struct page_limit *out, size_t most);

/* The largest first, by anonymous memory, swap, and the tmpfs pages that they brought in. Returns how many. */
size_t page_rows__processes(const struct snapshot *snapshot, const struct snapshot_process **out, size_t most);

/* Containers, services and other topmost cgroups, the largest first. Returns how many. */
size_t page_rows__groups(const struct snapshot *snapshot, const struct snapshot_cgroup **out, size_t most);

/* what a row of page_rows__groups is called; NULL: it is none */
const char *page_rows__group(const struct snapshot_cgroup *cgroup);
/* the container or unit whose mount namespace it is; NULL: the root one, or not known */
const char *page_rows__place(const struct snapshot_mount *mount);
uint64_t page_rows__device(const struct snapshot_mount *mount);

#endif
