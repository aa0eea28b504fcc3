// SPDX-License-Identifier: GPL-2.0-only
/*
 * Accounts of another pagetide into our own books. It must never make a page: what is there is ours
 * to count, only whose it is comes from there.
 */
#include "tracer_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "accounts.h"
#include "shares.h"

struct adopting {
	struct tracer *tracer;
	const struct accounts *from;
	const struct accounts_owner **owners; /* by their index there */
	uint32_t *ours;                       /* likewise, our index; OWNER_UNKNOWN: none yet */
	uint32_t indexes;
	const struct file_slot **files; /* largest first: they find a slot */
	const struct pair_row **pairs;  /* by birth and owner */
	size_t done;
};

static int by_size(const void *a, const void *b)
{
	const struct file_slot *left = *(const struct file_slot *const *)a,
			       *right = *(const struct file_slot *const *)b;

	return (left->nrpages < right->nrpages) - (left->nrpages > right->nrpages);
}

static int by_birth(const void *a, const void *b)
{
	const struct pair_row *left = *(const struct pair_row *const *)a, *right = *(const struct pair_row *const *)b;

	if (left->key.birth_ns != right->key.birth_ns)
		return left->key.birth_ns < right->key.birth_ns ? -1 : 1;
	return (left->key.owner > right->key.owner) - (left->key.owner < right->key.owner);
}

static int sort(struct adopting *a)
{
	const struct accounts *from = a->from;

	for (size_t i = 0; i < from->owner_count; i++) {
		if (from->owners[i].index >= a->indexes)
			a->indexes = from->owners[i].index + 1;
	}
	a->owners = calloc(a->indexes + 1, sizeof(*a->owners));
	a->ours = calloc(a->indexes + 1, sizeof(*a->ours));
	a->files = calloc(from->file_count + 1, sizeof(*a->files));
	a->pairs = calloc(from->pair_count + 1, sizeof(*a->pairs));
	if (!a->owners || !a->ours || !a->files || !a->pairs)
		return -ENOMEM;
	for (size_t i = 0; i < from->owner_count; i++)
		a->owners[from->owners[i].index] = &from->owners[i];
	for (size_t i = 0; i < from->file_count; i++)
		a->files[i] = &from->files[i];
	for (size_t i = 0; i < from->pair_count; i++)
		a->pairs[i] = &from->pairs[i];
	qsort(a->files, from->file_count, sizeof(*a->files), by_size);
	qsort(a->pairs, from->pair_count, sizeof(*a->pairs), by_birth);
	return 0;
}

/* a slot of ours for that process; the kernel side may make one for it meanwhile, which then is it */
static uint32_t make_owner(struct tracer *tracer, const struct owner_slot *from)
{
	const struct bpf_map *index = tracer->bpf->maps.owner_index, *unused = tracer->bpf->maps.owners_free;
	struct owner_key key = { .start_ns = from->start_ns, .pid = from->pid };
	struct owner_slot *slot;
	uint32_t found;

	if (!bpf_map__lookup_elem(index, &key, sizeof(key), &found, sizeof(found), 0))
		return found;
	if (bpf_map__lookup_and_delete_elem(unused, NULL, 0, &found, sizeof(found), 0))
		return OWNER_OTHER;
	if (found >= tracer->bpf->bss->owners_top)
		tracer->bpf->bss->owners_top = found + 1;
	if (books__map(&tracer->owners, found + 1))
		return OWNER_OTHER;
	slot = (struct owner_slot *)tracer->owners.address + found;
	*slot = *from;
	slot->files = 0;
	slot->flags &= ~(uint32_t)PROCESS_FOLLOWED;
	slot->cache_added = slot->tmpfs_added = 0;
	slot->other_cache = slot->other_tmpfs = 0;
	if (!bpf_map__update_elem(index, &key, sizeof(key), &found, sizeof(found), BPF_NOEXIST))
		return found;
	slot->start_ns = 0;
	bpf_map__update_elem(unused, NULL, 0, &found, sizeof(found), BPF_ANY);
	return bpf_map__lookup_elem(index, &key, sizeof(key), &found, sizeof(found), 0) ? OWNER_OTHER : found;
}

/* OWNER_UNKNOWN: it is nobody */
static uint32_t our_owner(struct adopting *a, uint32_t index)
{
	if (index < OWNER_FIRST || index >= a->indexes || !a->owners[index])
		return OWNER_UNKNOWN;
	if (!a->ours[index])
		a->ours[index] = make_owner(a->tracer, &a->owners[index]->slot);
	return a->ours[index] < OWNER_FIRST ? OWNER_UNKNOWN : a->ours[index];
}

static int run(struct adopting *a)
{
	struct pagetide_bpf__bss *bss = a->tracer->bpf->bss;
	int err = 0;

	bss->seed_count = 0;
	if (bss->adopted_count)
		err = tracer__run_program(a->tracer->bpf->progs.seed_files);
	bss->adopted_count = 0;
	return err < 0 ? err : tracer__make_room(a->tracer);
}

static int put(struct adopting *a, const struct file_slot *file, uint32_t owner, uint32_t part, bool first)
{
	struct pagetide_bpf__bss *bss = a->tracer->bpf->bss;

	owner = our_owner(a, owner);
	if (owner == OWNER_UNKNOWN)
		return 0;
	bss->adopted[bss->adopted_count++] = (struct adopted){
		.mapping = file->mapping,
		.ino = file->ino,
		.dev = file->dev,
		.owner = owner,
		.part = part,
		.first = first,
	};
	a->done += first;
	return bss->adopted_count == SEED_FDS ? run(a) : 0;
}

/* the further owners take their parts one after the other, each of what is left */
static int put_pairs(struct adopting *a, const struct file_slot *file)
{
	const struct pair_row wanted = { .key = { .birth_ns = file->birth_ns } }, *key = &wanted;
	size_t low = 0, high = a->from->pair_count;
	double left = (double)file->total_shares;
	int err = 0;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (by_birth(&a->pairs[middle], &key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; !err && low < a->from->pair_count && a->pairs[low]->key.birth_ns == file->birth_ns; low++) {
		double shares = (double)shares__of_pair(file, &a->pairs[low]->pair);

		if (left < 1 || shares > left)
			break;
		err = put(a, file, a->pairs[low]->key.owner, (uint32_t)(shares / left * ADOPTED_WHOLE + 0.5), false);
		left -= shares;
	}
	return err;
}

int tracer__adopt(struct tracer *tracer, const struct accounts *accounts)
{
	struct adopting a = { .tracer = tracer, .from = accounts };
	int err = sort(&a);

	for (size_t i = 0; !err && i < accounts->file_count; i++) {
		const struct file_slot *file = a.files[i];

		if (file->flags & FILE_SHARED)
			err = put_pairs(&a, file);
		if (!err)
			err = put(&a, file, file->owner, 0, true);
	}
	if (!err)
		err = run(&a);
	free(a.owners);
	free(a.ours);
	free(a.files);
	free(a.pairs);
	return err ? err : (int)a.done;
}
