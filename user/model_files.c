// SPDX-License-Identifier: GPL-2.0-only
/*
 * The books, read: every slot becomes a file row with its owners, and adds to its
 * owners, its mount and the garbage. Bytes of a file are what its inode holds
 * (nrpages); the owners' parts are brought to that sum, to the page.
 */
#include "model_private.h"

#include <stdlib.h>
#include <string.h>

static void note_charge(const struct model *model, const struct reading *reading, uint32_t index,
			struct snapshot_file *row)
{
	const struct cgroup_state *cgroup;

	if (index >= reading->charge_slots || reading->charges[index].birth_ns != reading->files[index].birth_ns)
		return;
	row->charged_id = reading->charges[index].memcg;
	cgroup = model__cgroup(model, row->charged_id);
	row->charged_path = cgroup && cgroup->seen ? cgroup->path : NULL;
}

static void file_row(struct model *model, const struct reading *reading, uint32_t index, size_t *pair,
		     struct owners_of_file *of)
{
	const struct file_slot *slot = &reading->files[index];
	struct file_state *state = model__file(model, index, slot->birth_ns);
	struct snapshot_file *row;
	struct mount_state *mount;
	size_t first = 0, count = 0;
	uint64_t known;

	if (!state)
		return;
	model__complete_name(model, reading, index);
	model__find_owners(model, reading, index, pair, of);
	if (model->failed)
		return;
	known = model__credit(model, slot, of, &first, &count);
	mount = model__mount(model, slot->dev);
	row = rows__add(model, &model->file_rows, sizeof(*row));
	if (!mount || !row)
		return;
	mount->owned += known;
	mount->booked += slot->nrpages + slot->swapped;
	mount->files++;
	row->path = state->full;
	row->mount = mount->path;
	row->namespace_id = state->namespace_id;
	row->major = dev_major(slot->dev);
	row->minor = dev_minor(slot->dev);
	row->ino = slot->ino;
	row->kind = (enum file_kind)state->kind;
	row->bytes = pages_to_bytes(model, slot->nrpages);
	row->swap_bytes = pages_to_bytes(model, slot->swapped);
	row->peak_bytes = pages_to_bytes(model, slot->peak > slot->nrpages ? slot->peak : slot->nrpages);
	row->size_bytes = slot->size_bytes;
	row->added_bytes = pages_to_bytes(model, slot__added(slot));
	row->removed_bytes = pages_to_bytes(model, slot->removed);
	row->count = 1;
	row->bytes_each = ABSENT;
	row->deleted = slot->flags & FILE_DELETED;
	row->shared = count > 1 || (slot->flags & FILE_SHARED && of->count > 1);
	note_charge(model, reading, index, row);
	row->owner_count = (uint32_t)count;
	row->owners = (void *)(uintptr_t)first; /* an index until the array stops growing */
	row->rate = model__rate(model, state->has_last, row->bytes, pages_to_bytes(model, state->last_pages), reading);
	model__join_gone(model, slot, state, of, row);
	model__tell_file(model, reading, index, of);
	state->last_pages = (uint32_t)slot->nrpages;
	state->has_last = true;
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
		struct process *process = model__owner(model, i);
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
	model__sort_owners(model, first, count);
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
	row->owner_count = (uint32_t)count;
}

/*
 * Ids are each IPC namespace's own, the segments are ours. One that is attached has its row; of one that is not, the
 * size and what there is of it stand still.
 */
static bool is_row_of(const struct snapshot_file *row, const struct reading_segment *segment)
{
	if (row->kind != FILE_KIND_SYSV || row->ino != (uint64_t)segment->id)
		return false;
	return segment->attached || (row->size_bytes == segment->size_bytes &&
				     row->bytes + row->swap_bytes == segment->rss_bytes + segment->swap_bytes);
}

/* a segment's inode has no name at any time: whether it goes with its last user is the segment's own to say */
static struct snapshot_file *row_of(const struct model *model, size_t known, const struct reading_segment *segment)
{
	struct snapshot_file *rows = model->file_rows.data;

	for (size_t i = 0; i < known; i++) {
		if (!is_row_of(&rows[i], segment))
			continue;
		if (rows[i].size_bytes == segment->size_bytes)
			rows[i].deleted = segment->destroyed;
		return &rows[i];
	}
	return NULL;
}

/* System V segments that no process has attached: no iterator meets them */
static void add_segments(struct model *model, const struct reading *reading)
{
	size_t known = model->file_rows.count;

	for (size_t i = 0; i < reading->segment_count; i++) {
		const struct reading_segment *segment = &reading->segments[i];
		struct snapshot_file *row = row_of(model, known, segment);

		if (row || !(segment->rss_bytes + segment->swap_bytes))
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
static void add_holders(struct model *model, const struct reading *reading, const uint32_t *slot_of_row, size_t rows)
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
			    ((uint32_t *)model->holder_pids.data)[model->holder_pids.count - 1] == sorted[at].pid)
				continue;
			pid = rows__add(model, &model->holder_pids, sizeof(*pid));
			if (pid)
				*pid = sorted[at].pid;
		}
		files[i].holders = (void *)(uintptr_t)first;
		files[i].holder_count = (uint32_t)(model->holder_pids.count - first);
	}
	free(sorted);
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

		files[i].owners = files[i].owner_count ? (struct snapshot_owner *)model->owner_rows.data + owner : NULL;
		files[i].holders = files[i].holder_count ? (uint32_t *)model->holder_pids.data + holder : NULL;
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
	struct owners_of_file of = {};
	struct mount_state *mount;
	uint32_t *slot_of_row;
	size_t pair = 0, rows = 0;

	for (mount = model->mounts; mount; mount = mount->hh.next)
		mount->owned = mount->booked = mount->files = mount->seen = 0;
	model__note_mounts(model, reading);
	model__take_owners(model, reading);
	if (model->failed)
		return;
	shares__sort(reading->pairs, reading->pair_count);
	model__note_pairs(model, reading);
	model__note_followers(model, reading);
	model__settle_doubts(model, reading);
	model__tell_all_gone(model, reading);
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
	free(of.parts);
	add_holders(model, reading, slot_of_row, rows);
	free(slot_of_row);
	other_files(model, reading, false);
	other_files(model, reading, true);
	add_segments(model, reading);
	if (model->settings.keep_gone)
		model__gone_rows(model, reading);
	model__mount_rows(model, reading);
	note_peaks(model);
	model__tell_rest(model, reading);
	model__collect_garbage(model, reading);
	settle(model);
}
