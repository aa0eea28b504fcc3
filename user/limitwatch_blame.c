// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who it is, at once: out of the kernel side's tables and the task iterator as they
 * are now, not out of the last reading. Of a shared file each owner has its shares.
 */
#include "limitwatch_private.h"

#include <stdio.h>
#include <stdlib.h>

#include "shares.h"

struct books {
	struct limitwatch *limits;
	const struct file_slot *files;
	const struct owner_slot *owners;
	uint32_t file_slots, owner_slots;
	struct pair_row *pairs; /* by file; read when the first shared file is met */
	size_t pair_count;
	bool has_pairs;
};

/* what one owner has of one file */
struct part {
	uint32_t file;
	const struct file_slot *slot;
	const struct owner_slot *owner;
	uint64_t bytes, swap_bytes;
	bool is_first; /* its first owner */
};

typedef void (*take_fn)(struct limitwatch *limits, const struct part *part, const void *context);

/* the first pair of this use of the slot; without pairs the shares of all but the first owner are nobody's */
static size_t first_pair(struct books *books, uint32_t file, uint64_t birth_ns)
{
	size_t capacity = 0;

	if (!books->has_pairs) {
		int n = tracer__pairs(books->limits->tracer, &books->pairs, &capacity);

		books->has_pairs = true;
		books->pair_count = n > 0 ? (size_t)n : 0;
		shares__sort(books->pairs, books->pair_count);
	}
	return shares__first(books->pairs, books->pair_count, file, birth_ns);
}

static bool is_pair_of(const struct books *books, size_t pair, uint32_t file)
{
	return pair < books->pair_count && books->pairs[pair].key.file == file &&
	       books->pairs[pair].key.birth_ns == books->files[file].birth_ns;
}

static void take_part(const struct books *books, uint32_t file, uint32_t owner, double share, take_fn take,
		      const void *context)
{
	const struct file_slot *slot = &books->files[file];
	struct part part = { .file = file, .slot = slot };

	if (owner < OWNER_FIRST || owner >= books->owner_slots || !books->owners[owner].start_ns)
		return;
	part.owner = &books->owners[owner];
	part.is_first = owner == slot->owner;
	if (slot__pages(slot) > 0)
		part.bytes = shares__at_most((double)slot__pages(slot) * share + 0.5, (uint64_t)slot__pages(slot)) *
			     books->limits->page_bytes;
	part.swap_bytes =
		shares__at_most((double)slot->swapped * share + 0.5, slot->swapped) * books->limits->page_bytes;
	take(books->limits, &part, context);
}

static void take_file(struct books *books, uint32_t file, take_fn take, const void *context)
{
	const struct file_slot *slot = &books->files[file];
	uint64_t total = slot->shares;
	size_t first;

	if (!(slot->flags & FILE_SHARED)) {
		take_part(books, file, slot->owner, 1, take, context);
		return;
	}
	first = first_pair(books, file, slot->birth_ns);
	for (size_t i = first; is_pair_of(books, i, file); i++)
		total += shares__of_pair(slot, &books->pairs[i].pair);
	/* shares that no pair had room for are nobody's */
	if (total < slot->total_shares)
		total = slot->total_shares;
	if (!total)
		return;
	take_part(books, file, slot->owner, (double)slot->shares / (double)total, take, context);
	for (size_t i = first; is_pair_of(books, i, file); i++)
		take_part(books, file, books->pairs[i].key.owner,
			  (double)shares__of_pair(slot, &books->pairs[i].pair) / (double)total, take, context);
}

/* one without a page counts as a file as long as it has a name, or something in swap */
static bool is_there(const struct file_slot *slot)
{
	return slot->mapping && slot->flags & FILE_TMPFS &&
	       (slot__pages(slot) > 0 || slot->swapped || !(slot->flags & FILE_DELETED));
}

/* what it has of files that found no slot: of which mount they are is not known here */
static void take_rest(struct books *books, const struct owner_slot *owner, take_fn take, const void *context)
{
	static const struct file_slot no_slot;
	struct part part = { .slot = &no_slot, .owner = owner };

	part.bytes = (uint64_t)owner->other_tmpfs * books->limits->page_bytes;
	take(books->limits, &part, context);
}

/* every owner's part of every tmpfs file */
static void each_part(struct limitwatch *limits, take_fn take, const void *context)
{
	struct books books = { .limits = limits };

	books.files = tracer__files(limits->tracer, &books.file_slots);
	books.owners = tracer__owners(limits->tracer, &books.owner_slots);
	for (uint32_t i = 1; i < books.file_slots; i++) {
		if (is_there(&books.files[i]))
			take_file(&books, i, take, context);
	}
	for (uint32_t i = OWNER_FIRST; i < books.owner_slots; i++) {
		if (books.owners[i].start_ns && books.owners[i].other_tmpfs > 0)
			take_rest(&books, &books.owners[i], take, context);
	}
	free(books.pairs);
}

static void fill_owner(const struct limitwatch *limits, struct share *share, const struct owner_slot *owner)
{
	/* it may have another name than when it brought its first page in */
	const char *comm = model__comm_of(limits->model, owner->pid, owner->start_ns);

	share->pid = owner->pid;
	share->start_ns = owner->start_ns;
	share->comm = comm ? comm : owner->comm;
	share->exited = owner->exit_ns != 0;
}

static const char *path_of(struct limitwatch *limits, uint32_t file, const struct file_slot *slot, const char *mount)
{
	bool whole = false;
	const char *path = model__path_of(limits->model, file, slot->birth_ns, &whole);

	if (!path || whole)
		return path;
	snprintf(limits->path, sizeof(limits->path), "%s%s", mount, path);
	return limits->path;
}

struct mount_wanted {
	uint32_t dev;
	const char *path;
};

static void take_of_mount(struct limitwatch *limits, const struct part *part, const void *context)
{
	const struct mount_wanted *mount = context;
	struct share share = { .file = true,
			       .files = limits->blame.of != BLAME_INODES || part->is_first,
			       .bytes = part->bytes,
			       .swap_bytes = part->swap_bytes };

	fill_owner(limits, &share, part->owner);
	model__cgroup_of(limits->model, part->owner->cgroup, &share.container);
	share.deleted = part->slot->flags & FILE_DELETED;
	share.elsewhere = part->slot->dev != mount->dev;
	share.path = share.elsewhere ? NULL : path_of(limits, part->file, part->slot, mount->path);
	blame__add(&limits->blame, &share);
}

void limitwatch__blame_mount(struct limitwatch *limits, uint32_t dev, const char *mount, enum blame_of of)
{
	struct mount_wanted wanted = { dev, mount };

	blame__begin(&limits->blame, of);
	each_part(limits, take_of_mount, &wanted);
}

struct cgroup_wanted {
	uint64_t id;
	const char *path;
};

/* its path may not be known yet: then it is in the cgroup itself or nowhere */
static bool is_within(uint64_t cgroup, const char *path, const struct cgroup_wanted *wanted)
{
	if (!wanted->id || cgroup == wanted->id)
		return true;
	return path && wanted->path && limitwatch__is_below(path, wanted->path);
}

/* what a process brought into tmpfs and is still there */
static void take_of_cgroup(struct limitwatch *limits, const struct part *part, const void *context)
{
	struct share share = { .bytes = part->bytes };
	const char *path = model__cgroup_of(limits->model, part->owner->cgroup, &share.container);

	if (!is_within(part->owner->cgroup, path, context))
		return;
	fill_owner(limits, &share, part->owner);
	blame__add(&limits->blame, &share);
}

void limitwatch__blame_tasks(struct limitwatch *limits, uint64_t id, const char *above)
{
	struct cgroup_wanted wanted = { id, above };
	const struct task_row *rows;
	int n = collector__tasks(limits->collector, &rows);

	blame__begin(&limits->blame, BLAME_MEMORY);
	for (int i = 0; i < n; i++) {
		const struct task_row *row = &rows[i];
		struct share share = { .pid = row->process.pid,
				       .start_ns = row->process.start_ns,
				       .comm = row->process.comm,
				       .bytes = row->anon_pages * limits->page_bytes };
		const char *path = model__cgroup_of(limits->model, row->process.cgroup, &share.container);

		if (is_within(row->process.cgroup, path, &wanted))
			blame__add(&limits->blame, &share);
	}
	each_part(limits, take_of_cgroup, &wanted);
}
