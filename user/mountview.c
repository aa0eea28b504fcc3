// SPDX-License-Identifier: GPL-2.0-only
/*
 * Questions to all mount namespaces at once: which tmpfs there are, what path people see. It must
 * never give out a path that leads somewhere else without saying so (hidden, visible).
 */
#include "mounts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "container.h"

void mounts__free_view(struct mount_view *view)
{
	for (size_t i = 0; i < view->count; i++)
		mounts__free(&view->spaces[i].table);
	free(view->spaces);
	memset(view, 0, sizeof(*view));
}

static bool is_tmpfs(const struct mount_entry *entry)
{
	return strcmp(entry->fstype, "tmpfs") == 0 || strcmp(entry->fstype, "devtmpfs") == 0;
}

/* what a runtime mounted for a container: the container's own path says more */
static bool is_backing(const struct mount_entry *entry)
{
	return is_tmpfs(entry) && container__is_folder_of(entry->mount_point);
}

struct place {
	size_t space;
	const struct mount_entry *entry;
	bool backing;
};

struct tmpfs_found {
	uint64_t dev; /* major above minor */
	struct place shown, reach;
	UT_hash_handle hh;
};

static bool is_whole(const struct mount_entry *entry)
{
	return strcmp(entry->root, "/") == 0;
}

/* Namespaces come root first, so that an earlier one is the better one. */
static bool is_better(const struct place *old, const struct place *new)
{
	if (new->entry->visible != old->entry->visible)
		return new->entry->visible;
	if (new->space != old->space)
		return new->space < old->space;
	if (is_whole(new->entry) != is_whole(old->entry))
		return is_whole(new->entry);
	return strlen(new->entry->mount_point) < strlen(old->entry->mount_point);
}

static bool is_better_shown(const struct place *old, const struct place *new)
{
	if (new->entry->visible == old->entry->visible &&new->backing != old->backing)
		return old->backing;
	return is_better(old, new);
}

static int offer(struct tmpfs_found **found, size_t space, const struct mount_entry *entry)
{
	const struct place place = { space, entry, is_backing(entry) };
	uint64_t dev = (uint64_t)entry->major << 32 | entry->minor;
	struct tmpfs_found *old;

	HASH_FIND(hh, *found, &dev, sizeof(dev), old);
	if (old) {
		if (is_better(&old->reach, &place))
			old->reach = place;
		if (is_better_shown(&old->shown, &place))
			old->shown = place;
		return 0;
	}
	old = calloc(1, sizeof(*old));
	if (old == NULL)
		return -ENOMEM;
	old->dev = dev;
	old->reach = old->shown = place;
	HASH_ADD(hh, *found, dev, sizeof(old->dev), old);
	return 0;
}

static struct tmpfs_mount describe(const struct mount_view *view, const struct tmpfs_found *found)
{
	const struct place *shown = &found->shown;
	const struct mount_ns *space = &view->spaces[shown->space], *reach = &view->spaces[found->reach.space];
	struct tmpfs_mount mount = {
		.major = shown->entry->major,
		.minor = shown->entry->minor,
		.path = shown->entry->mount_point,
		.root = shown->entry->root,
		.fstype = shown->entry->fstype,
		.options = shown->entry->super_options,
		.ns_id = space->id,
		.ns_pid = space->pid,
		.in_root_ns = view->has_root && shown->space == 0,
		.visible = shown->entry->visible,
		.backing = shown->backing,
		.reach_path = found->reach.entry->mount_point,
		.reach_pid = reach->pid,
	};

	memcpy(mount.reach_others, reach->others, sizeof(mount.reach_others));
	return mount;
}

int mounts__tmpfs(const struct mount_view *view, struct tmpfs_mount **out, size_t *count)
{
	struct tmpfs_found *found = NULL, *one, *next;
	int err = 0;

	*out = NULL;
	*count = 0;
	for (size_t s = 0; s < view->count && !err; s++) {
		const struct mount_table *table = &view->spaces[s].table;

		for (size_t i = 0; i < table->count && !err; i++)
			if (is_tmpfs(&table->entries[i]))
				err = offer(&found, s, &table->entries[i]);
	}
	if (!err && found) {
		*out = calloc(HASH_COUNT(found), sizeof(**out));
		if (*out == NULL)
			err = -ENOMEM;
	}
	HASH_ITER (hh, found, one, next) {
		if (!err)
			(*out)[(*count)++] = describe(view, one);
		HASH_DEL(found, one);
		free(one);
	}
	return err;
}

const char *mounts__below(const char *path, const char *prefix)
{
	size_t len = strlen(prefix);

	while (len && prefix[len - 1] == '/')
		len--;
	if (strncmp(path, prefix, len) != 0 || (path[len] != '\0' && path[len] != '/'))
		return NULL;
	return strcmp(path + len, "/") == 0 ? path + len + 1 : path + len;
}

int mounts__join(const char *mount_point, const char *rest, char *dst, size_t cap)
{
	const char *base = strcmp(mount_point, "/") == 0 && rest[0] ? "" : mount_point;
	int len = snprintf(dst, cap, "%s%s", base, rest);

	if (len < 0 || (size_t)len >= cap) {
		dst[0] = '\0';
		return -ENAMETOOLONG;
	}
	return 0;
}

struct candidate {
	const struct mount_ns *space;
	const struct mount_entry *entry;
	const char *rest;
	bool hidden, backing;
};

static bool is_better_path(const struct candidate *old, const struct candidate *new)
{
	size_t old_root, new_root;

	if (old->entry == NULL)
		return true;
	if (old->hidden != new->hidden)
		return old->hidden;
	if (old->backing != new->backing)
		return old->backing;
	if (old->space != new->space)
		return false;
	old_root = strlen(old->entry->root);
	new_root = strlen(new->entry->root);
	if (old_root != new_root)
		return new_root > old_root;
	return strlen(new->entry->mount_point) < strlen(old->entry->mount_point);
}

/* Whether the seen path is covered: by a mount over the mount point, or between it and the file. */
static int judge(const struct mount_ns *space, const struct mount_entry *entry, const char *rest, struct candidate *out,
		 char *path, size_t cap)
{
	int err = mounts__join(entry->mount_point, rest, path, cap);

	if (err)
		return err;
	*out = (struct candidate){
		.space = space,
		.entry = entry,
		.rest = rest,
		.hidden = !entry->visible || mounts__covered(&space->table, entry, path),
		.backing = is_backing(entry),
	};
	return 0;
}

static int best_in(const struct mount_ns *space, unsigned major, unsigned minor, const char *path,
		   struct candidate *best)
{
	char seen[PATH_MAX];
	int err = -ENOENT;

	for (size_t i = 0; i < space->table.count; i++) {
		const struct mount_entry *entry = &space->table.entries[i];
		struct candidate one;
		const char *rest;

		if (entry->major != major || entry->minor != minor)
			continue;
		rest = mounts__below(path, entry->root);
		if (rest == NULL)
			continue;
		if (judge(space, entry, rest, &one, seen, sizeof(seen))) {
			err = -ENAMETOOLONG;
			continue;
		}
		if (is_better_path(best, &one))
			*best = one;
	}
	return best->entry ? 0 : err;
}

int mounts__path(const struct mount_view *view, unsigned major, unsigned minor, const char *path,
		 struct mount_path *out)
{
	struct candidate best = { 0 };
	int err = -ENOENT;

	out->path[0] = '\0';
	for (size_t s = 0; s < view->count; s++) {
		int got = best_in(&view->spaces[s], major, minor, path, &best);

		if (err == -ENOENT || got == 0)
			err = got;
		if (got == 0 && !best.hidden && !best.backing)
			break;
	}
	if (best.entry == NULL)
		return err;
	out->ns_id = best.space->id;
	out->ns_pid = best.space->pid;
	out->in_root_ns = view->has_root && best.space == &view->spaces[0];
	out->hidden = best.hidden;
	return mounts__join(best.entry->mount_point, best.rest, out->path, sizeof(out->path));
}
