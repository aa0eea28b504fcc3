// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events of pages: what each process brought into and lost of each file in this
 * interval. A process with many changed files is told of twenty, and of the rest in
 * one event: nothing is lost.
 */
#include "model_private.h"

#include <stdlib.h>
#include <string.h>

/* a further owner's pages at the last reading */
struct pair_state {
	struct pair_key key;
	UT_hash_handle hh;
	uint64_t added;
	bool seen;
};

static void tell(struct model *model, struct process *process, struct event *event, bool tmpfs)
{
	struct pages_rest *rest;

	event->type = tmpfs ? EVENT_TMPFS : EVENT_CACHE;
	if (model->settings.self_pid && (process ? process->key.pid : event->pid) == model->settings.self_pid)
		return; /* what we ourselves read to tell this */
	if (!process || process->told < model->settings.page_event_files) {
		if (process)
			process->told++;
		event->pages.count = 1;
		model__emit(model, event, process);
		return;
	}
	rest = process->rest[tmpfs] ? process->rest[tmpfs] : calloc(1, sizeof(*rest));
	process->rest[tmpfs] = rest;
	if (!rest) {
		model->failed = true;
		return;
	}
	rest->count++;
	rest->added += event->pages.added_bytes;
	rest->removed += event->pages.removed_bytes;
	rest->resident += event->pages.resident_bytes;
}

static uint64_t new_of_pair(struct model *model, uint32_t file, uint64_t birth_ns, const struct part *part)
{
	struct pair_state *state;
	struct pair_key key;
	uint64_t added;

	memset(&key, 0, sizeof(key));
	key.file = file;
	key.owner = part->owner;
	key.birth_ns = birth_ns;
	HASH_FIND(hh, model->pair_states, &key, sizeof(key), state);
	if (!state) {
		state = calloc(1, sizeof(*state));
		if (!state) {
			model->failed = true;
			return 0;
		}
		state->key = key;
		HASH_ADD(hh, model->pair_states, key, sizeof(key), state);
	}
	added = part->added - state->added;
	state->added = part->added;
	state->seen = true;
	return added;
}

/* the books change while they are read: an owner that came after the owners were taken is met at the next reading */
static bool is_met(struct model *model, uint32_t owner)
{
	return owner < OWNER_FIRST || model__owner(model, owner);
}

void model__tell_file(struct model *model, const struct reading *reading, uint32_t index,
		      const struct owners_of_file *of)
{
	const struct file_slot *slot = &reading->files[index];
	struct file_state *state = &model->files[index];
	struct file_past *past = model__past(model, state);
	uint64_t removed;

	if (!model->settings.page_events || (of->count && !is_met(model, of->parts[0].owner)))
		return;
	removed = slot->removed - past->last_removed;
	past->last_removed = slot->removed;
	for (size_t i = 0; i < of->count; i++) {
		struct event event = { .boot_ns = reading->boot_ns };
		uint64_t added;

		if (!is_met(model, of->parts[i].owner))
			continue;
		if (i) {
			added = new_of_pair(model, index, slot->birth_ns, &of->parts[i]);
		} else {
			added = of->parts[0].added - past->last_added;
			past->last_added = of->parts[0].added;
		}
		if (!added && !(removed && !i))
			continue;
		event.pages.path = state->full;
		event.pages.mount = model__mount_path(model, slot->dev);
		event.pages.added_bytes = pages_to_bytes(model, added);
		event.pages.removed_bytes = i ? 0 : pages_to_bytes(model, removed);
		event.pages.resident_bytes = pages_to_bytes(model, slot->nrpages);
		event.pages.deleted = slot->flags & FILE_DELETED;
		tell(model, model__owner(model, of->parts[i].owner), &event, slot->flags & FILE_TMPFS);
	}
}

void model__tell_gone(struct model *model, const struct record_file_gone *record, struct file_state *state)
{
	struct event event = { .boot_ns = record->head.time_ns };
	struct process *process = NULL;
	struct file_past *past = model__past(model, state);
	uint64_t added, removed;

	if (!model->settings.page_events)
		return;
	added = record->added - past->last_added;
	removed = record->removed - past->last_removed;
	past->last_added = record->added;
	past->last_removed = record->removed;
	if (!added && !removed)
		return;
	if (record->owner_start_ns)
		process = model__process(model, record->owner_start_ns, record->owner_pid, false);
	if (!process) {
		/* one that no reading has met yet */
		event.pid = record->owner_pid;
		event.start_ns = record->owner_start_ns;
		event.comm = record->owner_pid ? record->owner_comm : NULL;
		event.followed = record->owner_flags & PROCESS_FOLLOWED;
	}
	event.pages.path = state->full ? state->full : state->path;
	event.pages.mount = model__mount_path(model, record->dev);
	event.pages.added_bytes = pages_to_bytes(model, added);
	event.pages.removed_bytes = pages_to_bytes(model, removed);
	event.pages.deleted = record->flags & FILE_DELETED;
	tell(model, process, &event, record->flags & FILE_TMPFS);
}

/* at the end of a reading: what was too much to tell one by one */
void model__tell_rest(struct model *model, const struct reading *reading)
{
	struct pair_state *state, *next;
	struct process *process;

	HASH_ITER (hh, model->pair_states, state, next) {
		if (state->seen) {
			state->seen = false;
			continue;
		}
		HASH_DEL(model->pair_states, state);
		free(state);
	}
	for (process = model->processes; process; process = process->hh.next) {
		process->told = 0;
		for (int tmpfs = 0; tmpfs < 2; tmpfs++) {
			struct pages_rest *rest = process->rest[tmpfs];
			struct event event = { .boot_ns = reading->boot_ns };

			if (!rest)
				continue;
			event.type = tmpfs ? EVENT_TMPFS : EVENT_CACHE;
			event.pages.count = rest->count;
			event.pages.added_bytes = rest->added;
			event.pages.removed_bytes = rest->removed;
			event.pages.resident_bytes = rest->resident;
			process->rest[tmpfs] = NULL;
			free(rest);
			model__emit(model, &event, process);
		}
	}
}

void model__free_pair_states(struct model *model)
{
	struct pair_state *state, *next;

	HASH_ITER (hh, model->pair_states, state, next) {
		HASH_DEL(model->pair_states, state);
		free(state);
	}
}
