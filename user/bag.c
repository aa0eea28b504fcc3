// SPDX-License-Identifier: GPL-2.0-only
#include "bag.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "escape.h"

#define KEY_MOST 4096

/* labels as they are shown, so that no two rows look the same, with NULs between them; too long ones are cut */
static size_t make_key(const struct bag *bag, const char *const labels[BAG_LABELS], char key[KEY_MOST])
{
	size_t used = 0, each = KEY_MOST / BAG_LABELS - 1;

	for (size_t i = 0; i < bag->labels; i++) {
		escape__text(key + used, each + 1, labels[i] ? labels[i] : "");
		used += strlen(key + used) + 1;
	}
	return used;
}

struct bag_row *bag__row(struct bag *bag, const char *const labels[BAG_LABELS])
{
	char key[KEY_MOST], *label;
	size_t length = make_key(bag, labels, key);
	struct bag_row *row;

	HASH_FIND(hh, bag->rows, key, length, row);
	if (row)
		return row;
	row = calloc(1, sizeof(*row) + length);
	if (!row) {
		bag->err = -ENOMEM;
		return NULL;
	}
	memcpy(row->key, key, length);
	row->key_length = length;
	label = row->key;
	for (size_t i = 0; i < bag->labels; i++) {
		row->label[i] = label;
		label += strlen(label) + 1;
	}
	for (size_t i = 0; i < BAG_FIGURES; i++)
		row->figure[i] = NAN;
	HASH_ADD_KEYPTR(hh, bag->rows, row->key, length, row);
	return row;
}

static double join(enum bag_rule rule, double a, double b)
{
	if (isnan(a))
		return b;
	if (rule == BAG_LEAST)
		return b < a ? b : a;
	if (rule == BAG_MOST)
		return b > a ? b : a;
	return a + b;
}

void bag__add(const struct bag *bag, struct bag_row *row, size_t figure, double value)
{
	if (row && !isnan(value))
		row->figure[figure] = join(bag->rule[figure], row->figure[figure], value);
}

static int by_figure(struct bag_row *a, struct bag_row *b, void *by)
{
	double x = a->figure[*(size_t *)by], y = b->figure[*(size_t *)by];

	if (isnan(x) || isnan(y))
		return isnan(x) - isnan(y);
	if (x < y || x > y)
		return x < y ? 1 : -1;
	return memcmp(a->key, b->key, a->key_length < b->key_length ? a->key_length : b->key_length);
}

static void free_row(struct bag *bag, struct bag_row *row)
{
	HASH_DEL(bag->rows, row);
	free(row->text);
	free(row);
}

/* uthash's sort takes no context */
static size_t sort_by;
static int compare(struct bag_row *a, struct bag_row *b)
{
	return by_figure(a, b, &sort_by);
}

static struct bag_row *other_row(struct bag *bag)
{
	const char *labels[BAG_LABELS] = {};

	/* only the last label says it: the others belong to it */
	labels[bag->labels - 1] = BAG_OTHER;
	return bag__row(bag, labels);
}

static void merge(struct bag *bag, struct bag_row *into, const struct bag_row *row)
{
	for (size_t i = 0; i < bag->figures; i++)
		if (bag->rule[i] == BAG_SUM || bag->rule[i] == BAG_MOST)
			bag__add(bag, into, i, row->figure[i]);
}

void bag__cut(struct bag *bag, size_t by, size_t most)
{
	struct bag_row *row, *next, *other = NULL;
	size_t kept = 0;

	sort_by = by;
	HASH_SORT(bag->rows, compare);
	if (HASH_COUNT(bag->rows) > most)
		other = other_row(bag);
	HASH_ITER (hh, bag->rows, row, next) {
		if (!other || row == other || ++kept < most)
			continue;
		merge(bag, other, row);
		free_row(bag, row);
		bag->merged++;
	}
}

void bag__free(struct bag *bag)
{
	struct bag_row *row, *next;

	HASH_ITER (hh, bag->rows, row, next)
		free_row(bag, row);
}
