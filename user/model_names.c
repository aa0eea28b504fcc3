// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names of files: what the kernel side told (the path inside the filesystem), made
 * into what people see with the mounts of that moment.
 */
#include "model_private.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decode.h"

#define FILE_SLOTS_MOST (1U << 20)
#define MOUNT_ROOM 16 /* bytes */

/* zeroed as far as it is new; NULL without memory, the old one stays then */
static void *grow(struct model *model, void *old, uint32_t slots, size_t size)
{
	char *grown = realloc(old, slots * size);

	if (grown)
		memset(grown + model->file_slots * size, 0, (slots - model->file_slots) * size);
	else
		model->failed = true;
	return grown;
}

static int grow_files(struct model *model, uint32_t slots)
{
	bool has_pasts = model->settings.page_events || model->settings.keep_gone;
	struct file_state *files;
	struct file_past *pasts;

	if (slots <= model->file_slots)
		return 0;
	if (slots > FILE_SLOTS_MOST)
		return -EINVAL; /* an odd record */
	slots = slots < 1024 ? 1024 : slots + slots / 8;
	files = grow(model, model->files, slots, sizeof(*files));
	if (!files)
		return -ENOMEM;
	model->files = files;
	pasts = has_pasts ? grow(model, model->pasts, slots, sizeof(*pasts)) : NULL;
	if (has_pasts && !pasts)
		return -ENOMEM;
	model->pasts = pasts;
	model->file_slots = slots;
	return 0;
}

void model__free_names(struct model *model, struct file_state *state)
{
	if (!state->inside)
		free(state->path);
	model__retire(model, state->full);
	state->path = state->full = NULL;
	state->inside = false;
}

/* a path waits for its mount in a block that has room for most mounts' paths */
static char *path_block(const char *path, size_t length)
{
	char *block = malloc(length + 1 + MOUNT_ROOM);

	if (block)
		memcpy(block, path, length + 1);
	return block;
}

/* most often the path is the end of what people see: then both are one string, in the path's block if it fits */
static void set_full(struct model *model, struct file_state *state, char *full)
{
	size_t length = state->path ? strlen(state->path) : 0, whole = full ? strlen(full) : 0;
	bool inside = length && whole >= length && strcmp(full + whole - length, state->path) == 0;
	char *path = inside ? full + whole - length : state->path;

	if (inside && !state->inside && malloc_usable_size(state->path) > whole) {
		memcpy(state->path, full, whole + 1);
		free(full);
		full = state->path;
		path = full + whole - length;
	} else if (inside && !state->inside) {
		free(state->path);
	} else if (!inside && state->inside && state->path) {
		path = path_block(state->path, length);
		model->failed |= !path;
	}
	free(state->full);
	state->full = full;
	state->path = path;
	state->inside = inside;
}

/* the state of a slot's present use; a former use is forgotten */
struct file_state *model__file(struct model *model, uint32_t index, uint64_t birth_ns)
{
	struct file_state *state;

	if (index >= FILE_SLOTS_MOST || grow_files(model, index + 1))
		return NULL;
	state = &model->files[index];
	if (state->birth_ns != birth_ns) {
		model__free_names(model, state);
		model__forget_past(model, model__past(model, state));
		memset(state, 0, sizeof(*state));
		state->birth_ns = birth_ns;
	}
	return state;
}

int model__name_file(struct model *model, const struct record_file *record)
{
	struct file_state *state;
	char path[PATH_ROOM];
	int length;

	state = model__file(model, record->index, record->birth_ns);
	if (!state)
		return model->failed ? -ENOMEM : 0;
	length = decode__path(record->path, record->path_length, record->path_flags, path, sizeof(path));
	/* an inode whose dentry was dropped, by an unlink or to save memory: its name was right */
	if (length <= 0 && state->path)
		return 0;
	model__free_names(model, state);
	state->path = length > 0 ? path_block(path, (size_t)length) : NULL;
	state->view_generation = 0;
	return 0;
}

const char *model__mapped_path(const struct record_map *record, char *out, size_t size)
{
	/* one component only: the kernel side has no room for more */
	if (decode__path(record->path, record->path_length, 0, out, size) < 0)
		return NULL;
	return out[0] == '/' ? out + 1 : out;
}

static enum file_kind kind_of(uint32_t flags, const char *path, bool mounted)
{
	if (!(flags & FILE_TMPFS))
		return FILE_KIND_FILE;
	if (mounted)
		return FILE_KIND_TMPFS;
	if (strncmp(path, "/memfd:", 7) == 0)
		return FILE_KIND_MEMFD;
	if (strncmp(path, "/SYSV", 5) == 0)
		return FILE_KIND_SYSV;
	if (strcmp(path, "/dev/zero") == 0 || strcmp(path, "/zero") == 0)
		return FILE_KIND_SHARED_ANON;
	return FILE_KIND_TMPFS;
}

static const struct reading_mount *mount_of(const struct reading *reading, uint32_t dev)
{
	for (size_t i = 0; i < reading->mount_count; i++) {
		const struct reading_mount *mount = &reading->mounts[i];

		if (mount->major == dev_major(dev) && mount->minor == dev_minor(dev))
			return mount;
	}
	return NULL;
}

/*
 * The name that people see: the mount's path and the path in it, through an overlay that shows the file. That is looked
 * at when the name is made: of a file that a layer above hides later the name leads to another file, or to none, until
 * the mounts are read anew.
 */
void model__seen_name(const struct reading *reading, uint32_t dev, uint32_t flags, const char *path,
		      struct seen_name *name)
{
	const struct reading_mount *mount = mount_of(reading, dev);
	struct mount_path seen, over;

	memset(name, 0, sizeof(*name));
	if (flags & FILE_BLOCK) {
		char text[64];

		snprintf(text, sizeof(text), "block device %u:%u", dev_major(dev), dev_minor(dev));
		name->full = strdup(text);
		return;
	}
	if (reading->view && path[0] == '/' &&
	    mounts__path(reading->view, dev_major(dev), dev_minor(dev), path, &seen) == 0) {
		if (reading->overlays && !(flags & FILE_TMPFS && mount) &&
		    overlay__path(reading->view, reading->overlays, seen.path, &over) == 0)
			seen = over;
		name->full = strdup(seen.path);
		name->namespace_id = seen.in_root_ns ? 0 : seen.ns_id;
		name->kind = kind_of(flags, path, true);
		return;
	}
	name->kind = kind_of(flags, path, mount != NULL);
	/* not mounted anywhere: memfd:name, SYSV0000…, or a filesystem of the kernel's own */
	name->full = strdup(name->kind >= FILE_KIND_MEMFD && path[0] == '/' ? path + 1 : path);
}

void model__complete_name(struct model *model, const struct reading *reading, uint32_t index)
{
	const struct file_slot *slot = &reading->files[index];
	struct file_state *state = &model->files[index];
	struct seen_name name;

	if (state->full && state->view_generation == (uint32_t)reading->view_generation)
		return;
	model__seen_name(reading, slot->dev, slot->flags, state->path ? state->path : "", &name);
	set_full(model, state, name.full);
	state->namespace_id = name.namespace_id;
	state->kind = (uint8_t)name.kind;
	state->view_generation = (uint32_t)reading->view_generation;
}
