// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files whose last page went. `run` keeps them listed; more than a hundred of one
 * folder become one row a size. A file that still had a name may come back: then its
 * past is joined to its present, so that it is listed once.
 */
#include "model_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GONE_ONE_BY_ONE 100
#define GONE_GROUPS 4096
#define GONE_SIZES 8                                    /* sizes of a folder's files that are told apart */
#define GONE_OWNERS 4                                   /* of the files of one size */
#define GONE_LISTED_MOST (GONE_ONE_BY_ONE + GONE_SIZES) /* and the first of each size */
#define GONE_KNOWN_MOST 16384                           /* with a name, beyond the hundred: more are not known again */

struct gone_owner {
	struct owner_key key;
	char comm[COMM_LENGTH];
	uint64_t pages; /* that its files had at their peak */
};

/* as people see it, and the mount, which may be gone when it is told */
struct gone_name {
	struct seen_name seen;
	char *mount;
};

struct gone_file {
	struct gone_key {
		uint64_t ino, dev;
	} key;
	UT_hash_handle hh; /* of those that may come back */
	struct gone_group *group;
	char *path;            /* within the filesystem */
	struct gone_name name; /* made at the first reading after */
	uint32_t flags;
	uint64_t peak_pages, added, removed;
	struct gone_owner owner;
};

/* the files of one size in a folder */
struct gone_size {
	uint64_t each_pages;                               /* at their peak; ABSENT: of other sizes than those */
	uint64_t count, named, peak_pages, added, removed; /* named: not deleted */
	struct gone_owner owners[GONE_OWNERS];
	size_t owner_count;
};

struct gone_group {
	char *folder;          /* the key: device and path within the filesystem */
	char *sample;          /* path of one of its files */
	char *seen;            /* the folder as people see it */
	struct gone_name name; /* of the sample */
	UT_hash_handle hh;
	uint32_t dev, flags;
	struct gone_file *files[GONE_LISTED_MOST];
	size_t listed;
	uint64_t count; /* listed or not */
	struct gone_size sizes[GONE_SIZES];
	size_t size_count;
};

static void free_name(struct gone_name *name)
{
	free(name->seen.full);
	free(name->mount);
}

static void free_file(struct gone_file *file)
{
	if (!file)
		return;
	free_name(&file->name);
	free(file->path);
	free(file);
}

/* one that was read has a row in the last snapshot */
static void retire_file(struct model *model, struct gone_file *file)
{
	if (!file || !file->name.seen.full) {
		free_file(file);
		return;
	}
	model__retire(model, file->name.seen.full);
	model__retire(model, file->name.mount);
	free(file->path);
	model__retire(model, file);
}

static void free_group(struct gone_group *group)
{
	for (size_t i = 0; i < group->listed; i++)
		free_file(group->files[i]);
	free_name(&group->name);
	free(group->folder);
	free(group->sample);
	free(group->seen);
	free(group);
}

static bool is_listed(const struct gone_file *file)
{
	const struct gone_group *group = file->group;
	size_t i = 0;

	while (i < group->listed && group->files[i] != file)
		i++;
	return i < group->listed;
}

void model__free_gone(struct model *model)
{
	struct gone_group *group, *next;
	struct gone_file *file, *after;

	HASH_ITER (hh, model->gone_named, file, after) {
		HASH_DEL(model->gone_named, file);
		if (!is_listed(file))
			free_file(file);
	}
	HASH_ITER (hh, model->gone, group, next) {
		HASH_DEL(model->gone, group);
		free_group(group);
	}
}

void model__forget_past(struct model *model, struct file_past *past)
{
	if (!past)
		return;
	retire_file(model, past->gone);
	memset(past, 0, sizeof(*past));
}

/* ---- keeping ---- */

static struct gone_group *new_group(struct model *model, const char *key, const char *path)
{
	struct gone_group *group = calloc(1, sizeof(*group));

	if (group && (group->folder = strdup(key)) && (group->sample = strdup(path)))
		return group;
	if (group)
		free_group(group);
	model->failed = true;
	return NULL;
}

static struct gone_group *group_of(struct model *model, const struct record_file_gone *record, const char *path)
{
	const char *slash = strrchr(path, '/');
	char key[PATH_ROOM + 16];
	size_t length;
	struct gone_group *group;

	length = (size_t)snprintf(key, sizeof(key), "%u:%.*s", record->dev, slash ? (int)(slash - path) : 0, path);
	if (length >= sizeof(key))
		return NULL;
	HASH_FIND(hh, model->gone, key, length, group);
	if (group || HASH_COUNT(model->gone) >= GONE_GROUPS)
		return group;
	group = new_group(model, key, path);
	if (!group)
		return NULL;
	group->dev = record->dev;
	group->flags = record->flags;
	HASH_ADD_KEYPTR(hh, model->gone, group->folder, length, group);
	return group;
}

/* the place of files of that many pages: the last one is for all that found none */
static size_t find_size(const struct gone_group *group, uint64_t pages)
{
	size_t i = 0;

	while (i < group->size_count && group->sizes[i].each_pages != pages)
		i++;
	return i < GONE_SIZES ? i : GONE_SIZES - 1;
}

static struct gone_size *size_of(struct gone_group *group, uint64_t pages)
{
	size_t i = find_size(group, pages);

	if (i == group->size_count) {
		group->sizes[i].each_pages = i == GONE_SIZES - 1 ? ABSENT : pages;
		group->size_count++;
	}
	return &group->sizes[i];
}

static bool is_same(const struct gone_owner *a, const struct gone_owner *b)
{
	return a->key.pid == b->key.pid && a->key.start_ns == b->key.start_ns;
}

static void count_owner(struct gone_size *size, const struct gone_owner *owner)
{
	size_t i = 0;

	if (!owner->key.pid)
		return;
	while (i < size->owner_count && !is_same(&size->owners[i], owner))
		i++;
	if (i == GONE_OWNERS)
		return;
	if (i == size->owner_count)
		size->owners[size->owner_count++] = (struct gone_owner){ .key = owner->key };
	memcpy(size->owners[i].comm, owner->comm, COMM_LENGTH);
	size->owners[i].pages += owner->pages;
}

/* returns how many there are of its size now */
static uint64_t count_in(struct gone_group *group, const struct gone_file *file)
{
	struct gone_size *size = size_of(group, file->peak_pages);

	group->count++;
	size->count++;
	size->named += !(file->flags & FILE_DELETED);
	size->peak_pages += file->peak_pages;
	size->added += file->added;
	size->removed += file->removed;
	count_owner(size, &file->owner);
	return size->count;
}

static void count_out(struct gone_group *group, const struct gone_file *file)
{
	struct gone_size *size = size_of(group, file->peak_pages);

	group->count--;
	size->count--;
	size->named -= !(file->flags & FILE_DELETED);
	size->peak_pages -= file->peak_pages;
	size->added -= file->added;
	size->removed -= file->removed;
}

static struct gone_file *new_file(struct model *model, const struct record_file_gone *record, const char *path,
				  const struct gone_file *past)
{
	struct gone_file *file = calloc(1, sizeof(*file));

	if (!file || !(file->path = strdup(path))) {
		free(file);
		model->failed = true;
		return NULL;
	}
	file->key = (struct gone_key){ record->ino, record->dev };
	file->flags = record->flags;
	file->peak_pages = past && past->peak_pages > record->peak ? past->peak_pages : record->peak;
	file->added = record->added + (past ? past->added : 0);
	file->removed = record->removed + (past ? past->removed : 0);
	file->owner.key.start_ns = record->owner_start_ns;
	file->owner.key.pid = record->owner_pid;
	file->owner.pages = file->peak_pages;
	memcpy(file->owner.comm, record->owner_comm, COMM_LENGTH);
	return file;
}

static void keep(struct model *model, const struct record_file_gone *record, const char *path,
		 const struct gone_file *past)
{
	struct gone_group *group = group_of(model, record, path);
	struct gone_file *file = group ? new_file(model, record, path, past) : NULL;
	bool named = !(record->flags & FILE_DELETED), first;

	if (!file)
		return;
	file->group = group;
	first = count_in(group, file) == 1;
	if (group->listed < (first ? GONE_LISTED_MOST : GONE_ONE_BY_ONE)) {
		group->files[group->listed++] = file;
	} else if (!named || HASH_COUNT(model->gone_named) >= GONE_KNOWN_MOST) {
		free_file(file);
		return;
	}
	if (named)
		HASH_ADD(hh, model->gone_named, key, sizeof(file->key), file);
}

/* ---- coming back ---- */

static void unlist(struct gone_file *file)
{
	struct gone_group *group = file->group;

	for (size_t i = 0; i < group->listed; i++) {
		if (group->files[i] != file)
			continue;
		group->files[i] = group->files[--group->listed];
		return;
	}
}

static void take_past(struct model *model, uint64_t ino, uint32_t dev, struct file_state *state)
{
	const struct gone_key key = { ino, dev };
	struct gone_file *file;

	HASH_FIND(hh, model->gone_named, &key, sizeof(key), file);
	/* another path: renamed since, or the number is another file's now */
	if (!file || strcmp(file->path, state->path ? state->path : "") != 0)
		return;
	HASH_DEL(model->gone_named, file);
	unlist(file);
	count_out(file->group, file);
	model__past(model, state)->gone = file;
}

static bool is_of_followed(const struct model *model, const struct owners_of_file *of)
{
	for (size_t i = 0; i < of->count; i++) {
		const struct process *process = model__owner(model, of->parts[i].owner);

		if (of->parts[i].pages && process && process->flags & PROCESS_FOLLOWED)
			return true;
	}
	return false;
}

void model__join_gone(struct model *model, const struct file_slot *slot, struct file_state *state,
		      const struct owners_of_file *of, struct snapshot_file *row)
{
	const struct file_past *past = model__past(model, state);
	uint64_t peak;

	if (!past)
		return;
	if (!past->gone && model->gone_named && is_of_followed(model, of))
		take_past(model, slot->ino, slot->dev, state);
	if (!past->gone)
		return;
	peak = pages_to_bytes(model, past->gone->peak_pages);
	row->peak_bytes = peak > row->peak_bytes ? peak : row->peak_bytes;
	row->added_bytes += pages_to_bytes(model, past->gone->added);
	row->removed_bytes += pages_to_bytes(model, past->gone->removed);
}

void model__file_gone(struct model *model, const struct record_file_gone *record)
{
	struct file_state *state = model__file(model, record->index, record->birth_ns);
	bool followed = record->owner_flags & PROCESS_FOLLOWED;
	struct file_past *past;

	if (!state)
		return;
	past = model__past(model, state);
	if (model->settings.keep_gone && (followed || past->gone)) {
		if (!past->gone)
			take_past(model, record->ino, record->dev, state);
		keep(model, record, state->path ? state->path : "", past->gone);
		retire_file(model, past->gone);
		past->gone = NULL;
	}
	model__tell_gone(model, record, state);
}

/* ---- rows ---- */

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
		if (&group->sizes[find_size(group, group->files[i]->peak_pages)] == size)
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
