// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files whose last page went. `run` keeps them listed; more than a hundred of one
 * folder become one row with their count and, where it is common, their size.
 */
#include "model_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GONE_ONE_BY_ONE 100
#define GONE_GROUPS 4096
#define GONE_SIZES 8 /* sizes of a folder's files that are told apart */

struct gone_file {
	char *path; /* within the filesystem */
	struct seen_name name; /* as people see it; made at the first reading after */
	uint32_t dev, flags;
	uint64_t ino, peak_pages, added, removed;
	struct owner_key owner;
	char comm[COMM_LENGTH];
};

struct gone_group {
	char *folder; /* the key: device and path within the filesystem */
	char *seen;   /* as people see it */
	UT_hash_handle hh;
	struct gone_file *files; /* the first hundred */
	uint64_t count;
	struct gone_size {
		uint64_t each_pages; /* at their peak; ABSENT: of other sizes than those */
		uint64_t count, peak_pages, added, removed;
	} sizes[GONE_SIZES];
	size_t size_count;
};

static void free_file(struct gone_file *file)
{
	free(file->path);
	free(file->name.full);
	free(file->name.mount);
}

static void free_group(struct gone_group *group)
{
	for (uint64_t i = 0; i < group->count && i < GONE_ONE_BY_ONE; i++)
		free_file(&group->files[i]);
	free(group->files);
	free(group->folder);
	free(group->seen);
	free(group);
}

void model__free_gone(struct model *model)
{
	struct gone_group *group, *next;

	HASH_ITER(hh, model->gone, group, next) {
		HASH_DEL(model->gone, group);
		free_group(group);
	}
}

static struct gone_group *group_of(struct model *model, uint32_t dev, const char *path)
{
	const char *slash = strrchr(path, '/');
	char key[PATH_ROOM + 16];
	size_t length;
	struct gone_group *group;

	length = (size_t)snprintf(key, sizeof(key), "%u:%.*s", dev, slash ? (int)(slash - path) : 0,
				  path);
	if (length >= sizeof(key))
		return NULL;
	HASH_FIND(hh, model->gone, key, length, group);
	if (group || HASH_COUNT(model->gone) >= GONE_GROUPS)
		return group;
	group = calloc(1, sizeof(*group));
	if (!group || !(group->folder = strdup(key)) ||
	    !(group->files = calloc(GONE_ONE_BY_ONE, sizeof(*group->files)))) {
		if (group)
			free(group->folder);
		free(group);
		model->failed = true;
		return NULL;
	}
	HASH_ADD_KEYPTR(hh, model->gone, group->folder, length, group);
	return group;
}

static struct gone_size *size_of(struct gone_group *group, uint64_t pages)
{
	size_t i = 0;

	while (i < group->size_count && group->sizes[i].each_pages != pages)
		i++;
	if (i == group->size_count && i < GONE_SIZES) {
		group->sizes[i].each_pages = i == GONE_SIZES - 1 ? ABSENT : pages;
		group->size_count++;
	}
	return &group->sizes[i < GONE_SIZES ? i : GONE_SIZES - 1];
}

static void keep(struct model *model, const struct record_file_gone *record, const char *path)
{
	struct gone_group *group = group_of(model, record->dev, path);
	struct gone_size *size;
	struct gone_file *file;

	if (!group)
		return;
	size = size_of(group, record->peak);
	size->count++;
	size->peak_pages += record->peak;
	size->added += record->added;
	size->removed += record->removed;
	if (group->count++ >= GONE_ONE_BY_ONE)
		return;
	file = &group->files[group->count - 1];
	file->path = strdup(path);
	file->dev = record->dev;
	file->flags = record->flags;
	file->ino = record->ino;
	file->peak_pages = record->peak;
	file->added = record->added;
	file->removed = record->removed;
	file->owner.start_ns = record->owner_start_ns;
	file->owner.pid = record->owner_pid;
	memcpy(file->comm, record->owner_comm, COMM_LENGTH);
}

static void complete(const struct reading *reading, struct gone_file *file)
{
	if (!file->name.full && file->path)
		model__seen_name(reading, file->dev, file->flags, file->path, &file->name);
}

static void fill_row(struct model *model, struct snapshot_file *row, const struct gone_file *file)
{
	row->path = file->name.full ? file->name.full : "";
	row->mount = file->name.mount;
	row->namespace_id = file->name.namespace_id;
	row->major = dev_major(file->dev);
	row->minor = dev_minor(file->dev);
	row->kind = file->name.kind;
	row->swap_bytes = 0;
	row->size_bytes = ABSENT;
	row->rate = NO_RATE;
	row->deleted = file->flags & FILE_DELETED;
	row->gone = true;
	row->shared = file->flags & FILE_SHARED;
	row->bytes_each = ABSENT;
	row->owners = (void *)(uintptr_t)model->owner_rows.count;
	if (file->owner.pid) {
		struct snapshot_owner *owner = rows__add(model, &model->owner_rows, sizeof(*owner));
		const struct process *process =
		    model__process(model, file->owner.start_ns, file->owner.pid, false);

		if (!owner)
			return;
		owner->pid = file->owner.pid;
		owner->start_ns = file->owner.start_ns;
		owner->start_time_ns = model__realtime(model, file->owner.start_ns);
		owner->comm = file->comm;
		owner->exited = !process || process->exited;
		row->owner_count = 1;
	}
}

static void size_row(struct model *model, struct gone_group *group, const struct gone_size *size)
{
	struct snapshot_file *row = rows__add(model, &model->file_rows, sizeof(*row));
	const char *slash;

	if (!row)
		return;
	fill_row(model, row, &group->files[0]);
	slash = strrchr(row->path, '/');
	if (!group->seen)
		group->seen = slash ? strndup(row->path, (size_t)(slash - row->path))
				    : strdup(row->path);
	row->path = group->seen;
	row->ino = 0;
	row->count = size->count;
	row->bytes_each =
	    is_known(size->each_pages) ? pages_to_bytes(model, size->each_pages) : ABSENT;
	row->peak_bytes = pages_to_bytes(model, size->peak_pages);
	row->added_bytes = pages_to_bytes(model, size->added);
	row->removed_bytes = pages_to_bytes(model, size->removed);
}

void model__gone_rows(struct model *model, const struct reading *reading)
{
	struct gone_group *group;

	for (group = model->gone; group; group = group->hh.next) {
		for (uint64_t i = 0; i < group->count && i < GONE_ONE_BY_ONE; i++)
			complete(reading, &group->files[i]);
		if (group->count > GONE_ONE_BY_ONE) {
			for (size_t i = 0; i < group->size_count; i++)
				size_row(model, group, &group->sizes[i]);
			continue;
		}
		for (uint64_t i = 0; i < group->count; i++) {
			struct snapshot_file *row = rows__add(model, &model->file_rows, sizeof(*row));

			if (!row)
				return;
			fill_row(model, row, &group->files[i]);
			row->ino = group->files[i].ino;
			row->count = 1;
			row->peak_bytes = pages_to_bytes(model, group->files[i].peak_pages);
			row->added_bytes = pages_to_bytes(model, group->files[i].added);
			row->removed_bytes = pages_to_bytes(model, group->files[i].removed);
		}
	}
}

void model__file_gone(struct model *model, const struct record_file_gone *record)
{
	struct file_state *state = model__file(model, record->index, record->birth_ns);

	if (!state)
		return;
	if (model->settings.keep_gone && record->owner_flags & PROCESS_FOLLOWED)
		keep(model, record, state->path ? state->path : "");
	model__tell_gone(model, record, state);
}
