// SPDX-License-Identifier: GPL-2.0-only
/*
 * The limits that `top` shows as bars. A cgroup full of clean page cache is not in
 * trouble: what the kernel can take back does not count as fullness here.
 */
#include "top_bars.h"

#include "top_layout.h"

#include <string.h>

#define LEAST_SHARE 0.01

double top_bars__share(const struct top_bar *bar)
{
	return bar->limit ? (double)(bar->used - bar->reclaimable_bytes) / (double)bar->limit : 1;
}

static bool soon(const struct top_bar *bar)
{
	return bar->seconds_left <= TOP_BARS_SOON_SECONDS; /* false for NAN */
}

/* The more pressing first; of equals by path, so that lines do not jump. */
static int compare(const struct top_bar *a, const struct top_bar *b)
{
	double share_a = top_bars__share(a), share_b = top_bars__share(b);

	if (soon(a) != soon(b))
		return soon(a) ? -1 : 1;
	if (share_a != share_b)
		return share_a > share_b ? -1 : 1;
	return strcmp(a->path, b->path);
}

static size_t insert(struct top_bar *out, size_t count, size_t most, const struct top_bar *bar)
{
	size_t at = count;

	if (!bar->used || (top_bars__share(bar) < LEAST_SHARE && !soon(bar)))
		return count;
	while (at > 0 && compare(bar, &out[at - 1]) < 0)
		at--;
	if (at >= most)
		return count;
	if (count < most)
		count++;
	memmove(&out[at + 1], &out[at], (count - 1 - at) * sizeof(*out));
	out[at] = *bar;
	return count;
}

static uint64_t room(const struct top_bar *bar)
{
	uint64_t hard = bar->used - bar->reclaimable_bytes;

	return bar->limit > hard ? bar->limit - hard : 0;
}

/* One superblock is seen in many mount namespaces: the first row of it, or the root's. */
static bool seen_elsewhere(const struct snapshot *s, size_t index)
{
	const struct snapshot_mount *mount = &s->mounts[index];

	for (size_t i = 0; i < s->mount_count; i++) {
		const struct snapshot_mount *other = &s->mounts[i];

		if (i == index || other->major != mount->major || other->minor != mount->minor)
			continue;
		if (other->root_namespace != mount->root_namespace ? other->root_namespace : i < index)
			return true;
	}
	return false;
}

static bool of_mount(const struct snapshot_mount *mount, struct top_bar *bar)
{
	double bytes = -1, inodes = -1;

	if (mount->internal)
		return false;
	if (is_known(mount->used_bytes) && is_known(mount->limit_bytes) && mount->limit_bytes)
		bytes = (double)mount->used_bytes / (double)mount->limit_bytes;
	if (is_known(mount->used_inodes) && is_known(mount->limit_inodes) && mount->limit_inodes)
		inodes = (double)mount->used_inodes / (double)mount->limit_inodes;
	if (bytes < 0 && inodes < 0)
		return false;
	*bar = (struct top_bar){ .path = mount->path, .rate = NO_RATE, .seconds_left = NAN };
	if (!mount->root_namespace) {
		bar->namespace_id = mount->namespace_id;
		bar->place = mount->container ? mount->container : mount->unit;
	}
	if (inodes > bytes) {
		bar->inodes = true;
		bar->used = mount->used_inodes;
		bar->limit = mount->limit_inodes;
		return true;
	}
	bar->used = mount->used_bytes;
	bar->limit = mount->limit_bytes;
	bar->rate = mount->used_rate;
	bar->seconds_left = layout__seconds_left(room(bar), bar->rate);
	return true;
}

static bool of_cgroup(const struct snapshot_cgroup *cgroup, uint64_t ram_bytes, struct top_bar *bar)
{
	uint64_t limit = cgroup->limit_bytes; /* ABSENT is above all */

	if (cgroup->high_bytes < limit)
		limit = cgroup->high_bytes;
	/* a limit above the machine's memory is never the one that is hit */
	if (!is_known(limit) || !is_known(cgroup->usage_bytes) || limit > ram_bytes)
		return false;
	*bar = (struct top_bar){
		.path = cgroup->path,
		.cgroup = true,
		.used = cgroup->usage_bytes,
		.limit = limit,
		.rate = cgroup->usage_rate,
	};
	if (is_known(cgroup->reclaimable_bytes))
		bar->reclaimable_bytes = cgroup->reclaimable_bytes < bar->used ? cgroup->reclaimable_bytes : bar->used;
	bar->seconds_left = layout__seconds_left(room(bar), bar->rate);
	return true;
}

size_t top_bars__choose(const struct snapshot *snapshot, struct top_bar *out, size_t most)
{
	struct top_bar bar;
	size_t count = 0;

	if (!most)
		return 0;
	for (size_t i = 0; i < snapshot->mount_count; i++)
		if (of_mount(&snapshot->mounts[i], &bar) && !seen_elsewhere(snapshot, i))
			count = insert(out, count, most, &bar);
	for (size_t i = 0; i < snapshot->cgroup_count; i++)
		if (of_cgroup(&snapshot->cgroups[i], snapshot->system.total_bytes, &bar))
			count = insert(out, count, most, &bar);
	return count;
}
