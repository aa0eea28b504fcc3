// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who it is, at once: out of the kernel side's tables and the task iterator as they
 * are now, not out of the last reading. Of a shared file the first owner is named.
 */
#include "limitwatch_private.h"

#include <stdio.h>

static const char *path_of(struct limitwatch *limits, uint32_t file, const struct file_slot *slot, const char *mount)
{
	bool whole = false;
	const char *path = model__path_of(limits->model, file, slot->birth_ns, &whole);

	if (!path || whole)
		return path;
	snprintf(limits->path, sizeof(limits->path), "%s%s", mount, path);
	return limits->path;
}

void limitwatch__blame_mount(struct limitwatch *limits, uint32_t dev, const char *mount)
{
	uint32_t slots, owner_slots;
	const struct file_slot *files = tracer__files(limits->tracer, &slots);
	const struct owner_slot *owners = tracer__owners(limits->tracer, &owner_slots);

	blame__begin(&limits->blame);
	for (uint32_t i = 1; i < slots; i++) {
		const struct file_slot *slot = &files[i];
		const struct owner_slot *owner;
		struct share share = { .file = true, .files = 1 };
		const char *container;

		if (!slot->mapping || !(slot->flags & FILE_TMPFS) || slot__pages(slot) <= 0 ||
		    slot->owner < OWNER_FIRST || slot->owner >= owner_slots)
			continue;
		owner = &owners[slot->owner];
		if (!owner->start_ns)
			continue;
		model__cgroup_of(limits->model, owner->cgroup, &container);
		share.pid = owner->pid;
		share.start_ns = owner->start_ns;
		share.comm = owner->comm;
		share.container = container;
		share.exited = owner->exit_ns != 0;
		share.deleted = slot->flags & FILE_DELETED;
		share.bytes = (uint64_t)slot__pages(slot) * limits->page_bytes;
		share.elsewhere = slot->dev != dev;
		share.path = share.elsewhere ? NULL : path_of(limits, i, slot, mount);
		blame__add(&limits->blame, &share);
	}
}

/* its path may not be known yet: then it is in the cgroup itself or nowhere */
static bool is_within(uint64_t cgroup, const char *path, uint64_t id, const char *above)
{
	if (!id || cgroup == id)
		return true;
	return path && above && limitwatch__is_below(path, above);
}

/* what a process brought into tmpfs and is still there */
static void add_tmpfs(struct limitwatch *limits, uint64_t id, const char *above)
{
	uint32_t slots, owner_slots;
	const struct file_slot *files = tracer__files(limits->tracer, &slots);
	const struct owner_slot *owners = tracer__owners(limits->tracer, &owner_slots);

	for (uint32_t i = 1; i < slots; i++) {
		const struct file_slot *slot = &files[i];
		const struct owner_slot *owner;
		struct share share = { 0 };
		const char *path;

		if (!slot->mapping || !(slot->flags & FILE_TMPFS) || slot__pages(slot) <= 0 ||
		    slot->owner < OWNER_FIRST || slot->owner >= owner_slots)
			continue;
		owner = &owners[slot->owner];
		path = model__cgroup_of(limits->model, owner->cgroup, &share.container);
		if (!owner->start_ns || !is_within(owner->cgroup, path, id, above))
			continue;
		share.pid = owner->pid;
		share.start_ns = owner->start_ns;
		share.comm = owner->comm;
		share.exited = owner->exit_ns != 0;
		share.bytes = (uint64_t)slot__pages(slot) * limits->page_bytes;
		blame__add(&limits->blame, &share);
	}
}

void limitwatch__blame_tasks(struct limitwatch *limits, uint64_t id, const char *above)
{
	const struct task_row *rows;
	int n = collector__tasks(limits->collector, &rows);

	blame__begin(&limits->blame);
	for (int i = 0; i < n; i++) {
		const struct task_row *row = &rows[i];
		struct share share = { .pid = row->process.pid,
				       .start_ns = row->process.start_ns,
				       .comm = row->process.comm,
				       .bytes = row->anon_pages * limits->page_bytes };
		const char *path = model__cgroup_of(limits->model, row->process.cgroup, &share.container);

		if (is_within(row->process.cgroup, path, id, above))
			blame__add(&limits->blame, &share);
	}
	add_tmpfs(limits, id, above);
}
