/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How the pages of a file with several owners are told apart: a pair is what a further owner has of one use of a slot,
 * in shares; bpf/books.bpf.c mints them.
 */
#ifndef PAGETIDE_SHARES_H
#define PAGETIDE_SHARES_H

#include <stdlib.h>

#include "tracer.h"

/* the slot's shares were halved 8 times each time that its scale grew; a pair's, when it is used next */
static inline uint64_t shares__of_pair(const struct file_slot *slot, const struct pair *pair)
{
	uint32_t behind = slot->scale - pair->scale;

	return behind < 8 ? pair->shares >> (8 * behind) : 0;
}

/* what a proportion of a count comes to, never more than `most`: a double near 2^64 is beyond what an integer holds */
static inline uint64_t shares__at_most(double exact, uint64_t most)
{
	return exact < (double)most ? (uint64_t)exact : most;
}

static inline int shares__by_file(const void *a, const void *b)
{
	const struct pair_row *left = a, *right = b;

	if (left->key.file != right->key.file)
		return left->key.file < right->key.file ? -1 : 1;
	if (left->key.birth_ns != right->key.birth_ns)
		return left->key.birth_ns < right->key.birth_ns ? -1 : 1;
	return (left->key.owner > right->key.owner) - (left->key.owner < right->key.owner);
}

/* by slot, its use, and owner */
static inline void shares__sort(struct pair_row *pairs, size_t count)
{
	if (count)
		qsort(pairs, count, sizeof(*pairs), shares__by_file);
}

/* of pairs that are sorted so, where those of this use of the slot begin, or would */
static inline size_t shares__first(const struct pair_row *pairs, size_t count, uint32_t file, uint64_t birth_ns)
{
	const struct pair_row wanted = { .key = { .file = file, .birth_ns = birth_ns } };
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (shares__by_file(&pairs[middle], &wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

#endif
