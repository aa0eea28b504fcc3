// SPDX-License-Identifier: GPL-2.0-only
/*
 * The books, read: every slot becomes a file row with its owners, and adds to its
 * owners, its mount and the garbage. Bytes of a file are what its inode holds
 * (nrpages); the owners' parts are brought to that sum, to the page.
 */
#include "model_private.h"

#include <stdlib.h>
#include <string.h>

#define OWNER_GRACE_NS 2000000000ULL /* an exited owner's slot is not reused at once */

/* one owner of the file at hand */
struct part {
	uint32_t owner;
	uint64_t shares, added, pages;
	double rest;
};

#define MOST_PARTS 1024

struct owners_of_file {
	struct part parts[MOST_PARTS];
	size_t count;
};

static int by_file(const void *a, const void *b)
{
	const struct pair_row *left = a, *right = b;

	if (left->key.file != right->key.file)
		return left->key.file < right->key.file ? -1 : 1;
	if (left->key.birth_ns != right->key.birth_ns)
		return left->key.birth_ns < right->key.birth_ns ? -1 : 1;
	return (left->key.owner > right->key.owner) - (left->key.owner < right->key.owner);
}

/* the owners' pages add up to `pages`: the largest rests are rounded up */
static void split(struct owners_of_file *of, uint64_t total_shares, uint64_t pages)
{
	uint64_t given = 0;

	for (size_t i = 0; i < of->count; i++) {
		double exact = total_shares ? (double)of->parts[i].shares / (double)total_shares *
						  (double)pages
					    : 0;

		of->parts[i].pages = (uint64_t)exact;
		of->parts[i].rest = exact - (double)of->parts[i].pages;
		given += of->parts[i].pages;
	}
	while (given < pages) {
		size_t best = 0;

		for (size_t i = 1; i < of->count; i++) {
			if (of->parts[i].rest > of->parts[best].rest)
				best = i;
		}
		if (of->parts[best].rest <= 0)
			break;
		of->parts[best].pages++;
		of->parts[best].rest = 0;
		given++;
	}
}

/* the slot's owners into `of`; *pair walks the sorted pairs */
static void find_owners(struct model *model, const struct reading *reading, uint32_t index,
			size_t *pair, struct owners_of_file *of)
{
	const struct file_slot *slot = &reading->files[index];
	uint64_t added = slot->added, total = slot->shares;

	of->count = 1;
	of->parts[0] = (struct part){.owner = slot->owner, .shares = slot->shares};
	for (; *pair < reading->pair_count && reading->pairs[*pair].key.file <= index; ++*pair) {
		const struct pair_row *row = &reading->pairs[*pair];
		uint32_t behind = slot->scale - row->pair.scale;
		uint64_t shares = behind < 8 ? row->pair.shares >> (8 * behind) : 0;

		if (row->key.file != index || row->key.birth_ns != slot->birth_ns ||
		    !(slot->flags & FILE_SHARED)) {
			struct pair_key *key = rows__add(model, &model->garbage_pairs, sizeof(*key));

			if (key)
				*key = row->key;
			continue;
		}
		total += shares;
		added -= row->pair.added < added ? row->pair.added : added;
		if (of->count < MOST_PARTS)
			of->parts[of->count++] =
			    (struct part){.owner = row->key.owner, .shares = shares, .added = row->pair.added};
	}
	of->parts[0].added = added;
	if (!(slot->flags & FILE_SHARED))
		of->parts[0].shares = total = 1;
	/* shares that no pair had room for are nobody's */
	if (slot->flags & FILE_SHARED && slot->total_shares > total)
		total = slot->total_shares;
	split(of, total, slot->nrpages);
}

static struct process *owner_process(const struct model *model, uint32_t index)
{
	return index >= OWNER_FIRST && index < model->owner_slots ? model->owners[index] : NULL;
}

static int by_bytes(const void *a, const void *b)
{
	const struct snapshot_owner *left = a, *right = b;

	if (left->bytes != right->bytes)
		return left->bytes < right->bytes ? 1 : -1;
	return (left->pid > right->pid) - (left->pid < right->pid);
}

/* credits the processes and lists them; returns how many pages have a known owner */
static uint64_t credit(struct model *model, const struct file_slot *slot,
		       const struct owners_of_file *of, size_t *first, size_t *count)
{
	uint64_t known = 0, swap_left = slot->swapped;

	*first = model->owner_rows.count;
	for (size_t i = 0; i < of->count; i++) {
		const struct part *part = &of->parts[i];
		struct process *process = owner_process(model, part->owner);
		uint64_t swapped = of->count == 1 ? swap_left : 0;
		struct snapshot_owner *row;

		if (part->owner < model->owner_slots)
			model->owner_used[part->owner] = 1;
		if (!process)
			continue;
		if (slot->nrpages)
			swapped = (uint64_t)((double)slot->swapped * (double)part->pages /
					     (double)slot->nrpages);
		known += part->pages;
		if (slot->flags & FILE_TMPFS) {
			process->tmpfs += part->pages;
			process->tmpfs_swap += swapped;
		} else {
			process->cache += part->pages;
		}
		if (!part->pages && !swapped)
			continue;
		row = rows__add(model, &model->owner_rows, sizeof(*row));
		if (!row)
			return known;
		row->pid = process->key.pid;
		row->start_ns = process->key.start_ns;
		row->start_time_ns = model__realtime(model, process->key.start_ns);
		row->comm = process->comm;
		row->exited = process->exited;
		row->bytes = pages_to_bytes(model, part->pages);
	}
	*count = model->owner_rows.count - *first;
	if (*count > 1)
		qsort((struct snapshot_owner *)model->owner_rows.data + *first, *count,
		      sizeof(struct snapshot_owner), by_bytes);
	return known;
}

static struct mount_state *mount_state(struct model *model, uint32_t dev)
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

/* what came and went in this interval, told as an event; many small ones become one */
static void tell_pages(struct model *model, const struct reading *reading, uint32_t index,
		       struct process *process, uint64_t added, uint64_t removed)
{
	const struct file_slot *slot = &reading->files[index];
	const struct file_state *state = &model->files[index];
	struct event event = {.boot_ns = reading->boot_ns};

	if (!model->settings.page_events || (!added && !removed))
		return;
	if (process && process->told++ >= model->settings.page_event_files)
		return;
	event.type = slot->flags & FILE_TMPFS ? EVENT_TMPFS : EVENT_CACHE;
	event.pages.path = state->full;
	event.pages.mount = state->mount;
	event.pages.added_bytes = pages_to_bytes(model, added);
	event.pages.removed_bytes = pages_to_bytes(model, removed);
	event.pages.resident_bytes = pages_to_bytes(model, slot->nrpages);
	event.pages.deleted = slot->flags & FILE_DELETED;
	event.pages.count = 1;
	model__emit(model, &event, process);
}

static void file_row(struct model *model, const struct reading *reading, uint32_t index,
		     size_t *pair, struct owners_of_file *of)
{
	const struct file_slot *slot = &reading->files[index];
	struct file_state *state = model__file(model, index, slot->birth_ns);
	struct snapshot_file *row;
	struct mount_state *mount;
	size_t first = 0, count = 0;
	uint64_t known, added, removed;

	if (!state)
		return;
	model__complete_name(model, reading, index);
	find_owners(model, reading, index, pair, of);
	known = credit(model, slot, of, &first, &count);
	mount = mount_state(model, slot->dev);
	row = rows__add(model, &model->file_rows, sizeof(*row));
	if (!mount || !row)
		return;
	mount->owned += known;
	mount->booked += slot->nrpages;
	mount->files++;
	row->path = state->full;
	row->mount = state->mount;
	row->namespace_id = state->namespace_id;
	row->major = dev_major(slot->dev);
	row->minor = dev_minor(slot->dev);
	row->ino = slot->ino;
	row->kind = state->kind;
	row->bytes = pages_to_bytes(model, slot->nrpages);
	row->swap_bytes = pages_to_bytes(model, slot->swapped);
	row->peak_bytes = pages_to_bytes(model, slot->peak > slot->nrpages ? slot->peak : slot->nrpages);
	row->size_bytes = slot->size_bytes;
	row->added_bytes = pages_to_bytes(model, slot->added);
	row->removed_bytes = pages_to_bytes(model, slot->removed);
	row->count = 1;
	row->bytes_each = ABSENT;
	row->deleted = slot->flags & FILE_DELETED;
	row->shared = count > 1 || (slot->flags & FILE_SHARED && of->count > 1);
	row->owner_count = count;
	row->owners = (void *)(uintptr_t)first; /* an index until the array stops growing */
	row->rate = model__rate(model, state->has_last, row->bytes,
				pages_to_bytes(model, state->last_pages), reading);
	added = slot->added - state->last_added;
	removed = slot->removed - state->last_removed;
	tell_pages(model, reading, index, owner_process(model, slot->owner), added, removed);
	state->last_pages = slot->nrpages;
	state->last_added = slot->added;
	state->last_removed = slot->removed;
	state->has_last = true;
}

/* owner slots of the kernel side -> processes, which may have exited long ago */
static void take_owners(struct model *model, const struct reading *reading)
{
	struct process *process;

	for (process = model->processes; process; process = process->hh.next) {
		process->cache = process->tmpfs = process->tmpfs_swap = 0;
		process->told = 0;
		process->has_owner = false;
	}
	if (model->owner_slots < reading->owner_slots) {
		free(model->owners);
		free(model->owner_used);
		model->owners = calloc(reading->owner_slots, sizeof(*model->owners));
		model->owner_used = calloc(reading->owner_slots, 1);
		model->owner_slots = reading->owner_slots;
	}
	if (!model->owners || !model->owner_used) {
		model->owner_slots = 0;
		model->failed = reading->owner_slots != 0;
		return;
	}
	memset(model->owner_used, 0, model->owner_slots);
	memset(model->owners, 0, model->owner_slots * sizeof(*model->owners));
	for (uint32_t i = OWNER_FIRST; i < reading->owner_slots; i++) {
		const struct owner_slot *slot = &reading->owners[i];

		if (!slot->start_ns)
			continue;
		process = model__process(model, slot->start_ns, slot->pid, false);
		if (!process) {
			process = model__process(model, slot->start_ns, slot->pid, true);
			if (!process)
				return;
			memcpy(process->comm, slot->comm, COMM_LENGTH);
			process->comm[COMM_LENGTH - 1] = '\0';
			process->ppid = slot->ppid;
			process->uid = slot->uid;
			process->cgroup = slot->cgroup;
			process->flags = slot->flags;
		}
		if (slot->exit_ns && !process->exited) {
			process->exited = true;
			process->exit_boot_ns = slot->exit_ns;
		}
		process->has_owner = true;
		process->cache_added = slot->cache_added;
		process->tmpfs_added = slot->tmpfs_added;
		model->owners[i] = process;
	}
}

/* files that found no slot: one row a kind, exact by owner */
static void other_files(struct model *model, const struct reading *reading, bool tmpfs)
{
	size_t first = model->owner_rows.count, count;
	struct snapshot_file *row;
	uint64_t pages = 0;

	for (uint32_t i = OWNER_UNKNOWN; i < reading->owner_slots; i++) {
		const struct owner_slot *slot = &reading->owners[i];
		__s64 other = tmpfs ? slot->other_tmpfs : slot->other_cache;
		struct process *process = owner_process(model, i);
		struct snapshot_owner *owner;

		if (other <= 0 || (i >= OWNER_FIRST && !slot->start_ns))
			continue;
		pages += (uint64_t)other;
		model->owner_used[i] = 1;
		if (!process)
			continue;
		if (tmpfs)
			process->tmpfs += (uint64_t)other;
		else
			process->cache += (uint64_t)other;
		owner = rows__add(model, &model->owner_rows, sizeof(*owner));
		if (!owner)
			return;
		owner->pid = process->key.pid;
		owner->start_ns = process->key.start_ns;
		owner->start_time_ns = model__realtime(model, process->key.start_ns);
		owner->comm = process->comm;
		owner->exited = process->exited;
		owner->bytes = pages_to_bytes(model, (uint64_t)other);
	}
	count = model->owner_rows.count - first;
	if (!pages)
		return;
	if (count > 1)
		qsort((struct snapshot_owner *)model->owner_rows.data + first, count,
		      sizeof(struct snapshot_owner), by_bytes);
	row = rows__add(model, &model->file_rows, sizeof(*row));
	if (!row)
		return;
	row->path = "other files";
	row->kind = tmpfs ? FILE_KIND_TMPFS : FILE_KIND_FILE;
	row->bytes = pages_to_bytes(model, pages);
	row->swap_bytes = row->peak_bytes = row->size_bytes = ABSENT;
	row->bytes_each = ABSENT;
	row->rate = NO_RATE;
	row->count = ABSENT;
	row->other = true;
	row->shared = count > 1;
	row->owners = (void *)(uintptr_t)first;
	row->owner_count = count;
}

/* System V segments that no process has attached: no iterator meets them */
static void add_segments(struct model *model, const struct reading *reading)
{
	size_t known = model->file_rows.count;

	for (size_t i = 0; i < reading->segment_count; i++) {
		const struct reading_segment *segment = &reading->segments[i];
		const struct snapshot_file *rows = model->file_rows.data;
		struct snapshot_file *row;
		bool found = false;

		for (size_t j = 0; !found && j < known; j++)
			found = rows[j].kind == FILE_KIND_SYSV && rows[j].ino == (uint64_t)segment->id;
		if (found || !(segment->rss_bytes + segment->swap_bytes))
			continue;
		row = rows__add(model, &model->file_rows, sizeof(*row));
		if (!row)
			return;
		row->path = "SYSV";
		row->kind = FILE_KIND_SYSV;
		row->ino = (uint64_t)segment->id;
		row->bytes = segment->rss_bytes;
		row->swap_bytes = segment->swap_bytes;
		row->peak_bytes = row->bytes;
		row->size_bytes = segment->size_bytes;
		row->count = 1;
		row->bytes_each = ABSENT;
		row->rate = NO_RATE;
		row->minor = 1;
		row->deleted = segment->destroyed;
	}
}

static int by_slot(const void *a, const void *b)
{
	const struct holder_row *left = a, *right = b;

	if (left->file != right->file)
		return left->file < right->file ? -1 : 1;
	return (left->pid > right->pid) - (left->pid < right->pid);
}

/* who has which file open or mapped; rows are sorted by slot, so are the file rows */
static void add_holders(struct model *model, const struct reading *reading,
			const uint32_t *slot_of_row, size_t rows)
{
	struct snapshot_file *files = model->file_rows.data;
	struct holder_row *sorted;
	size_t at = 0;

	for (size_t i = 0; i < model->file_rows.count; i++)
		files[i].holders_known = reading->holders_known;
	if (!reading->holder_count)
		return;
	sorted = malloc(reading->holder_count * sizeof(*sorted));
	if (!sorted) {
		model->failed = true;
		return;
	}
	memcpy(sorted, reading->holders, reading->holder_count * sizeof(*sorted));
	qsort(sorted, reading->holder_count, sizeof(*sorted), by_slot);
	for (size_t i = 0; i < rows; i++) {
		size_t first = model->holder_pids.count;

		while (at < reading->holder_count && sorted[at].file < slot_of_row[i])
			at++;
		for (; at < reading->holder_count && sorted[at].file == slot_of_row[i]; at++) {
			uint32_t *pid;

			if (model->holder_pids.count > first &&
			    ((uint32_t *)model->holder_pids.data)[model->holder_pids.count - 1] ==
				sorted[at].pid)
				continue;
			pid = rows__add(model, &model->holder_pids, sizeof(*pid));
			if (pid)
				*pid = sorted[at].pid;
		}
		files[i].holders = (void *)(uintptr_t)first;
		files[i].holder_count = model->holder_pids.count - first;
	}
	free(sorted);
}

static void mount_rows(struct model *model, const struct reading *reading)
{
	for (size_t i = 0; i < reading->mount_count; i++) {
		const struct reading_mount *in = &reading->mounts[i];
		struct mount_state *state = mount_state(model, in->major << 20 | in->minor);
		struct snapshot_mount *row = rows__add(model, &model->mount_rows, sizeof(*row));

		if (!state || !row)
			return;
		row->path = in->path;
		row->major = in->major;
		row->minor = in->minor;
		row->namespace_id = in->namespace_id;
		row->root_namespace = in->root_namespace;
		/* a mount without a size limit has no figure of its own: its files add up */
		row->used_bytes = in->used_bytes.has ? in->used_bytes.value
						     : pages_to_bytes(model, state->booked);
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
		row->used_rate =
		    model__rate(model, state->has_last, row->used_bytes, state->last_used, reading);
		state->last_used = row->used_bytes;
		state->has_last = true;
	}
}

/* exited owners without a page, and what else the kernel side may forget */
static void collect_garbage(struct model *model, const struct reading *reading)
{
	for (uint32_t i = OWNER_FIRST; i < reading->owner_slots; i++) {
		const struct owner_slot *slot = &reading->owners[i];
		uint32_t *index;
		struct owner_key *key;

		if (!slot->start_ns || !slot->exit_ns || model->owner_used[i] ||
		    slot->exit_ns + OWNER_GRACE_NS > reading->boot_ns)
			continue;
		index = rows__add(model, &model->garbage_owners, sizeof(*index));
		key = rows__add(model, &model->garbage_keys, sizeof(*key));
		if (!index || !key)
			return;
		*index = i;
		key->start_ns = slot->start_ns;
		key->pid = slot->pid;
	}
}

static void note_peaks(struct model *model)
{
	struct process *process;

	for (process = model->processes; process; process = process->hh.next) {
		if (process->cache > process->peak_cache)
			process->peak_cache = process->cache;
		if (process->tmpfs > process->peak_tmpfs)
			process->peak_tmpfs = process->tmpfs;
	}
}

/* rows held indexes while their arrays grew: now they become addresses */
static void settle(struct model *model)
{
	struct snapshot_file *files = model->file_rows.data;
	struct snapshot_system *system = &model->snapshot.system;
	uint64_t cache = 0, tmpfs = 0;

	for (size_t i = 0; i < model->file_rows.count; i++) {
		size_t owner = (size_t)(uintptr_t)files[i].owners;
		size_t holder = (size_t)(uintptr_t)files[i].holders;

		files[i].owners = files[i].owner_count
				      ? (struct snapshot_owner *)model->owner_rows.data + owner
				      : NULL;
		files[i].holders = files[i].holder_count
				       ? (uint32_t *)model->holder_pids.data + holder
				       : NULL;
	}
	for (const struct process *process = model->processes; process; process = process->hh.next) {
		cache += process->cache;
		tmpfs += process->tmpfs;
	}
	system->cache_owned_bytes = pages_to_bytes(model, cache);
	system->tmpfs_owned_bytes = pages_to_bytes(model, tmpfs);
}

void model__files(struct model *model, const struct reading *reading)
{
	static struct owners_of_file of;
	struct mount_state *mount;
	uint32_t *slot_of_row;
	size_t pair = 0, rows = 0;

	for (mount = model->mounts; mount; mount = mount->hh.next)
		mount->owned = mount->booked = mount->files = 0;
	take_owners(model, reading);
	if (model->failed)
		return;
	if (reading->pair_count)
		qsort(reading->pairs, reading->pair_count, sizeof(*reading->pairs), by_file);
	slot_of_row = calloc(reading->file_slots + 1, sizeof(*slot_of_row));
	if (!slot_of_row) {
		model->failed = true;
		return;
	}
	for (uint32_t i = 1; i < reading->file_slots && !model->failed; i++) {
		if (!reading->files[i].mapping)
			continue;
		slot_of_row[rows++] = i;
		file_row(model, reading, i, &pair, &of);
	}
	for (; pair < reading->pair_count; pair++) {
		struct pair_key *key = rows__add(model, &model->garbage_pairs, sizeof(*key));

		if (key)
			*key = reading->pairs[pair].key;
	}
	add_holders(model, reading, slot_of_row, rows);
	free(slot_of_row);
	other_files(model, reading, false);
	other_files(model, reading, true);
	add_segments(model, reading);
	if (model->settings.keep_gone)
		model__gone_rows(model, reading);
	mount_rows(model, reading);
	note_peaks(model);
	collect_garbage(model, reading);
	settle(model);
}
