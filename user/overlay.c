// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which overlay a file in a layer is seen through. Layers of thousands of containers are indexed
 * once, sorted, so that one look-up costs the depth of the path, not the number of mounts.
 */
#include "overlay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LAYERS_FIRST 32

struct overlay_layer {
	char *dir; /* owned; no '/' at its end */
	size_t space;
	const struct mount_entry *entry;
	const char *above; /* of a lower layer: the upper one's directory, NULL without one */
	bool upper;
};

struct builder {
	struct overlay_index *index;
	size_t cap;
	overlay_resolve_fn resolve;
	void *context;
	size_t space;
	const struct mount_entry *entry;
};

static int add(struct builder *b, const char *dir, bool upper)
{
	struct overlay_index *index = b->index;
	char real[PATH_MAX];
	size_t len;

	if (b->resolve && b->resolve(b->context, dir, real, sizeof(real)) == 0)
		dir = real;
	if (dir[0] != '/')
		return 0;
	if (index->count == b->cap) {
		size_t wanted = b->cap ? b->cap * 2 : LAYERS_FIRST;
		struct overlay_layer *grown = reallocarray(index->layers, wanted, sizeof(*grown));

		if (grown == NULL)
			return -ENOMEM;
		index->layers = grown;
		b->cap = wanted;
	}
	for (len = strlen(dir); len > 1 && dir[len - 1] == '/'; len--)
		;
	dir = strndup(dir, len);
	if (dir == NULL)
		return -ENOMEM;
	index->layers[index->count++] = (struct overlay_layer){
		.dir = (char *)(uintptr_t)dir,
		.space = b->space,
		.entry = b->entry,
		.upper = upper,
	};
	return 0;
}

/* Takes one layer off a colon-separated list, undoing '\'; false at the end. */
static bool take_layer(const char **rest, char *dst)
{
	const char *p = *rest;

	if (*p == '\0')
		return false;
	for (; *p && *p != ':'; p++) {
		if (*p == '\\' && p[1])
			p++;
		*dst++ = *p;
	}
	*dst = '\0';
	*rest = *p ? p + 1 : p;
	return true;
}

static int add_list(struct builder *b, const char *list)
{
	char *dir = malloc(strlen(list) + 1);
	int err = 0;

	if (dir == NULL)
		return -ENOMEM;
	while (!err && take_layer(&list, dir))
		err = add(b, dir, false); /* "" between "::" is not absolute and falls through */
	free(dir);
	return err;
}

static int add_option(struct builder *b, struct parse_span key, struct parse_span value)
{
	bool upper = parse__equals(key, "upperdir");
	bool list = parse__equals(key, "lowerdir");
	char *text;
	int err = 0;

	if (value.p == NULL || !(upper || list || parse__equals(key, "lowerdir+") || parse__equals(key, "datadir+")))
		return 0;
	text = malloc(value.len + 1);
	if (text == NULL)
		return -ENOMEM;
	if (mounts__decode(value, text, value.len + 1) == 0)
		err = list ? add_list(b, text) : add(b, text, upper);
	free(text);
	return err;
}

static int add_mount(struct builder *b)
{
	const char *options = b->entry->super_options;
	struct parse_span rest = { options, strlen(options) }, key, value;
	size_t first = b->index->count;
	const char *above = NULL;
	int err = 0;

	while (!err && mounts__next_option(&rest, &key, &value))
		err = add_option(b, key, value);
	for (size_t i = first; i < b->index->count; i++)
		above = b->index->layers[i].upper ? b->index->layers[i].dir : above;
	for (size_t i = first; i < b->index->count; i++)
		b->index->layers[i].above = b->index->layers[i].upper ? NULL : above;
	return err;
}

/* By directory; among equals the one to be taken comes first. */
static int order_layers(const void *a, const void *b)
{
	const struct overlay_layer *x = a, *y = b;
	int order = strcmp(x->dir, y->dir);

	if (order)
		return order;
	if (x->upper != y->upper)
		return x->upper ? -1 : 1;
	if (x->entry->visible != y->entry->visible)
		return x->entry->visible ? -1 : 1;
	if (x->space != y->space)
		return x->space < y->space ? -1 : 1;
	return (x->entry->id > y->entry->id) - (x->entry->id < y->entry->id);
}

int overlay__index(const struct mount_view *view, overlay_resolve_fn resolve, void *context, struct overlay_index *out)
{
	struct builder b = { .index = out, .resolve = resolve, .context = context };
	int err = 0;

	memset(out, 0, sizeof(*out));
	for (b.space = 0; b.space < view->count && !err; b.space++) {
		const struct mount_table *table = &view->spaces[b.space].table;

		for (size_t i = 0; i < table->count && !err; i++) {
			b.entry = &table->entries[i];
			if (strcmp(b.entry->fstype, "overlay") == 0)
				err = add_mount(&b);
		}
	}
	if (err) {
		overlay__free(out);
		return err;
	}
	if (out->count)
		qsort(out->layers, out->count, sizeof(*out->layers), order_layers);
	return 0;
}

void overlay__free(struct overlay_index *index)
{
	for (size_t i = 0; i < index->count; i++)
		free(index->layers[i].dir);
	free(index->layers);
	memset(index, 0, sizeof(*index));
}

/* The first layer whose directory is the first len bytes of path. */
static const struct overlay_layer *find(const struct overlay_index *index, const char *path, size_t len)
{
	size_t low = 0, high = index->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const char *dir = index->layers[middle].dir;
		int order = strncmp(dir, path, len);

		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	/* Equal for len bytes and the shortest of those: either it ends there, or none does. */
	if (low == index->count || strncmp(index->layers[low].dir, path, len) != 0 ||
	    index->layers[low].dir[len] != '\0')
		return NULL;
	return &index->layers[low];
}

/* What is left of a path after a component is cut off its end; 0 when nothing is. */
static size_t parent_length(const char *path, size_t len)
{
	while (len && path[len - 1] != '/')
		len--;
	while (len && path[len - 1] == '/')
		len--;
	return len;
}

static bool looks(const struct overlay_index *index, pid_t pid, const char *dir, const char *rest, struct stat *status,
		  int *err)
{
	char path[PATH_MAX];

	*err = mounts__join(dir, rest, path, sizeof(path));
	if (!*err)
		*err = index->look(index->look_context, pid, path, status);
	return *err == 0;
}

/* what has a size and no blocks has its owner or mode copied up, its data are still the lower file's (metacopy) */
static bool has_data(const struct stat *status)
{
	return !S_ISREG(status->st_mode) || !status->st_size || status->st_blocks;
}

/* rest: what follows the layer's directory in the file's path */
static bool is_shown(const struct mount_view *view, const struct overlay_index *index,
		     const struct overlay_layer *layer, const char *rest, const struct mount_path *seen)
{
	pid_t here = view->spaces[0].pid;
	struct stat own, status;
	int err;

	if (!index->look || layer->upper)
		return true;
	if (layer->above && looks(index, here, layer->above, rest, &status, &err) && has_data(&status))
		return false;
	/* a mount over it leads elsewhere, even to a server that does not answer */
	if (seen->hidden)
		return true;
	if (!looks(index, seen->ns_pid, seen->path, "", &status, &err))
		return err != -ENOENT && err != -ENOTDIR;
	return !looks(index, here, layer->dir, rest, &own, &err) || (uint32_t)own.st_ino == (uint32_t)status.st_ino;
}

static int path_through(const struct mount_view *view, const struct overlay_index *index,
			const struct overlay_layer *layer, const char *rest, struct mount_path *out)
{
	const struct mount_ns *space = &view->spaces[layer->space];
	/* A bind mount of a part of the overlay shows only what lies in that part. */
	const char *inside = mounts__below(rest[0] ? rest : "/", layer->entry->root);
	int err;

	if (inside == NULL)
		return -ENOENT;
	err = mounts__join(layer->entry->mount_point, inside, out->path, sizeof(out->path));
	if (err)
		return err;
	out->ns_id = space->id;
	out->ns_pid = space->pid;
	out->in_root_ns = view->has_root && layer->space == 0;
	out->hidden = !layer->entry->visible || mounts__covered(&space->table, layer->entry, out->path);
	return is_shown(view, index, layer, rest, out) ? 0 : -ENOENT;
}

int overlay__path(const struct mount_view *view, const struct overlay_index *index, const char *real_path,
		  struct mount_path *out)
{
	const struct overlay_layer *end;

	out->path[0] = '\0';
	if (!index->count)
		return -ENOENT;
	end = index->layers + index->count;
	for (size_t len = strlen(real_path); len; len = parent_length(real_path, len)) {
		const struct overlay_layer *first = find(index, real_path, len), *layer;

		for (layer = first; layer && layer < end && strcmp(layer->dir, first->dir) == 0; layer++) {
			int err = path_through(view, index, layer, real_path + len, out);

			if (err != -ENOENT)
				return err;
		}
	}
	out->path[0] = '\0';
	return -ENOENT;
}
