// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events of pages: what each process brought into and lost of each file in this
 * interval. A process with many changed files is told of twenty, and of the rest in
 * one event: nothing is lost.
 */
#include "model_private.h"

#include <stdlib.h>
#include <string.h>

#define GONE_LATER_MOST 4096 /* files that are gone, told by name; of more the sums are right */

/* a further owner of a file, as the last readings had it */
struct pair_state {
	struct pair_key key;
	UT_hash_handle hh;
	uint64_t added, told; /* of what it brought in */
	uint64_t pages;       /* that it had, and still had to lose */
	unsigned unread;      /* readings without it */
};

/* a file that is gone: told at the next reading, which knows names and who had what of it */
struct gone_later {
	struct record_file_gone record;
	struct file_past past;
	char *path, *full; /* full NULL: no reading had made it */
};

/* what one owner brought into a file since the last reading, and lost */
struct change {
	struct process *process; /* NULL: nobody that is known */
	uint64_t added, removed;
	uint64_t may_lose; /* pages: it had them or brought them in, and has them no more */
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

static struct pair_state *pair_state(struct model *model, const struct pair_key *key)
{
	struct pair_state *state;

	HASH_FIND(hh, model->pair_states, key, sizeof(*key), state);
	if (state)
		return state;
	state = calloc(1, sizeof(*state));
	if (!state) {
		model->failed = true;
		return NULL;
	}
	state->key = *key;
	HASH_ADD(hh, model->pair_states, key, sizeof(*key), state);
	return state;
}

void model__note_pairs(struct model *model, const struct reading *reading)
{
	if (!model->settings.page_events)
		return;
	for (size_t i = 0; i < reading->pair_count; i++) {
		const struct pair_row *row = &reading->pairs[i];
		struct pair_state *state = pair_state(model, &row->key);

		if (!state)
			return;
		if (row->pair.added < state->told)
			state->told = 0; /* forgotten, and made anew */
		state->added = row->pair.added;
		state->unread = 0;
	}
}

static void add_change(struct model *model, struct process *process, uint64_t added, uint64_t had, uint64_t has)
{
	struct change *change = rows__add(model, &model->changes, sizeof(*change));

	if (!change)
		return;
	change->process = process;
	change->added = added;
	if (had + added > has)
		change->may_lose = had + added - has;
}

/* what went was theirs who have less now; where the books do not say it to the page, in proportion to that */
static void share_removed(const struct rows *changes, uint64_t removed)
{
	struct change *list = changes->data;
	uint64_t most = 0, left = removed;

	for (size_t i = 0; i < changes->count; i++)
		most += list[i].may_lose;
	for (size_t i = 0; most && i < changes->count; i++) {
		struct change *change = &list[i];

		change->removed =
			most == removed
				? change->may_lose
				: shares__at_most((double)change->may_lose / (double)most * (double)removed, left);
		left -= change->removed;
	}
	if (changes->count)
		list[0].removed += left;
}

/* the first owner's is the last; of one that is not met yet the event says who it is */
static void tell_changes(struct model *model, const struct event *event, bool tmpfs)
{
	const struct change *list = model->changes.data;

	for (size_t i = 0; i < model->changes.count; i++) {
		const struct change *change = &list[i];
		struct event of_one = *event;

		if (!change->added && !change->removed)
			continue;
		of_one.pages.added_bytes = pages_to_bytes(model, change->added);
		of_one.pages.removed_bytes = pages_to_bytes(model, change->removed);
		if (change->process || i + 1 < model->changes.count) {
			of_one.pid = 0;
			of_one.comm = NULL;
		}
		tell(model, change->process, &of_one, tmpfs);
	}
}

/* the books change while they are read: an owner that came after the owners were taken is met at the next reading */
static bool is_met(struct model *model, uint32_t owner)
{
	return owner < OWNER_FIRST || model__owner(model, owner);
}

/*
 * Of those further owners that can be told. Returns what all of them brought in; *untold: of it, what is told at the
 * next reading.
 */
static uint64_t changes_of_pairs(struct model *model, const struct file_slot *slot, uint32_t index,
				 const struct owners_of_file *of, uint64_t *untold)
{
	uint64_t of_all = 0;

	for (size_t i = 1; i < of->count; i++) {
		struct pair_key key;
		struct pair_state *state;
		uint64_t added;

		memset(&key, 0, sizeof(key));
		key.file = index;
		key.owner = of->parts[i].owner;
		key.birth_ns = slot->birth_ns;
		state = pair_state(model, &key);
		if (!state)
			break;
		added = state->added - state->told;
		of_all += added;
		if (!is_met(model, key.owner)) {
			*untold += added;
			continue;
		}
		add_change(model, model__owner(model, key.owner), added, state->pages, of->parts[i].pages);
		state->told = state->added;
		state->pages = of->parts[i].pages;
	}
	return of_all;
}

void model__tell_file(struct model *model, const struct reading *reading, uint32_t index,
		      const struct owners_of_file *of)
{
	const struct file_slot *slot = &reading->files[index];
	struct file_state *state = &model->files[index];
	struct file_past *past = model__past(model, state);
	struct event event = { .boot_ns = reading->boot_ns };
	uint64_t added, of_others, removed, before = 0, untold = 0;

	if (!model->settings.page_events || !is_met(model, of->parts[0].owner))
		return;
	added = slot__added(slot) - past->told_added;
	removed = slot->removed - past->last_removed;
	model->changes.count = 0;
	of_others = changes_of_pairs(model, slot, index, of, &untold);
	added -= of_others < added ? of_others : added;
	if (past->owner != of->parts[0].owner && past->owner_pages + past->told_added) {
		/* it was empty in between: what it lost until then, and had got, was another's */
		before = added > slot__uncredited(slot) ? added - slot__uncredited(slot) : 0;
		add_change(model, model__owner(model, past->owner), before, past->owner_pages, 0);
		past->owner_pages = 0;
	}
	add_change(model, model__owner(model, of->parts[0].owner), added - before, past->owner_pages,
		   of->parts[0].pages);
	past->told_added = slot__added(slot) - untold;
	past->last_removed = slot->removed;
	past->owner_pages = of->parts[0].pages;
	past->owner = of->parts[0].owner;
	if (!removed && !of_others && !added)
		return;
	share_removed(&model->changes, removed);
	event.pages.path = state->full;
	event.pages.mount = model__mount_path(model, slot->dev);
	event.pages.resident_bytes = pages_to_bytes(model, slot->nrpages);
	event.pages.deleted = slot->flags & FILE_DELETED;
	tell_changes(model, &event, slot->flags & FILE_TMPFS);
}

/* ---- files that are gone ---- */

size_t model__first_pair(const struct reading *reading, const struct record_file_gone *record)
{
	return shares__first(reading->pairs, reading->pair_count, record->index, record->birth_ns);
}

static uint64_t change_of_gone_pair(struct model *model, struct pair_state *state)
{
	uint64_t added = state->added - state->told;

	add_change(model, model__owner(model, state->key.owner), added, state->pages, 0);
	state->told = state->added;
	state->pages = 0;
	return added;
}

static uint64_t changes_of_gone_pairs(struct model *model, const struct reading *reading,
				      const struct record_file_gone *record)
{
	struct pair_state *state;
	uint64_t added = 0;

	for (size_t i = model__first_pair(reading, record); i < reading->pair_count; i++) {
		const struct pair_key *key = &reading->pairs[i].key;

		if (key->file != record->index || key->birth_ns != record->birth_ns)
			break;
		state = pair_state(model, key);
		if (state)
			added += change_of_gone_pair(model, state);
	}
	if (model->changes.count)
		return added;
	/* the last reading had them, and let the kernel side forget them */
	for (state = model->pair_states; state; state = state->hh.next) {
		if (state->key.file == record->index && state->key.birth_ns == record->birth_ns)
			added += change_of_gone_pair(model, state);
	}
	return added;
}

static void tell_gone(struct model *model, const struct reading *reading, const struct gone_later *gone,
		      const char *path)
{
	const struct record_file_gone *record = &gone->record;
	struct event event = { .boot_ns = record->head.time_ns };
	uint64_t added = record->added - gone->past.told_added, of_others = 0, had = gone->past.owner_pages;
	struct process *process = NULL;

	model->changes.count = 0;
	if (reading && record->flags & FILE_SHARED)
		of_others = changes_of_gone_pairs(model, reading, record);
	added -= of_others < added ? of_others : added;
	if (had && gone->past.owner != record->owner) {
		add_change(model, model__owner(model, gone->past.owner), 0, had, 0);
		had = 0;
	}
	if (record->owner_start_ns)
		process = model__process(model, record->owner_start_ns, record->owner_pid, false);
	if (!process) {
		/* one that no reading has met yet */
		event.pid = record->owner_pid;
		event.start_ns = record->owner_start_ns;
		event.comm = record->owner_pid ? record->owner_comm : NULL;
		event.followed = record->owner_flags & PROCESS_FOLLOWED;
	}
	add_change(model, process, added, had, 0);
	share_removed(&model->changes, record->removed - gone->past.last_removed);
	event.pages.path = path;
	event.pages.mount = model__mount_path(model, record->dev);
	event.pages.deleted = record->flags & FILE_DELETED;
	tell_changes(model, &event, record->flags & FILE_TMPFS);
}

void model__tell_gone(struct model *model, const struct record_file_gone *record, struct file_state *state)
{
	struct file_past *past = model__past(model, state);
	struct gone_later gone = { .record = *record }, *later;

	if (!model->settings.page_events)
		return;
	gone.past = *past;
	past->told_added = record->added;
	past->last_removed = record->removed;
	past->owner_pages = 0;
	if (record->added == gone.past.told_added && record->removed == gone.past.last_removed)
		return;
	later = model->gone_later.count < GONE_LATER_MOST ? rows__add(model, &model->gone_later, sizeof(*later)) : NULL;
	if (!later) {
		tell_gone(model, NULL, &gone, state->full ? state->full : state->path);
		return;
	}
	*later = gone;
	later->path = state->path ? strdup(state->path) : NULL;
	later->full = state->full ? strdup(state->full) : NULL;
}

void model__tell_all_gone(struct model *model, const struct reading *reading)
{
	struct gone_later *list = model->gone_later.data;

	for (size_t i = 0; i < model->gone_later.count; i++) {
		struct gone_later *gone = &list[i];
		struct seen_name seen = { .full = gone->full };

		if (!seen.full)
			model__seen_name(reading, gone->record.dev, gone->record.flags, gone->path ? gone->path : "",
					 &seen);
		tell_gone(model, reading, gone, seen.full);
		free(seen.full);
		free(gone->path);
	}
	model->gone_later.count = 0;
}

/* at the end of a reading: what was too much to tell one by one */
void model__tell_rest(struct model *model, const struct reading *reading)
{
	struct pair_state *state, *next;
	struct process *process;

	HASH_ITER (hh, model->pair_states, state, next) {
		if (state->unread++ < 2)
			continue;
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

void model__free_pages(struct model *model)
{
	struct gone_later *gone = model->gone_later.data;
	struct pair_state *state, *next;

	for (size_t i = 0; i < model->gone_later.count; i++) {
		free(gone[i].path);
		free(gone[i].full);
	}
	free(model->gone_later.data);
	free(model->changes.data);

	HASH_ITER (hh, model->pair_states, state, next) {
		HASH_DEL(model->pair_states, state);
		free(state);
	}
}
