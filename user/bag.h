/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rows that are summed by their labels, of which the largest keep a row of their own and the rest
 * become one, "other". Pure. What is not known (NaN) adds nothing and, alone, stays not known.
 */
#ifndef PAGETIDE_BAG_H
#define PAGETIDE_BAG_H

#include <stddef.h>
#include <uthash.h>

#define BAG_LABELS 5
#define BAG_FIGURES 12
#define BAG_OTHER "other"

enum bag_rule {
	BAG_SUM,   /* adds up, also into "other" */
	BAG_ALONE, /* adds up over rows of the same labels; "other" has none (a limit) */
	BAG_LEAST, /* the least counts; "other" has none */
	BAG_MOST,  /* the greatest counts */
};

struct bag_row {
	char *label[BAG_LABELS];
	double figure[BAG_FIGURES]; /* NaN: not known */
	char *text;                 /* whoever writes the row may keep its labels here, from malloc */
	UT_hash_handle hh;
	size_t key_length;
	char key[];
};

struct bag {
	size_t labels, figures;
	enum bag_rule rule[BAG_FIGURES];
	struct bag_row *rows; /* in uthash's order: after bag__cut the largest first */
	size_t merged;        /* rows that went into "other" */
	int err;
};

/* NULL labels count as empty; a row's own are as escape__text() shows them. NULL: no memory (bag->err is set). */
struct bag_row *bag__row(struct bag *bag, const char *const labels[BAG_LABELS]);
void bag__add(const struct bag *bag, struct bag_row *row, size_t figure, double value);
/* Sorts by that figure, and merges all beyond `most` rows. */
void bag__cut(struct bag *bag, size_t by, size_t most);
void bag__free(struct bag *bag);

#endif
