/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table of the view that is shown: which columns fit, which rows, where the
 * cursor is. Figures, titles and orders are columns.h's, rows are select.h's.
 */
#ifndef PAGETIDE_TOP_TABLE_H
#define PAGETIDE_TOP_TABLE_H

#include "select.h"
#include "top_layout.h"
#include "top_state.h"

#define TOP_COLUMNS_MAX 32

struct top_table {
	const struct column *columns[TOP_COLUMNS_MAX];
	int count;
	/* the order that is no column of the table; NULL: as the snapshot has the rows */
	const struct column *own_order;
	bool has_own_order;        /* it is the sort index after the last column */
	int seen[TOP_COLUMNS_MAX]; /* the widest text of each so far: columns do not jump back and forth */
};

/* The columns of a view, and the order to start with told to the state's view. */
void top_table__init(struct top_table *table, enum view view, const char *sort, struct top_view *state);

/*
 * The rows that the options and the filter let through, in the order chosen; the
 * cursor goes with its row. 0 or -ENOMEM; select__free(rows) always.
 */
int top_table__select(const struct top_table *table, const struct snapshot *snapshot, const struct options *options,
		      struct top_state *state, struct rows *rows);

/* The table on the screen: titles, the rows around the cursor. */
void top_table__draw(struct top_table *table, struct top_state *state, const struct rows *rows,
		     const struct layout_screen *screen);

/* The steps of it, for a table within the details of something else; sort -1: no title is marked. */
void top_table__fit(struct top_table *table, enum view view, int sort, const struct rows *rows, size_t first,
		    size_t last, struct layout_column *shapes);
void top_table__titles(const struct top_table *table, const struct layout_column *shapes, int sort, bool reverse,
		       int line);
void top_table__row(const struct top_table *table, const struct layout_column *shapes, enum view view, const void *row,
		    int line);

/* Index of the column that shows the figure of `column`; the count when none does. */
int top_table__index(const struct top_table *table, const struct column *column);

/* What the rows are sorted by, for people. */
const char *top_table__order_name(const struct top_table *table, const struct top_view *view);

/* What a row is, whatever its figures; and where that row is now: count when nowhere. */
struct row_id top_table__id(enum view view, const void *row);
size_t top_table__find(enum view view, const struct rows *rows, struct row_id id);

#endif
