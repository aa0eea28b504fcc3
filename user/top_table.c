// SPDX-License-Identifier: GPL-2.0-only
/*
 * The columns of the table of `top`: which fit, how wide, how a cell looks.
 */
#include "top_table.h"

#include "top_paint.h"

#include <limits.h>
#include <string.h>

/* Names are cut to no less than these, as long as other columns can go instead. */
#define NAME_WIDTH_MIN 10
#define COMMAND_WIDTH_MIN 16
#define MOUNT_WIDTH_MIN 28
#define PATH_WIDTH_MIN 34
#define SECOND_NAME_WIDTH_MIN 15
#define COMMAND_LINE_WIDTH_MIN 20

static bool is_command_line(const struct column *column)
{
	return column->key && strcmp(column->key, "cmdline") == 0;
}

static void add(struct top_table *table, const struct column *column)
{
	if (column && table->count < TOP_COLUMNS_MAX)
		table->columns[table->count++] = column;
}

/* The order of a view is a column of its own, which may show the same as one of the table. */
static bool same_figure(const struct column *a, const struct column *b)
{
	return a->type == b->type && a->kind == b->kind && a->offset == b->offset && a->compute == b->compute;
}

int top_table__index(const struct top_table *table, const struct column *column)
{
	for (int i = 0; column && i < table->count; i++)
		if (same_figure(table->columns[i], column))
			return i;
	return table->count;
}

void top_table__init(struct top_table *table, enum view view, const char *sort, struct top_view *state)
{
	const struct columns *columns = columns__of(view);
	const struct column *order = sort ? columns__find(view, sort) : NULL;

	*table = (struct top_table){ 0 };
	*state = (struct top_view){ 0 };
	if (!columns)
		return;
	for (size_t i = 0; i < columns->count; i++)
		if (columns->columns[i].title)
			add(table, &columns->columns[i]);
	if (view == VIEW_PROCESS) /* ten of the same interpreter are told apart by it */
		add(table, columns__find(view, "cmdline"));
	table->own_order = order ? order : columns->order;
	state->sort = top_table__index(table, table->own_order);
	table->has_own_order = state->sort == table->count;
	state->columns = table->count + table->has_own_order;
}

const char *top_table__order_name(const struct top_table *table, const struct top_view *view)
{
	const struct column *column = view->sort < table->count ? table->columns[view->sort] : table->own_order;

	if (!column)
		return "as it adds up";
	return column->title ? column->title : column->key ? column->key : "size";
}

static const char *title(const struct column *column)
{
	return column->title ? column->title : "COMMAND LINE";
}

static int max(int a, int b)
{
	return a > b ? a : b;
}

/* The widest figure that units.h writes. */
static int figure_width(enum column_kind kind)
{
	switch (kind) {
	case COLUMN_BYTES:
		return (int)strlen("1023 KiB");
	case COLUMN_CHANGE:
		return (int)strlen("+1023 KiB");
	case COLUMN_RATE:
		return (int)strlen("+1023 KiB/s");
	case COLUMN_RATIO:
		return (int)strlen("100 %");
	default:
		return 1;
	}
}

#define RANK_SILENT 20

/* In a live view what grows matters more than the parts of what is there. */
static int rank(const struct top_table *table, int index, enum view view, bool name, bool sorted)
{
	const struct column *column = table->columns[index];

	if (name || sorted)
		return 0;
	if (column->kind == COLUMN_RATE)
		return column->rank < 1 ? column->rank : 1;
	if (table->seen[index] <= 1 && !is_command_line(column)) /* no row has had such a figure so far */
		return RANK_SILENT;
	if (column->kind == COLUMN_ID)
		return index == 0 ? column->rank + 1 : max(column->rank, 3);
	if (is_command_line(column))
		return 4;
	if (view == VIEW_PROCESS && column->key && strcmp(column->key, "anon_bytes") == 0)
		return 3; /* RSS says nearly the same; the cache and tmpfs say something else */
	return column->rank;
}

/* A path needs more than a command, and both give way on a narrow screen. */
static int name_width_min(enum view view)
{
	int most = view == VIEW_FILE || view == VIEW_CGROUP ? PATH_WIDTH_MIN
		   : view == VIEW_MOUNT                     ? MOUNT_WIDTH_MIN
							    : COMMAND_WIDTH_MIN;
	int share = paint__columns() * 2 / 5;

	return share > most ? most : max(share, NAME_WIDTH_MIN);
}

static struct layout_column shape(const struct top_table *table, int index, enum view view, bool name, bool sorted)
{
	const struct column *column = table->columns[index];
	int width = max((int)strlen(title(column)), table->seen[index]);
	struct layout_column shape = { .rank = rank(table, index, view, name, sorted) };

	if (is_command_line(column)) {
		shape.min = COMMAND_LINE_WIDTH_MIN;
		shape.want = INT_MAX / 2;
		shape.grow = 1;
	} else if (column__is_text(column)) {
		int least = name ? name_width_min(view) : SECOND_NAME_WIDTH_MIN;

		shape.want = name ? max(width, least) : width;
		shape.min = shape.want < least ? shape.want : least;
		shape.grow = 1;
	} else {
		width = max(width, figure_width(column->kind));
		if (index == 0) /* there is no gap before it for the arrow */
			width = max(width, (int)strlen(title(column)) + 1);
		shape.min = shape.want = width;
	}
	return shape;
}

/* Titles stand where their figures do; the arrow takes the gap before or after. */
void top_table__titles(const struct top_table *table, const struct layout_column *shapes, int sort, bool reverse,
		       int line)
{
	paint__text(line, 0, INT_MAX, PAINT_HEAD, "");
	for (int i = 0; i < table->count; i++) {
		const struct layout_column *at = &shapes[i];
		const struct column *column = table->columns[i];
		bool right = column__is_number(column), up = column__is_text(column) || column->kind == COLUMN_ID;
		int length = (int)strlen(title(column));
		int arrow = right ? at->at + at->width - length - 1 : at->at + length;
		enum paint paint = i == sort ? PAINT_SORT : PAINT_HEAD;

		if (!at->width)
			continue;
		if (right)
			paint__right(line, at->at, at->width, paint, title(column));
		else
			paint__text(line, at->at, at->width, paint, title(column));
		if (i == sort && length <= at->width && arrow >= 0)
			paint__text(line, arrow, 1, paint, paint__arrow(up != reverse));
	}
}

static bool is_over(enum view view, const void *row)
{
	if (view == VIEW_PROCESS)
		return ((const struct snapshot_process *)row)->exited;
	return view == VIEW_FILE && ((const struct snapshot_file *)row)->gone;
}

/* Nothing, or nothing known: there, but not in the way of the figures that say something. */
static bool is_nothing(const struct column *column, const char *text)
{
	return column->kind != COLUMN_STRING && (strcmp(text, "-") == 0 || strncmp(text, "0 ", 2) == 0);
}

void top_table__row(const struct top_table *table, const struct layout_column *shapes, enum view view, const void *row,
		    int line)
{
	enum paint plain = is_over(view, row) ? PAINT_EXITED : PAINT_PLAIN;
	char text[COLUMN_TEXT_MAX];

	for (int i = 0; i < table->count; i++) {
		const struct column *column = table->columns[i];
		enum paint paint;

		if (!shapes[i].width)
			continue;
		column__text(column, row, text, sizeof(text));
		paint = plain == PAINT_PLAIN && is_nothing(column, text) ? PAINT_FAINT : plain;
		if (column__is_number(column))
			paint__right(line, shapes[i].at, shapes[i].width, paint, text);
		else
			paint__text(line, shapes[i].at, shapes[i].width, paint, text);
	}
}

static void measure(struct top_table *table, const struct rows *rows, size_t first, size_t last)
{
	char text[COLUMN_TEXT_MAX];

	for (size_t r = first; r < last; r++)
		for (int i = 0; i < table->count; i++) {
			if (is_command_line(table->columns[i]))
				continue;
			column__text(table->columns[i], rows->row[r], text, sizeof(text));
			table->seen[i] = max(table->seen[i], paint__width(text));
		}
}

void top_table__fit(struct top_table *table, enum view view, int sort, const struct rows *rows, size_t first,
		    size_t last, struct layout_column *shapes)
{
	bool named = false;

	measure(table, rows, first, last);
	for (int i = 0; i < table->count; i++) {
		bool name = !named && table->columns[i]->kind == COLUMN_STRING;

		named |= name;
		shapes[i] = shape(table, i, view, name, i == sort);
	}
	layout__fit(shapes, (size_t)table->count, paint__columns());
}

void top_table__draw(struct top_table *table, struct top_state *state, const struct rows *rows,
		     const struct layout_screen *screen)
{
	struct top_view *view = top_state__view(state);
	struct layout_column shapes[TOP_COLUMNS_MAX];
	struct top_list *list = &view->list;
	size_t last;

	list->page = (size_t)screen->table;
	list->first = layout__scroll(list->first, list->cursor, list->page, rows->count);
	last = list->first + list->page < rows->count ? list->first + list->page : rows->count;
	top_table__fit(table, state->view, view->sort, rows, list->first, last, shapes);
	if (screen->head)
		top_table__titles(table, shapes, view->sort, view->reverse, screen->head_at);
	for (size_t r = list->first; r < last; r++) {
		int line = screen->table_at + (int)(r - list->first);

		top_table__row(table, shapes, state->view, rows->row[r], line);
		if (r == list->cursor)
			paint__over(line, PAINT_CURSOR);
	}
	if (!rows->count && screen->table)
		paint__text(screen->table_at, 0, INT_MAX, PAINT_FAINT,
			    state->filter[0] ? "nothing matches the filter (Esc clears it)" : "nothing to show");
}
