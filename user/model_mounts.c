// SPDX-License-Identifier: GPL-2.0-only
/* Mount rows: the kernel's own figures, and how much of them has an owner. */
#include "model_private.h"

#include <stdlib.h>
#include <string.h>

struct mount_state *model__mount(struct model *model, uint32_t dev)
{
	struct mount_state *state;

	HASH_FIND(hh, model->mounts, &dev, sizeof(dev), state);
	if (state)
		return state;
	state = calloc(1, sizeof(*state));
	if (!state) {
		model->failed = true;
		return NULL;
	}
	state->dev = dev;
	HASH_ADD(hh, model->mounts, dev, sizeof(dev), state);
	return state;
}

void model__note_mounts(struct model *model, const struct reading *reading)
{
	struct mount_state *state;

	for (state = model->mounts; state; state = state->hh.next)
		state->mounted = false;
	for (size_t i = 0; i < reading->mount_count; i++) {
		const struct reading_mount *in = &reading->mounts[i];

		state = model__mount(model, in->major << 20 | in->minor);
		if (!state)
			return;
		state->mounted = true;
		if (state->path && strcmp(state->path, in->path) == 0)
			continue;
		free(state->path);
		state->path = strdup(in->path);
		model->failed |= !state->path;
	}
	for (state = model->mounts; state; state = state->hh.next) {
		if (state->mounted)
			continue;
		free(state->path);
		state->path = NULL;
	}
}

const char *model__mount_path(const struct model *model, uint32_t dev)
{
	struct mount_state *state;

	HASH_FIND(hh, model->mounts, &dev, sizeof(dev), state);
	return state ? state->path : NULL;
}

const char *model__mount_container(const struct model *model, uint32_t dev)
{
	const struct cgroup_state *cgroup;
	struct mount_state *state;

	HASH_FIND(hh, model->mounts, &dev, sizeof(dev), state);
	cgroup = state ? model__cgroup(model, state->namespace_cgroup) : NULL;
	return cgroup && cgroup->in ? cgroup->in->shown : NULL;
}

static void free_mount(struct model *model, struct mount_state *state)
{
	HASH_DEL(model->mounts, state);
	free(state->path);
	free(state);
}

void model__free_mounts(struct model *model)
{
	struct mount_state *state, *next;

	HASH_ITER (hh, model->mounts, state, next)
		free_mount(model, state);
}

static int by_pid(const void *pid, const void *row)
{
	uint32_t wanted = *(const uint32_t *)pid, have = ((const struct task_row *)row)->process.pid;

	return (wanted > have) - (wanted < have);
}

/* Whose namespace: that of a process in it. The rows come in the order of pids. */
static void find_whose(struct model *model, const struct reading *reading, const struct reading_mount *in,
		       struct mount_state *state, struct snapshot_mount *row)
{
	const struct cgroup_state *cgroup;
	const struct task_row *task = NULL;

	if (in->root_namespace) {
		state->namespace_cgroup = 0;
		return;
	}
	if (state->namespace_id != in->namespace_id)
		state->namespace_cgroup = 0;
	if (in->pid)
		task = bsearch(&in->pid, reading->tasks, reading->task_count, sizeof(*task), by_pid);
	if (task)
		state->namespace_cgroup = task->process.cgroup;
	state->namespace_id = in->namespace_id;
	cgroup = model__cgroup(model, state->namespace_cgroup);
	row->in = cgroup ? cgroup->in : NULL;
	row->container = row->in ? row->in->shown : NULL;
	row->unit = cgroup && !row->in ? cgroup->unit : NULL;
}

/* umounted and mounted between two readings, it may be another one with the same device number */
static void know_superblock(struct mount_state *state, uint64_t superblock)
{
	if (superblock && state->superblock && superblock != state->superblock) {
		state->peak = 0;
		state->has_last = false;
		state->namespace_id = state->namespace_cgroup = 0;
	}
	if (superblock)
		state->superblock = superblock;
}

void model__mount_rows(struct model *model, const struct reading *reading)
{
	struct mount_state *state, *next;

	for (size_t i = 0; i < reading->mount_count; i++) {
		const struct reading_mount *in = &reading->mounts[i];
		struct snapshot_mount *row = rows__add(model, &model->mount_rows, sizeof(*row));

		state = model__mount(model, in->major << 20 | in->minor);
		if (!state || !row)
			return;
		know_superblock(state, in->superblock);
		row->path = in->path;
		row->major = in->major;
		row->minor = in->minor;
		row->namespace_id = in->namespace_id;
		row->root_namespace = in->root_namespace;
		find_whose(model, reading, in, state, row);
		state->owned += in->other_owned;
		state->booked += in->other_pages;
		/* a mount without a size limit has no figure of its own: its files add up */
		row->used_bytes = in->used_bytes.has ? in->used_bytes.value : pages_to_bytes(model, state->booked);
		row->limit_bytes = in->limit_bytes.has ? in->limit_bytes.value : ABSENT;
		row->used_inodes = in->used_inodes.has ? in->used_inodes.value : ABSENT;
		row->limit_inodes = in->limit_inodes.has ? in->limit_inodes.value : ABSENT;
		row->file_count = state->files;
		row->unattributed_bytes = ABSENT;
		if (reading->tracing) {
			uint64_t owned = pages_to_bytes(model, state->owned);

			row->unattributed_bytes = row->used_bytes > owned ? row->used_bytes - owned : 0;
		}
		if (row->used_bytes > state->peak)
			state->peak = row->used_bytes;
		if (in->peak_bytes > state->peak)
			state->peak = in->peak_bytes;
		row->peak_bytes = state->peak;
		row->used_rate = model__rate(model, state->has_last, row->used_bytes, state->last_used, reading);
		state->last_used = row->used_bytes;
		state->has_last = state->seen = true;
	}
	/* umounted: the device number may come again as another mount's */
	HASH_ITER (hh, model->mounts, state, next) {
		if (!state->seen && !state->files)
			free_mount(model, state);
	}
}
