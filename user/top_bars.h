/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which limits `top` shows as bars: those that are nearest to being hit. Pure.
 */
#ifndef PAGETIDE_TOP_BARS_H
#define PAGETIDE_TOP_BARS_H

#include "snapshot.h"

struct top_bar {
	const char *path;      /* the snapshot's: escape it */
	uint64_t namespace_id; /* of a mount that the root namespace does not see; else 0 */
	const char *place;     /* the container or unit whose namespace it is; NULL: not known */
	bool cgroup;           /* else a tmpfs mount */
	bool inodes;           /* of a mount: used and limit count inodes, not bytes */
	uint64_t used, limit;
	uint64_t reclaimable_bytes; /* of used; 0 when not known */
	double rate;                /* bytes per second; NAN: not known */
	double seconds_left;        /* until it is full of what cannot be reclaimed; NAN: not in sight */
};

/*
 * The most pressing limits, at most `most` of them, into out. Those that are full
 * within TOP_BARS_SOON_SECONDS come first, then the fullest; left out are empty
 * ones, and nearly empty ones that do not grow. Returns how many.
 */
size_t top_bars__choose(const struct snapshot *snapshot, struct top_bar *out, size_t most);

#define TOP_BARS_SOON_SECONDS 300.0

/* The share in use that cannot be reclaimed, 0 to 1 and above. */
double top_bars__share(const struct top_bar *bar);

#endif
