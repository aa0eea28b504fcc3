// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files that are gone, and that somebody else brought in first: what `run` follows had a part of
 * some. Their record names the first owner only, the pairs of the next reading name the others;
 * a file of which nothing tells that is not kept.
 */
#include "model_private.h"

#include <stdlib.h>
#include <string.h>

#define READINGS 2          /* the first has pairs that were read before the last records were */
#define DOUBTFUL_MOST 16384 /* as many as there are pairs: no reading tells of more */

struct doubtful {
	struct record_file_gone record;
	char *path;
	int readings;
};

static void note_follower(struct process *process, struct owner_key *follower)
{
	if (process && process->flags & PROCESS_FOLLOWED)
		*follower = process->key;
}

/* of files that live, and of those whose record comes after this reading */
void model__note_followers(struct model *model, const struct reading *reading)
{
	if (!model->settings.keep_gone)
		return;
	for (size_t i = 0; i < reading->pair_count; i++) {
		const struct pair_key *key = &reading->pairs[i].key;

		if (key->file < model->file_slots && model->files[key->file].birth_ns == key->birth_ns)
			note_follower(model__owner(model, key->owner), &model->pasts[key->file].follower);
	}
}

void model__doubt_gone(struct model *model, const struct record_file_gone *record, const char *path)
{
	struct doubtful *doubtful;

	if (!(record->flags & FILE_SHARED) || model->doubtful.count >= DOUBTFUL_MOST)
		return;
	doubtful = rows__add(model, &model->doubtful, sizeof(*doubtful));
	if (!doubtful)
		return;
	doubtful->record = *record;
	doubtful->path = strdup(path);
	model->failed |= !doubtful->path;
}

/* of those followed, who has most of it; NULL: none that this reading knows of */
static const struct process *find_follower(const struct model *model, const struct reading *reading,
					   const struct record_file_gone *record)
{
	const struct process *follower = NULL;
	uint64_t most = 0;

	for (size_t i = model__first_pair(reading, record); i < reading->pair_count; i++) {
		const struct pair_row *row = &reading->pairs[i];
		const struct process *process = model__owner(model, row->key.owner);

		if (row->key.file != record->index || row->key.birth_ns != record->birth_ns)
			break;
		if (!process || !(process->flags & PROCESS_FOLLOWED) || (follower && row->pair.shares <= most))
			continue;
		follower = process;
		most = row->pair.shares;
	}
	return follower;
}

void model__settle_doubts(struct model *model, const struct reading *reading)
{
	struct doubtful *list = model->doubtful.data;
	size_t kept = 0;

	for (size_t i = 0; i < model->doubtful.count; i++) {
		struct doubtful *doubtful = &list[i];
		const struct process *follower = find_follower(model, reading, &doubtful->record);

		if (follower && doubtful->path)
			model__keep_gone(model, &doubtful->record, doubtful->path, follower);
		if (!follower && ++doubtful->readings < READINGS)
			list[kept++] = *doubtful;
		else
			free(doubtful->path);
	}
	model->doubtful.count = kept;
}

void model__free_doubts(struct model *model)
{
	struct doubtful *list = model->doubtful.data;

	for (size_t i = 0; i < model->doubtful.count; i++)
		free(list[i].path);
	free(list);
}
