// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who owns what of a file: the kernel side's shares become pages that add up to the
 * file, to the page. Owners are processes, alive or gone.
 */
#include "model_private.h"

#include <stdlib.h>
#include <string.h>

#define OWNER_GRACE_NS 2000000000ULL /* an exited owner's slot is not reused at once */

/* the owners' pages add up to `pages`: the largest rests are rounded up */
static void split(struct owners_of_file *of, uint64_t total_shares, uint64_t pages)
{
	uint64_t given = 0;

	for (size_t i = 0; i < of->count; i++) {
		double share = total_shares ? (double)of->parts[i].shares / (double)total_shares : 0;
		double exact = share * (double)pages;

		of->parts[i].pages = shares__at_most(exact, pages);
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

static bool add_part(struct model *model, struct owners_of_file *of, uint32_t owner, uint64_t shares)
{
	if (of->count == of->capacity) {
		size_t more = of->capacity ? of->capacity * 2 : 16;
		void *grown = realloc(of->parts, more * sizeof(*of->parts));

		if (!grown) {
			model->failed = true;
			return false;
		}
		of->parts = grown;
		of->capacity = more;
	}
	of->parts[of->count++] = (struct part){ .owner = owner, .shares = shares };
	return true;
}

/* the slot's owners into `of`; *pair walks the sorted pairs */
void model__find_owners(struct model *model, const struct reading *reading, uint32_t index, size_t *pair,
			struct owners_of_file *of)
{
	const struct file_slot *slot = &reading->files[index];
	uint64_t total = slot->shares;

	of->count = 0;
	if (!add_part(model, of, slot->owner, slot->shares))
		return;
	for (; *pair < reading->pair_count && reading->pairs[*pair].key.file <= index; ++*pair) {
		const struct pair_row *row = &reading->pairs[*pair];
		uint64_t shares = shares__of_pair(slot, &row->pair);

		if (row->key.file != index || row->key.birth_ns != slot->birth_ns || !(slot->flags & FILE_SHARED)) {
			struct pair_key *key = rows__add(model, &model->garbage_pairs, sizeof(*key));

			if (key)
				*key = row->key;
			continue;
		}
		total += shares;
		if (!add_part(model, of, row->key.owner, shares))
			return;
	}
	if (!(slot->flags & FILE_SHARED))
		of->parts[0].shares = total = 1;
	/* shares that no pair had room for are nobody's */
	if (slot->flags & FILE_SHARED && slot->total_shares > total)
		total = slot->total_shares;
	split(of, total, slot->swapped);
	for (size_t i = 0; i < of->count; i++)
		of->parts[i].swapped = of->parts[i].pages;
	split(of, total, slot->nrpages);
}

struct process *model__owner(const struct model *model, uint32_t index)
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

void model__sort_owners(struct model *model, size_t first, size_t count)
{
	if (count > 1)
		qsort((struct snapshot_owner *)model->owner_rows.data + first, count, sizeof(struct snapshot_owner),
		      by_bytes);
}

/* credits the processes and lists them; returns how many pages, swapped out or not, have a known owner */
uint64_t model__credit(struct model *model, const struct file_slot *slot, const struct owners_of_file *of,
		       size_t *first, size_t *count)
{
	uint64_t known = 0;

	*first = model->owner_rows.count;
	for (size_t i = 0; i < of->count; i++) {
		const struct part *part = &of->parts[i];
		struct process *process = model__owner(model, part->owner);
		const struct cgroup_state *cgroup;
		struct snapshot_owner *row;

		if (part->owner < model->owner_slots)
			model->owner_used[part->owner] = 1;
		if (!process)
			continue;
		if (i == 0 && slot->flags & FILE_TMPFS)
			process->tmpfs_added += slot__uncredited(slot);
		else if (i == 0)
			process->cache_added += slot__uncredited(slot);
		known += part->pages + part->swapped;
		if (slot->flags & FILE_TMPFS) {
			process->tmpfs += part->pages;
			process->tmpfs_swap += part->swapped;
		} else {
			process->cache += part->pages;
		}
		if (!part->pages && !part->swapped)
			continue;
		row = rows__add(model, &model->owner_rows, sizeof(*row));
		if (!row)
			return known;
		row->pid = process->key.pid;
		row->start_ns = process->key.start_ns;
		row->start_time_ns = model__realtime(model, process->key.start_ns);
		cgroup = model__cgroup(model, process->cgroup);
		row->in = cgroup ? cgroup->in : NULL;
		row->comm = process->comm;
		row->exited = process->exited;
		row->bytes = pages_to_bytes(model, part->pages);
	}
	*count = model->owner_rows.count - *first;
	model__sort_owners(model, *first, *count);
	return known;
}

/* owner slots of the kernel side -> processes, which may have exited long ago */
void model__take_owners(struct model *model, const struct reading *reading)
{
	struct process *process;

	for (process = model->processes; process; process = process->hh.next) {
		process->cache = process->tmpfs = process->tmpfs_swap = 0;
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
			if (slot->flags & PROCESS_FOLLOWED)
				model->followed++;
		}
		if (slot->exit_ns && !process->exited) {
			process->exited = process->exit_known = true;
			process->exit_boot_ns = slot->exit_ns;
		}
		process->has_owner = true;
		process->cache_added = slot->cache_added;
		process->tmpfs_added = slot->tmpfs_added;
		model->owners[i] = process;
	}
}

/* of an owner that is no more. One may be made after its exit was told: by process accounting, and by what is closed. */
static bool ended_ns(const struct model *model, uint32_t index, const struct owner_slot *slot, uint64_t *ns)
{
	const struct process *process = model__owner(model, index);

	*ns = slot->exit_ns ? slot->exit_ns : process ? process->exit_boot_ns : 0;
	return slot->exit_ns || (process && process->exited);
}

/* exited owners without a page, and what else the kernel side may forget */
void model__collect_garbage(struct model *model, const struct reading *reading)
{
	for (uint32_t i = OWNER_FIRST; i < reading->owner_slots; i++) {
		const struct owner_slot *slot = &reading->owners[i];
		struct owner_key *key;
		uint32_t *index;
		uint64_t end_ns;

		if (!slot->start_ns || model->owner_used[i] || !ended_ns(model, i, slot, &end_ns) ||
		    end_ns + OWNER_GRACE_NS > reading->boot_ns)
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
