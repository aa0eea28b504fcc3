// SPDX-License-Identifier: GPL-2.0-only
/* Rows of files that are gone: one by one, or a folder's by their size. */
#include "model_gone.h"

#include <stdlib.h>
#include <string.h>

static void add_owner(struct model *model, struct snapshot_file *row, const struct gone_owner *owner)
{
	struct snapshot_owner *to;
	const struct process *process;

	if (!owner->key.pid)
		return;
	to = rows__add(model, &model->owner_rows, sizeof(*to));
	if (!to)
		return;
	process = model__process(model, owner->key.start_ns, owner->key.pid, false);
	to->pid = owner->key.pid;
	to->start_ns = owner->key.start_ns;
	to->start_time_ns = model__realtime(model, owner->key.start_ns);
	to->comm = owner->comm;
	to->exited = !process || process->exited;
	row->owner_count++;
}

static void make_name(const struct model *model, const struct reading *reading, uint32_t dev, uint32_t flags,
		      const char *path, struct gone_name *name)
{
	const char *mount = model__mount_path(model, dev);

	model__seen_name(reading, dev, flags, path, &name->seen);
	name->mount = mount ? strdup(mount) : NULL;
}

static struct snapshot_file *add_row(struct model *model, const struct gone_name *name, uint32_t dev)
{
	struct snapshot_file *row = rows__add(model, &model->file_rows, sizeof(*row));

	if (!row)
		return NULL;
	row->path = name->seen.full ? name->seen.full : "";
	row->mount = name->mount;
	row->namespace_id = name->seen.namespace_id;
	row->kind = name->seen.kind;
	row->major = dev_major(dev);
	row->minor = dev_minor(dev);
	row->size_bytes = ABSENT;
	row->bytes_each = ABSENT;
	row->rate = NO_RATE;
	row->gone = true;
	row->owners = (void *)(uintptr_t)model->owner_rows.count;
	return row;
}

static void file_row(struct model *model, const struct reading *reading, struct gone_file *file)
{
	uint32_t dev = (uint32_t)file->key.dev;
	struct snapshot_file *row;

	if (!file->name.seen.full)
		make_name(model, reading, dev, file->flags, file->path, &file->name);
	row = add_row(model, &file->name, dev);
	if (!row)
		return;
	row->ino = file->key.ino;
	row->count = 1;
	row->deleted = file->flags & FILE_DELETED;
	row->shared = file->flags & FILE_SHARED;
	row->peak_bytes = pages_to_bytes(model, file->peak_pages);
	row->added_bytes = pages_to_bytes(model, file->added);
	row->removed_bytes = pages_to_bytes(model, file->removed);
	add_owner(model, row, &file->owner);
}

static int by_pages(const void *a, const void *b)
{
	const struct gone_owner *left = a, *right = b;

	return (left->pages < right->pages) - (left->pages > right->pages);
}

static void size_row(struct model *model, struct gone_group *group, struct gone_size *size)
{
	struct snapshot_file *row = add_row(model, &group->name, group->dev);

	if (!row)
		return;
	row->path = group->seen;
	row->other = group->other;
	row->count = size->count;
	row->deleted = !size->named;
	row->bytes_each = is_known(size->each_pages) ? pages_to_bytes(model, size->each_pages) : ABSENT;
	row->peak_bytes = pages_to_bytes(model, size->peak_pages);
	row->added_bytes = pages_to_bytes(model, size->added);
	row->removed_bytes = pages_to_bytes(model, size->removed);
	qsort(size->owners, size->owner_count, sizeof(*size->owners), by_pages);
	for (size_t i = 0; i < size->owner_count; i++)
		add_owner(model, row, &size->owners[i]);
}

static void name_group(const struct model *model, const struct reading *reading, struct gone_group *group)
{
	const char *full, *slash;

	if (group->seen)
		return;
	if (group->other) {
		group->seen = strdup("other files");
		return;
	}
	make_name(model, reading, group->dev, group->flags, group->sample, &group->name);
	full = group->name.seen.full ? group->name.seen.full : "";
	slash = strrchr(full, '/');
	group->seen = slash ? strndup(full, (size_t)(slash - full)) : strdup(full);
}

/* the only file of its size among so many, if it is one of the listed */
static struct gone_file *only_one(const struct gone_group *group, const struct gone_size *size)
{
	if (size->count != 1)
		return NULL;
	for (size_t i = 0; i < group->listed; i++)
		if (&group->sizes[gone_group__size(group, group->files[i]->peak_pages)] == size)
			return group->files[i];
	return NULL;
}

static void group_rows(struct model *model, const struct reading *reading, struct gone_group *group)
{
	name_group(model, reading, group);
	for (size_t i = 0; i < group->size_count; i++) {
		struct gone_size *size = &group->sizes[i];
		struct gone_file *only = only_one(group, size);

		if (only)
			file_row(model, reading, only);
		else if (size->count)
			size_row(model, group, size);
	}
}

void model__gone_rows(struct model *model, const struct reading *reading)
{
	struct gone_group *group;

	for (group = model->gone; group; group = group->hh.next) {
		if (group->count > group->listed || group->count > GONE_ONE_BY_ONE) {
			group_rows(model, reading, group);
			continue;
		}
		for (size_t i = 0; i < group->listed; i++)
			file_row(model, reading, group->files[i]);
	}
}
