// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files whose last page went. `run` keeps them listed; more than a hundred of one
 * folder become one row a size. A file that still had a name may come back: then its
 * past is joined to its present, so that it is listed once.
 */
#include "model_gone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
		length = sizeof(key) - 1;
	HASH_FIND(hh, model->gone, key, length, group);
	if (!group && HASH_COUNT(model->gone) >= GONE_GROUPS) {
		length = (size_t)snprintf(key, sizeof(key), GONE_OTHER);
		HASH_FIND(hh, model->gone, key, length, group);
	}
	if (group)
		return group;
	group = new_group(model, key, path);
	if (!group)
		return NULL;
	group->other = strcmp(key, GONE_OTHER) == 0;
	group->dev = group->other ? 0 : record->dev;
	group->flags = record->flags;
	HASH_ADD_KEYPTR(hh, model->gone, group->folder, length, group);
	return group;
}

static struct gone_size *size_of(struct gone_group *group, uint64_t pages)
{
	size_t i = gone_group__size(group, pages);

	if (i == group->size_count) {
		group->sizes[i].each_pages = group->other || i == GONE_SIZES - 1 ? ABSENT : pages;
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
	if (!group->other && group->listed < (first ? GONE_LISTED_MOST : GONE_ONE_BY_ONE)) {
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

/* what was gone and came back: no more of those that are gone. NULL: none */
static struct gone_file *take_past(struct model *model, uint64_t ino, uint32_t dev, const char *path)
{
	const struct gone_key key = { ino, dev };
	struct gone_file *file;

	HASH_FIND(hh, model->gone_named, &key, sizeof(key), file);
	/* another path: renamed since, or the number is another file's now */
	if (!file || strcmp(file->path, path) != 0)
		return NULL;
	HASH_DEL(model->gone_named, file);
	unlist(file);
	count_out(file->group, file);
	return file;
}

static const char *path_of(const struct file_state *state)
{
	return state->path ? state->path : "";
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
	struct file_past *past = model__past(model, state);
	uint64_t peak;

	if (!past)
		return;
	if (!past->gone && model->gone_named && is_of_followed(model, of))
		past->gone = take_past(model, slot->ino, slot->dev, path_of(state));
	if (!past->gone)
		return;
	peak = pages_to_bytes(model, past->gone->peak_pages);
	row->peak_bytes = peak > row->peak_bytes ? peak : row->peak_bytes;
	row->added_bytes += pages_to_bytes(model, past->gone->added);
	row->removed_bytes += pages_to_bytes(model, past->gone->removed);
}

void model__keep_gone(struct model *model, const struct record_file_gone *record, const char *path,
		      const struct process *follower)
{
	struct gone_file *past = take_past(model, record->ino, record->dev, path);
	struct record_file_gone of_follower = *record;

	of_follower.owner_start_ns = follower->key.start_ns;
	of_follower.owner_pid = follower->key.pid;
	memcpy(of_follower.owner_comm, follower->comm, COMM_LENGTH);
	keep(model, &of_follower, path, past);
	retire_file(model, past);
}

static void keep_known(struct model *model, const struct record_file_gone *record, const char *path,
		       struct file_past *past)
{
	const struct owner_key *key = &past->follower;
	const struct process *follower = key->start_ns ? model__process(model, key->start_ns, key->pid, false) : NULL;

	if (record->owner_flags & PROCESS_FOLLOWED || past->gone) {
		if (!past->gone)
			past->gone = take_past(model, record->ino, record->dev, path);
		keep(model, record, path, past->gone);
		retire_file(model, past->gone);
		past->gone = NULL;
	} else if (follower) {
		model__keep_gone(model, record, path, follower);
	} else {
		model__doubt_gone(model, record, path);
	}
}

void model__file_gone(struct model *model, const struct record_file_gone *record)
{
	struct file_state *state = model__file(model, record->index, record->birth_ns);

	if (!state)
		return;
	if (model->settings.keep_gone)
		keep_known(model, record, path_of(state), model__past(model, state));
	model__tell_gone(model, record, state);
}
