// SPDX-License-Identifier: GPL-2.0-only
#include "page_rows.h"

#include <string.h>

#include "unit.h"

uint64_t page_rows__device(const struct snapshot_mount *mount)
{
	return (uint64_t)mount->major << 32 | mount->minor;
}

const char *page_rows__place(const struct snapshot_mount *mount)
{
	return mount->container ? mount->container : mount->unit;
}

/* pods are the sum of their containers, and what is below a container's topmost cgroup is in it */
const char *page_rows__group(const struct snapshot_cgroup *cgroup)
{
	const char *unit;

	if (cgroup->in)
		return !cgroup->inner && strcmp(cgroup->in->kind, "pod") != 0 ? cgroup->in->shown : NULL;
	unit = unit__of(cgroup->path);
	return unit ? unit__name(unit) : NULL;
}

/* ---- limits ---- */

static double share(uint64_t used, uint64_t limit)
{
	return is_known(used) && is_known(limit) && limit ? (double)used / (double)limit : -1;
}

static bool of_mount(const struct snapshot_mount *mount, uint64_t ram_bytes, const struct metrics_forecast *forecast,
		     struct page_limit *row)
{
	double bytes = share(mount->used_bytes, mount->limit_bytes);
	double inodes = share(mount->used_inodes, mount->limit_inodes);

	if (mount->internal || !is_known(mount->used_bytes) || (!mount->used_bytes && inodes < 0.5))
		return false;
	*row = (struct page_limit){ .mount = mount, .used = mount->used_bytes, .limit = mount->limit_bytes };
	row->share = bytes < 0 ? share(mount->used_bytes, ram_bytes) : bytes;
	row->seconds = forecast->mount ? forecast->mount(forecast->context, mount) : NAN;
	if (inodes > bytes && inodes > 0.5) {
		row->inodes = true;
		row->used = mount->used_inodes;
		row->limit = mount->limit_inodes;
		row->share = inodes;
		row->seconds = NAN;
	}
	return true;
}

static bool of_cgroup(const struct snapshot_cgroup *cgroup, uint64_t ram_bytes, const struct metrics_forecast *forecast,
		      struct page_limit *row)
{
	uint64_t limit = cgroup->high_bytes < cgroup->limit_bytes ? cgroup->high_bytes : cgroup->limit_bytes;

	/* a limit above the machine's memory is never the one that is hit */
	if (!is_known(limit) || !is_known(cgroup->usage_bytes) || limit > ram_bytes)
		return false;
	*row = (struct page_limit){ .cgroup = cgroup, .used = cgroup->usage_bytes, .limit = limit };
	if (is_known(cgroup->reclaimable_bytes))
		row->reclaimable_bytes = cgroup->reclaimable_bytes < row->used ? cgroup->reclaimable_bytes : row->used;
	row->share = share(row->used - row->reclaimable_bytes, limit);
	row->seconds = forecast->cgroup ? forecast->cgroup(forecast->context, cgroup) : NAN;
	return true;
}

static bool comes_before(const struct page_limit *a, const struct page_limit *b)
{
	if (isnan(a->seconds) != isnan(b->seconds))
		return isnan(b->seconds);
	if (!isnan(a->seconds) && a->seconds != b->seconds)
		return a->seconds < b->seconds;
	return a->share > b->share;
}

/* One superblock is seen in many mount namespaces: the root's row stands for it. */
static bool is_kept_already(struct page_limit *kept, size_t count, const struct page_limit *row)
{
	for (size_t i = 0; row->mount && i < count; i++) {
		if (!kept[i].mount || page_rows__device(kept[i].mount) != page_rows__device(row->mount))
			continue;
		if (row->mount->root_namespace && !kept[i].mount->root_namespace)
			kept[i].mount = row->mount;
		return true;
	}
	return false;
}

static size_t keep(struct page_limit *kept, size_t count, size_t most, const struct page_limit *row)
{
	size_t at = count;

	if (is_kept_already(kept, count, row))
		return count;
	while (at > 0 && comes_before(row, &kept[at - 1]))
		at--;
	if (at >= most)
		return count;
	if (count < most)
		count++;
	memmove(&kept[at + 1], &kept[at], (count - 1 - at) * sizeof(*kept));
	kept[at] = *row;
	return count;
}

size_t page_rows__limits(const struct snapshot *snapshot, const struct metrics_forecast *forecast,
			 struct page_limit *out, size_t most)
{
	uint64_t ram_bytes = snapshot->system.total_bytes;
	struct page_limit row;
	size_t count = 0;

	for (size_t i = 0; i < snapshot->mount_count; i++)
		if (of_mount(&snapshot->mounts[i], ram_bytes, forecast, &row))
			count = keep(out, count, most, &row);
	for (size_t i = 0; i < snapshot->cgroup_count; i++)
		if (of_cgroup(&snapshot->cgroups[i], ram_bytes, forecast, &row))
			count = keep(out, count, most, &row);
	return count;
}

/* ---- the largest ---- */

static uint64_t known(uint64_t bytes)
{
	return is_known(bytes) ? bytes : 0;
}

static uint64_t size_of(const struct snapshot_process *process)
{
	uint64_t own = process->shares_memory ? 0 : known(process->anon_bytes) + known(process->swap_bytes);

	return own + known(process->tmpfs_bytes);
}

size_t page_rows__processes(const struct snapshot *snapshot, const struct snapshot_process **out, size_t most)
{
	size_t count = 0;

	for (size_t i = 0; i < snapshot->process_count; i++) {
		const struct snapshot_process *process = &snapshot->processes[i];
		uint64_t size = size_of(process);
		size_t at = count;

		while (at > 0 && size > size_of(out[at - 1]))
			at--;
		if (!size || at >= most)
			continue;
		count += count < most;
		memmove(&out[at + 1], &out[at], (count - 1 - at) * sizeof(*out));
		out[at] = process;
	}
	return count;
}

size_t page_rows__groups(const struct snapshot *snapshot, const struct snapshot_cgroup **out, size_t most)
{
	size_t count = 0;

	for (size_t i = 0; i < snapshot->cgroup_count; i++) {
		const struct snapshot_cgroup *cgroup = &snapshot->cgroups[i];
		size_t at = count;

		if (!is_known(cgroup->usage_bytes) || !cgroup->usage_bytes || !page_rows__group(cgroup))
			continue;
		while (at > 0 && cgroup->usage_bytes > out[at - 1]->usage_bytes)
			at--;
		if (at >= most)
			continue;
		count += count < most;
		memmove(&out[at + 1], &out[at], (count - 1 - at) * sizeof(*out));
		out[at] = cgroup;
	}
	return count;
}
